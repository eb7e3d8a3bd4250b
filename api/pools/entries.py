"""The movements of pools and of their lenders as rows, for statements. Called by the handlers."""

from collections.abc import Mapping
from typing import Final

from sqlmodel import Session

from api.pools.models import LenderEntry, PoolEntry
from api.values import hex32
from chain_node.client import Block, Event

WITHOUT_MONEY: Final = ("losses", "set aside for redemptions")
"""Kinds that lower what lenders own and move no money."""
_NOBODY = "0x0000000000000000000000000000000000000000"
_COLLECTED: Final = {
    "late fees": ("lateFees",),
    "fees": ("fees",),
    "interest and principal": ("seniorInterest", "seniorPrincipal", "junior"),
    "recoveries": ("recovered",),
    "for the reserve": ("reserve",),
}


def book(session: Session, event: Event, block: Block, amounts: Mapping[str, int]) -> None:
    """Entries of a pool by their kind; nothing where nothing moved."""
    for kind, amount in amounts.items():
        if amount:
            session.add(
                PoolEntry(
                    transaction_hash=hex32(event.transaction_hash),
                    log_index=event.log_index,
                    kind=kind,
                    currency=event.contract.partition(":")[2],
                    amount=amount,
                    block_number=event.block_number,
                    booked_at=block.timestamp,
                )
            )


def on_collected(session: Session, event: Event, block: Block) -> None:
    told = event.arguments
    book(session, event, block, {kind: sum(told[part] for part in parts) for kind, parts in _COLLECTED.items()})


def on_deposit(session: Session, event: Event, block: Block) -> None:
    told = event.arguments
    _enter(session, event, block, told["owner"], "deposit", told["shares"], told["assets"])
    book(session, event, block, {"deposits": told["assets"]})


def on_withdraw(session: Session, event: Event, block: Block) -> None:
    """The shares were handed in before."""
    told = event.arguments
    _enter(session, event, block, told["owner"], "claim", 0, -told["assets"])
    book(session, event, block, {"redemptions paid": -told["assets"]})


def on_shares_moved(session: Session, event: Event, block: Block) -> None:
    """From one account to another, or handed in; what is made is a deposit's, what is destroyed was handed in."""
    told, vault = event.arguments, event.address
    if _NOBODY in (told["from"], told["to"]) or told["from"] == told["to"]:
        return
    if told["from"] != vault:
        kind = "redemption request" if told["to"] == vault else "transfer"
        _enter(session, event, block, told["from"], kind, -told["value"], 0)
    if told["to"] != vault:
        _enter(session, event, block, told["to"], "transfer", told["value"], 0)


def _enter(session: Session, event: Event, block: Block, account: str, kind: str, shares: int, assets: int) -> None:
    vault, _, currency = event.contract.partition(":")
    session.add(
        LenderEntry(
            transaction_hash=hex32(event.transaction_hash),
            log_index=event.log_index,
            account=account,
            currency=currency,
            tranche=vault.removesuffix("Tranche").lower(),
            kind=kind,
            shares=shares,
            assets=assets,
            block_number=event.block_number,
            booked_at=block.timestamp,
        )
    )
