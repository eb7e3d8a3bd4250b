"""A seeded book of invoices with planted near-duplicates, and with much that only looks like one.

What only looks like one: monthly and weekly invoices of equal amounts under one order with numbers in sequence, parts
of one delivery on one day, counters that begin anew each year or month, branches that count side by side, round sums.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Final

from api.invoices.similarity.sketch import Features
from standards.invoices.identity import normalised_number

SUPPLIERS: Final = 60
DEBTORS: Final = 35
FIRST_DAY: Final = date(2024, 1, 2)
DAYS: Final = 730
PLANTED_SHARE: Final = 0.08
# Of the copies whose kind is not about the number, so many take the supplier's next free one.
FRESH_NUMBERS: Final = 0.4
KINDS: Final = (
    "amount_within_2",
    "amount_within_5",
    "digits_swapped_in_number",
    "digits_swapped_in_amount",
    "split_in_halves",
    "dated_anew",
    "other_prefix",
    "other_currency",
)
# Reported, held to no floor: where no despatch advice is named either, such a copy is what the next month's looks like.
BEYOND: Final = "dated_and_numbered_anew"
# What a fraud would reckon with, in units of the currency for a euro; yen have no minor unit.
_RATES: Final = {"EUR": 100.0, "USD": 108.0, "GBP": 85.0, "SEK": 1130.0, "CNY": 780.0, "JPY": 162.0}
_STYLES: Final = ("year", "running", "month", "yearly", "branch", "slash")


@dataclass(frozen=True)
class Entry:
    """An invoice as it comes to the registry. `family` is its original's place, its own for an honest one; `kind` is
    None for an honest one."""

    said: Features
    family: int
    kind: str | None = None


@dataclass
class _Supplier:
    lei: str
    prefix: str
    style: str
    counters: dict[str, int] = field(default_factory=dict)
    used: set[tuple[int, str]] = field(default_factory=set)

    def next_number(self, issued: date, rng: random.Random) -> str:
        """The next number of the supplier's counter; one that a copy has taken already is skipped."""
        while True:
            number = self._count(issued, rng)
            if self.take(number, issued):
                return number

    def take(self, number: str, issued: date) -> bool:
        """Whether the number is new: the fingerprint refuses an old one."""
        identity = (issued.year, normalised_number(number))
        is_new = identity not in self.used
        self.used.add(identity)
        return is_new

    def _count(self, issued: date, rng: random.Random) -> str:
        branch = rng.choice("AB") if self.style == "branch" else ""
        period = {"running": "", "month": f"{issued:%y%m}"}.get(self.style, f"{issued:%Y}") + branch
        count = self.counters[period] = self.counters.get(period, 8200 if self.style == "running" else 0) + 1
        return {
            "year": f"{self.prefix}-{issued:%Y}-{count:04d}",
            "running": f"{self.prefix}{count:07d}",
            "month": f"{self.prefix}-{issued:%y}-{issued:%m}-{count:03d}",
            "yearly": f"{count:05d}",
            "branch": f"{branch}-{issued:%Y}-{count:04d}",
            "slash": f"{issued:%Y}/{count:06d}",
        }[self.style]


@dataclass(frozen=True)
class _Pair:
    """What one supplier sells to one debtor, and on which terms."""

    supplier: _Supplier
    debtor: str
    currency: str
    term_days: int
    names_orders: bool
    names_despatch: bool
    catalogue: tuple[str, ...]


def corpus(size: int, seed: int) -> list[Entry]:
    """At least `size` invoices in the order in which they are registered; always the same for one seed."""
    rng = random.Random(seed)  # noqa: S311  # nosec B311 # makes examples, guards nothing
    drafts: list[tuple[date, _Pair, Features]] = []
    pairs = _pairs(rng, size)
    while len(drafts) < size:
        pair = rng.choice(pairs)
        drafts += [(said.issued, pair, said) for said in _business(pair, rng)]
    return _register(sorted(drafts, key=lambda draft: draft[0]), rng)


def _pairs(rng: random.Random, size: int) -> list[_Pair]:
    """Fewer parties for a small corpus, so that each has as much business."""
    scale = min(1.0, max(0.1, size / 20_000))
    debtors = [f"DEBTOR{n:014d}" for n in range(max(4, round(DEBTORS * scale)))]
    pairs = []
    for n in range(max(6, round(SUPPLIERS * scale))):
        prefix = "".join(rng.choices("ABCDEFGHKLMNPRSTUVW", k=rng.randint(1, 3)))
        supplier = _Supplier(f"SUPPLIER{n:012d}", prefix, _STYLES[n % len(_STYLES)])
        catalogue = tuple(f"{prefix}-{rng.randint(100, 999)}" for _ in range(rng.randint(3, 12)))
        for debtor in rng.sample(debtors, rng.randint(2, min(8, len(debtors)))):
            pairs.append(_pair(supplier, debtor, catalogue, rng))
    return pairs


def _pair(supplier: _Supplier, debtor: str, catalogue: tuple[str, ...], rng: random.Random) -> _Pair:
    return _Pair(
        supplier=supplier,
        debtor=debtor,
        currency=rng.choices(list(_RATES), weights=(60, 15, 8, 7, 6, 4))[0],
        term_days=rng.choice((14, 30, 30, 45, 60, 60, 90)),
        names_orders=rng.random() < 0.92,
        names_despatch=rng.random() < 0.75,
        catalogue=catalogue,
    )


def _business(pair: _Pair, rng: random.Random) -> list[Features]:
    """One order's invoices: a standing delivery, a single one, one in parts, or several orders billed on one day."""
    day = FIRST_DAY + timedelta(days=rng.randrange(DAYS))
    kind = rng.random()
    if kind < 0.08:
        return list(_standing(pair, day, rng))
    if kind < 0.14:
        return list(_parts(pair, day, rng))
    if kind < 0.22:
        return [_single(pair, day, rng) for _ in range(rng.randint(2, 4))]
    return [_single(pair, day, rng)]


def _single(pair: _Pair, day: date, rng: random.Random) -> Features:
    goods = tuple(sorted(rng.sample(pair.catalogue, rng.randint(1, min(4, len(pair.catalogue))))))
    return Features(
        supplier=pair.supplier.lei,
        debtor=pair.debtor,
        currency=pair.currency,
        number="",
        amount=_amount(pair.currency, rng),
        issued=day,
        due=day + timedelta(days=pair.term_days),
        order=f"PO-{rng.randrange(10**7):07d}" if pair.names_orders else None,
        despatch=_despatch(pair, rng),
        goods=goods,
    )


def _amount(currency: str, rng: random.Random) -> int:
    euros = min(4_000_000.0, max(150.0, rng.lognormvariate(9.6, 1.3)))
    units = round(euros * _RATES[currency])
    return max(1, round(units, -4) if rng.random() < 0.3 and units > 20_000 else units)


def _despatch(pair: _Pair, rng: random.Random) -> str | None:
    return f"DA{rng.randrange(10**8):08d}" if pair.names_despatch else None


def _standing(pair: _Pair, first: date, rng: random.Random) -> Iterator[Features]:
    """The same goods under one order every week, fortnight or month; three in five times for the very same amount."""
    every, model = rng.choice((7, 14, 30, 30, 30)), _single(pair, first, rng)
    spread = rng.choice((0.0, 0.0, 0.0, 0.03, 0.2))
    for turn in range(rng.randint(3, 14)):
        day = first + timedelta(days=every * turn)
        yield replace(
            model,
            amount=max(1, round(model.amount * (1 + rng.uniform(-spread, spread)))),
            issued=day,
            due=day + timedelta(days=pair.term_days),
            despatch=_despatch(pair, rng),
        )


def _parts(pair: _Pair, first: date, rng: random.Random) -> Iterator[Features]:
    """One order in two or three lots, often of nearly equal size, each with a despatch advice of its own; or, once in
    six times, one lot on several invoices of different sums."""
    model, days_apart = _single(pair, first, rng), rng.choice((0, 1, 2, 5, 9, 12))
    is_one_lot = rng.random() < 1 / 6
    spread = 0.6 if is_one_lot else rng.choice((0.0, 0.04, 0.5))
    for part in range(rng.randint(2, 3)):
        day = first + timedelta(days=days_apart * part)
        yield replace(
            model,
            amount=max(1, round(model.amount * (1 + rng.uniform(-spread, spread)))),
            issued=day,
            due=day + timedelta(days=pair.term_days),
            despatch=model.despatch if is_one_lot else _despatch(pair, rng),
        )


def _register(drafts: list[tuple[date, _Pair, Features]], rng: random.Random) -> list[Entry]:
    """Numbers the invoices in the order of their days, and puts copies of some behind them, up to a month later."""
    entries: list[Entry] = []
    waiting: list[tuple[date, int, _Pair, str]] = []
    for day, pair, said in drafts:
        while waiting and waiting[0][0] <= day:
            _, family, copied, kind = waiting.pop(0)
            entries += _copies(entries[family].said, copied.supplier, family, kind, rng)
        family = len(entries)
        entries.append(Entry(replace(said, number=pair.supplier.next_number(day, rng)), family))
        if rng.random() < PLANTED_SHARE:
            kind = rng.choice((*KINDS, BEYOND))
            waiting.append((day + timedelta(days=rng.randint(0, 30)), family, pair, kind))
            waiting.sort(key=lambda item: item[:2])
    for _, family, copied, kind in waiting:
        entries += _copies(entries[family].said, copied.supplier, family, kind, rng)
    return entries


def _copies(original: Features, supplier: _Supplier, family: int, kind: str, rng: random.Random) -> Iterator[Entry]:
    for altered in _altered(original, kind, rng):
        number = _number(altered, supplier, kind, rng)
        if number is not None:
            yield Entry(replace(altered, number=number), family, kind)


def _altered(original: Features, kind: str, rng: random.Random) -> list[Features]:
    """The original with what its kind is about altered, and all else kept."""
    amount, sign = original.amount, rng.choice((-1, 1))
    if kind.startswith("amount_within"):
        least, most = (0.002, 0.02) if kind.endswith("2") else (0.02, 0.05)
        return [replace(original, amount=max(1, round(amount * (1 + sign * rng.uniform(least, most)))))]
    if kind == "digits_swapped_in_amount":
        return [replace(original, amount=int(swapped)) for swapped in _swapped(str(amount), rng, skip=3)[:1]]
    if kind == "split_in_halves":
        return [replace(original, amount=amount // 2), replace(original, amount=amount - amount // 2)]
    if kind in ("dated_anew", BEYOND):
        later = timedelta(days=sign * rng.randint(5, 25))
        return [replace(original, issued=original.issued + later, due=(original.due or original.issued) + later)]
    if kind == "other_currency":
        currency = rng.choice([code for code in _RATES if code != original.currency])
        value = amount * _RATES[currency] / _RATES[original.currency] * rng.uniform(0.97, 1.03)
        return [replace(original, currency=currency, amount=max(1, round(value)))]
    return [original]


def _number(said: Features, supplier: _Supplier, kind: str, rng: random.Random) -> str | None:
    """A number that the fingerprint lets pass; None where every exchange of digits is another invoice's number."""
    if kind == "digits_swapped_in_number":
        return next((number for number in _swapped(said.number, rng) if supplier.take(number, said.issued)), None)
    keeps_digits = kind == "other_prefix" or (kind == "dated_anew" and said.despatch is None)
    if kind == BEYOND or (not keeps_digits and rng.random() < FRESH_NUMBERS):
        return supplier.next_number(said.issued, rng)
    letters = "".join(rng.choices("XYZQ", k=2))
    number, digit = said.number, rng.randint(1, 9)
    ways = [f"{letters}-{number}", f"{number}-{letters}", f"{number}/{digit}", f"R{digit}-{number}"]
    rng.shuffle(ways)
    return next((way for way in ways if supplier.take(way, said.issued)), None)


def _swapped(text: str, rng: random.Random, skip: int = 0) -> list[str]:
    """All ways to exchange two different digits, in a random order; the last `skip` digits stay."""
    places = [place for place, sign in enumerate(text) if sign.isdigit()]
    places = places[: len(places) - skip] if len(places) > skip + 1 else places
    ways = []
    for one in places:
        for other in places:
            if one < other and text[one] != text[other] and not (skip and one == 0 and text[other] == "0"):
                signs = list(text)
                signs[one], signs[other] = signs[other], signs[one]
                ways.append("".join(signs))
    rng.shuffle(ways)
    return ways
