"""The events of the InventoryCollateral about pledged goods as rows. Margin calls have handlers of their own."""

from typing import Any

from sqlmodel import Session

from api.indexer import handles
from api.pledges.models import GoodsOffer, PledgeStep
from api.values import hex32
from chain_node.client import Block, Event

_ANYBODY = "0x" + "0" * 40


@handles("InventoryCollateral", "CollateralTaken")
def on_taken(session: Session, event: Event, block: Block) -> None:
    told = event.arguments
    _note(session, event, block, "pledged", told["itemId"], quantity=told["units"])


@handles("InventoryCollateral", "CollateralReleased")
def on_released(session: Session, event: Event, block: Block) -> None:
    told = event.arguments
    _note(session, event, block, "given back", told["itemId"], quantity=told["units"])


@handles("InventoryCollateral", "CollateralRetired")
def on_retired(session: Session, event: Event, block: Block) -> None:
    _note(session, event, block, "gave way to another paper", event.arguments["itemId"])


@handles("InventoryCollateral", "GoodsAdded")
def on_added(session: Session, event: Event, block: Block) -> None:
    _note(session, event, block, "added", event.arguments["lot"], quantity=event.arguments["quantity"])


@handles("InventoryCollateral", "GoodsSubstituted")
def on_substituted(session: Session, event: Event, block: Block) -> None:
    told = event.arguments
    other = {"other_lot": hex32(told["taken"]), "other_quantity": told["quantityTaken"]}
    _note(session, event, block, "exchanged", told["released"], quantity=told["quantityReleased"], **other)


@handles("InventoryCollateral", "LotDropped")
def on_dropped(session: Session, event: Event, block: Block) -> None:
    _note(session, event, block, "dropped", event.arguments["lot"])


@handles("InventoryCollateral", "GoodsReleasedForPayment")
def on_released_for_payment(session: Session, event: Event, block: Block) -> None:
    told = event.arguments
    money = {"amount": told["value"], "to_pool": told["paid"]}
    _note(session, event, block, "released for payment", told["lot"], quantity=told["quantity"], **money)


@handles("InventoryCollateral", "GoodsSold")
def on_sold(session: Session, event: Event, block: Block) -> None:
    told = event.arguments
    money = {"amount": told["price"], "to_pool": told["toPool"], "buyer": told["buyer"]}
    _note(session, event, block, "sold", told["lot"], quantity=told["quantity"], **money)


@handles("InventoryCollateral", "ReleaseConsented")
def on_release_consented(session: Session, event: Event, block: Block) -> None:
    _note(session, event, block, "ordered to leave", event.arguments["lot"], quantity=event.arguments["quantity"])


@handles("InventoryCollateral", "GoodsOffered")
def on_offered(session: Session, event: Event, block: Block) -> None:
    """The same offer can be made again once it was taken back."""
    told, offer = event.arguments, event.arguments["offer"]
    session.merge(
        GoodsOffer(
            digest=hex32(told["digest"]),
            financing=told["financing"],
            lot_id=hex32(offer["lot"]),
            quantity=offer["quantity"],
            price=offer["price"],
            buyer=None if offer["buyer"] == _ANYBODY else offer["buyer"],
            until=offer["until"],
            offered_at=block.timestamp,
            block_number=event.block_number,
            transaction_hash=hex32(event.transaction_hash),
        )
    )


def _note(session: Session, event: Event, block: Block, kind: str, lot: int, **its: Any) -> None:
    session.add(
        PledgeStep(
            transaction_hash=hex32(event.transaction_hash),
            log_index=event.log_index,
            financing=event.arguments["financing"],
            kind=kind,
            lot_id=hex32(lot),
            block_number=event.block_number,
            happened_at=block.timestamp,
            **its,
        )
    )
