"""The WarehouseReceiptToken's events about goods that leave as rows."""

from sqlmodel import Session

from api.indexer import handles
from api.release_orders.models import ExceededExit, LenderConsent, OrderState, ReleaseOrder
from api.values import hex32
from chain_node.client import Block, Event


@handles("InventoryCollateral", "ReleaseConsented")
def on_consented(session: Session, event: Event, block: Block) -> None:
    told = event.arguments
    session.merge(LenderConsent(digest=hex32(told["digest"]), financing=told["financing"], lender=told["lender"]))


@handles("WarehouseReceiptToken", "ReleaseOrdered")
def on_ordered(session: Session, event: Event, block: Block) -> None:
    told, order = event.arguments, event.arguments["order"]
    consent = session.get(LenderConsent, hex32(told["digest"]))
    session.add(
        ReleaseOrder(
            digest=hex32(told["digest"]),
            lot_id=hex32(told["id"]),
            quantity=order["quantity"],
            beneficiary=order["beneficiary"],
            holder=order["holder"],
            to=order["to"],
            subject=hex32(order["subject"]),
            sequence=order["sequence"],
            deadline=order["deadline"],
            nonce=order["nonce"],
            financing=consent.financing if consent else None,
            lender=consent.lender if consent else None,
            ordered_at=block.timestamp,
            block_number=event.block_number,
            transaction_hash=hex32(event.transaction_hash),
        )
    )


@handles("WarehouseReceiptToken", "GoodsReleased")
def on_released(session: Session, event: Event, block: Block) -> None:
    order = _done(session, event, block, OrderState.LEFT)
    order.released, order.kept = event.arguments["quantity"], event.arguments["kept"]


@handles("WarehouseReceiptToken", "ReleaseLapsed")
def on_lapsed(session: Session, event: Event, block: Block) -> None:
    _keep_all(_done(session, event, block, OrderState.LAPSED))


@handles("WarehouseReceiptToken", "ReleaseDeclined")
def on_declined(session: Session, event: Event, block: Block) -> None:
    _keep_all(_done(session, event, block, OrderState.DECLINED))


@handles("WarehouseReceiptToken", "ExitExceeded")
def on_exceeded(session: Session, event: Event, block: Block) -> None:
    told = event.arguments
    session.merge(
        ExceededExit(
            subject=hex32(told["subject"]),
            sequence=told["sequence"],
            lot_id=hex32(told["id"]),
            attested=told["attested"],
            ordered=told["ordered"],
        )
    )


@handles("WarehouseReceiptToken", "ExitReconciled")
def on_reconciled(session: Session, event: Event, block: Block) -> None:
    key = (hex32(event.arguments["subject"]), event.arguments["sequence"])
    session.get_one(ExceededExit, key).reconciled_at = block.timestamp


def _done(session: Session, event: Event, block: Block, state: OrderState) -> ReleaseOrder:
    order = session.get_one(ReleaseOrder, hex32(event.arguments["digest"]))
    order.state, order.done_at = state.value, block.timestamp
    return order


def _keep_all(order: ReleaseOrder) -> None:
    order.kept = order.quantity
