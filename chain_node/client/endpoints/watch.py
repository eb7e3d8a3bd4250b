"""Watches several nodes of one network, and says from which to read.

Every second each is asked for its newest block and for the hashes of a few blocks that others have told. Read from is
the first in the order of the settings that answers, is of this network, tells the same final blocks, is not far from
what most have reached, and has every block that was read already. One that failed is asked again after a pause that
doubles; it is read from again once it has been well for a while, so that one that comes and goes is not followed.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Final

from chain_node.client.addresses import AddressBook
from chain_node.client.endpoints.endpoint import Endpoint, EndpointStatus, heights_of, is_healthy, status_of
from chain_node.client.endpoints.handed_over import HandedOver
from chain_node.client.endpoints.lag import Heights
from chain_node.client.endpoints.looking import Sight, at_once, hashes_at, sight_of
from chain_node.client.endpoints.reach import Reach
from chain_node.client.endpoints.record import Dispute, Record
from chain_node.client.endpoints.rules import Change, EndpointRules, Recorded, Tell
from chain_node.client.endpoints.urls import names_of
from chain_node.client.node import Node
from chain_node.errors import ChainError, NoEndpointUsable, WrongNetwork

_LOOK_TIMEOUT_SECONDS: Final = 4.0
FIRST_BLOCK: Final = 0


def nothing_recorded() -> Mapping[int, bytes]:
    return {}


class Watch:
    """Of the nodes at `urls`, the preferred one first. Safe to share between threads.

    `recorded` gives final blocks that were acted on before this process began; it is asked once, at the first look.
    """

    def __init__(
        self,
        urls: Sequence[str],
        book: AddressBook,
        rules: EndpointRules,
        timeout_seconds: float,
        *,
        tell: Tell = lambda _: None,
        recorded: Recorded = nothing_recorded,
        make_node: Callable[[str, float], Node] = Node,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.urls, self.names, self.timeout_seconds = tuple(urls), names_of(urls), timeout_seconds
        self.endpoints = [Endpoint(place, name) for place, name in enumerate(self.names)]
        self.current: int | None = None
        """The place of the node that is read from."""
        self.switches = 0
        """How often another node was taken; what the one before had in its pool may be lost with it."""
        self.rules = rules
        self.tell = tell
        self._book, self._recorded, self._clock = book, recorded, clock
        self._nodes = [make_node(url, min(timeout_seconds, _LOOK_TIMEOUT_SECONDS)) for url in urls]
        self._record, self._reach = Record(len(self.urls)), Reach(len(self.urls), rules)
        self._seen = Heights()
        self._knows_recorded = False
        self._looked_at = float("-inf")
        self._is_told_of_none = False
        self._handed_over = HandedOver()
        self._lock, self._looking, self._floor_lock = threading.RLock(), threading.Lock(), threading.Lock()

    # What readers ask

    def check(self) -> None:
        """At the start: looks at all. Raises WrongNetwork, naming each that is of another network, NoEndpointUsable
        where none can be read from."""
        self.look(everyone=True)
        if wrong := [endpoint for endpoint in self.endpoints if endpoint.is_of_other_network]:
            names, reasons = ", ".join(its.name for its in wrong), [f"{its.name}: {its.quarantine}" for its in wrong]
            raise WrongNetwork(names, wrong[0].quarantine if len(wrong) == 1 else "; ".join(reasons))
        self.serving()

    def serving(self) -> int:
        """The place of the node to read from. Raises NoEndpointUsable."""
        current = self.current
        if current is not None:
            return current
        with self._looking:
            # Whoever waited for another's look has its result.
            if self.current is None and self._clock() - self._looked_at >= self.rules.look_seconds:
                self._look(everyone=True)
        with self._lock:
            if self.current is None:
                raise NoEndpointUsable("; ".join(f"{its.name}: {its.reason or its.standing}" for its in self.status()))
            return self.current

    def takers(self) -> list[int]:
        """Places of the nodes that a signed transaction may be handed to, in order: whether a node is behind does not
        matter for that, whether it is of this network does."""
        with self._lock:
            fit = [its for its in self.endpoints if its.is_verified and not its.quarantine]
            return [its.place for its in sorted(fit, key=lambda its: (its.place != self.current, not its.answers))]

    def is_repeated(self, raw: str) -> bool:
        """Whether these bytes were handed over before: then they are in no block yet, or nobody would repeat them."""
        with self._lock:
            return self._handed_over.knew(raw)

    def others(self, place: int) -> list[int]:
        """Places of further nodes that may be read from, in order."""
        with self._lock:
            furthest = self._furthest()
            fit = [its for its in self.endpoints if its.place != place and self._is_healthy(its, furthest)]
            return [its.place for its in fit if self._has_floor(its)]

    def follows(self, place: int) -> bool:
        """Whether this node still tells what is recorded; asked now, since a look may be a second old."""
        with self._lock:
            try:
                return not self._has_left(self.endpoints[place])
            except ChainError:
                return False

    @property
    def floor(self) -> int:
        return self._reach.floor

    def saw(self, number: int) -> None:
        """Somebody has read of this block."""
        if number > self._reach.floor:
            with self._floor_lock:
                self._reach.saw(number)

    def believes(self, number: int) -> bool:
        """Whether a node may tell of this block: the others are asked how far they are, where it is new to us."""
        if number > self._reach.ceiling:
            with self._looking:
                if number > self._reach.ceiling:
                    self._look(everyone=False)
        return number <= self._reach.ceiling

    def failed(self, place: int, error: ChainError) -> None:
        """A request to this node went wrong: another is read from, if there is one."""
        with self._lock:
            endpoint, now = self.endpoints[place], self._clock()
            if endpoint.answers:
                endpoint.failed(_why(error), now)
                self._say("away", endpoint, reason=endpoint.why)
            else:
                # Of many requests under way that all fail, the first has said so.
                endpoint.failures += 1
            if place == self.current:
                self._choose(now)

    def fell_behind(self, place: int, head: int) -> None:
        """This node lacks what others have read from it or from others: it is left until a look finds it further."""
        with self._lock:
            endpoint = self.endpoints[place]
            endpoint.head, endpoint.healthy_since = head, None
            self._choose(self._clock())

    def status(self) -> list[EndpointStatus]:
        with self._lock:
            furthest = self._furthest()
            return [
                status_of(
                    endpoint,
                    in_use=endpoint.place == self.current,
                    furthest=furthest,
                    floor=self.floor,
                    lag_blocks=self.rules.lag_blocks,
                    lag_seconds=None if endpoint.head is None else self._seen.lag_seconds(endpoint.head, self._clock()),
                )
                for endpoint in self.endpoints
            ]

    @property
    def has_looked(self) -> bool:
        return self._looked_at > float("-inf")

    @property
    def has_trusted(self) -> bool:
        """Whether there is a node that may be read from."""
        return self.current is not None

    def close(self) -> None:
        for node in self._nodes:
            node.close()

    # Looking

    def look(self, *, everyone: bool = False) -> bool:
        """Asks all whose pause is over, or `everyone`; judges what they told. False: there is no more to do at once."""
        with self._looking:
            self._look(everyone=everyone)
        return False

    def _look(self, *, everyone: bool) -> None:
        """One look at a time."""
        if not self._knows_recorded:
            self._record.remember(self._recorded())
            self._knows_recorded = True
            self._reach.begin(self._record.newest or 0)
        now = self._clock()
        asked = [its for its in self.endpoints if everyone or now >= its.resume_at]
        sights = at_once(lambda its: sight_of(self._nodes[its.place], self._book, is_verified=its.is_verified), asked)
        seen = [endpoint for endpoint, sight in zip(asked, sights, strict=True) if self._saw(endpoint, sight)]
        heights = self._heights()
        told = at_once(lambda its: hashes_at(self._nodes[its.place], self._within(its, heights)), seen)
        seen = [endpoint for endpoint, hashes in zip(seen, told, strict=True) if self._compared(endpoint, hashes)]
        with self._lock:
            self._judge(seen, self._clock())
            self._looked_at = self._clock()

    def _saw(self, endpoint: Endpoint, sight: Sight | ChainError) -> bool:
        """Whether it answered, for whichever network."""
        if isinstance(sight, ChainError):
            self._look_failed(endpoint, sight)
            return False
        with self._lock:
            endpoint.is_verified = not sight.other
            if sight.other:
                self._set_apart(endpoint, f"it serves another network: {sight.other}")
            if endpoint.why:
                self._say("back", endpoint, block=sight.head)
            endpoint.answered(sight.head)
        return True

    def _look_failed(self, endpoint: Endpoint, error: ChainError) -> None:
        with self._lock:
            was_well = not endpoint.why
            endpoint.failed(_why(error), self._clock())
            if was_well:
                self._say("away", endpoint, reason=endpoint.why)

    def _heights(self) -> set[int]:
        """Final blocks at which what the nodes tell is compared."""
        heights = heights_of(self.endpoints, self.rules.final_depth_blocks) | {self._record.newest or 0}
        return {height for height in heights if height > 0} | {FIRST_BLOCK}

    def _within(self, endpoint: Endpoint, heights: Collection[int]) -> set[int]:
        """Those that are final as far as it has come."""
        reach = (endpoint.head or 0) - self.rules.final_depth_blocks
        return {height for height in heights if height <= max(reach, FIRST_BLOCK)}

    def _compared(self, endpoint: Endpoint, told: dict[int, bytes] | ChainError) -> bool:
        if isinstance(told, ChainError):
            self._look_failed(endpoint, told)
            return False
        endpoint.hashes = told
        return True

    # Judging; under the lock

    def _judge(self, seen: Sequence[Endpoint], now: float) -> None:
        for endpoint in seen:
            if endpoint.quarantine:
                self._reconsider(endpoint, now)
        most = max((self._furthest() or 0) + self.rules.lag_blocks, self.floor)
        # What is claimed beyond that is nobody's block yet.
        told = {its.name: {at: its.hashes[at] for at in its.hashes if at <= most} for its in seen if its.is_trusted}
        read_from = None if self.current is None else self.names[self.current]
        disputes = self._record.disputes(told, read_from)
        for endpoint in seen:
            if endpoint.name in disputes:
                self._apart_for(endpoint, disputes[endpoint.name])
        furthest = self._reached(now)
        for endpoint in self.endpoints:
            if not self._is_healthy(endpoint, furthest):
                endpoint.healthy_since = None
            elif endpoint.healthy_since is None:
                endpoint.healthy_since = now
        self._choose(now)
        if self.current is not None:
            # What is asked at `latest` does not tell of which block it is: this one, or a later one.
            self.saw(self.endpoints[self.current].head or 0)

    def _reconsider(self, endpoint: Endpoint, now: float) -> None:
        """One in quarantine comes out once it has told for a while what all others tell: it was mended."""
        agrees = endpoint.is_verified and self._record.contradiction(endpoint.hashes) is None
        known = endpoint.hashes.keys() & self._record.told.keys() - {FIRST_BLOCK}
        if not agrees or not (known or endpoint.forked_at is None):
            endpoint.agrees_since = None
        elif endpoint.agrees_since is None:
            endpoint.agrees_since = now
        elif now - endpoint.agrees_since >= self.rules.steady_seconds:
            endpoint.quarantine, endpoint.forked_at, endpoint.agrees_since = "", None, None
            self._say("trusted again", endpoint, block=endpoint.head)

    def _apart_for(self, endpoint: Endpoint, dispute: Dispute) -> None:
        what = "it serves another network" if dispute.height == FIRST_BLOCK else "it tells another chain"
        self._set_apart(endpoint, f"{what}: {dispute}", dispute.height)

    def _set_apart(self, endpoint: Endpoint, why: str, forked_at: int | None = None) -> None:
        is_new = not endpoint.quarantine
        endpoint.set_apart(why, forked_at)
        if is_new:
            self._say("quarantined", endpoint, is_alert=True, reason=why)
        if endpoint.place == self.current:
            # What it told of newer blocks binds nobody; what is recorded does.
            newest = max((its.head or 0 for its in self.endpoints if its.is_trusted), default=0)
            self._reach.floor = min(self.floor, max(newest, self._record.newest or 0))

    def _furthest(self) -> int | None:
        return self._reach.furthest(self.endpoints)

    def _reached(self, now: float) -> int | None:
        """As `_furthest`, at a look; what few had told is given up here."""
        floor = self.floor
        with self._floor_lock:
            furthest = self._reach.note(self.endpoints, now)
        if self.floor < floor:
            self._record.forget_above(self.floor)
            self.tell(Change("gave up", {"read": floor, "block": self.floor}, is_alert=True))
        self._seen.note(furthest, now)
        return furthest

    def _is_healthy(self, endpoint: Endpoint, furthest: int | None) -> bool:
        return is_healthy(endpoint, furthest, self.rules.lag_blocks)

    # Choosing; under the lock

    def _choose(self, now: float) -> None:
        """Stays where it is while that may be read from, but for a preferred node that has been well for a while."""
        furthest = self._furthest()
        fit = [its for its in self.endpoints if self._is_healthy(its, furthest)]
        current = next((its for its in fit if its.place == self.current), None)
        if current is not None and self._has_floor(current):
            better = [its for its in fit if its.place < current.place and self._is_steady(its, now)]
            chosen: Endpoint | None = next((its for its in better if self._may_follow(its)), current)
        else:
            chosen = next((its for its in fit if self._may_follow(its)), None)
        self._switch(None if chosen is None else chosen.place)

    def _is_steady(self, endpoint: Endpoint, now: float) -> bool:
        since = endpoint.healthy_since
        return since is not None and now - since >= self.rules.steady_seconds

    def _may_follow(self, endpoint: Endpoint) -> bool:
        """Whether readers may go on with it: asked now, since it may have left the others' chain since the look."""
        if not self._has_floor(endpoint):
            return False
        try:
            return not self._has_left(endpoint)
        except ChainError as error:
            endpoint.failed(_why(error), self._clock())
            self._say("away", endpoint, reason=endpoint.why)
            return False

    def _has_left(self, endpoint: Endpoint) -> bool:
        """Whether it tells another block than the newest that is recorded; then it is set apart. Raises ChainError."""
        hashes = hashes_at(self._nodes[endpoint.place], {self._record.newest or FIRST_BLOCK})
        dispute = self._record.contradiction(hashes)
        if dispute is not None:
            self._apart_for(endpoint, dispute)
        return dispute is not None

    def _has_floor(self, endpoint: Endpoint) -> bool:
        """Whether it has every block that was read; asked anew where it had not, since a look may be a second old."""
        if (endpoint.head or 0) < self.floor:
            try:
                endpoint.head = max(endpoint.head or 0, self._nodes[endpoint.place].block_number())
            except (ChainError, TypeError, ValueError):
                return False
        return (endpoint.head or 0) >= self.floor

    def _switch(self, place: int | None) -> None:
        before, self.current = self.current, place
        if place is None:
            if not self._is_told_of_none:
                self._is_told_of_none = True
                reasons = {its.name: its.reason or str(its.standing) for its in self.status()}
                self.tell(Change("none usable", {"endpoints": reasons}, is_alert=True))
            return
        self._is_told_of_none = False
        if before != place:
            self.switches += 1
            old = None if before is None else self.names[before]
            self.tell(
                Change("switched", {"endpoint": self.names[place], "before": old, "block": self.endpoints[place].head})
            )

    # Telling

    def _say(self, what: str, endpoint: Endpoint, *, is_alert: bool = False, **fields: Any) -> None:
        self.tell(Change(what, {"endpoint": endpoint.name, **fields}, is_alert))


def _why(error: ChainError) -> str:
    return str(getattr(error, "why", "")) or str(error)
