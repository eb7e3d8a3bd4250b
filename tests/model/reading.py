"""Each kind of event has one reader, which knows what it means for the books."""

from __future__ import annotations

from collections.abc import Callable

READERS: dict[tuple[str, str], Callable[..., None]] = {}


def reads(contract: str, event: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """The function reads this event of the contract into the books. It is given the books, the event's arguments and,
    where there is such a contract for each currency, the currency."""

    def register(reader: Callable[..., None]) -> Callable[..., None]:
        assert (contract, event) not in READERS, f"{contract}.{event} has a reader"
        READERS[contract, event] = reader
        return reader

    return register
