"""What the chain says of facilities, to their suppliers and to the operator."""

from collections.abc import Callable, Collection, Iterable
from typing import Any, cast

from sqlmodel import Session, col

from api.auth.principal import Principal
from api.errors import NotFound
from api.facilities import repository
from api.facilities.models import Facility
from api.facilities.schemas import DayCountName, FacilityView, LaddersView, StepView
from api.facilities.sources import currencies_of
from api.figures import Figures, ask
from api.lists import Asked
from api.participants import service as participants
from api.participants.schemas import PartyView
from api.pools import syndicates
from api.pools.schemas import LenderView
from api.values import Amount, Page, in_block, moment
from chain_node.client import Chain

COLLATERALS = {
    "receivable": "ReceivableCollateral",
    "order": "OrderCollateral",
    "purchase": "PurchaseCollateral",
    "goods": "InventoryCollateral",
}
"""Kind of collateral to the deployed name of its adapter. An order is one to its seller, another to its buyer."""
_MOST_OF_SUPPLIER = 200


def steps_for_collateral(session: Session, number: int, collateral: str) -> list[dict[str, Any]]:
    """The ladder of a facility for one collateral adapter (by address), as the chain has it now; empty for none."""
    ladder = repository.ladder(session, number, collateral)
    return list(ladder.steps) if ladder else []


def kind_of(chain: Chain, collateral: str) -> str:
    """The kind of a collateral adapter (by address); "other" for one that this gateway does not know."""
    known = {chain.addresses.address(name): kind for kind, name in COLLATERALS.items()}
    return {str(address): kind for address, kind in known.items()}.get(collateral, "other")


def find(session: Session, principal: Principal, facility_id: str) -> Facility:
    """The facility; NotFound where there is none that is the caller's."""
    number = int(facility_id) if facility_id.isdecimal() and len(facility_id) < 19 else 0
    found = repository.facility(session, number)
    if found is None or not (principal.sees_all or _is_suppliers(session, principal, found)):
        raise NotFound("facility-absent", f"There is no facility {facility_id[:20]} of yours.", id=facility_id[:20])
    return found


def by_number(session: Session, number: int) -> Facility:
    """A facility that is known to exist, for other services."""
    return session.get_one(Facility, number)


def by_numbers(session: Session, numbers: Iterable[int]) -> dict[int, Facility]:
    return {facility.number: facility for facility in repository.facilities(session, numbers)}


def of_supplier(session: Session, chain: Chain, account: str, currency: str, collateral: str) -> list[Facility]:
    """The account's facilities in a currency with a ladder for a collateral adapter (by address), the newest first."""
    found = repository.newest_of(session, account, _MOST_OF_SUPPLIER)
    laddered = {
        ladder.facility
        for ladder in repository.ladders(session, [f.number for f in found])
        if ladder.collateral == collateral
    }
    lent = currencies(session, chain, found)
    return [each for each in found if each.number in laddered and lent[each.number] == currency]


def currencies(session: Session, chain: Chain, facilities: Collection[Facility]) -> dict[int, str]:
    """What each facility lends, by its number."""
    lent = currencies_of(session, chain, {facility.pool for facility in facilities})
    return {facility.number: lent[facility.pool] for facility in facilities}


def currency_of(session: Session, chain: Chain, facility: Facility) -> str:
    return currencies(session, chain, [facility])[facility.number]


def view(session: Session, facility: Facility, chain: Chain) -> FacilityView:
    return _views(session, [facility], chain)[0]


def page(session: Session, principal: Principal, chain: Chain, asked: Asked) -> Page[FacilityView]:
    """What is asked for of the caller's facilities; of all for who sees all."""
    accounts = None if principal.sees_all else participants.accounts_of(session, principal.organisation())
    found = repository.page(session, asked.where(currency=lends(session, chain)), accounts=accounts)
    return Page(items=_views(session, found.rows, chain), next=found.next)


def lends(session: Session, chain: Chain) -> Callable[[str], Any]:
    """For lists: that a facility lends a currency."""

    def matches(currency: str) -> Any:
        lent = currencies_of(session, chain, repository.sources(session))
        return col(Facility.pool).in_([source for source, its in lent.items() if its == currency])

    return matches


def _is_suppliers(session: Session, principal: Principal, facility: Facility) -> bool:
    return principal.lei is not None and facility.supplier in participants.accounts_of(session, principal.lei)


def _views(session: Session, facilities: list[Facility], chain: Chain) -> list[FacilityView]:
    suppliers = participants.parties_by_account(session, {facility.supplier for facility in facilities})
    ladders: dict[int, dict[str, list[StepView]]] = {facility.number: {} for facility in facilities}
    for ladder in repository.ladders(session, ladders):
        ladders[ladder.facility][kind_of(chain, ladder.collateral)] = [StepView.of(step) for step in ladder.steps]
    lent = currencies(session, chain, facilities)
    lenders = syndicates.lenders(session, chain, {facility.pool for facility in facilities})
    usages = _usages(session, facilities, chain)
    return [
        _view(
            facility,
            suppliers.get(facility.supplier, PartyView(lei="", name=facility.supplier)),
            LaddersView(**ladders[facility.number]),
            lent[facility.number],
            lenders[facility.pool],
            usage,
        )
        for facility, usage in zip(facilities, usages, strict=True)
    ]


def _usages(session: Session, facilities: list[Facility], chain: Chain) -> list[tuple[int, int]]:
    """What is drawn, and the committed fee due, of each facility."""
    if not facilities:
        return []
    questions = [
        ask(chain.desk, view, facility.number) for facility in facilities for view in ("facility", "commitmentDue")
    ]
    answers = iter(Figures.at(session, chain).answers(questions))
    return [(its["drawn"], due) for its, due in zip(answers, answers, strict=True)]


def _view(
    facility: Facility,
    supplier: PartyView,
    ladders: LaddersView,
    currency: str,
    lenders: list[LenderView],
    usage: tuple[int, int],
) -> FacilityView:
    drawn, commitment_due = usage
    return FacilityView(
        id=str(facility.number),
        supplier=supplier,
        supplier_account=facility.supplier,
        currency=currency,
        limit=Amount.of(facility.limit, currency),
        drawn=Amount.of(drawn, currency),
        available=Amount.of(max(0, facility.limit - drawn), currency),
        discount_rate_bps=facility.discount_rate_bps,
        day_count=cast(DayCountName, facility.day_count),
        fee_bps=facility.fee_bps,
        late_fee_bps=facility.late_fee_bps,
        reserve_bps=facility.reserve_bps,
        committed_fee_bps=facility.committed_fee_bps,
        commitment_due=Amount.of(commitment_due, currency),
        grace_days=facility.grace_days,
        recourse=facility.recourse,
        recourse_to=str(facility.recourse_to) if facility.recourse_to else None,
        revolving=facility.revolving,
        earmarked=facility.earmarked,
        expires_at=moment(facility.expires_at),
        opened_at=moment(facility.opened_at),
        ladders=ladders,
        lenders=lenders,
        **in_block(facility),
    )
