"""Financings, their draws, repayments and losses as rows."""

from sqlmodel import Session

from api.facilities import service as facilities
from api.financings.models import Consent, Draw, Financing, FinancingState, Handover, Repayment, WriteOff
from api.indexer import handles
from api.pools import service as pools
from api.values import hex32
from chain_node.client import Block, Bound, Event


@handles("FinancingDesk", "FinancingOpened")
def on_opened(session: Session, event: Event, block: Block) -> None:
    told = event.arguments
    session.add(
        Financing(
            number=told["financing"],
            facility=told["facility"],
            collateral=told["collateral"],
            item_id=hex32(told["itemId"]),
            subject=hex32(told["subject"]),
            units=told["units"],
            supplier=facilities.by_number(session, told["facility"]).supplier,
            ladder=facilities.steps_for_collateral(session, told["facility"], told["collateral"]),
            opened_at=block.timestamp,
            block_number=event.block_number,
            transaction_hash=hex32(event.transaction_hash),
        )
    )


@handles("FinancingDesk", "MaturitySet")
def on_maturity_set(session: Session, event: Event, block: Block) -> None:
    _financing(session, event).maturity_day = event.arguments["maturityDay"]


@handles("FinancingDesk", "Drawn")
def on_drawn(session: Session, event: Event, block: Block) -> None:
    told = event.arguments
    financing = _financing(session, event)
    session.add(
        Draw(
            transaction_hash=hex32(event.transaction_hash),
            log_index=event.log_index,
            financing=financing.number,
            payee=told["payee"],
            amount=told["amount"],
            fee=told["fee"],
            reserve=told["reserve"],
            base=told["base"],
            principal=told["principal"],
            block_number=event.block_number,
            drawn_at=block.timestamp,
        )
    )
    # What a draw met with is said just before it, in the same transaction.
    if financing.deferred_in != hex32(event.transaction_hash):
        financing.deferred, financing.deferred_by = 0, None


@handles("FinancingDesk", "DrawDeferred")
def on_deferred(session: Session, event: Event, block: Block) -> None:
    financing, told = _financing(session, event), event.arguments
    financing.deferred, financing.deferred_by = told["wanted"] - told["available"], Bound(told["bound"]).name.lower()
    financing.deferred_in = hex32(event.transaction_hash)


@handles("FinancingDesk", "Repaid")
def on_repaid(session: Session, event: Event, block: Block) -> None:
    told, parts = event.arguments, event.arguments["parts"]
    financing = _financing(session, event)
    if told["stillOwed"] == 0 and sum(parts.values()) > parts["residual"]:
        financing.state = FinancingState.REPAID.value
    pools.book_income(session, facilities.by_number(session, financing.facility).pool, parts)
    session.add(
        Repayment(
            transaction_hash=hex32(event.transaction_hash),
            log_index=event.log_index,
            financing=financing.number,
            payer=told["payer"],
            late_fees=parts["lateFees"],
            fees=parts["fees"],
            interest=parts["interest"],
            principal=parts["principal"],
            recovered=parts["recovered"],
            reserve=parts["reserve"],
            residual=parts["residual"],
            still_owed=told["stillOwed"],
            block_number=event.block_number,
            repaid_at=block.timestamp,
        )
    )


@handles("FinancingDesk", "WrittenOff")
def on_written_off(session: Session, event: Event, block: Block) -> None:
    session.add(
        WriteOff(
            transaction_hash=hex32(event.transaction_hash),
            log_index=event.log_index,
            financing=event.arguments["financing"],
            amount=event.arguments["amount"],
            principal=event.arguments["principal"],
            block_number=event.block_number,
            written_off_at=block.timestamp,
        )
    )


@handles("FinancingDesk", "FinancingDefaulted")
def on_defaulted(session: Session, event: Event, block: Block) -> None:
    _financing(session, event).state = FinancingState.DEFAULTED.value


@handles("FinancingDesk", "FinancingHandedOver")
def on_handed_over(session: Session, event: Event, block: Block) -> None:
    """Another paper backs it; when that falls due is said next, in the same transaction."""
    financing, told = _financing(session, event), event.arguments
    session.add(
        Handover(
            transaction_hash=hex32(event.transaction_hash),
            log_index=event.log_index,
            financing=financing.number,
            collateral=financing.collateral,
            item_id=financing.item_id,
            block_number=event.block_number,
            handed_over_at=block.timestamp,
        )
    )
    financing.collateral, financing.item_id = told["to"], hex32(told["itemId"])
    financing.subject, financing.units = hex32(told["subject"]), told["units"]
    financing.ladder = facilities.steps_for_collateral(session, financing.facility, told["to"])


@handles("FinancingDesk", "Refinanced")
def on_refinanced(session: Session, event: Event, block: Block) -> None:
    """Its old debt was paid in full just before, by the new facility's source."""
    financing = _financing(session, event)
    financing.facility, financing.state = event.arguments["to"], FinancingState.OPEN.value


@handles("FinancingDesk", "FinancingClosed")
def on_closed(session: Session, event: Event, block: Block) -> None:
    _financing(session, event).state = FinancingState.RELEASED.value


@handles("Servicing", "AmendmentAgreed")
def on_amendment_agreed(session: Session, event: Event, block: Block) -> None:
    """By the supplier, or by whoever was the credit officer."""
    consent, by = _consent(session, event), event.arguments["by"]
    if by == _financing(session, event).supplier:
        consent.agreed_at = block.timestamp
    else:
        consent.approved_at = block.timestamp


@handles("Servicing", "AmendmentCarriedOut")
def on_amendment_carried_out(session: Session, event: Event, block: Block) -> None:
    _consent(session, event).carried_out_at = block.timestamp


def _consent(session: Session, event: Event) -> Consent:
    amendment = hex32(event.arguments["amendment"])
    consent = session.get(Consent, amendment)
    if consent is None:
        financing = event.arguments["financing"]
        consent = Consent(amendment=amendment, financing=financing, first_block=event.block_number)
        session.add(consent)
    return consent


def _financing(session: Session, event: Event) -> Financing:
    return session.get_one(Financing, event.arguments["financing"])
