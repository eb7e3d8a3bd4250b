"""Opening a financing on goods in a warehouse: the lot goes into the lender's custody, the title stays."""

from api.acting import Acting
from api.clock import indexed_now
from api.errors import Conflict, Forbidden
from api.facilities import service as facilities
from api.facilities.models import Facility
from api.figures import Figures, ask
from api.financings import repository
from api.receipts import acts as receipt_acts
from api.receipts import service as receipts
from api.receipts.models import Lot, LotState


def open_financing(acting: Acting, facility_id: str, receipt_id: str, quantity: int | None) -> list[str]:
    """Lets the custodian take and sell goods of the caller's where it may not yet, then pledges and opens, all that it
    has free by default (thousandths); the transactions' ids, the opening last."""
    session, chain = acting.session, acting.chain
    facility = facilities.find(session, acting.principal, facility_id)
    lot = receipts.find(session, acting.principal, receipt_id)
    units = _to_pledge(acting, lot, quantity)
    _require_openable(acting, facility, lot)
    custodian = chain.addresses.address("InventoryCollateral")
    opening = chain.desk.open_financing(
        facility=facility.number,
        collateral=custodian,
        item_id=int(lot.id, 16),
        units=units,
        subject=bytes.fromhex(lot.subject[2:]),
    )
    let = receipt_acts.let_take(acting, custodian, lot.id)
    opened = acting.by_itself(opening, "open financing", lot.id, let[-1] if let else None)
    return [*(each.id for each in let), opened.id]


def _to_pledge(acting: Acting, lot: Lot, quantity: int | None) -> int:
    question = ask(acting.chain.lots, "position", int(lot.id, 16), acting.account)
    free = int(Figures.at(acting.session, acting.chain).answers([question])[0]["free"])
    units = free if quantity is None else quantity
    if units == 0 or units > free:
        detail = f"{units} thousandths of the receipt are asked for, {free} can be pledged."
        raise Conflict("units-out-of-range", detail, id=lot.id, units=units, available=free)
    return units


def _require_openable(acting: Acting, facility: Facility, lot: Lot) -> None:
    """What the desk would refuse, said before anything is sent: the first opening follows an approval, so that it
    cannot be tried on its own."""
    session, chain = acting.session, acting.chain
    if acting.account != facility.supplier:
        detail = f"Facility {facility.number} is drawn on by another account."
        raise Forbidden("not-supplier-of", detail, facility=facility.number)
    if lot.state != LotState.LIVE:
        detail = f"The receipt is {lot.state}; only a live one can be financed."
        raise Conflict("lot-not-live", detail, id=lot.id, state=lot.state)
    if (now := indexed_now(session)) >= facility.expires_at:
        detail = f"Facility {facility.number} has expired."
        raise Conflict("facility-expired", detail, facility=facility.number, expires_at=facility.expires_at, now=now)
    custodian = chain.addresses.address("InventoryCollateral")
    ladder = facilities.steps_for_collateral(session, facility.number, custodian)
    question = ask(chain.inventory_collateral, "marginTerms", facility.number)
    level = Figures.at(session, chain).answers([question])[0]["callLevelBps"]
    if not ladder:
        detail = f"Facility {facility.number} has no ladder for goods."
        raise Conflict("ladder-missing", detail, facility=facility.number)
    rate = ladder[0]["advance_rate_bps"]
    if level <= rate:
        detail = (
            f"The facility lends {rate} bps of the goods' value and calls margin above {level} bps: the lender has to "
            f"set terms for goods first (POST /v1/pledges/terms/{facility.number})."
        )
        raise Conflict("margin-terms-unfit", detail, facility=facility.number, call_level_bps=level, rate_bps=rate)
    if repository.watches(session, lot.subject):
        detail = f"The goods of receipt {lot.id} back another financing."
        raise Conflict("consignment-taken", detail, id=lot.id)
