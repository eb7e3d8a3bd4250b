"""The books of pools, the lenders' positions, and deposits."""

from dataclasses import dataclass

from sqlmodel import Session

from api.auth.principal import Principal
from api.cash import service as cash
from api.clock import indexed_now
from api.errors import Malformed, NotFound
from api.financings import income
from api.participants import service as participants
from api.pools import repository
from api.pools.models import Pool, Position
from api.pools.prices import Price, price
from api.pools.schemas import (
    DepositRequest,
    DepositWritten,
    PoolsView,
    PoolView,
    PositionsView,
    PositionView,
    PriceView,
)
from api.transactions.schemas import transaction_views
from api.transactions.service import Transactions
from api.values import Amount
from chain_node.client import AddressBook, Chain


@dataclass(frozen=True)
class Books:
    """A pool at the newest block that the database has: what it has, what it earned, and the two prices."""

    pool: Pool
    accrued_income: int

    @property
    def gross(self) -> int:
        return self.pool.cash + self.pool.principal_out + self.accrued_income - self.pool.accrued_fees

    @property
    def net(self) -> int:
        return self.gross - self.pool.impairment

    @property
    def entry_price(self) -> Price:
        return price(self.gross, self.pool.shares)

    @property
    def exit_price(self) -> Price:
        return price(self.net, self.pool.shares)


def pools(session: Session, addresses: AddressBook) -> PoolsView:
    currencies = (name.removeprefix("LendingPool:") for name in addresses.names() if name.startswith("LendingPool:"))
    return PoolsView(items=[pool(session, addresses, currency) for currency in sorted(currencies)])


def pool(session: Session, addresses: AddressBook, currency: str) -> PoolView:
    books = _books(session, addresses, currency)
    its = books.pool

    def amount(units: int) -> Amount:
        return Amount.of(units, currency)

    return PoolView(
        currency=currency,
        cash=amount(its.cash),
        free_cash=amount(its.cash - its.accrued_fees),
        principal_out=amount(its.principal_out),
        accrued_income=amount(books.accrued_income),
        accrued_fees=amount(its.accrued_fees),
        impairment=amount(its.impairment),
        interest_received=amount(its.interest_received),
        gross=amount(books.gross),
        net=amount(books.net),
        shares=str(its.shares),
        entry_price=_price_view(books.entry_price, books.entry_price.per_million_up()),
        exit_price=_price_view(books.exit_price, books.exit_price.per_million_down()),
    )


def positions(session: Session, principal: Principal, addresses: AddressBook, currency: str) -> PositionsView:
    """The caller's positions; everybody's for who sees all."""
    books = _books(session, addresses, currency)
    accounts = None if principal.sees_all else participants.accounts_of(session, principal.organisation())
    found = repository.positions(session, currency, accounts)
    return PositionsView(items=_position_views(session, found, books))


def deposit(
    session: Session,
    transactions: Transactions,
    chain: Chain,
    principal: Principal,
    currency: str,
    asked: DepositRequest,
) -> list[str]:
    """Buys shares for the caller: allows the vault to take the cash, then deposits, in one nonce lane."""
    _require_pool(chain.addresses, currency)
    if asked.amount.currency != currency:
        raise Malformed("currency-differs", f"The pool lends {currency}, the deposit is in {asked.amount.currency}.")
    lei = principal.organisation()
    signer, account = participants.signer_of(session, lei), participants.acting_account(session, lei)
    cash.require_funds(session, account, asked.amount)
    vault = chain.addresses.address(f"TrancheVault:{currency}")
    allowed = transactions.submit(
        session,
        signer=signer,
        call=chain.cash(currency).approve(vault, asked.amount.units),
        owner_lei=lei,
        purpose="allow deposit",
        subject_id=currency,
    )
    deposited = transactions.submit(
        session,
        signer=signer,
        call=chain.vault(currency).deposit(asked.amount.units, account),
        owner_lei=lei,
        purpose="deposit into pool",
        subject_id=currency,
        after=allowed,
    )
    return [allowed.id, deposited.id]


def written(
    session: Session, principal: Principal, addresses: AddressBook, currency: str, transaction_ids: list[str]
) -> DepositWritten:
    account = participants.acting_account(session, principal.organisation())
    found = repository.positions(session, currency, [account])
    views = _position_views(session, found, _books(session, addresses, currency)) if found else []
    return DepositWritten(
        position=views[0] if views else None, transactions=transaction_views(session, transaction_ids)
    )


def free_cash(session: Session, currency: str) -> int:
    """Minor units that the pool can lend now."""
    its = repository.pool(session, currency)
    return its.cash - its.accrued_fees


def _books(session: Session, addresses: AddressBook, currency: str) -> Books:
    _require_pool(addresses, currency)
    address = addresses.address(f"LendingPool:{currency}")
    return Books(repository.pool(session, currency), income.accrued(session, address, indexed_now(session)))


def _require_pool(addresses: AddressBook, currency: str) -> None:
    if f"LendingPool:{currency}" not in addresses.names():
        raise NotFound("pool-absent", f"There is no pool in {currency[:10]}.", currency=currency[:10])


def _position_views(session: Session, positions: list[Position], books: Books) -> list[PositionView]:
    owners = participants.parties_by_account(session, {position.account for position in positions})
    currency = books.pool.currency
    return [
        PositionView(
            lei=owners[position.account].lei if position.account in owners else "",
            account=position.account,
            shares=str(position.shares),
            value=Amount.of(books.exit_price.value_down(position.shares), currency),
            deposited=Amount.of(position.deposited, currency),
            withdrawn=Amount.of(position.withdrawn, currency),
        )
        for position in positions
    ]


def _price_view(exact: Price, text: str) -> PriceView:
    return PriceView(numerator=str(exact.numerator), denominator=str(exact.denominator), per_million_shares=text)
