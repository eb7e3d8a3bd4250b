"""Which function wants which event.

    @handles("ReceivableToken", "ReceivableRegistered")
    def on_registered(session: Session, event: Event, block: Block) -> None: ...

A contract's plain name matches every deployed one of the kind: "CashToken" takes the events of "CashToken:EUR", too.
"""

from collections.abc import Callable
from functools import cache
from typing import Final

from sqlmodel import Session

from chain_node.client import Block, Event

Handler = Callable[[Session, Event, Block], None]

_HANDLERS: Final[dict[tuple[str, str], list[Handler]]] = {}


def handles(contract: str, event: str) -> Callable[[Handler], Handler]:
    """Registers a handler; several may take the same event and run in the order of registration."""

    def register(handler: Handler) -> Handler:
        listed = _HANDLERS.setdefault((contract, event), [])
        if handler not in listed:
            listed.append(handler)
            handlers_for.cache_clear()
        return handler

    return register


def handlers_of(event: Event) -> list[Handler]:
    """The handlers of an event: those of the deployed name first, then those of the kind."""
    return handlers_for(event.contract, event.name)


@cache
def handlers_for(contract: str, event: str) -> list[Handler]:
    """As `handlers_of`, by the names of the deployed contract and of the event."""
    kind = contract.partition(":")[0]
    exact = _HANDLERS.get((contract, event), [])
    return exact if kind == contract else [*exact, *_HANDLERS.get((kind, event), [])]
