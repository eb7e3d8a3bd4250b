"""Issuing cash against bank payments, and who holds how much."""

import hmac
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256

from eth_typing import ChecksumAddress, HexAddress, HexStr
from sqlmodel import Session

from api.acting import Acting
from api.auth.principal import Principal
from api.cash import repository
from api.cash.schemas import BalancesView, BalanceView, CashIssueRequest, CashIssueView, ParkedClaimWritten
from api.errors import Conflict, Malformed, NotFound
from api.participants import service as participants
from api.transactions.schemas import transaction_views
from api.values import Amount
from chain_node.client import Call, Chain
from chain_node.references import NetworkKey

CASH_ISSUER = "office:cash-issuer"
_PAYMENT_LABEL = b"portolan bank payment 1\0"


@dataclass(frozen=True)
class Issue:
    """Cash on its way to an account."""

    account: str
    transaction_id: str


def require_currency(chain: Chain, currency: str) -> str:
    """The currency; Malformed where the network has no cash in it."""
    known = chain.addresses.currencies()
    if currency not in known:
        detail = f"{currency} is not a currency of this network; it has {', '.join(sorted(known))}."
        raise Malformed("currency-unlisted", detail, currency=currency)
    return currency


def keyed_payment_reference(key: NetworkKey, reference: str) -> bytes:
    """What stands on chain for a bank payment: keyed, because bank references could be guessed."""
    normalised = " ".join(unicodedata.normalize("NFKC", reference).split())
    return hmac.new(key.secret, _PAYMENT_LABEL + normalised.encode(), sha256).digest()


def issue(acting: Acting, key: NetworkKey, asked: CashIssueRequest) -> Issue:
    """Issues cash to the participant's account, once per payment reference."""
    currency = require_currency(acting.chain, asked.amount.currency)
    account = participants.acting_account(acting.session, asked.lei)
    reference = keyed_payment_reference(key, asked.payment_reference)
    call = acting.chain.cash(currency).issue(account, asked.amount.units, reference)
    try:
        issued = acting.by_office(CASH_ISSUER, call, "issue cash", asked.lei, owner_lei=asked.lei)
    except Conflict as refused:
        raise _in_words(refused, asked.payment_reference) from refused
    return Issue(account, issued.id)


def _in_words(refused: Conflict, reference: str) -> Conflict:
    """The refusal by the reference that was sent: the contract knows its keyed hash only."""
    if refused.error != "payment-reference-used":
        return refused
    detail = f'The bank payment "{reference}" has already been booked.'
    return Conflict(refused.error, detail, **{**refused.context, "sent_reference": reference})


def issue_view(session: Session, asked: CashIssueRequest, issue: Issue) -> CashIssueView:
    return CashIssueView(
        lei=asked.lei,
        account=issue.account,
        amount=asked.amount,
        payment_reference=asked.payment_reference,
        transactions=transaction_views(session, [issue.transaction_id]),
    )


def balances(session: Session, chain: Chain, principal: Principal, lei: str | None) -> BalancesView:
    """What an organisation holds, its own by default; NotFound where it is none of the caller's business."""
    lei = lei or principal.organisation()
    if not principal.sees(lei) or participants.number_of(session, lei) is None:
        raise NotFound("participant-absent", f"There is no participant {lei} whose cash you may see.", lei=lei)
    accounts = participants.accounts_of(session, lei)
    held = [(row.currency, row.amount) for row in repository.balances(session, accounts)]
    waiting = [(_currency_of(chain, row.cash), row.amount) for row in repository.parked(session, accounts)]
    return BalancesView(lei=lei, balances=_sums(held), parked=_sums(waiting))


def claim_parked(acting: Acting, currency: str) -> list[str]:
    """Takes what waits for the caller's account, wherever that is; the transactions' ids."""
    chain, cash = acting.chain, acting.chain.cash(require_currency(acting.chain, currency)).address
    found = repository.parked(acting.session, [acting.account])
    keepers = [each.keeper for each in found if each.cash == cash]
    if not keepers:
        raise Conflict("nothing-parked", f"No {currency} waits for {acting.lei}.", currency=currency)
    contracts = {contract.address: contract for contract in (chain.desk, chain.orders)}
    calls = [contracts[ChecksumAddress(HexAddress(HexStr(keeper)))].call("claimParked", cash) for keeper in keepers]
    return [acting.by_itself(call, "claim parked payout", acting.lei).id for call in calls]


def parked_claimed(session: Session, acting: Acting, transaction_ids: list[str]) -> ParkedClaimWritten:
    seen = balances(session, acting.chain, acting.principal, acting.lei)
    return ParkedClaimWritten(**seen.model_dump(), transactions=transaction_views(session, transaction_ids))


def _currency_of(chain: Chain, cash: str) -> str:
    return next(name.partition(":")[2] for name, address in chain.addresses.addresses.items() if address == cash)


def _sums(amounts: Iterable[tuple[str, int]]) -> list[BalanceView]:
    """By currency."""
    sums: dict[str, int] = {}
    for currency, units in amounts:
        sums[currency] = sums.get(currency, 0) + units
    return [BalanceView(currency=code, amount=Amount.of(units, code)) for code, units in sums.items()]


def require_funds(session: Session, account: str, amount: Amount) -> None:
    """Conflict unless the account holds the amount, as far as the database has read the chain."""
    held = repository.balance(session, amount.currency, account)
    if held < amount.units:
        balance = Amount.of(held, amount.currency)
        detail = f"The account has {balance.said} and needs {amount.said}."
        raise Conflict("cash-too-low", detail, balance=balance, needed=amount)


def require_payable(acting: Acting, amount: Amount) -> None:
    """Conflict unless the gateway can sign for the caller, and the caller has so much cash."""
    participants.signer_of(acting.session, acting.lei)
    require_funds(acting.session, acting.account, amount)


def pay(
    acting: Acting, amount: Amount, spender: str, paying: Call, what: str, purpose: str, subject_id: str
) -> list[str]:
    """Lets `spender` take the amount out of the caller's cash, then makes the call that takes it, in one nonce lane;
    the transactions' ids. Refuses as `require_payable` does."""
    require_payable(acting, amount)
    allowing = acting.chain.cash(amount.currency).approve(spender, amount.units)
    allowed = acting.by_itself(allowing, f"allow {what}", subject_id)
    return [allowed.id, acting.by_itself(paying, purpose, subject_id, allowed).id]
