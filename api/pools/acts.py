"""What a lender does: deposit, hand shares in, claim what was paid for them. And what anyone may: close an epoch."""

from sqlmodel import Session

from api.auth.principal import Principal
from api.cash import service as cash
from api.errors import Conflict, Malformed
from api.participants import service as participants
from api.pools import repository, service
from api.pools.schemas import ClaimRequest, DepositRequest, PoolWritten, PositionWritten, RedemptionRequest
from api.transactions.models import Transaction
from api.transactions.schemas import transaction_views
from api.transactions.service import Transactions
from api.values import Amount
from chain_node.client import Call, Chain, Vault

SERVICER = "office:servicer"


def deposit(
    session: Session,
    transactions: Transactions,
    chain: Chain,
    principal: Principal,
    currency: str,
    asked: DepositRequest,
) -> list[str]:
    """Buys shares for the caller: allows the vault to take the cash, then deposits, in one nonce lane."""
    service.require_pool(chain, currency)
    _require_currency(asked.amount, currency)
    lei = principal.organisation()
    account = participants.acting_account(session, lei)
    participants.signer_of(session, lei)
    cash.require_funds(session, account, asked.amount)
    vault = _vault(chain, currency, asked.tranche)
    _require_room(vault, account, asked)
    allowing = chain.cash(currency).approve(vault.address, asked.amount.units)
    allowed = _submit(session, transactions, lei, allowing, "allow deposit", currency)
    buying = vault.deposit(asked.amount.units, account)
    return [allowed.id, _submit(session, transactions, lei, buying, "deposit into pool", currency, allowed).id]


def request_redemption(
    session: Session,
    transactions: Transactions,
    chain: Chain,
    principal: Principal,
    currency: str,
    asked: RedemptionRequest,
) -> list[str]:
    """Hands the caller's shares in for the present epoch; the transaction's id."""
    service.require_pool(chain, currency)
    lei = principal.organisation()
    account = participants.acting_account(session, lei)
    position = repository.position(session, currency, asked.tranche, account)
    held = position.shares if position else 0
    shares = held if asked.shares is None else int(asked.shares)
    if shares == 0 or shares > held:
        detail = f"{shares} shares are to be redeemed, the account has {held}."
        raise Conflict("shares-too-low", detail, shares=shares, held=held)
    call = _vault(chain, currency, asked.tranche).request_redeem(shares, account, account)
    return [_submit(session, transactions, lei, call, "request redemption", currency).id]


def claim(
    session: Session,
    transactions: Transactions,
    chain: Chain,
    principal: Principal,
    currency: str,
    asked: ClaimRequest,
) -> list[str]:
    """Claims what closed epochs have paid; the transaction's id."""
    service.require_pool(chain, currency)
    lei = principal.organisation()
    account = participants.acting_account(session, lei)
    vault = _vault(chain, currency, asked.tranche)
    claimable = vault.max_withdraw(account)
    if asked.amount is not None:
        _require_currency(asked.amount, currency)
    units = claimable if asked.amount is None else asked.amount.units
    if units == 0 or units > claimable:
        detail = f"{units} minor units are to be claimed, {claimable} can be."
        raise Conflict("claimable-too-low", detail, wanted=units, claimable=claimable)
    call = vault.withdraw(units, account, account)
    return [_submit(session, transactions, lei, call, "claim redemption", currency).id]


def close_epoch(
    session: Session, transactions: Transactions, chain: Chain, principal: Principal, currency: str
) -> list[str]:
    """Pays what redemption requests the cash allows; the transaction's id. The operator's servicer may do it, too."""
    service.require_pool(chain, currency)
    call = chain.pool(currency).close_epoch()
    return [_submit(session, transactions, _anyone(principal), call, "close epoch", currency).id]


def send_reserve(
    session: Session, transactions: Transactions, chain: Chain, principal: Principal, currency: str
) -> list[str]:
    """Hands the first-loss reserve what draws have brought it; the transaction's id. As anyone may."""
    service.require_pool(chain, currency)
    call = chain.pool(currency).send_reserve()
    return [_submit(session, transactions, _anyone(principal), call, "send reserve", currency).id]


def written(
    session: Session,
    principal: Principal,
    chain: Chain,
    currency: str,
    tranche: str,
    transaction_ids: list[str],
) -> PositionWritten:
    account = participants.acting_account(session, principal.organisation())
    position = service.position(session, chain, currency, tranche, account)
    return PositionWritten(position=position, transactions=transaction_views(session, transaction_ids))


def pool_written(session: Session, chain: Chain, currency: str, transaction_ids: list[str]) -> PoolWritten:
    pool = service.pool(session, chain, currency)
    return PoolWritten(pool=pool, transactions=transaction_views(session, transaction_ids))


def _anyone(principal: Principal) -> str | None:
    """Who sends what anyone may: the caller's organisation, or the operator's servicer (None)."""
    return principal.lei if not principal.is_operator else None


def _vault(chain: Chain, currency: str, tranche: str) -> Vault:
    return chain.vault(currency, service.TRANCHES[tranche])


def _require_currency(amount: Amount, currency: str) -> None:
    if amount.currency != currency:
        raise Malformed("currency-differs", f"The pool lends {currency}, the amount is in {amount.currency}.")


def _require_room(vault: Vault, account: str, asked: DepositRequest) -> None:
    """What the vault would refuse, said before anything is sent: the deposit follows an allowance, so that it cannot be
    tried on its own."""
    most = vault.max_deposit(account)
    if asked.amount.units > most:
        detail = (
            f"{asked.amount.units} minor units are to be deposited, the {asked.tranche} tranche takes {most} of this "
            "account now; senior needs enough junior below it."
        )
        raise Conflict("deposit-exceeds-room", detail, amount=asked.amount.units, most=most, tranche=asked.tranche)


def _submit(
    session: Session,
    transactions: Transactions,
    lei: str | None,
    call: Call,
    purpose: str,
    currency: str,
    after: Transaction | None = None,
) -> Transaction:
    """Sent by the organisation's own account; by the operator's servicer where there is none."""
    signer = participants.signer_of(session, lei) if lei else SERVICER
    return transactions.submit(
        session, signer=signer, call=call, owner_lei=lei, purpose=purpose, subject_id=currency, after=after
    )
