"""What a refusal looks like, and how to see that it left nothing behind."""

from typing import Any

from httpx import Response
from sqlmodel import func, select
from trading import Trading

from api.documents.models import Document, DocumentKey
from api.invoices.models import InvoiceRow
from api.transactions.models import Transaction


def traces(trading: Trading) -> tuple[int, ...]:
    """How much there is of everything that an upload leaves behind."""
    documents = trading.gateway.settings.documents_dir
    assert documents is not None
    with trading.gateway.database.session() as session:
        rows = [
            session.exec(select(func.count()).select_from(table)).one()
            for table in (InvoiceRow, Document, DocumentKey, Transaction)
        ]
    return (*rows, sum(1 for path in documents.rglob("*") if path.is_file()))


def refused(answer: Response, status: int, error: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem: dict[str, Any] = answer.json()
    assert problem["error"] == error, problem
    assert " " in problem["detail"]
    return problem
