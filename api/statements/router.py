"""/v1/statements: an organisation's account over a period."""

from collections.abc import Iterator
from typing import Annotated, Any, Final

from fastapi import Depends, Query, Request, Response
from fastapi.responses import StreamingResponse
from sqlmodel import Session

from api.deps import ChainDep, Principal, SessionDep, SettingsDep, gateway_of, gateway_router, requires
from api.problems import problems
from api.statements import csv_file, pdf_file, service
from api.statements.accepting import form_of
from api.statements.account import CashAccount
from api.statements.schemas import Format, StatementView, Table
from api.statements.service import Asked
from api.values import Currency, Day, Lei
from chain_node.client import Chain

router = gateway_router("/v1/statements", "statements")
_FORMS: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "The statement, in the form that `format` or `Accept` asks for",
        "content": {
            "text/csv": {"schema": {"type": "string"}},
            "application/pdf": {"schema": {"type": "string", "format": "binary"}},
        },
    }
}
_VARY: Final = {"Vary": "Accept, Authorization", "X-Content-Type-Options": "nosniff"}


@router.get(
    "/{currency}",
    response_model=StatementView,
    responses={**problems(404, 406, 422), **_FORMS},
    summary="See an organisation's account over a period, as JSON, CSV or PDF; its own by default",
)
def statement(
    currency: Currency,
    request: Request,
    principal: Annotated[Principal, Depends(requires("cash:read"))],
    session: SessionDep,
    chain: ChainDep,
    settings: SettingsDep,
    since: Annotated[Day | None, Query(description="first day; by default the first of the last day's month")] = None,
    until: Annotated[Day | None, Query(description="last day, included; by default today")] = None,
    lei: Annotated[Lei | None, Query(description="another organisation: operator and supervisor only")] = None,
    format: Annotated[Format | None, Query(description="in place of `Accept`, for browsers")] = None,
    table: Annotated[Table, Query(description="which of its tables a CSV is")] = "movements",
) -> Response:
    form, asked = form_of(request.headers.get("accept"), format), Asked(currency, lei, since, until)
    if form == "csv":
        its = service.open_account(session, principal, chain, asked)
        pieces = _pieces(request, session, principal, chain, its, table)
        return StreamingResponse(pieces, media_type="text/csv; charset=utf-8", headers=_headers(its, table, "csv"))
    most = settings.statements.most_movements
    view = service.statement(session, principal, chain, asked, most)
    if form == "json":
        return Response(view.model_dump_json(), media_type="application/json", headers=_VARY)
    name = f"statement-{view.organisation.lei}-{currency}-{view.since}-{view.until}.pdf"
    headers = {**_VARY, "Content-Disposition": f'inline; filename="{name}"'}
    return Response(pdf_file.printed(view), media_type="application/pdf", headers=headers)


def _headers(its: CashAccount, table: Table, ending: str) -> dict[str, str]:
    name = f"statement-{its.lei}-{its.currency}-{its.period.since}-{its.period.until}-{table}.{ending}"
    return {**_VARY, "Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "private, no-cache"}


def _pieces(
    request: Request, session: Session, principal: Principal, chain: Chain, its: CashAccount, table: Table
) -> Iterator[bytes]:
    """What is small is made at once; the movements are read while they are sent, when the request's own session has
    gone."""
    if table == "positions":
        principal.require("pools:read")
        return csv_file.positions(service.positions(session, principal, chain, its) or [])
    if table == "financings":
        principal.require("financings:read")
        return csv_file.financings(service.financings_(session, principal, chain, its) or [])

    def streamed() -> Iterator[bytes]:
        with gateway_of(request).database.session() as reading:
            yield from csv_file.movements(its, service.pages(reading, chain, its))

    return streamed()
