"""Each kind of event has one reader for each of the books, which knows what it means for them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable

READERS: defaultdict[tuple[str, str], dict[str, Callable[..., None]]] = defaultdict(dict)
"""By contract and event, and then by the module that reads them."""


def reads(contract: str, event: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """The function reads this event of the contract into the books. It is given the books, the event's arguments and,
    where there is such a contract for each currency, the currency."""

    def register(reader: Callable[..., None]) -> Callable[..., None]:
        readers = READERS[contract, event]
        assert reader.__module__ not in readers, f"{contract}.{event} has a reader"
        readers[reader.__module__] = reader
        return reader

    return register
