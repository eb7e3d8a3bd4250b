"""The events of the WarehouseReceiptToken about lots and their owners as rows."""

from typing import Any

from sqlmodel import Session

from api.errors import jsonable
from api.indexer import handles
from api.receipts.models import Announcement, Engagement, Lot, LotState, Step, Title
from api.values import hex32
from chain_node.client import Block, Event


@handles("WarehouseReceiptToken", "OperatorEngaged")
def on_engaged(session: Session, event: Event, block: Block) -> None:
    told = event.arguments
    session.merge(Engagement(owner=told["owner"], operator=told["operator"], engaged=told["engaged"]))


@handles("WarehouseReceiptToken", "LotAnnounced")
def on_announced(session: Session, event: Event, block: Block) -> None:
    """An entry that was withdrawn can be announced again."""
    told, entry = event.arguments, event.arguments["entry"]
    session.merge(
        Announcement(
            digest=hex32(told["digest"]),
            lot_id=hex32(told["id"]),
            subject=hex32(entry["subject"]),
            sequence=entry["sequence"],
            operator=told["operator"],
            owner=entry["owner"],
            entry=jsonable({**entry, "id": hex32(entry["id"])}),
            announced_at=block.timestamp,
            block_number=event.block_number,
            transaction_hash=hex32(event.transaction_hash),
        )
    )


@handles("WarehouseReceiptToken", "AnnouncementWithdrawn")
def on_withdrawn(session: Session, event: Event, block: Block) -> None:
    session.get_one(Announcement, hex32(event.arguments["digest"])).withdrawn_at = block.timestamp


@handles("WarehouseReceiptToken", "LotMinted")
def on_minted(session: Session, event: Event, block: Block) -> None:
    told, lot_id = event.arguments, hex32(event.arguments["id"])
    session.add(
        Lot(
            id=lot_id,
            subject=hex32(told["subject"]),
            sequence=told["sequence"],
            operator=told["operator"],
            received=told["quantity"],
            minted_at=block.timestamp,
            block_number=event.block_number,
            transaction_hash=hex32(event.transaction_hash),
        )
    )
    _own(session, lot_id, told["owner"], told["quantity"])
    _note(session, event, block, lot_id, "minted", told["quantity"], taker=told["owner"])


@handles("WarehouseReceiptToken", "LotSplit")
def on_split(session: Session, event: Event, block: Block) -> None:
    told, quantity = event.arguments, event.arguments["quantity"]
    lot, part, owner = _lot(session, event), hex32(told["part"]), told["beneficiary"]
    lot.received -= quantity
    session.add(
        Lot(
            **lot.model_dump(include={"subject", "sequence", "operator"}),
            id=part,
            received=quantity,
            part_of=lot.id,
            minted_at=block.timestamp,
            block_number=event.block_number,
            transaction_hash=hex32(event.transaction_hash),
        )
    )
    _own(session, lot.id, owner, -quantity)
    _own(session, part, owner, quantity)
    _note(session, event, block, lot.id, "split off", quantity, giver=owner, other=part)
    _note(session, event, block, part, "split from", quantity, taker=owner, other=lot.id)


@handles("WarehouseReceiptToken", "LotMerged")
def on_merged(session: Session, event: Event, block: Block) -> None:
    told, quantity, owner = event.arguments, event.arguments["quantity"], event.arguments["beneficiary"]
    gone, into = (session.get_one(Lot, hex32(told[name])) for name in ("from", "into"))
    gone.state, gone.merged_into = LotState.MERGED.value, into.id
    gone.received = gone.released
    into.received += quantity
    _own(session, gone.id, owner, -quantity)
    _own(session, into.id, owner, quantity)
    _note(session, event, block, gone.id, "merged into", quantity, giver=owner, other=into.id)
    _note(session, event, block, into.id, "merged from", quantity, taker=owner, other=gone.id)


@handles("WarehouseReceiptToken", "TitleTransferred")
def on_title(session: Session, event: Event, block: Block) -> None:
    told = event.arguments
    _move(session, event, block, "title passed on", told["from"], told["to"])


@handles("WarehouseReceiptToken", "SoldFromCustody")
def on_sold(session: Session, event: Event, block: Block) -> None:
    told = event.arguments
    _move(session, event, block, "sold out of custody", told["beneficiary"], told["to"])


@handles("WarehouseReceiptToken", "GoodsReleased")
def on_released(session: Session, event: Event, block: Block) -> None:
    told, lot = event.arguments, _lot(session, event)
    lot.released += told["quantity"]
    _own(session, lot.id, told["beneficiary"], -told["quantity"])
    parties: dict[str, Any] = {"giver": told["beneficiary"], "taker": told["to"], "other": hex32(told["digest"])}
    _note(session, event, block, lot.id, "left the warehouse", told["quantity"], **parties)


@handles("WarehouseReceiptToken", "LotReleased")
def on_gone(session: Session, event: Event, block: Block) -> None:
    _lot(session, event).state = LotState.RELEASED.value


def _lot(session: Session, event: Event) -> Lot:
    return session.get_one(Lot, hex32(event.arguments["id"]))


def _own(session: Session, lot_id: str, owner: str, change: int) -> None:
    title = session.get(Title, (lot_id, owner))
    if title is None:
        title = Title(lot_id=lot_id, owner=owner)
        session.add(title)
    title.units += change


def _move(session: Session, event: Event, block: Block, kind: str, giver: str, taker: str) -> None:
    lot_id, quantity = hex32(event.arguments["id"]), event.arguments["quantity"]
    _own(session, lot_id, giver, -quantity)
    _own(session, lot_id, taker, quantity)
    _note(session, event, block, lot_id, kind, quantity, giver=giver, taker=taker)


def _note(
    session: Session,
    event: Event,
    block: Block,
    lot_id: str,
    kind: str,
    quantity: int,
    *,
    giver: str | None = None,
    taker: str | None = None,
    other: str | None = None,
) -> None:
    session.add(
        Step(
            transaction_hash=hex32(event.transaction_hash),
            log_index=event.log_index,
            lot_id=lot_id,
            kind=kind,
            giver=giver,
            taker=taker,
            quantity=quantity,
            other=other,
            block_number=event.block_number,
            happened_at=block.timestamp,
        )
    )
