"""What becomes known of goods in warehouses: to those who own, have owned or keep them. Who passes them to whom is not
in it: the receipt tells each what it may see of that."""

from collections.abc import Collection, Mapping

from sqlmodel import col, select

from api.events.registry import Kind, at, hash32, hashed, plain, tells, whole
from api.events.telling import Telling
from api.receipts.models import Announcement, Lot, Title


def _parties(telling: Telling, ids: Collection[str]) -> Mapping[str, Collection[str]]:
    lots = telling.session.exec(select(Lot.id, Lot.operator).where(col(Lot.id).in_(ids))).all()
    titles = telling.session.exec(select(Title.lot_id, Title.owner).where(col(Title.lot_id).in_(ids))).all()
    houses = telling.leis_of_numbers({operator for _, operator in lots})
    owners = telling.leis_of_accounts({owner for _, owner in titles})
    found = {lot_id: {houses[operator]} if operator in houses else set() for lot_id, operator in lots}
    for lot_id, owner in titles:
        if owner in owners:
            found[lot_id].add(owners[owner])
    return found


def _announcers(telling: Telling, ids: Collection[str]) -> Mapping[str, Collection[str]]:
    rows = telling.session.exec(select(Announcement).where(col(Announcement.digest).in_(ids))).all()
    leis = telling.leis_of_accounts({account for row in rows for account in (row.operator, row.owner)})
    return {row.digest: {leis[account] for account in (row.operator, row.owner) if account in leis} for row in rows}


ANNOUNCEMENT = Kind("announcement", "receipts:read", hashed("digest"), _announcers)
RECEIPT = Kind("receipt", "receipts:read", hashed("id"), _parties)
_LOTS = "WarehouseReceiptToken"
_QUANTITY = whole("quantity")

tells(
    ANNOUNCEMENT,
    _LOTS,
    "LotAnnounced",
    "made",
    receipt_id=hash32("id"),
    subject=hash32("entry.subject"),
    sequence=plain("entry.sequence"),
    quantity_thousandths=whole("entry.quantity"),
    entered_at=at("entry.enteredAt"),
)
tells(ANNOUNCEMENT, _LOTS, "AnnouncementWithdrawn", "withdrawn")
tells(
    RECEIPT,
    _LOTS,
    "LotMinted",
    "minted",
    subject=hash32("subject"),
    sequence=plain("sequence"),
    quantity_thousandths=_QUANTITY,
    entered_at=at("enteredAt"),
)
tells(RECEIPT, _LOTS, "LotSplit", "split", part_id=hash32("part"), quantity_thousandths=_QUANTITY)
tells(
    RECEIPT,
    _LOTS,
    "LotSplit",
    "split_off",
    identify=hashed("part"),
    part_of=hash32("id"),
    quantity_thousandths=_QUANTITY,
)
tells(
    RECEIPT,
    _LOTS,
    "LotMerged",
    "merged",
    identify=hashed("from"),
    merged_into=hash32("into"),
    quantity_thousandths=_QUANTITY,
)
tells(
    RECEIPT,
    _LOTS,
    "LotMerged",
    "merged_from",
    identify=hashed("into"),
    merged_id=hash32("from"),
    quantity_thousandths=_QUANTITY,
)
tells(RECEIPT, _LOTS, "TitleTransferred", "title_passed", quantity_thousandths=_QUANTITY)
tells(RECEIPT, _LOTS, "SoldFromCustody", "sold_from_custody", quantity_thousandths=_QUANTITY)
tells(RECEIPT, _LOTS, "ConditionLowered", "condition_lowered", condition=plain("condition"))
tells(RECEIPT, _LOTS, "GoodsReleased", "goods_left", quantity_thousandths=_QUANTITY)
tells(RECEIPT, _LOTS, "LotReleased", "released")
tells(
    RECEIPT,
    _LOTS,
    "ExitExceeded",
    "exit_exceeded",
    sequence=plain("sequence"),
    attested_thousandths=whole("attested"),
    ordered_thousandths=whole("ordered"),
)
tells(RECEIPT, _LOTS, "ExitReconciled", "exit_reconciled", sequence=plain("sequence"))
