"""What a supplier does with cash and receivables: open a financing, repay it."""

from sqlmodel import Session

from api.acting import Acting
from api.cash import service as cash
from api.clock import indexed_now
from api.errors import Conflict, Forbidden, Malformed
from api.facilities import service as facilities
from api.facilities.models import Facility
from api.financings import repository, service
from api.financings.models import FinancingState
from api.financings.schemas import FinancingRequest, FinancingWritten, RepaymentRequest
from api.receivables import service as receivables
from api.receivables.models import Receivable, ReceivableState
from api.transactions.schemas import transaction_views
from api.values import Amount, hex32
from chain_node.client import Chain
from chain_node.references import NetworkKey
from chain_node.references import subject as subject_of


def open_financing(acting: Acting, key: NetworkKey, asked: FinancingRequest) -> list[str]:
    """Lets the custodian take receivables where it may not yet, then pledges and opens; the transactions' ids, the
    opening last."""
    session, chain, account = acting.session, acting.chain, acting.account
    facility = facilities.find(session, acting.principal, asked.facility_id)
    receivable = receivables.find(session, acting.principal, asked.receivable_id)
    custodian = chain.addresses.address("ReceivableCollateral")
    units = _units_to_pledge(session, receivable, account, asked.amount)
    _require_openable(session, chain, facility, receivable, account)
    subject = bytes(32) if asked.on_acceptance_only else subject_of(key, int(receivable.id, 16))
    _require_unwatched(session, subject, receivable)
    opening = chain.desk.open_financing(
        facility=facility.number, collateral=custodian, item_id=int(receivable.id, 16), units=units, subject=subject
    )
    approved = receivables.let_take(acting, receivable, custodian)
    opened = acting.by_itself(opening, "open financing", receivable.id, approved)
    return [*([approved.id] if approved else []), opened.id]


def repay(acting: Acting, financing_id: str, asked: RepaymentRequest) -> list[str]:
    """Repays out of the caller's cash: allows the desk to take it, then repays, in one nonce lane."""
    session, chain = acting.session, acting.chain
    financing = service.find(session, acting.principal, financing_id)
    currency = facilities.currency_of(session, chain, facilities.by_number(session, financing.facility))
    if asked.amount.currency != currency:
        detail = f"The financing is in {currency}, the repayment in {asked.amount.currency}."
        raise Malformed("currency-differs", detail, id=financing_id)
    if financing.state not in (FinancingState.OPEN, FinancingState.DEFAULTED):
        raise Conflict("repayment-zero", f"Nothing is owed on financing {financing_id}.", id=financing_id)
    paying = chain.desk.repay(financing.number, asked.amount.units)
    desk = chain.addresses.address("FinancingDesk")
    return cash.pay(acting, asked.amount, desk, paying, "repayment", "repay financing", financing.item_id)


def opened(session: Session, chain: Chain, transaction_ids: list[str]) -> FinancingWritten:
    """The financing that the last of the transactions opened, once it can be seen."""
    transactions = transaction_views(session, transaction_ids)
    opening = transactions[-1].hash
    found = repository.by_transaction(session, opening) if opening else None
    shown = service.view(session, found, chain) if found else None
    return FinancingWritten(id=shown.id if shown else None, financing=shown, transactions=transactions)


def written(session: Session, acting: Acting, financing_id: str, transaction_ids: list[str]) -> FinancingWritten:
    shown = service.view(session, service.find(session, acting.principal, financing_id), acting.chain)
    return FinancingWritten(id=shown.id, financing=shown, transactions=transaction_views(session, transaction_ids))


def _units_to_pledge(session: Session, receivable: Receivable, account: str, amount: Amount | None) -> int:
    """All that the account holds, or as much of it as was asked for."""
    held = receivables.held_units(session, receivable.id, account)
    if amount is None:
        units = held
    elif amount.currency != receivable.currency:
        detail = f"The receivable is in {receivable.currency}, the amount in {amount.currency}."
        raise Malformed("currency-differs", detail)
    else:
        units = amount.units
    if units == 0 or units > held:
        detail = f"{units} units of the receivable are asked for, {held} can be pledged."
        raise Conflict("units-out-of-range", detail, id=receivable.id, units=units, available=held)
    return units


def _require_openable(session: Session, chain: Chain, facility: Facility, receivable: Receivable, account: str) -> None:
    """What the desk would refuse, said before anything is sent: the first opening follows an approval, so that it
    cannot be tried on its own."""
    if account != facility.supplier:
        detail = f"Facility {facility.number} is drawn on by another account."
        raise Forbidden("not-supplier-of", detail, facility=facility.number)
    if receivable.state != ReceivableState.ACCEPTED:
        detail = f"The receivable is {receivable.state}; only an accepted one can be financed."
        raise Conflict("item-not-financeable", detail, id=receivable.id, state=receivable.state)
    if receivable.currency != facilities.currency_of(session, chain, facility):
        detail = f"The receivable is in {receivable.currency}; the facility lends another currency."
        raise Malformed("item-currency-differs", detail, id=receivable.id, facility=facility.number)
    if indexed_now(session) >= facility.expires_at:
        raise Conflict("facility-expired", f"Facility {facility.number} has expired.", facility=facility.number)
    custodian = chain.addresses.address("ReceivableCollateral")
    if not facilities.steps_for_collateral(session, facility.number, custodian):
        detail = f"Facility {facility.number} has no ladder for receivables."
        raise Conflict("ladder-missing", detail, facility=facility.number)


def _require_unwatched(session: Session, subject: bytes, receivable: Receivable) -> None:
    if any(subject) and repository.watches(session, hex32(subject)):
        detail = f"The goods of receivable {receivable.id} back another financing; ask for one on acceptance only."
        raise Conflict("consignment-taken", detail, id=receivable.id)
