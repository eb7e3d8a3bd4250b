"""Queries over release orders and requests for them."""

from collections.abc import Sequence

from sqlalchemy import or_
from sqlmodel import Session, SQLModel, col, select

from api.db import insert_new
from api.lists import Asked, Slice
from api.receipts.models import Lot
from api.release_orders.listing import BOTH, REQUESTED
from api.release_orders.models import ExceededExit, ReleaseOrder, ReleaseRequest


def order(session: Session, digest: str) -> ReleaseOrder | None:
    return session.get(ReleaseOrder, digest)


def request(session: Session, digest: str) -> ReleaseRequest | None:
    return session.get(ReleaseRequest, digest)


def remember(session: Session, asked: ReleaseRequest) -> None:
    """Once: equal digests stand for equal words."""
    insert_new(session.connection(), SQLModel.metadata.tables["release_requests"], asked.model_dump())


def page(
    session: Session, asked: Asked, *, accounts: Sequence[str] | None, operator: int | None, lei: str | None
) -> Slice[ReleaseOrder | ReleaseRequest]:
    """What is asked for of orders of these accounts' goods, to be fetched by them, or of goods that the operator keeps,
    and of the organisation's own requests; of all where accounts is None."""
    chosen = select(BOTH.digest)
    if accounts is not None:
        kept = select(Lot.id).where(col(Lot.operator) == operator)
        of_order = or_(BOTH.beneficiary.in_(accounts), BOTH.to.in_(accounts), BOTH.lot_id.in_(kept))
        chosen = chosen.where(or_((BOTH.state != REQUESTED) & of_order, BOTH.owner_lei == lei))
    found = asked.page(session, chosen)
    requests = session.exec(select(ReleaseRequest).where(col(ReleaseRequest.digest).in_(found.rows)))
    rows: dict[str, ReleaseOrder | ReleaseRequest] = {each.digest: each for each in requests}
    orders = session.exec(select(ReleaseOrder).where(col(ReleaseOrder.digest).in_(found.rows)))
    rows.update((each.digest, each) for each in orders)
    return Slice([rows[digest] for digest in found.rows], found.next)


def exits_taken(session: Session, subject: str) -> set[int]:
    """Numbers of exits of the consignment that orders have, or had, and those that were asked for."""
    ordered = session.exec(select(ReleaseOrder.sequence).where(ReleaseOrder.subject == subject))
    asked = session.exec(select(ReleaseRequest.sequence).where(ReleaseRequest.subject == subject))
    return {*ordered, *asked}


def exceeded(session: Session, subject: str, sequence: int) -> ExceededExit | None:
    return session.get(ExceededExit, (subject, sequence))
