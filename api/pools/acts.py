"""What a lender does: deposit, hand shares in, claim what was paid for them. And what anyone may: close an epoch."""

from sqlmodel import Session

from api.acting import Acting
from api.cash import service as cash
from api.errors import Conflict, Malformed
from api.participants import service as participants
from api.pools import repository, service
from api.pools.schemas import ClaimRequest, DepositRequest, PoolWritten, PositionWritten, RedemptionRequest
from api.run_off import require_lending
from api.transactions.schemas import transaction_views
from api.values import Amount
from chain_node.client import Chain, Vault

SERVICER = "office:servicer"


def deposit(acting: Acting, currency: str, asked: DepositRequest) -> list[str]:
    """Buys shares for the caller: allows the vault to take the cash, then deposits, in one nonce lane."""
    service.require_pool(acting.chain, currency)
    require_lending(acting.chain, f"LendingPool:{currency}")
    _require_currency(asked.amount, currency)
    account = acting.account
    cash.require_payable(acting, asked.amount)
    vault = _vault(acting.chain, currency, asked.tranche)
    _require_room(vault, account, asked)
    buying = vault.deposit(asked.amount.units, account)
    return cash.pay(acting, asked.amount, vault.address, buying, "deposit", "deposit into pool", currency)


def request_redemption(acting: Acting, currency: str, asked: RedemptionRequest) -> list[str]:
    """Hands the caller's shares in for the present epoch; the transaction's id."""
    service.require_pool(acting.chain, currency)
    account = acting.account
    position = repository.position(acting.session, currency, asked.tranche, account)
    held = position.shares if position else 0
    shares = held if asked.shares is None else int(asked.shares)
    if shares == 0 or shares > held:
        wanted = f"{shares} shares are to be redeemed, and" if shares else "There is nothing to redeem:"
        detail = f"{wanted} the account has {held} of the {asked.tranche} tranche."
        raise Conflict("shares-too-low", detail, shares=shares, held=held)
    call = _vault(acting.chain, currency, asked.tranche).request_redeem(shares, account, account)
    return [acting.by_itself(call, "request redemption", currency).id]


def claim(acting: Acting, currency: str, asked: ClaimRequest) -> list[str]:
    """Claims what closed epochs have paid; the transaction's id."""
    service.require_pool(acting.chain, currency)
    account, vault = acting.account, _vault(acting.chain, currency, asked.tranche)
    claimable = vault.max_withdraw(account)
    if asked.amount is not None:
        _require_currency(asked.amount, currency)
    units = claimable if asked.amount is None else asked.amount.units
    if units == 0 or units > claimable:
        wanted, most = Amount.of(units, currency), Amount.of(claimable, currency)
        detail = f"{wanted.said} are to be claimed, {most.said} can be." if units else "Nothing can be claimed."
        raise Conflict("claimable-too-low", detail, wanted=wanted, claimable=most)
    call = vault.withdraw(units, account, account)
    return [acting.by_itself(call, "claim redemption", currency).id]


def close_epoch(acting: Acting, currency: str) -> list[str]:
    """Pays what redemption requests the cash allows; the transaction's id. The operator's servicer may do it, too."""
    service.require_pool(acting.chain, currency)
    call = acting.chain.pool(currency).close_epoch()
    return [acting.as_anyone(SERVICER, call, "close epoch", currency).id]


def send_reserve(acting: Acting, currency: str) -> list[str]:
    """Hands the first-loss reserve what draws have brought it; the transaction's id. As anyone may."""
    service.require_pool(acting.chain, currency)
    call = acting.chain.pool(currency).send_reserve()
    return [acting.as_anyone(SERVICER, call, "send reserve", currency).id]


def written(
    session: Session, acting: Acting, currency: str, tranche: str, transaction_ids: list[str]
) -> PositionWritten:
    account = participants.acting_account(session, acting.lei)
    position = service.position(session, acting.chain, currency, tranche, account)
    return PositionWritten(position=position, transactions=transaction_views(session, transaction_ids))


def pool_written(session: Session, chain: Chain, currency: str, transaction_ids: list[str]) -> PoolWritten:
    pool = service.pool(session, chain, currency)
    return PoolWritten(pool=pool, transactions=transaction_views(session, transaction_ids))


def _vault(chain: Chain, currency: str, tranche: str) -> Vault:
    return chain.vault(currency, service.TRANCHES[tranche])


def _require_currency(amount: Amount, currency: str) -> None:
    if amount.currency != currency:
        raise Malformed("currency-differs", f"The pool lends {currency}, the amount is in {amount.currency}.")


def _require_room(vault: Vault, account: str, asked: DepositRequest) -> None:
    """What the vault would refuse, said before anything is sent: the deposit follows an allowance, so that it cannot be
    tried on its own."""
    room, amount = vault.max_deposit(account), asked.amount
    if amount.units > room:
        most = Amount.of(room, amount.currency)
        detail = (
            f"{amount.said} are to be deposited, the {asked.tranche} tranche takes {most.said} of this account now; "
            "senior needs enough junior below it."
        )
        raise Conflict("deposit-exceeds-room", detail, amount=amount, most=most, tranche=asked.tranche)
