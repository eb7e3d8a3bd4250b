"""The rules of monitoring, as pure functions: the same movements always give the same findings, in whatever pieces they
are looked at.

A rule says at which movement something begins, by what lay in a window before it. So a later movement never changes an
earlier finding, and looking again finds the same facts. `since` is the first block whose movements are looked at; what
is given of the time before it, two windows long, is looked back on only.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from api.compliance.cases.service import Finding
from api.compliance.settings import MonitoringSettings

_MOST_SHOWN: Final = 20
_MOST_BRANCHES: Final = 200


@dataclass(frozen=True, order=True)
class Move:
    """Something that went from one organisation to another; ordered as on chain. `asset` is a currency, or the id of
    the receivable whose units went."""

    moved_at: int
    block_number: int
    log_index: int
    part: int
    transaction_hash: str
    kind: str
    asset: str
    giver: str
    taker: str
    amount: int

    @property
    def fact(self) -> str:
        return f"{self.transaction_hash}/{self.log_index}/{self.part}"


@dataclass(frozen=True)
class Price:
    """A unit price (minor units for 1,000 of the goods' unit, rounded down) and those it is compared with: of the
    same goods or the same parties, earlier ones only. Of what a quorum has agreed on, one is enough."""

    fact: str
    lei: str
    what: str
    currency: str
    price: int
    references: tuple[int, ...]
    source: str
    is_quorums: bool = False


def velocity(moves: Iterable[Move], rules: MonitoringSettings, since: int = 0) -> Iterator[Finding]:
    """More payments, or more money, out of one organisation within the window than the rule allows."""

    def too_much(window: Sequence[Move]) -> bool:
        total = sum(move.amount for move in window)
        return len(window) > rules.velocity_most_count or total > rules.velocity_most_units

    for (lei, asset), window in _beginnings(moves, rules.velocity_window_seconds, too_much, since):
        total = sum(move.amount for move in window)
        yield Finding(
            kind="velocity",
            lei=lei,
            title=f"{len(window)} payments of {total} minor units of {asset} within {_span(window)} seconds",
            facts=(window[-1].fact,),
            figures={
                "currency": asset,
                "count": len(window),
                "most_count": rules.velocity_most_count,
                "sum_units": str(total),
                "most_units": str(rules.velocity_most_units),
                "window_seconds": rules.velocity_window_seconds,
                "payments": _shown(window),
            },
        )


def structuring(moves: Iterable[Move], rules: MonitoringSettings, since: int = 0) -> Iterator[Finding]:
    """Several payments of one organisation that each stay just below the threshold."""
    threshold = rules.structuring_threshold_units
    least = threshold * rules.structuring_from_bps // 10_000
    below = [move for move in moves if least <= move.amount < threshold]

    def enough(window: Sequence[Move]) -> bool:
        return len(window) >= rules.structuring_count

    for (lei, asset), window in _beginnings(below, rules.structuring_window_seconds, enough, since):
        total = sum(move.amount for move in window)
        yield Finding(
            kind="structuring",
            lei=lei,
            title=f"{len(window)} payments of {asset} from {least} to just below {threshold} minor units",
            facts=(window[-1].fact,),
            figures={
                "currency": asset,
                "count": len(window),
                "least_count": rules.structuring_count,
                "least_units": str(least),
                "threshold_units": str(threshold),
                "sum_units": str(total),
                "window_seconds": rules.structuring_window_seconds,
                "payments": _shown(window),
            },
        )


Window = list[Move]


def _beginnings(
    moves: Iterable[Move], seconds: int, holds: Callable[[Sequence[Move]], bool], since: int
) -> Iterator[tuple[tuple[str, str], Window]]:
    """Each giver's windows, by asset, at which the condition begins to hold: with the movement, and not before it."""
    lanes: dict[tuple[str, str], Window] = defaultdict(list)
    for move in sorted(moves):
        lanes[move.giver, move.asset].append(move)
    for key, lane in sorted(lanes.items()):
        first, held, held_at = 0, False, 0
        for place, move in enumerate(lane):
            while lane[first].moved_at <= move.moved_at - seconds:
                first += 1
            window = lane[first : place + 1]
            went_on = held and held_at > move.moved_at - seconds
            held, held_at = holds(window), move.moved_at
            if held and not went_on and move.block_number >= since:
                yield key, window


def round_trips(
    moves: Iterable[Move], related: Callable[[str, str], bool], rules: MonitoringSettings, since: int = 0
) -> Iterator[Finding]:
    """What came back to where it went out from, by way of others, at least two of whom belong together."""
    ordered = sorted(moves)
    outgoing: dict[tuple[str, str, str], Window] = defaultdict(list)
    for move in ordered:
        outgoing[move.kind, move.asset, move.giver].append(move)
    for closing in (move for move in ordered if move.block_number >= since):
        for trip in _trips(closing, outgoing, rules):
            parties = [move.giver for move in trip]
            if any(related(one, other) for one in parties for other in parties if one < other):
                yield _round_trip(trip, rules)


def _trips(closing: Move, outgoing: dict[tuple[str, str, str], Window], rules: MonitoringSettings) -> Iterator[Window]:
    """Chains of like amounts that start with whom `closing` pays and end with it, oldest first."""
    since = closing.moved_at - rules.round_trip_window_seconds
    waiting: list[Window] = [
        [move]
        for move in outgoing[closing.kind, closing.asset, closing.taker]
        if since < move.moved_at and move < closing
    ]
    looked_at = 0
    while waiting and looked_at < _MOST_BRANCHES:
        looked_at += 1
        trip = waiting.pop(0)
        last = trip[-1]
        if not _alike(last.amount, closing.amount, rules.round_trip_tolerance_bps):
            continue
        if last.taker == closing.giver:
            yield [*trip, closing]
        elif len(trip) < rules.round_trip_most_parties - 1 and last.taker not in {move.giver for move in trip}:
            onward = outgoing[closing.kind, closing.asset, last.taker]
            waiting.extend([*trip, move] for move in onward if last < move < closing)


def _alike(first: int, second: int, tolerance_bps: int) -> bool:
    return abs(first - second) * 10_000 <= tolerance_bps * max(first, second)


def _round_trip(trip: Window, rules: MonitoringSettings) -> Finding:
    parties = [move.giver for move in trip]
    return Finding(
        kind="round-trip",
        lei=parties[0],
        title=f"{trip[0].kind} went round {len(parties)} organisations and back within {_span(trip)} seconds",
        facts=tuple(move.fact for move in trip),
        figures={
            "kind": trip[0].kind,
            "asset": trip[0].asset,
            "parties": parties,
            "amounts": [str(move.amount) for move in trip],
            "tolerance_bps": rules.round_trip_tolerance_bps,
            "window_seconds": rules.round_trip_window_seconds,
            "payments": _shown(trip),
        },
    )


def median(values: Sequence[int]) -> int:
    """The middle value; of two in the middle the lower, so that it is one of them."""
    return sorted(values)[(len(values) - 1) // 2]


def prices(found: Iterable[Price], rules: MonitoringSettings) -> Iterator[Finding]:
    """A unit price that is further from its reference than the rule allows."""
    for each in found:
        if not each.is_quorums and len(each.references) < rules.price_least_references:
            continue
        reference = median(each.references)
        off = abs(each.price - reference) * 10_000
        if off <= rules.price_deviation_bps * reference:
            continue
        yield Finding(
            kind="price",
            lei=each.lei,
            title=f"{each.what} at {each.price} where {reference} is the reference ({each.currency} per 1000 units)",
            facts=(each.fact,),
            figures={
                "currency": each.currency,
                "price": str(each.price),
                "reference": str(reference),
                "source": each.source,
                "references": len(each.references),
                "deviation_bps": off // reference if reference else None,
                "most_bps": rules.price_deviation_bps,
            },
        )


def _span(window: Sequence[Move]) -> int:
    return window[-1].moved_at - window[0].moved_at


def _shown(window: Sequence[Move]) -> list[dict[str, str | int]]:
    """The last movements of a window, as a case shows them."""
    return [
        {
            "transaction_hash": move.transaction_hash,
            "from": move.giver,
            "to": move.taker,
            "amount": str(move.amount),
            "moved_at": move.moved_at,
        }
        for move in window[-_MOST_SHOWN:]
    ]
