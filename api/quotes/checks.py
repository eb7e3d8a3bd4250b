"""The rules that an item and a facility have to meet before anything is quoted: each with the two values compared, in
the order in which the contracts look."""

from collections.abc import Iterator
from dataclasses import dataclass

from api.interest import end_of_day
from api.quotes.standing import Standing
from api.receivables.models import ReceivableState
from api.values import moment
from chain_node.client import FactStatus

MOST_PLEDGES = 16
MOST_PARTS = 64
"""A pledge is at least this part of its invoice."""


_ACCEPTED = ReceivableState.ACCEPTED.value
"""By their buyers orders are, too."""
_WAY_OUT = " Ask for one on acceptance only."


@dataclass(frozen=True)
class Check:
    """A rule by its name, what was found and what was needed, and a sentence that says both."""

    name: str
    passed: bool
    found: str
    needed: str
    detail: str


def checks(its: Standing) -> list[Check]:
    """All of them, passed or not."""
    return [*_of_facility(its), *_of_item(its), *_of_goods(its), *_of_money(its)]


def _of_facility(its: Standing) -> Iterator[Check]:
    line, name = its.facility, f"Facility {its.facility.number}"
    yield Check(
        "facility-is-the-suppliers",
        its.item.account == line.supplier,
        its.item.account,
        line.supplier,
        f"{name} is drawn on by {line.supplier}; you act by {its.item.account}.",
    )
    end, now = _time(line.expires_at), _time(its.now)
    yield Check("facility-runs", its.now < line.expires_at, now, end, f"{name} ends at {end}; it is {now}.")
    yield Check(
        "facility-has-no-recourse-claim",
        its.recourse_to == 0,
        str(its.recourse_to),
        "0",
        f"{name} lends nothing while its supplier answers for a financing: {its.recourse_to or 'none'}.",
    )
    yield Check(
        "openings-run", not its.stopped, _word(its.stopped), "no", f"New financings are stopped: {_word(its.stopped)}."
    )
    steps = len(its.steps)
    yield Check("ladder-set", steps > 0, str(steps), "1", f"{name} has {steps} steps for {its.item.kind}s.")
    yield Check(
        "currency-is-the-facilitys",
        its.item.currency == its.currency,
        its.item.currency,
        its.currency,
        f"The {its.item.kind} is in {its.item.currency}, the facility lends {its.currency}.",
    )
    yield Check(
        "draws-reach-the-supplier",
        not its.earmarked,
        _word(its.earmarked),
        "no",
        f"Draws of {name.lower()} go to an order or a carrier's invoice: {_word(its.earmarked)}.",
    )


def _of_item(its: Standing) -> Iterator[Check]:
    item, units = its.item, its.item.units
    kind, state = item.kind, item.state
    yield Check(
        f"{kind}-accepted",
        state == _ACCEPTED,
        state,
        _ACCEPTED,
        f"The {kind} is {state}; only an accepted one is financed.",
    )
    end, now = end_of_day(item.due), _time(its.now)
    falls = "falls due" if kind == "receivable" else "is to be delivered"
    yield Check(f"{kind}-not-due", its.now < end, now, _time(end), f"The {kind} {falls} by {_time(end)}; it is {now}.")
    if kind == "order":
        yield from _of_order(its)
    yield Check(
        "units-are-held",
        0 < units <= item.held,
        str(units),
        str(item.held),
        f"{units} minor units are to be pledged, {item.held} are yours and free.",
    )
    least = -(-item.value // MOST_PARTS)
    yield Check(
        "part-is-large-enough",
        units >= least,
        str(units),
        str(least),
        f"{units} minor units are to be pledged, a pledge is {least} at least.",
    )
    yield Check(
        "pledges-leave-a-place",
        its.pledges < MOST_PLEDGES,
        str(its.pledges),
        str(MOST_PLEDGES - 1),
        f"{its.pledges} financings are backed by this {kind}; before another, {MOST_PLEDGES - 1} may be.",
    )
    free = its.reserved_for in (0, its.facility.number)
    yield Check(
        "not-reserved-for-another",
        free,
        str(its.reserved_for),
        str(its.facility.number),
        f"The {kind} is reserved for facility {its.reserved_for or 'none'}, not for {its.facility.number}.",
    )


def _of_order(its: Standing) -> Iterator[Check]:
    """All of its money goes to one financing, and its facts have to be of goods that it was there for."""
    assignee, begun = its.item.assignee or "nobody", its.item.begun
    yield Check(
        "proceeds-are-free",
        its.item.assignee is None,
        assignee,
        "nobody",
        f"The order's money is promised to {assignee}; it backs one financing at a time.",
    )
    yield Check(
        "goods-began-with-the-order",
        not begun,
        _word(begun),
        "no",
        f"The order's goods were on their way before it was registered: {_word(begun)}.",
    )


def _of_goods(its: Standing) -> Iterator[Check]:
    yield Check(
        "goods-back-no-other-financing",
        not its.watched,
        _word(its.watched),
        "no",
        f"The goods back another financing: {_word(its.watched)}.{_WAY_OUT if its.item.kind == 'receivable' else ''}",
    )
    stands = its.fact != FactStatus.DISPUTED and (its.fact == FactStatus.NONE or any(s.reached for s in its.steps))
    yield Check(
        "facts-are-undisputed",
        stands,
        its.fact.name.lower(),
        "none or final",
        f"The furthest fact about the goods is {its.fact.name.lower()}; a dispute or a loss stops draws.",
    )


def _of_money(its: Standing) -> Iterator[Check]:
    bases = [its.base(step, its.item.quantity) for step in its.steps]
    most, left = max(bases, default=0), its.room.limit - its.room.drawn
    yield Check("base-is-positive", most > 0, str(most), "1", f"The most that the ladder lends is {most} minor units.")
    yield Check(
        "limit-has-room", left > 0, str(max(0, left)), "1", f"{max(0, left)} minor units of the limit are not drawn."
    )
    yield Check(
        "caps-have-room", its.room.caps > 0, str(its.room.caps), "1", f"The caps leave {its.room.caps} minor units."
    )
    yield Check(
        "pool-has-cash", its.room.cash > 0, str(its.room.cash), "1", f"{its.room.cash} minor units can be lent."
    )


def _word(condition: bool) -> str:
    return "yes" if condition else "no"


def _time(seconds: int) -> str:
    return moment(seconds).isoformat().replace("+00:00", "Z")
