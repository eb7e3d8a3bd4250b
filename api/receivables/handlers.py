"""The ReceivableToken's events as rows."""

from sqlmodel import Session

from api.indexer import handles
from api.receivables.models import Approval, Holding, Payment, Receivable, ReceivableState
from api.values import hex32
from chain_node.client import Block, Event

_NOBODY = "0x0000000000000000000000000000000000000000"


@handles("ReceivableToken", "ReceivableRegistered")
def on_registered(session: Session, event: Event, block: Block) -> None:
    told = event.arguments
    session.add(
        Receivable(
            id=hex32(told["id"]),
            supplier=told["supplier"],
            debtor=told["debtor"],
            currency=told["currency"],
            face_value=told["faceValue"],
            quantity=told["quantity"],
            due_date=told["dueDate"],
            registered_at=block.timestamp,
            block_number=event.block_number,
            transaction_hash=hex32(event.transaction_hash),
        )
    )


@handles("ReceivableToken", "ReceivableAccepted")
def on_accepted(session: Session, event: Event, block: Block) -> None:
    receivable = _receivable(session, event)
    receivable.state = ReceivableState.ACCEPTED.value
    receivable.set_off_waived = event.arguments["setOffWaived"]
    receivable.accepted_at = block.timestamp


@handles("ReceivableToken", "ReceivablePaid")
def on_paid(session: Session, event: Event, block: Block) -> None:
    _receivable(session, event).paid += event.arguments["amount"]
    session.add(
        Payment(
            transaction_hash=hex32(event.transaction_hash),
            log_index=event.log_index,
            receivable_id=hex32(event.arguments["id"]),
            payer=event.arguments["payer"],
            amount=event.arguments["amount"],
            outstanding=event.arguments["outstanding"],
            block_number=event.block_number,
            paid_at=block.timestamp,
        )
    )


@handles("ReceivableToken", "ReceivableSettled")
def on_settled(session: Session, event: Event, block: Block) -> None:
    receivable = _receivable(session, event)
    receivable.state = ReceivableState.SETTLED.value
    receivable.settled_at = block.timestamp


@handles("ReceivableToken", "ReceivableCancelled")
def on_cancelled(session: Session, event: Event, block: Block) -> None:
    _receivable(session, event).state = ReceivableState.CANCELLED.value


@handles("ReceivableToken", "TransferSingle")
def on_transfer(session: Session, event: Event, block: Block) -> None:
    told = event.arguments
    _move(session, told["id"], told["from"], told["to"], told["value"])


@handles("ReceivableToken", "TransferBatch")
def on_transfers(session: Session, event: Event, block: Block) -> None:
    told = event.arguments
    for item, units in zip(told["ids"], told["values"], strict=True):
        _move(session, item, told["from"], told["to"], units)


@handles("ReceivableToken", "ProceedsClaimed")
def on_claimed(session: Session, event: Event, block: Block) -> None:
    item = hex32(event.arguments["id"])
    _holding(session, item, event.arguments["holder"]).synced_paid = session.get_one(Receivable, item).paid


@handles("ReceivableToken", "ApprovalForAll")
def on_approval(session: Session, event: Event, block: Block) -> None:
    key = (event.arguments["account"], event.arguments["operator"])
    approval = session.get(Approval, key) or Approval(owner=key[0], operator=key[1])
    approval.approved = event.arguments["approved"]
    session.add(approval)


def _receivable(session: Session, event: Event) -> Receivable:
    return session.get_one(Receivable, hex32(event.arguments["id"]))


def _move(session: Session, item: int, giver: str, taker: str, units: int) -> None:
    """Moves units; between two holders both are then up to date with what has been paid, as the token demands."""
    parties = [
        (_holding(session, hex32(item), who), change)
        for who, change in ((giver, -units), (taker, units))
        if who != _NOBODY
    ]
    for holding, change in parties:
        holding.units += change
        if len(parties) == 2:
            holding.synced_paid = session.get_one(Receivable, holding.receivable_id).paid


def _holding(session: Session, item: str, holder: str) -> Holding:
    holding = session.get(Holding, (item, holder))
    if holding is None:
        holding = Holding(receivable_id=item, holder=holder)
        session.add(holding)
    return holding
