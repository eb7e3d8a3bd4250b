"""Movements of cash and of receivables' units as rows, and by which feeds goods are valued."""

from sqlmodel import Session

from api.compliance.monitoring.models import CASH, UNITS, CommodityFeed, Movement
from api.indexer import handles, record
from api.values import hex32
from chain_node.client import Block, Event


@handles("CashToken", "Transfer")
def on_cash_moved(session: Session, event: Event, block: Block) -> None:
    _move(session, event, block, CASH, event.contract.partition(":")[2], event.arguments["value"], 0)


@handles("ReceivableToken", "TransferSingle")
def on_units_moved(session: Session, event: Event, block: Block) -> None:
    _move(session, event, block, UNITS, hex32(event.arguments["id"]), event.arguments["value"], 0)


@handles("ReceivableToken", "TransferBatch")
def on_units_moved_together(session: Session, event: Event, block: Block) -> None:
    told = event.arguments
    for part, (item, units) in enumerate(zip(told["ids"], told["values"], strict=True)):
        _move(session, event, block, UNITS, hex32(item), units, part)


@handles("GoodsValuation", "ValuationTermsSet")
def on_valuation_terms_set(session: Session, event: Event, block: Block) -> None:
    session.add(
        CommodityFeed(
            transaction_hash=hex32(event.transaction_hash),
            log_index=event.log_index,
            commodity=event.arguments["commodity"],
            feed=hex32(event.arguments["terms"]["priceFeed"]),
            block_number=event.block_number,
            set_at=block.timestamp,
        )
    )


def _move(session: Session, event: Event, block: Block, kind: str, asset: str, amount: int, part: int) -> None:
    record(
        session,
        Movement,
        transaction_hash=hex32(event.transaction_hash),
        log_index=event.log_index,
        part=part,
        kind=kind,
        asset=asset,
        giver=event.arguments["from"],
        taker=event.arguments["to"],
        amount=amount,
        block_number=event.block_number,
        moved_at=block.timestamp,
    )
