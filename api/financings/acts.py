"""What a supplier does with cash and receivables: open a financing, repay it."""

from sqlmodel import Session

from api.auth.principal import Principal
from api.cash import service as cash
from api.clock import indexed_now
from api.errors import Conflict, Forbidden, Malformed
from api.facilities import service as facilities
from api.facilities.models import Facility
from api.financings import repository, service
from api.financings.models import FinancingState
from api.financings.schemas import FinancingRequest, FinancingWritten, RepaymentRequest
from api.participants import service as participants
from api.receivables import service as receivables
from api.receivables.models import Receivable, ReceivableState
from api.transactions.models import Transaction
from api.transactions.schemas import transaction_views
from api.transactions.service import Transactions
from api.values import Amount, hex32
from chain_node.client import Call, Chain
from chain_node.references import NetworkKey
from chain_node.references import subject as subject_of


def open_financing(
    session: Session,
    transactions: Transactions,
    chain: Chain,
    key: NetworkKey,
    principal: Principal,
    asked: FinancingRequest,
) -> list[str]:
    """Lets the custodian take receivables where it may not yet, then pledges and opens; the transactions' ids, the
    opening last."""
    lei = principal.organisation()
    account = participants.acting_account(session, lei)
    facility = facilities.find(session, principal, asked.facility_id)
    receivable = receivables.find(session, principal, asked.receivable_id)
    custodian = chain.addresses.address("ReceivableCollateral")
    units = _units_to_pledge(session, receivable, account, asked.amount)
    _require_openable(session, facility, receivable, account, custodian, chain)
    subject = bytes(32) if asked.on_acceptance_only else subject_of(key, int(receivable.id, 16))
    _require_unwatched(session, subject, receivable)
    opening = chain.desk.open_financing(
        facility=facility.number, collateral=custodian, item_id=int(receivable.id, 16), units=units, subject=subject
    )
    signer = participants.signer_of(session, lei)
    approved = None
    if not receivables.is_approved(session, account, custodian):
        call = chain.receivables.set_approval_for_all(custodian, True)
        approved = _submit(session, transactions, signer, call, "let custodian take receivables", lei, receivable.id)
    opened = _submit(session, transactions, signer, opening, "open financing", lei, receivable.id, approved)
    return [*([approved.id] if approved else []), opened.id]


def repay(
    session: Session,
    transactions: Transactions,
    chain: Chain,
    principal: Principal,
    financing_id: str,
    asked: RepaymentRequest,
) -> list[str]:
    """Repays out of the caller's cash: allows the desk to take it, then repays, in one nonce lane."""
    financing = service.find(session, principal, financing_id)
    facility = facilities.by_number(session, financing.facility)
    currency = facilities.currency_of(session, chain, facility)
    if asked.amount.currency != currency:
        detail = f"The financing is in {currency}, the repayment in {asked.amount.currency}."
        raise Malformed("currency-differs", detail, id=financing_id)
    if financing.state not in (FinancingState.OPEN, FinancingState.DEFAULTED):
        raise Conflict("repayment-zero", f"Nothing is owed on financing {financing_id}.", id=financing_id)
    lei = principal.organisation()
    signer, account = participants.signer_of(session, lei), participants.acting_account(session, lei)
    cash.require_funds(session, account, asked.amount)
    allowing = chain.cash(currency).approve(chain.addresses.address("FinancingDesk"), asked.amount.units)
    allowed = _submit(session, transactions, signer, allowing, "allow repayment", lei, financing.item_id)
    call = chain.desk.repay(financing.number, asked.amount.units)
    repaid = _submit(session, transactions, signer, call, "repay financing", lei, financing.item_id, allowed)
    return [allowed.id, repaid.id]


def opened(session: Session, chain: Chain, transaction_ids: list[str]) -> FinancingWritten:
    """The financing that the last of the transactions opened, once it can be seen."""
    transactions = transaction_views(session, transaction_ids)
    opening = transactions[-1].hash
    found = repository.by_transaction(session, opening) if opening else None
    shown = service.view(session, found, chain) if found else None
    return FinancingWritten(id=shown.id if shown else None, financing=shown, transactions=transactions)


def written(
    session: Session, principal: Principal, financing_id: str, chain: Chain, transaction_ids: list[str]
) -> FinancingWritten:
    shown = service.view(session, service.find(session, principal, financing_id), chain)
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


def _require_openable(
    session: Session, facility: Facility, receivable: Receivable, account: str, custodian: str, chain: Chain
) -> None:
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
    if not facilities.steps_for_collateral(session, facility.number, custodian):
        detail = f"Facility {facility.number} has no ladder for receivables."
        raise Conflict("ladder-missing", detail, facility=facility.number)


def _require_unwatched(session: Session, subject: bytes, receivable: Receivable) -> None:
    if any(subject) and repository.watches(session, hex32(subject)):
        detail = f"The goods of receivable {receivable.id} back another financing; ask for one on acceptance only."
        raise Conflict("consignment-taken", detail, id=receivable.id)


def _submit(
    session: Session,
    transactions: Transactions,
    signer: str,
    call: Call,
    purpose: str,
    lei: str | None,
    subject_id: str,
    after: Transaction | None = None,
) -> Transaction:
    return transactions.submit(
        session, signer=signer, call=call, owner_lei=lei, purpose=purpose, subject_id=subject_id, after=after
    )
