"""The books of LendingPool and the shares of TrancheVault, by their events."""

from sqlmodel import Session

from api.indexer import handles
from api.pools.models import Deposit, Pool, Position
from api.values import hex32
from chain_node.client import Block, Event

_NOBODY = "0x0000000000000000000000000000000000000000"


@handles("LendingPool", "Funded")
def on_funded(session: Session, event: Event, block: Block) -> None:
    _pool(session, event).cash += event.arguments["assets"]


@handles("LendingPool", "Defunded")
def on_defunded(session: Session, event: Event, block: Block) -> None:
    _pool(session, event).cash -= event.arguments["assets"]


@handles("LendingPool", "Disbursed")
def on_disbursed(session: Session, event: Event, block: Block) -> None:
    pool, amount = _pool(session, event), event.arguments["amount"]
    pool.cash -= amount
    pool.principal_out += amount


@handles("LendingPool", "Collected")
def on_collected(session: Session, event: Event, block: Block) -> None:
    pool, told = _pool(session, event), event.arguments
    pool.cash += told["interest"] + told["principal"] + told["fees"]
    pool.principal_out -= told["principal"]
    pool.accrued_fees += told["fees"]
    pool.interest_received += told["interest"]


@handles("LendingPool", "FeesTaken")
def on_fees_taken(session: Session, event: Event, block: Block) -> None:
    pool, amount = _pool(session, event), event.arguments["amount"]
    pool.cash -= amount
    pool.accrued_fees -= amount


@handles("LendingPool", "ImpairmentChanged")
def on_impairment(session: Session, event: Event, block: Block) -> None:
    _pool(session, event).impairment = event.arguments["impairment"]


@handles("TrancheVault", "Transfer")
def on_shares_moved(session: Session, event: Event, block: Block) -> None:
    told, pool = event.arguments, _pool(session, event)
    for account, change in ((told["from"], -told["value"]), (told["to"], told["value"])):
        if account == _NOBODY:
            pool.shares -= change
        else:
            _position(session, event, account).shares += change


@handles("TrancheVault", "Deposit")
def on_deposit(session: Session, event: Event, block: Block) -> None:
    told = event.arguments
    _position(session, event, told["owner"]).deposited += told["assets"]
    session.add(
        Deposit(
            transaction_hash=hex32(event.transaction_hash),
            log_index=event.log_index,
            currency=_currency(event),
            account=told["owner"],
            assets=told["assets"],
            shares=told["shares"],
            block_number=event.block_number,
            deposited_at=block.timestamp,
        )
    )


@handles("TrancheVault", "Withdraw")
def on_withdraw(session: Session, event: Event, block: Block) -> None:
    _position(session, event, event.arguments["owner"]).withdrawn += event.arguments["assets"]


def _currency(event: Event) -> str:
    return event.contract.partition(":")[2]


def _pool(session: Session, event: Event) -> Pool:
    currency = _currency(event)
    pool = session.get(Pool, currency)
    if pool is None:
        pool = Pool(currency=currency)
        session.add(pool)
    return pool


def _position(session: Session, event: Event, account: str) -> Position:
    currency = _currency(event)
    position = session.get(Position, (currency, account))
    if position is None:
        position = Position(currency=currency, account=account)
        session.add(position)
    return position
