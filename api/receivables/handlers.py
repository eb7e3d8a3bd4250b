"""The events of ReceivableToken and ReceivableDisputes as rows."""

from typing import Final

from sqlmodel import Session

from api.indexer import handles
from api.receivables.models import Approval, Holding, Objection, Payment, Receivable, ReceivableState
from api.values import hex32
from chain_node.client import Block, Event

_NOBODY = "0x0000000000000000000000000000000000000000"
SAYING: Final = (
    "ReceivableRegistered",
    "LongTenorJustified",
    "ReceivableAccepted",
    "ReceivablePaid",
    "ReceivableSettled",
    "ReceivableDefaulted",
    "CancellationConsented",
    "ReceivableCancelled",
    "ReceivableDiluted",
    "DisputeRecorded",
    "ProceedsClaimed",
    "ProceedsHintFailed",
    "ProceedsSetAside",
    "UnitsReserved",
    "ReservationEnded",
    "TransferSingle",
    "TransferBatch",
)
"""Every event of the token that names receivables."""


@handles("ReceivableToken", "ReceivableRegistered")
def on_registered(session: Session, event: Event, block: Block) -> None:
    told = event.arguments
    session.add(
        Receivable(
            id=hex32(told["id"]),
            supplier=told["supplier"],
            debtor=told["debtor"],
            currency=told["currency"],
            registered_value=told["faceValue"],
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


@handles("ReceivableToken", "ReceivableDefaulted")
def on_defaulted(session: Session, event: Event, block: Block) -> None:
    _receivable(session, event).state = ReceivableState.DEFAULTED.value


@handles("ReceivableToken", "CancellationConsented")
def on_cancellation_consented(session: Session, event: Event, block: Block) -> None:
    _receivable(session, event).cancellation_consented = event.arguments["given"]


@handles("ReceivableToken", "ReceivableDiluted")
def on_diluted(session: Session, event: Event, block: Block) -> None:
    _receivable(session, event).face_value = event.arguments["faceValue"]


@handles("ReceivableToken", "DisputeRecorded")
def on_dispute_recorded(session: Session, event: Event, block: Block) -> None:
    _receivable(session, event).state = event.arguments["state"].name.lower()


@handles("ReceivableDisputes", "CreditNoteIssued")
def on_credit_note(session: Session, event: Event, block: Block) -> None:
    _object(session, event, block, "credit note", event.arguments["amount"])


@handles("ReceivableDisputes", "DisputeOpened")
def on_dispute_opened(session: Session, event: Event, block: Block) -> None:
    _object(session, event, block, "dispute opened", event.arguments["amount"])


@handles("ReceivableDisputes", "DisputeWithdrawn")
def on_dispute_withdrawn(session: Session, event: Event, block: Block) -> None:
    _object(session, event, block, "dispute withdrawn", 0)


@handles("ReceivableDisputes", "DisputeConceded")
def on_dispute_conceded(session: Session, event: Event, block: Block) -> None:
    _object(session, event, block, "dispute conceded", event.arguments["amount"])


@handles("ReceivableDisputes", "DisputeResolved")
def on_dispute_resolved(session: Session, event: Event, block: Block) -> None:
    _object(session, event, block, "dispute resolved", event.arguments["diluted"])


@handles("ReceivableToken", "TransferSingle")
def on_transfer(session: Session, event: Event, block: Block) -> None:
    told = event.arguments
    _move(session, told["id"], told["from"], told["to"], told["value"])


@handles("ReceivableToken", "TransferBatch")
def on_transfers(session: Session, event: Event, block: Block) -> None:
    told = event.arguments
    for item, units in zip(told["ids"], told["values"], strict=True):
        _move(session, item, told["from"], told["to"], units)


@handles("ReceivableToken", "ApprovalForAll")
def on_approval(session: Session, event: Event, block: Block) -> None:
    key = (event.arguments["account"], event.arguments["operator"])
    approval = session.get(Approval, key) or Approval(owner=key[0], operator=key[1])
    approval.approved = event.arguments["approved"]
    session.add(approval)


def on_said(session: Session, event: Event, block: Block) -> None:
    """Whatever the contract stores of a receivable or of a holder's part changes only with such an event."""
    told = event.arguments
    for item in told["ids"] if "ids" in told else (told["id"],):
        session.get_one(Receivable, hex32(item)).changed_block = event.block_number


for _name in SAYING:
    handles("ReceivableToken", _name)(on_said)


def _receivable(session: Session, event: Event) -> Receivable:
    return session.get_one(Receivable, hex32(event.arguments["id"]))


def _object(session: Session, event: Event, block: Block, kind: str, amount: int) -> None:
    evidence = event.arguments.get("evidence")
    session.add(
        Objection(
            transaction_hash=hex32(event.transaction_hash),
            log_index=event.log_index,
            receivable_id=hex32(event.arguments["id"]),
            kind=kind,
            amount=amount,
            evidence=hex32(evidence) if evidence is not None else None,
            block_number=event.block_number,
            made_at=block.timestamp,
        )
    )


def _move(session: Session, item: int, giver: str, taker: str, units: int) -> None:
    for who, change in ((giver, -units), (taker, units)):
        if who != _NOBODY:
            _holding(session, hex32(item), who).units += change


def _holding(session: Session, item: str, holder: str) -> Holding:
    holding = session.get(Holding, (item, holder))
    if holding is None:
        holding = Holding(receivable_id=item, holder=holder)
        session.add(holding)
    return holding
