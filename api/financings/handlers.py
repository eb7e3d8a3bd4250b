"""Financings, their draws and repayments as rows, with the interest booked as the desk books it."""

from sqlmodel import Session

from api.facilities import service as facilities
from api.financings.accrual import accrue, settled_by
from api.financings.models import Draw, Financing, FinancingState, ParkedPayout, PoolIncome, Repayment
from api.indexer import handles
from api.values import hex32
from chain_node.client import Block, Event


@handles("FinancingDesk", "FinancingOpened")
def on_opened(session: Session, event: Event, block: Block) -> None:
    told = event.arguments
    terms = facilities.terms_for_collateral(session, told["facility"], told["collateral"])
    session.add(
        Financing(
            number=told["financing"],
            facility=told["facility"],
            collateral=told["collateral"],
            item_id=hex32(told["itemId"]),
            subject=hex32(told["subject"]),
            units=told["units"],
            discount_rate_bps=terms.discount_rate_bps,
            fee_bps=terms.fee_bps,
            pool=terms.pool,
            supplier=terms.supplier,
            ladder=terms.steps,
            accrued_at=block.timestamp,
            opened_at=block.timestamp,
            block_number=event.block_number,
            transaction_hash=hex32(event.transaction_hash),
        )
    )


@handles("FinancingDesk", "Drawn")
def on_drawn(session: Session, event: Event, block: Block) -> None:
    told = event.arguments
    financing = _accrued(session, told["financing"], block.timestamp)
    financing.principal += told["amount"]
    financing.fees_due += told["fee"]
    financing.deferred = 0
    facilities.book_drawn(session, financing.facility, told["amount"])
    _reweigh(session, financing, told["amount"], block.timestamp)
    session.add(
        Draw(
            transaction_hash=hex32(event.transaction_hash),
            log_index=event.log_index,
            financing=financing.number,
            payee=told["payee"],
            amount=told["amount"],
            fee=told["fee"],
            base=told["base"],
            principal=told["principal"],
            block_number=event.block_number,
            drawn_at=block.timestamp,
        )
    )


@handles("FinancingDesk", "DrawDeferred")
def on_deferred(session: Session, event: Event, block: Block) -> None:
    session.get_one(Financing, event.arguments["financing"]).deferred = event.arguments["wanted"]


@handles("FinancingDesk", "Repaid")
def on_repaid(session: Session, event: Event, block: Block) -> None:
    told = event.arguments
    financing = _accrued(session, told["financing"], block.timestamp)
    settled = settled_by(told["interest"], financing.accrued_numerator)
    financing.accrued_numerator -= settled
    financing.fees_due -= told["fees"]
    financing.principal -= told["principal"]
    facilities.book_drawn(session, financing.facility, -told["principal"])
    _reweigh(session, financing, -told["principal"], block.timestamp, settled)
    to_pool = told["fees"] + told["interest"] + told["principal"]
    if told["payer"] != financing.collateral:
        financing.repaid_ahead += to_pool
    if told["stillOwed"] == 0 and to_pool > 0:
        financing.state = FinancingState.REPAID.value
    session.add(
        Repayment(
            transaction_hash=hex32(event.transaction_hash),
            log_index=event.log_index,
            financing=financing.number,
            payer=told["payer"],
            fees=told["fees"],
            interest=told["interest"],
            principal=told["principal"],
            residual=told["residual"],
            still_owed=told["stillOwed"],
            block_number=event.block_number,
            repaid_at=block.timestamp,
        )
    )


@handles("FinancingDesk", "ImpairmentSet")
def on_impairment(session: Session, event: Event, block: Block) -> None:
    session.get_one(Financing, event.arguments["financing"]).impairment = event.arguments["impairment"]


@handles("FinancingDesk", "FinancingClosed")
def on_closed(session: Session, event: Event, block: Block) -> None:
    session.get_one(Financing, event.arguments["financing"]).state = FinancingState.RELEASED.value


@handles("FinancingDesk", "PayoutParked")
@handles("ReceivableToken", "PayoutParked")
def on_parked(session: Session, event: Event, block: Block) -> None:
    _park(session, event, event.arguments["amount"])


@handles("FinancingDesk", "ParkedClaimed")
@handles("ReceivableToken", "ParkedClaimed")
def on_parked_claimed(session: Session, event: Event, block: Block) -> None:
    _park(session, event, -event.arguments["amount"])


def _park(session: Session, event: Event, change: int) -> None:
    key = (event.address, event.arguments["payee"], event.arguments["cash"])
    parked = session.get(ParkedPayout, key) or ParkedPayout(keeper=key[0], payee=key[1], cash=key[2])
    parked.amount += change
    session.add(parked)


def _accrued(session: Session, number: int, now: int) -> Financing:
    """The financing with its interest booked until now."""
    financing = session.get_one(Financing, number)
    financing.accrued_numerator = accrue(
        financing.accrued_numerator, financing.principal, financing.discount_rate_bps, now - financing.accrued_at
    )
    financing.accrued_at = now
    return financing


def _reweigh(session: Session, financing: Financing, principal_change: int, now: int, settled: int = 0) -> None:
    income = session.get(PoolIncome, financing.pool) or PoolIncome(pool=financing.pool)
    weight_change = principal_change * financing.discount_rate_bps
    income.weight += weight_change
    income.settled += weight_change * now + settled
    session.add(income)
