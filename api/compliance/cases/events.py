"""What becomes known of cases: to the operator and the supervisor, never to those whom they are about. What was written
into one is not in it: the case tells that."""

from sqlmodel import Session

from api.events.notes import leave
from api.events.registry import Kind, announces, by_requests

CASE = Kind("case", "compliance:read", by_requests)
announces(CASE, "opened", "assigned", "commented", "closed", "reopened")


def told(session: Session, what: str, case_id: str, kind: str, lei: str) -> None:
    """That a case was `opened`, and so on, once the session commits."""
    leave(session, CASE, what, case_id, {"kind": kind, "lei": lei})
