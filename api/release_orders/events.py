"""What becomes known of release orders: to who owns the goods, who may fetch them, and who keeps them."""

from collections.abc import Collection, Mapping

from sqlmodel import col, select

from api.events.registry import Kind, at, hash32, hashed, plain, tells, whole
from api.events.telling import Telling
from api.receipts.models import Lot
from api.release_orders.models import ReleaseOrder


def _parties(telling: Telling, ids: Collection[str]) -> Mapping[str, Collection[str]]:
    its = select(ReleaseOrder.digest, ReleaseOrder.beneficiary, ReleaseOrder.to, Lot.operator)
    joined = its.join(Lot, col(Lot.id) == col(ReleaseOrder.lot_id)).where(col(ReleaseOrder.digest).in_(ids))
    rows = telling.session.exec(joined).all()
    accounts = telling.leis_of_accounts({account for _, owner, to, _ in rows for account in (owner, to)})
    houses = telling.leis_of_numbers({operator for *_, operator in rows})
    return {
        digest: {lei for lei in (accounts.get(owner), accounts.get(to), houses.get(operator)) if lei is not None}
        for digest, owner, to, operator in rows
    }


RELEASE_ORDER = Kind("release_order", "receipts:read", hashed("digest"), _parties)
_LOTS = "WarehouseReceiptToken"
_RECEIPT = hash32("id")

tells(
    RELEASE_ORDER,
    _LOTS,
    "ReleaseOrdered",
    "ordered",
    receipt_id=_RECEIPT,
    sequence=plain("order.sequence"),
    quantity_thousandths=whole("order.quantity"),
    deadline=at("order.deadline"),
)
tells(
    RELEASE_ORDER,
    _LOTS,
    "GoodsReleased",
    "left",
    receipt_id=_RECEIPT,
    released_thousandths=whole("quantity"),
    kept_thousandths=whole("kept"),
)
tells(RELEASE_ORDER, _LOTS, "ReleaseLapsed", "lapsed", receipt_id=_RECEIPT)
tells(RELEASE_ORDER, _LOTS, "ReleaseDeclined", "declined", receipt_id=_RECEIPT)
