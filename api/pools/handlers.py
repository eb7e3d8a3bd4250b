"""The income and losses of LendingPool, and the shares of its two tranches, by their events."""

from sqlmodel import Session

from api.indexer import handles
from api.pools import entries
from api.pools.models import Deposit, Position, Redemption, Risk, SyndicateMember
from api.pools.service import pool_row
from api.values import hex32
from chain_node.client import Block, Event

_NOBODY = "0x0000000000000000000000000000000000000000"


@handles("LendingPool", "LossTaken")
def on_loss_taken(session: Session, event: Event, block: Block) -> None:
    pool = pool_row(session, event.address)
    pool.lost += event.arguments["loss"]
    pool.covered += event.arguments["covered"]
    entries.book(session, event, block, {"losses": event.arguments["covered"] - event.arguments["loss"]})


@handles("LendingPool", "Collected")
def on_collected(session: Session, event: Event, block: Block) -> None:
    pool_row(session, event.address).recovered += event.arguments["recovered"]
    entries.on_collected(session, event, block)


@handles("LendingPool", "Disbursed")
def on_disbursed(session: Session, event: Event, block: Block) -> None:
    entries.book(session, event, block, {"draws": -event.arguments["amount"]})


@handles("LendingPool", "FeesTaken")
def on_fees_taken(session: Session, event: Event, block: Block) -> None:
    entries.book(session, event, block, {"fees taken out": -event.arguments["amount"]})


@handles("LendingPool", "ReserveSent")
def on_reserve_sent(session: Session, event: Event, block: Block) -> None:
    entries.book(session, event, block, {"sent to the reserve": -event.arguments["amount"]})


@handles("FirstLossReserve", "LossCovered")
def on_loss_covered(session: Session, event: Event, block: Block) -> None:
    entries.book(session, event, block, {"losses covered by the reserve": event.arguments["amount"]})


@handles("LendingPool", "EpochClosed")
def on_epoch_closed(session: Session, event: Event, block: Block) -> None:
    promised = event.arguments["senior"] + event.arguments["junior"]
    entries.book(session, event, block, {"set aside for redemptions": -promised})


@handles("LendingPool", "SyndicateListed")
def on_syndicate_listed(session: Session, event: Event, block: Block) -> None:
    """Nothing keeps the governor from listing one twice."""
    syndicate, pool = event.arguments["syndicate"], event.address
    if session.get(SyndicateMember, (syndicate, pool)) is None:
        member = SyndicateMember(
            syndicate=syndicate,
            pool=pool,
            listed_at=block.timestamp,
            block_number=event.block_number,
            transaction_hash=hex32(event.transaction_hash),
        )
        session.add(member)


@handles("Concentration", "FinancingAssigned")
def on_assigned(session: Session, event: Event, block: Block) -> None:
    told, keys = event.arguments, event.arguments["keys"]
    risk = Risk(
        financing=told["financing"],
        source=told["source"],
        debtor=keys["debtor"],
        seller_group=keys["sellerGroup"],
        country=keys["country"],
        warehouse=keys["warehouse"],
    )
    session.merge(risk)


@handles("SeniorTranche", "Transfer")
@handles("JuniorTranche", "Transfer")
def on_shares_moved(session: Session, event: Event, block: Block) -> None:
    """What the vault itself holds was handed in and waits to be redeemed: that is nobody's position."""
    told = event.arguments
    for account, change in ((told["from"], -told["value"]), (told["to"], told["value"])):
        if account not in (_NOBODY, event.address):
            _position(session, event, account).shares += change
    entries.on_shares_moved(session, event, block)


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
    entries.on_deposit(session, event, block)


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
    entries.on_withdraw(session, event, block)


def _position(session: Session, event: Event, account: str) -> Position:
    vault, _, currency = event.contract.partition(":")
    tranche = vault.removesuffix("Tranche").lower()
    position = session.get(Position, (currency, tranche, account))
    if position is None:
        position = Position(currency=currency, tranche=tranche, account=account)
        session.add(position)
    return position
