"""Facilities and their ladders as rows. What is drawn on a facility is asked from the desk."""

from sqlmodel import Session

from api.facilities.models import Facility, Ladder
from api.facilities.schemas import DAY_COUNTS
from api.indexer import handles
from api.values import hex32
from chain_node.client import Block, DayCount, Event, FacilityTerms


@handles("FinancingDesk", "FacilityOpened")
def on_opened(session: Session, event: Event, block: Block) -> None:
    terms = FacilityTerms.read(event.arguments["terms"])
    session.add(
        Facility(
            number=event.arguments["facility"],
            supplier=terms.supplier,
            pool=terms.pool,
            limit=terms.limit,
            discount_rate_bps=terms.discount_rate_bps,
            day_count=DAY_COUNTS[DayCount(terms.day_count)],
            fee_bps=terms.fee_bps,
            late_fee_bps=terms.late_fee_bps,
            reserve_bps=terms.reserve_bps,
            committed_fee_bps=terms.committed_fee_bps,
            grace_days=terms.grace_days,
            recourse=terms.recourse,
            revolving=terms.revolving,
            earmarked=terms.earmarked,
            expires_at=terms.expires_at,
            opened_at=block.timestamp,
            block_number=event.block_number,
            transaction_hash=hex32(event.transaction_hash),
        )
    )


@handles("FinancingDesk", "FacilityLimitSet")
def on_limit_set(session: Session, event: Event, block: Block) -> None:
    _facility(session, event).limit = event.arguments["limit"]


@handles("FinancingDesk", "FacilityExpirySet")
def on_expiry_set(session: Session, event: Event, block: Block) -> None:
    _facility(session, event).expires_at = event.arguments["expiresAt"]


@handles("FinancingDesk", "FacilityMoved")
def on_moved(session: Session, event: Event, block: Block) -> None:
    _facility(session, event).supplier = event.arguments["supplier"]


@handles("FinancingDesk", "RecourseOpened")
def on_recourse_opened(session: Session, event: Event, block: Block) -> None:
    _facility(session, event).recourse_to = event.arguments["financing"]


@handles("FinancingDesk", "RecourseClosed")
def on_recourse_closed(session: Session, event: Event, block: Block) -> None:
    _facility(session, event).recourse_to = 0


@handles("ReceivableCollateral", "LadderSet")
@handles("OrderCollateral", "LadderSet")
@handles("PurchaseCollateral", "LadderSet")
@handles("InventoryCollateral", "LadderSet")
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


def _facility(session: Session, event: Event) -> Facility:
    return session.get_one(Facility, event.arguments["facility"])
