"""The credit officer grants a line and sets its ladders.

The chain numbers a facility when it is opened, yet its ladders are set by that number in the transactions that follow.
All come from one account, one after the other, so that the number can be foreseen: the last one on chain, plus the
openings that are still under way before this one. Should an opening fail after all, the ladders of those behind it miss
their facilities, which then lend nothing until their ladders are set by POST /v1/facilities/{id}/ladders."""

from collections.abc import Iterator

from sqlmodel import Session

from api.acting import Acting
from api.cash import service as cash
from api.errors import Conflict, Malformed
from api.facilities import repository, service
from api.facilities.models import Facility
from api.facilities.schemas import (
    DAY_COUNTS,
    CommitmentFeeRequest,
    FacilityRequest,
    FacilityWritten,
    Ladders,
    LineRequest,
)
from api.participants import service as participants
from api.run_off import require_lending
from api.transactions.models import Transaction
from api.transactions.schemas import transaction_views
from api.values import Amount
from chain_node.client import Call, Chain, FacilityTerms, Milestone, Step

CREDIT_OFFICER = "office:credit-officer"


def grant(officer: Acting, asked: FacilityRequest) -> list[str]:
    """Opens a facility and sets its ladders; the transactions' ids, the opening first."""
    session, chain = officer.session, officer.chain
    currency = cash.require_currency(chain, asked.currency)
    require_lending(chain, f"LendingPool:{currency}")
    if asked.limit.currency != currency:
        detail = f"The limit is in {asked.limit.currency}, the facility in {currency}."
        raise Malformed("currency-differs", detail)
    supplier = participants.acting_account(session, asked.supplier_lei)
    call = chain.desk.open_facility(_terms(asked, supplier, chain.addresses.address(f"LendingPool:{currency}")))
    if not asked.ladders.model_dump(exclude_none=True):
        raise Malformed("ladder-missing", "A facility needs a ladder for at least one kind of collateral.")
    repository.lock_numbering(session)
    opened = officer.by_office(CREDIT_OFFICER, call, "open facility", owner_lei=asked.supplier_lei)
    number = repository.last_number(session) + repository.openings_before(session, opened) + 1
    return [opened.id, *_set_ladders(officer, number, asked.ladders, asked.supplier_lei, opened)]


def set_ladders(officer: Acting, facility_id: str, asked: Ladders) -> list[str]:
    """Sets ladders of a facility anew, for financings opened from then on; the transactions' ids."""
    facility = service.find(officer.session, officer.principal, facility_id)
    if not asked.model_dump(exclude_none=True):
        raise Malformed("ladder-missing", "Name a ladder for at least one kind of collateral.")
    return _set_ladders(officer, facility.number, asked, _owner_lei(officer, facility), None)


def change_line(officer: Acting, facility_id: str, asked: LineRequest) -> list[str]:
    """Sets a facility's limit, its end, or both; the transactions' ids."""
    chain, facility = officer.chain, service.find(officer.session, officer.principal, facility_id)
    calls: list[tuple[Call, str]] = []
    if asked.limit is not None:
        _require_currency("limit", asked.limit, service.currency_of(officer.session, chain, facility))
        calls.append((chain.desk.set_limit(facility.number, asked.limit.units), "set limit"))
    if asked.expires_at is not None:
        expires_at = int(asked.expires_at.timestamp())
        calls.append((chain.desk.set_expiry(facility.number, expires_at), "set expiry"))
    if not calls:
        raise Malformed("nothing-asked", "Name a new limit, a new end, or both.")
    owner = _owner_lei(officer, facility)
    return [officer.by_office(CREDIT_OFFICER, call, purpose, owner_lei=owner).id for call, purpose in calls]


def pay_commitment_fee(payer: Acting, facility_id: str, asked: CommitmentFeeRequest) -> list[str]:
    """Pays the committed fee due so far out of the caller's cash; the transactions' ids."""
    session, chain = payer.session, payer.chain
    facility = service.find(session, payer.principal, facility_id)
    _require_currency("most", asked.most, service.currency_of(session, chain, facility))
    # The payment follows an allowance, so that it cannot be tried on its own.
    due = chain.desk.commitment_due(facility.number)
    if due == 0:
        raise Conflict("nothing-due", f"No committed fee is due on facility {facility_id}.", facility=facility_id)
    if due > asked.most.units:
        fee, most = Amount.of(due, asked.most.currency), asked.most
        detail = f"{fee.said} are due, at most {most.said} may be taken."
        raise Conflict("commitment-fee-exceeds-most", detail, due=fee, most=most)
    call, desk = chain.desk.pay_commitment_fee(facility.number), chain.addresses.address("FinancingDesk")
    return cash.pay(payer, asked.most, desk, call, "committed fee", "pay committed fee", facility_id)


def written(session: Session, chain: Chain, transaction_ids: list[str]) -> FacilityWritten:
    """The facility that the first of the transactions opened, once it can be seen."""
    transactions = transaction_views(session, transaction_ids)
    opening = transactions[0].hash
    facility = repository.by_transaction(session, opening) if opening else None
    shown = service.view(session, facility, chain) if facility else None
    return FacilityWritten(id=shown.id if shown else None, facility=shown, transactions=transactions)


def rewritten(session: Session, acting: Acting, facility_id: str, transaction_ids: list[str]) -> FacilityWritten:
    shown = service.view(session, service.find(session, acting.principal, facility_id), acting.chain)
    return FacilityWritten(id=shown.id, facility=shown, transactions=transaction_views(session, transaction_ids))


def _terms(asked: FacilityRequest, supplier: str, pool: str) -> FacilityTerms:
    return FacilityTerms(
        supplier=supplier,
        pool=pool,
        limit=asked.limit.units,
        discount_rate_bps=asked.discount_rate_bps,
        fee_bps=asked.fee_bps,
        expires_at=int(asked.expires_at.timestamp()),
        day_count=next(count for count, name in DAY_COUNTS.items() if name == asked.day_count),
        late_fee_bps=asked.late_fee_bps,
        reserve_bps=asked.reserve_bps,
        committed_fee_bps=asked.committed_fee_bps,
        grace_days=asked.grace_days,
        recourse=asked.recourse,
        revolving=asked.revolving,
        earmarked=asked.earmarked,
    )


def _ladder_calls(chain: Chain, number: int, ladders: Ladders) -> Iterator[Call]:
    for kind, name in service.COLLATERALS.items():
        steps = getattr(ladders, kind)
        if steps is not None:
            rungs = [Step(int(Milestone[s.milestone]), s.advance_rate_bps, s.measured) for s in steps]
            yield chain.desk.set_ladder(number, chain.addresses.address(name), rungs)


def _set_ladders(
    officer: Acting, number: int, ladders: Ladders, owner_lei: str | None, after: Transaction | None
) -> list[str]:
    calls = _ladder_calls(officer.chain, number, ladders)
    sent = (officer.by_office(CREDIT_OFFICER, c, "set ladder", owner_lei=owner_lei, after=after) for c in calls)
    return [transaction.id for transaction in sent]


def _owner_lei(officer: Acting, facility: Facility) -> str | None:
    owner = participants.parties_by_account(officer.session, [facility.supplier]).get(facility.supplier)
    return owner.lei if owner else None


def _require_currency(what: str, amount: Amount, currency: str) -> None:
    if amount.currency != currency:
        detail = f"The {what} is in {amount.currency}, the facility in {currency}."
        raise Malformed("currency-differs", detail, currency=amount.currency, needed=currency)
