"""An interface: a web application and where it stands behind the node's one listener."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from starlette.types import ASGIApp


@dataclass(frozen=True)
class Interface:
    """`prefix` is the path below which everything is its own, as in `/papers`; an empty one takes what no other does.

    The application gets the path whole. It may raise RequestRefused, and answers its body as a problem.
    """

    name: str
    """In metrics and log lines."""
    prefix: str
    app: ASGIApp
    knows_senders: bool = False
    """Whether it knows its senders by itself (by what they sign), so that those whom nobody let in reach it too. Else
    nobody unknown gets to it, no body of theirs is read, and the Client is `request.state.client`."""
    problem_types: Mapping[int, str] = field(default_factory=dict)
    """How it names refusals of a status; else `about:blank`, as RFC 7807 has it."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """What goes with its every answer."""

    def has(self, path: str) -> bool:
        return not self.prefix or path == self.prefix or path.startswith(f"{self.prefix}/")


@dataclass(frozen=True)
class Limits:
    """Of a body: how long it may be, and how long it may take to arrive."""

    body_bytes: int
    read_seconds: float


def by_length(interfaces: Iterable[Interface]) -> Sequence[Interface]:
    """The longest prefix first: the first that has a path is its own."""
    return sorted(interfaces, key=lambda interface: -len(interface.prefix))
