"""What the chain says of facilities, to their suppliers and to the operator."""

from dataclasses import dataclass
from typing import Any

from sqlmodel import Session

from api.auth.principal import Principal
from api.errors import Malformed, NotFound
from api.facilities import repository
from api.facilities.models import Facility
from api.facilities.schemas import FacilityView, Ladders, Step
from api.participants import service as participants
from api.participants.schemas import PartyView
from api.values import Amount, Page, moment
from chain_node.client import AddressBook, Milestone

COLLATERALS = {"receivable": "ReceivableCollateral", "order": "OrderCollateral"}
"""Kind of collateral to the deployed name of its adapter."""


@dataclass(frozen=True)
class Terms:
    """What a financing takes over from its facility when it is opened."""

    supplier: str
    pool: str
    discount_rate_bps: int
    fee_bps: int
    steps: list[dict[str, Any]]


def terms_for_collateral(session: Session, number: int, collateral: str) -> Terms:
    """The terms of a facility for one collateral adapter (by address), as the chain has them now."""
    facility = session.get_one(Facility, number)
    ladder = repository.ladder(session, number, collateral)
    steps = list(ladder.steps) if ladder else []
    return Terms(facility.supplier, facility.pool, facility.discount_rate_bps, facility.fee_bps, steps)


def book_drawn(session: Session, number: int, change: int) -> None:
    """For the indexer's handlers: a draw or repayment moves what is drawn on the facility."""
    session.get_one(Facility, number).drawn += change


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


def view(session: Session, facility: Facility, addresses: AddressBook) -> FacilityView:
    return _views(session, [facility], addresses)[0]


def page(
    session: Session, principal: Principal, addresses: AddressBook, before: str | None, limit: int
) -> Page[FacilityView]:
    """The caller's facilities, the newest first; all for who sees all."""
    if before is not None and not before.isdecimal():
        raise Malformed("page-unknown", "`before` is not a `next` that an earlier answer gave.")
    accounts = None if principal.sees_all else participants.accounts_of(session, principal.organisation())
    found = repository.page(session, accounts=accounts, before=int(before) if before else None, limit=limit)
    following = str(found[-1].number) if len(found) == limit else None
    return Page(items=_views(session, found, addresses), next=following)


def currency_of(pool: str, addresses: AddressBook) -> str:
    """The currency of a pool, by its address."""
    names = (name for name, address in addresses.addresses.items() if address == pool)
    return next(name.partition(":")[2] for name in names if name.startswith("LendingPool:"))


def _is_suppliers(session: Session, principal: Principal, facility: Facility) -> bool:
    return principal.lei is not None and facility.supplier in participants.accounts_of(session, principal.lei)


def _views(session: Session, facilities: list[Facility], addresses: AddressBook) -> list[FacilityView]:
    suppliers = participants.parties_by_account(session, {facility.supplier for facility in facilities})
    ladders: dict[int, dict[str, list[Step]]] = {facility.number: {} for facility in facilities}
    kinds: dict[str, str] = {addresses.address(name): kind for kind, name in COLLATERALS.items()}
    for ladder in repository.ladders(session, ladders):
        ladders[ladder.facility][kinds[ladder.collateral]] = [_step(step) for step in ladder.steps]
    return [
        _view(facility, suppliers, Ladders(**ladders[facility.number]), currency_of(facility.pool, addresses))
        for facility in facilities
    ]


def _view(facility: Facility, suppliers: dict[str, PartyView], ladders: Ladders, currency: str) -> FacilityView:
    stranger = PartyView(lei="", name=facility.supplier)
    return FacilityView(
        id=str(facility.number),
        supplier=suppliers.get(facility.supplier, stranger),
        supplier_account=facility.supplier,
        currency=currency,
        limit=Amount.of(facility.limit, currency),
        drawn=Amount.of(facility.drawn, currency),
        available=Amount.of(facility.limit - facility.drawn, currency),
        discount_rate_bps=facility.discount_rate_bps,
        fee_bps=facility.fee_bps,
        expires_at=moment(facility.expires_at),
        opened_at=moment(facility.opened_at),
        ladders=ladders,
        transaction_hash=facility.transaction_hash,
        block_number=facility.block_number,
    )


def _step(step: dict[str, Any]) -> Step:
    return Step.model_validate({**step, "milestone": Milestone(step["milestone"]).name})
