"""Which function wants which event.

    @handles("ReceivableToken", "ReceivableRegistered")
    def on_registered(session: Session, event: Event, block: Block) -> None: ...

A contract's plain name matches every deployed one of the kind: "CashToken" takes the events of "CashToken:EUR", too.
"""

from collections.abc import Callable
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
        return handler

    return register


def handlers_of(event: Event) -> list[Handler]:
    """The handlers of an event: those of the deployed name first, then those of the kind."""
    kind = event.contract.partition(":")[0]
    exact = _HANDLERS.get((event.contract, event.name), [])
    return exact if kind == event.contract else [*exact, *_HANDLERS.get((kind, event.name), [])]
