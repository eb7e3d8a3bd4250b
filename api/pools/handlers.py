"""The income and losses of LendingPool, and the shares of its two tranches, by their events."""

from sqlmodel import Session

from api.indexer import handles
from api.pools.models import Deposit, Position, Redemption
from api.pools.service import pool_row
from api.values import hex32
from chain_node.client import Block, Event

_NOBODY = "0x0000000000000000000000000000000000000000"


@handles("LendingPool", "LossTaken")
def on_loss_taken(session: Session, event: Event, block: Block) -> None:
    pool = pool_row(session, event.address)
    pool.lost += event.arguments["loss"]
    pool.covered += event.arguments["covered"]


@handles("LendingPool", "Collected")
def on_collected(session: Session, event: Event, block: Block) -> None:
    pool_row(session, event.address).recovered += event.arguments["recovered"]


@handles("SeniorTranche", "Transfer")
@handles("JuniorTranche", "Transfer")
def on_shares_moved(session: Session, event: Event, block: Block) -> None:
    """What the vault itself holds was handed in and waits to be redeemed: that is nobody's position."""
    told = event.arguments
    for account, change in ((told["from"], -told["value"]), (told["to"], told["value"])):
        if account not in (_NOBODY, event.address):
            _position(session, event, account).shares += change


@handles("SeniorTranche", "Deposit")
@handles("JuniorTranche", "Deposit")
def on_deposit(session: Session, event: Event, block: Block) -> None:
    told = event.arguments
    position = _position(session, event, told["owner"])
    position.deposited += told["assets"]
    session.add(
        Deposit(
            transaction_hash=hex32(event.transaction_hash),
            log_index=event.log_index,
            currency=position.currency,
            tranche=position.tranche,
            account=told["owner"],
            assets=told["assets"],
            shares=told["shares"],
            block_number=event.block_number,
            deposited_at=block.timestamp,
        )
    )


@handles("SeniorTranche", "RedeemRequest")
@handles("JuniorTranche", "RedeemRequest")
def on_redeem_request(session: Session, event: Event, block: Block) -> None:
    told = event.arguments
    position = _position(session, event, told["controller"])
    key = (position.currency, position.tranche, told["controller"], told["requestId"])
    redemption = session.get(Redemption, key)
    if redemption is None:
        currency, tranche, account, epoch = key
        redemption = Redemption(
            currency=currency, tranche=tranche, account=account, epoch=epoch, requested_at=block.timestamp
        )
        session.add(redemption)
    redemption.shares += told["shares"]


@handles("SeniorTranche", "Withdraw")
@handles("JuniorTranche", "Withdraw")
def on_withdraw(session: Session, event: Event, block: Block) -> None:
    _position(session, event, event.arguments["owner"]).withdrawn += event.arguments["assets"]


def _position(session: Session, event: Event, account: str) -> Position:
    vault, _, currency = event.contract.partition(":")
    tranche = vault.removesuffix("Tranche").lower()
    position = session.get(Position, (currency, tranche, account))
    if position is None:
        position = Position(currency=currency, tranche=tranche, account=account)
        session.add(position)
    return position
