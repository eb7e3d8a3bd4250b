"""What a supplier does with cash, invoices and orders: open a financing, repay it."""

from sqlmodel import Session

from api.acting import Acting
from api.cash import service as cash
from api.clock import indexed_now
from api.errors import Conflict, Forbidden, Malformed
from api.facilities import service as facilities
from api.facilities.models import Facility
from api.financings import pledging, repository, service, stock
from api.financings.models import Financing, FinancingState
from api.financings.pledging import Pledge
from api.financings.schemas import FinancingWritten, Opening, RepaymentRequest
from api.run_off import require_lending
from api.transactions.schemas import transaction_views
from api.values import Amount
from chain_node.client import Chain
from chain_node.references import NetworkKey


def open_financing(acting: Acting, key: NetworkKey, asked: Opening) -> list[str]:
    """Pledges the invoice or order and opens a financing on it; the transactions' ids, the opening last. What the
    custodian has to be let do first comes first. Goods go by rules of their own."""
    require_lending(acting.chain)
    if asked.receipt_id is not None:
        quantity = int(asked.quantity_thousandths) if asked.quantity_thousandths else None
        return stock.open_financing(acting, asked.facility_id, asked.receipt_id, quantity)
    facility = facilities.find(acting.session, acting.principal, asked.facility_id)
    pledge = pledging.pledge_of(acting, key, asked)
    _require_openable(acting.session, acting.chain, facility, pledge, acting.account)
    pledging.require_unwatched(acting.session, pledge)
    opening = acting.chain.desk.open_financing(
        facility=facility.number,
        collateral=pledge.custodian,
        item_id=pledge.item,
        units=pledge.units,
        subject=pledge.subject,
    )
    approved = pledging.approve(acting, pledge)
    opened = acting.by_itself(opening, "open financing", pledge.item_id, approved[-1] if approved else None)
    return [transaction.id for transaction in (*approved, opened)]


def repay(acting: Acting, financing_id: str, asked: RepaymentRequest) -> list[str]:
    """Repays out of the caller's cash: allows the desk to take it, then repays, in one nonce lane."""
    chain, financing = acting.chain, repayable(acting, financing_id, asked.amount)
    paying = chain.desk.repay(financing.number, asked.amount.units)
    desk = chain.addresses.address("FinancingDesk")
    return cash.pay(acting, asked.amount, desk, paying, "repayment", "repay financing", financing.item_id)


def repayable(acting: Acting, financing_id: str, amount: Amount) -> Financing:
    """The financing, where the caller is a party to it, it is in the currency, and something is owed on it; the
    caller's cash is not looked at."""
    financing = service.find(acting.session, acting.principal, financing_id)
    its = facilities.by_number(acting.session, financing.facility)
    currency = facilities.currency_of(acting.session, acting.chain, its)
    if amount.currency != currency:
        detail = f"The financing is in {currency}, the repayment in {amount.currency}."
        raise Malformed("currency-differs", detail, id=financing_id)
    if financing.state not in (FinancingState.OPEN, FinancingState.DEFAULTED):
        raise Conflict("repayment-zero", f"Nothing is owed on financing {financing_id}.", id=financing_id)
    return financing


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


def _require_openable(session: Session, chain: Chain, facility: Facility, pledge: Pledge, account: str) -> None:
    """What the desk would refuse, said before anything is sent: the first opening follows an approval, so that it
    cannot be tried on its own."""
    if account != facility.supplier:
        detail = f"Facility {facility.number} is drawn on by another account."
        raise Forbidden("not-supplier-of", detail, facility=facility.number)
    if pledge.currency != facilities.currency_of(session, chain, facility):
        detail = f"The {pledge.what} is in {pledge.currency}; the facility lends another currency."
        raise Malformed("item-currency-differs", detail, id=pledge.item_id, facility=facility.number)
    if indexed_now(session) >= facility.expires_at:
        raise Conflict("facility-expired", f"Facility {facility.number} has expired.", facility=facility.number)
    if not facilities.steps_for_collateral(session, facility.number, pledge.custodian):
        detail = f"Facility {facility.number} has no ladder for {pledge.kind}s."
        raise Conflict("ladder-missing", detail, facility=facility.number, kind=pledge.kind)
