"""Every movement of cash is a transfer; issue and withdrawal come from and go to the zero address."""

from sqlmodel import Session

from api.cash.models import Balance
from api.indexer import handles
from chain_node.client import Block, Event

_NOBODY = "0x0000000000000000000000000000000000000000"


@handles("CashToken", "Transfer")
def on_transfer(session: Session, event: Event, block: Block) -> None:
    currency, amount = event.contract.partition(":")[2], event.arguments["value"]
    _move(session, currency, event.arguments["from"], -amount)
    _move(session, currency, event.arguments["to"], amount)


def _move(session: Session, currency: str, account: str, amount: int) -> None:
    if account == _NOBODY:
        return
    balance = session.get(Balance, (currency, account)) or Balance(currency=currency, account=account)
    balance.amount += amount
    session.add(balance)
