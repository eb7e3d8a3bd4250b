"""Rules that get in each other's way: those that are never reached, and those of which neither is the narrower."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from oracles.rules.tables import AttestRule, Conditions, HoldRule, KindRule

Rule = KindRule | AttestRule | HoldRule

# An event has one of each of these, so that rules which ask for different ones never fit the same event.
_SINGLE: Final = ("standard", "code", "disposition", "unit", "classifier", "milestones")
_ANY_OF: Final = (*_SINGLE, "place", "documents", "party", "sender")


class Clash(NamedTuple):
    """`place` in the list of the rule that cannot stay where it is."""

    place: int
    message: str


def clashes(rules: Sequence[Rule]) -> Iterator[Clash]:
    """The first rule that fits decides, so one that needs more must stand before one that needs less."""
    for index, rule in enumerate(rules):
        for earlier in rules[:index]:
            if _contains(earlier, rule):
                yield Clash(index, f"it is never reached: {earlier.name!r}, before it, fits whatever it fits")
                break
            if _decides_otherwise(earlier, rule) and not _contains(rule, earlier) and not _are_apart(earlier, rule):
                yield Clash(index, f"it overlaps {earlier.name!r}: both fit some events, and neither is the narrower")
                break


def _decides_otherwise(one: Rule, other: Rule) -> bool:
    """Two that hold an event hold it alike; two kinds that are the same kind are no conflict."""
    if isinstance(one, KindRule) and isinstance(other, KindRule):
        return one.kind is not other.kind
    return isinstance(one, AttestRule)


def _contains(wide: Rule, narrow: Rule) -> bool:
    """Whether every event that fits `narrow` fits `wide`."""
    for name in _ANY_OF:
        asked, given = getattr(wide, name, None), getattr(narrow, name, None)
        if asked is not None and (given is None or not set(given) <= set(asked)):
            return False
    return all(set(getattr(wide, name) or ()) <= set(getattr(narrow, name) or ()) for name in ("traits", "without"))


def _are_apart(one: Conditions, other: Conditions) -> bool:
    """Whether no event fits both."""
    for name in _SINGLE:
        first, second = getattr(one, name, None), getattr(other, name, None)
        if first is not None and second is not None and set(first).isdisjoint(second):
            return True
    if _places_are_apart(one, other):
        return True
    return bool(set(one.traits or ()) & set(other.without or ()) or set(other.traits or ()) & set(one.without or ()))


def _places_are_apart(one: Conditions, other: Conditions) -> bool:
    """A place may lie within another: only those count as apart of which neither begins the other."""
    if one.place is None or other.place is None:
        return False
    return not any(
        first == second or first.startswith(f"{second}/") or second.startswith(f"{first}/")
        for first in one.place
        for second in other.place
    )
