"""Every movement of cash is a transfer; issue and withdrawal come from and go to the zero address. What a payee could
not take waits for it at the contract that paid. What a movement was for is noted by `reasons`."""

from sqlmodel import Session

from api.cash import reasons
from api.cash.models import Balance, ParkedPayout
from api.indexer import handles
from chain_node.client import Block, Event

__all__ = ["on_parked", "on_parked_claimed", "on_transfer", "reasons"]
_NOBODY = "0x0000000000000000000000000000000000000000"


@handles("CashToken", "Transfer")
def on_transfer(session: Session, event: Event, block: Block) -> None:
    currency, amount = event.contract.partition(":")[2], event.arguments["value"]
    _move(session, currency, event.arguments["from"], -amount)
    _move(session, currency, event.arguments["to"], amount)


@handles("FinancingDesk", "PayoutParked")
@handles("OrderEscrow", "PayoutParked")
def on_parked(session: Session, event: Event, block: Block) -> None:
    _park(session, event, event.arguments["amount"])


@handles("FinancingDesk", "ParkedClaimed")
@handles("OrderEscrow", "ParkedClaimed")
def on_parked_claimed(session: Session, event: Event, block: Block) -> None:
    _park(session, event, -event.arguments["amount"])


def _park(session: Session, event: Event, change: int) -> None:
    key = (event.address, event.arguments["payee"], event.arguments["cash"])
    parked = session.get(ParkedPayout, key)
    if parked is None:
        parked = ParkedPayout(keeper=key[0], payee=key[1], cash=key[2])
        session.add(parked)
    parked.amount += change


def _move(session: Session, currency: str, account: str, amount: int) -> None:
    if account == _NOBODY:
        return
    balance = session.get(Balance, (currency, account))
    if balance is None:
        balance = Balance(currency=currency, account=account)
        session.add(balance)
    balance.amount += amount
