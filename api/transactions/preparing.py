"""Whether a write is only prepared: `?prepare=true` does all of it in a database transaction that is rolled back, and
answers what would have been sent. Whatever touches more than the database asks `is_preparing` first."""

from typing import Any, Final

from fastapi import Request
from sqlmodel import Session

from api.errors import Malformed
from api.signers import OUTSIDE
from api.transactions.schemas import PreparedView
from api.transactions.service import PREPARING

_ANSWERS: Final = {"true": True, "1": True, "false": False, "0": False}
PREPARE_PARAMETER: Final[dict[str, Any]] = {
    "name": "prepare",
    "in": "query",
    "required": False,
    "schema": {"type": "boolean", "default": False},
    "description": "answer the unsigned transactions that this would send, and store nothing",
}
PREPARED_RESPONSE: Final[dict[str, Any]] = {
    "model": PreparedView,
    "description": "With `prepare=true`: what would be sent. Sign it and hand it in at POST /v1/transactions.",
}


def asks_to_prepare(request: Request) -> bool:
    """Whether the write is only to be prepared; Malformed where that cannot be told."""
    asked = request.query_params.getlist("prepare")
    if not asked:
        return False
    if len(asked) > 1 or asked[0].lower() not in _ANSWERS:
        raise Malformed("prepare-malformed", "`prepare` is `true` or `false`.")
    return _ANSWERS[asked[0].lower()]


def is_preparing(session: Session) -> bool:
    return bool(session.info.get(PREPARING))


def outside_signer(account: str) -> str:
    """The name of a signer whose key the gateway does not have."""
    return f"{OUTSIDE}{account}"


def nothing_to_prepare() -> Malformed:
    return Malformed("nothing-to-prepare", "This request causes no transaction that could be prepared.")
