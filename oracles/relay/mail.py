"""What the node's own thread and the thread that talks with relays hand each other; nothing here need survive."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from chain_node.client import Observation
from oracles.relay.messages import Answer, LeftOut, Offer

MOST_WAITING: Final = 256
"""Lists that wait for the node; a relay that sends more is not listened to."""


@dataclass
class RelayMail:
    """A relay counts as here until it is known to be away: at the start it is asked first."""

    clock: Callable[[], float] = time.monotonic
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _outgoing: deque[tuple[Offer | Answer, float]] = field(default_factory=deque)
    """With the moment from which nobody is to be told of it any more."""
    _lists: deque[list[Observation]] = field(default_factory=deque)
    _left_out: deque[LeftOut] = field(default_factory=deque)
    _unknown: deque[str] = field(default_factory=deque)
    _away: str = ""
    _rang: bool = False
    on_outgoing: Callable[[], None] = lambda: None
    """Called when there is something to be sent; set by the client."""

    # The node's thread

    @property
    def away(self) -> str:
        """Why no relay can be reached; empty while one can."""
        return self._away

    @property
    def rings(self) -> bool:
        """Whether something waits for the node's thread."""
        return self._rang

    def send(self, message: Offer | Answer, good_for_seconds: float) -> None:
        """What could not be handed over while it was good is dropped: the node has seen to it by itself, and a relay
        that is behind would only fall further behind with it. Votes overtake offers: others wait for them."""
        with self._lock:
            put = self._outgoing.appendleft if isinstance(message, Answer) else self._outgoing.append
            put((message, self.clock() + good_for_seconds))
        self.on_outgoing()

    def lists(self) -> list[list[Observation]]:
        """What was proposed since the last call."""
        with self._lock:
            self._rang = False
            found = list(self._lists)
            self._lists.clear()
        return found

    def left_out(self) -> list[LeftOut]:
        with self._lock:
            found = list(self._left_out)
            self._left_out.clear()
        return found

    def unknown(self) -> list[str]:
        """Ids of lists whose votes the relay did not take."""
        with self._lock:
            found = list(self._unknown)
            self._unknown.clear()
        return found

    # The client's thread

    def next(self) -> Offer | Answer | None:
        with self._lock:
            while self._outgoing:
                message, until = self._outgoing.popleft()
                if self.clock() < until:
                    return message
        return None

    def proposed(self, lists: Sequence[list[Observation]], left_out: Sequence[LeftOut]) -> None:
        with self._lock:
            for its in lists:
                if len(self._lists) < MOST_WAITING:
                    self._lists.append(its)
            for told in left_out:
                if len(self._left_out) < MOST_WAITING:
                    self._left_out.append(told)
            self._rang = self._rang or bool(lists) or bool(left_out)

    def not_taken(self, list_id: str) -> None:
        with self._lock:
            self._unknown.append(list_id)
            self._rang = True

    def set_away(self, why: str) -> None:
        """What was to be sent is dropped: the node sees to it by itself."""
        with self._lock:
            self._away = why
            if why:
                self._rang = True
                self._outgoing.clear()
