"""A decision of compliance in the audit trail: what was decided, by whom, and the hash of why."""

from hashlib import sha256
from typing import Annotated

from pydantic import StringConstraints
from sqlmodel import Session

from api.auth.principal import Principal
from api.compliance.audit.trail import Act, record

Reason = Annotated[str, StringConstraints(min_length=3, max_length=2_000, strip_whitespace=True)]
"""Why, in words; kept with the thing decided on."""
GATEWAY = "gateway"
"""Who acts where the gateway does so by itself."""


def decided(session: Session, principal: Principal, what: str, resource: str, decision: str, reason: str) -> None:
    """The reason itself may name people, and the trail cannot be erased: its hash stands in for it."""
    digest = sha256(reason.encode()).hexdigest()
    record(session, Act.by(principal, what, resource, 200, decision=decision, reason_sha256=digest))


def by_itself(session: Session, what: str, resource: str, **detail: str) -> None:
    """What the gateway did without being asked."""
    record(session, Act(GATEWAY, None, what, resource, 200, dict(detail)))
