"""All books of a network replayed from its events, in their order."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import model.events  # noqa: F401  # makes the readers known
from chain_node.client import Event
from model.books import Books
from model.reading import READERS


@dataclass(frozen=True)
class Moment:
    """An event and the time of its block."""

    event: Event
    timestamp: int


def replay(books: Books, moments: Iterable[Moment]) -> None:
    """Transaction by transaction: after each of them the books must balance."""
    transaction = b""
    for moment in moments:
        if moment.event.transaction_hash != transaction:
            books.balance()
        transaction = moment.event.transaction_hash
        books.now = moment.timestamp
        _read(books, moment.event)
    books.balance()


def _read(books: Books, event: Event) -> None:
    contract, _, currency = event.contract.partition(":")
    for reader in READERS[contract, event.name].values():
        reader(books, event.arguments, *([currency] if currency else []))
