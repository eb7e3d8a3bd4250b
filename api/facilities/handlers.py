"""Facilities and their ladders as rows. What is drawn on a facility follows the draws and repayments of its financings,
which api.financings.handlers books."""

from sqlmodel import Session

from api.facilities.models import Facility, Ladder
from api.indexer import handles
from api.values import hex32
from chain_node.client import Block, Event


@handles("FinancingDesk", "FacilityOpened")
def on_opened(session: Session, event: Event, block: Block) -> None:
    told = event.arguments
    session.add(
        Facility(
            number=told["facility"],
            supplier=told["supplier"],
            pool=told["pool"],
            limit=told["limit"],
            discount_rate_bps=told["discountRateBps"],
            fee_bps=told["feeBps"],
            expires_at=told["expiresAt"],
            opened_at=block.timestamp,
            block_number=event.block_number,
            transaction_hash=hex32(event.transaction_hash),
        )
    )


@handles("ReceivableCollateral", "LadderSet")
@handles("OrderCollateral", "LadderSet")
def on_ladder_set(session: Session, event: Event, block: Block) -> None:
    key = (event.arguments["facility"], event.address)
    ladder = session.get(Ladder, key) or Ladder(facility=key[0], collateral=key[1], steps=[])
    ladder.steps = [
        {
            "milestone": int(step["milestone"]),
            "advance_rate_bps": step["advanceRateBps"],
            "measured": step["measured"],
        }
        for step in event.arguments["steps"]
    ]
    session.add(ladder)
