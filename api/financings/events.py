"""What becomes known of financings: to their suppliers."""

from collections.abc import Collection, Mapping

from sqlmodel import col, select

from api.events.registry import Kind, hash32, money, number, on, plain, tells, whole
from api.events.telling import Telling
from api.facilities import events as facilities
from api.financings.models import Consent, Financing
from api.values import hex32
from chain_node.client import Bound, Event


def _rows(telling: Telling, ids: Collection[str]) -> list[Financing]:
    return list(telling.session.exec(select(Financing).where(col(Financing.number).in_([int(i) for i in ids]))))


def parties(telling: Telling, ids: Collection[str]) -> Mapping[str, Collection[str]]:
    rows = _rows(telling, ids)
    leis = telling.leis_of_accounts({row.supplier for row in rows})
    return {str(row.number): [leis[row.supplier]] for row in rows if row.supplier in leis}


def currencies(telling: Telling, ids: Collection[str]) -> Mapping[str, str]:
    rows = _rows(telling, ids)
    lent = facilities.currencies(telling, {str(row.facility) for row in rows})
    return {str(row.number): lent[str(row.facility)] for row in rows}


def _amended(telling: Telling, event: Event) -> str:
    """A withdrawal names the amendment only."""
    consent = telling.session.get_one(Consent, hex32(event.arguments["amendment"]))
    return str(consent.financing)


def _bound(event: Event, _: str) -> str:
    return Bound(event.arguments["bound"]).name.lower()


FINANCING = Kind("financing", "financings:read", number("financing"), parties, currencies)
_DESK = "FinancingDesk"
_AMENDMENT = hash32("amendment")

tells(
    FINANCING,
    _DESK,
    "FinancingOpened",
    "opened",
    facility_id=whole("facility"),
    item_id=hash32("itemId"),
    subject=hash32("subject"),
    pledged=whole("units"),
)
tells(
    FINANCING,
    _DESK,
    "Drawn",
    "drawn",
    amount=money("amount"),
    fee=money("fee"),
    reserve=money("reserve"),
    base=money("base"),
    principal=money("principal"),
)
tells(
    FINANCING,
    _DESK,
    "DrawDeferred",
    "draw_deferred",
    wanted=money("wanted"),
    available=money("available"),
    deferred_by=_bound,
)
tells(
    FINANCING,
    _DESK,
    "Repaid",
    "repaid",
    late_fees=money("parts.lateFees"),
    fees=money("parts.fees"),
    interest=money("parts.interest"),
    principal=money("parts.principal"),
    recovered=money("parts.recovered"),
    reserve=money("parts.reserve"),
    residual=money("parts.residual"),
    still_owed=money("stillOwed"),
)
tells(FINANCING, _DESK, "WrittenOff", "written_off", amount=money("amount"), principal=money("principal"))
tells(FINANCING, _DESK, "ImpairmentSet", "impairment_set", impairment=money("impairment"))
tells(FINANCING, _DESK, "FinancingDefaulted", "defaulted", owed=money("owed"))
tells(FINANCING, _DESK, "FinancingClosed", "released")
tells(FINANCING, _DESK, "MaturitySet", "maturity_set", maturity_date=on("maturityDay"))
tells(FINANCING, _DESK, "FinancingHandedOver", "handed_over", item_id=hash32("itemId"), subject=hash32("subject"))
tells(
    FINANCING,
    _DESK,
    "Refinanced",
    "refinanced",
    from_facility_id=whole("from"),
    to_facility_id=whole("to"),
    amount=money("amount"),
)
tells(FINANCING, "Servicing", "OverdueMarked", "overdue", days_overdue=plain("daysOverdue"), amount=money("amount"))
tells(FINANCING, "Servicing", "AmendmentAgreed", "amendment_agreed", amendment=_AMENDMENT, by=plain("by"))
tells(FINANCING, "Servicing", "AmendmentCarriedOut", "amendment_carried_out", amendment=_AMENDMENT)
tells(
    FINANCING,
    "Servicing",
    "AmendmentWithdrawn",
    "amendment_withdrawn",
    identify=_amended,
    amendment=_AMENDMENT,
    by=plain("by"),
)
