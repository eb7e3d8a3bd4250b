"""The events of margin calls and their sales as rows."""

from sqlmodel import Session

from api.indexer import handles
from api.margin_calls import repository
from api.margin_calls.models import MarginCall, PutUp, SaleRound
from api.values import hex32
from chain_node.client import Block, Event


@handles("InventoryCollateral", "MarginCalled")
def on_called(session: Session, event: Event, block: Block) -> None:
    told = event.arguments
    before = repository.latest(session, told["financing"])
    session.add(
        MarginCall(
            financing=told["financing"],
            number=before.number + 1 if before else 1,
            owed=told["owed"],
            value=told["value"],
            deadline=told["deadline"],
            called_at=block.timestamp,
            block_number=event.block_number,
            transaction_hash=hex32(event.transaction_hash),
        )
    )


@handles("InventoryCollateral", "MarginCallEnded")
def on_ended(session: Session, event: Event, block: Block) -> None:
    call = repository.latest(session, event.arguments["financing"])
    if call is not None:
        call.ended_at, call.ended_block = block.timestamp, event.block_number
        call.left_owed = event.arguments["owed"]


@handles("InventoryCollateral", "SaleStarted")
def on_sale(session: Session, event: Event, block: Block) -> None:
    told = event.arguments
    call = repository.latest(session, told["financing"])
    session.add(
        SaleRound(
            financing=told["financing"],
            call=call.number if call else 0,
            number=told["round"],
            started_at=block.timestamp,
            until=told["until"],
            block_number=event.block_number,
            transaction_hash=hex32(event.transaction_hash),
        )
    )


@handles("InventoryCollateral", "LotPutUp")
def on_put_up(session: Session, event: Event, block: Block) -> None:
    told = event.arguments
    session.merge(
        PutUp(
            financing=told["financing"],
            lot_id=hex32(told["lot"]),
            quantity=told["quantity"],
            market_value=told["marketValue"],
        )
    )
