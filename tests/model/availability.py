"""What a financing may draw now, and what bounds it: its base, limit, cash and caps."""

from __future__ import annotations

import math
from fractions import Fraction

from chain_node.client import Dimension, FactStatus, FinancingState, Milestone, Step
from model.books import Books
from model.calendar360 import BPS, DAY, end_of
from model.financings import Facility, Financing, bps_down, bps_up
from model.sources import lendable_by

UNCAPPED = 2**56 - 1
MOST_DELIVERIES = 8


def base_of(books: Books, financing: Financing) -> int:
    """What may be lent against the pledge now: the furthest step reached of its share that nobody objects to; nothing
    on goods of which a loss was ever attested, whatever else is known of them."""
    if financing.number in books.goods.pledges:
        return books.goods.base_of(financing.number, books.now)
    item = books.item_of(financing)
    value = _worth_of(books, financing)
    if not item.backs or books.now >= end_of(item.last_day) or financing.subject in books.losses:
        return 0
    for step in reversed(financing.ladder):
        status, quantity = _standing(books, financing.subject, step)
        if status == FactStatus.DISPUTED:
            return 0
        if status != FactStatus.FINAL:
            continue
        if step.measured and step.milestone != Milestone.ACCEPTED:
            part = Fraction(min(quantity, item.quantity), item.quantity) if item.quantity else Fraction(0)
            value = math.floor(value * part)
        base = bps_down(value, step.advance_rate_bps)
        return books.exchange.lending_value(financing.number, base, books.now) if is_foreign(books, financing) else base
    return 0


def is_foreign(books: Books, financing: Financing) -> bool:
    """Whether its collateral is in another currency than its pool."""
    return financing.number in books.exchange.joined


def value_of(books: Books, financing: Financing) -> int:
    """In the pool's currency, at the last rate where the pledge is in another, and with what waits there."""
    value = _worth_of(books, financing)
    if not is_foreign(books, financing):
        return value
    return books.exchange.last_value(financing.number, value + financing.cash)


def _worth_of(books: Books, financing: Financing) -> int:
    """The pledge's share of what is outstanding, less its share of what is in dispute, rounded down; one that has
    shared its item counts for a unit less."""
    item = books.item_of(financing)
    value = item.left_of(financing.units) - (1 if financing.shared and financing.units else 0)
    if value and item.outstanding:
        value -= math.ceil(Fraction(value * item.objected, item.outstanding))
    return value


def _standing(books: Books, subject: bytes, step: Step) -> tuple[FactStatus, int]:
    if step.milestone == Milestone.ACCEPTED:
        return FactStatus.FINAL, 0
    if subject == bytes(32):
        return FactStatus.NONE, 0
    reached, quantity = FactStatus.NONE, 0
    for sequence in range(1, (MOST_DELIVERIES if step.measured else 1) + 1):
        fact = books.facts[subject, step.milestone, sequence]
        if fact.status == FactStatus.DISPUTED:
            return FactStatus.DISPUTED, 0
        if fact.status != FactStatus.FINAL:
            break
        reached, quantity = FactStatus.FINAL, quantity + fact.quantity
    return reached, quantity


def owed_in_all(books: Books, financing: Financing) -> int:
    """To the source of money, and to insurers out of the same payments."""
    return financing.owed_at(books.now).total + books.insurance.due(financing.number, books.now)


def may_draw(books: Books, financing: Financing) -> bool:
    facility = financing.facility
    sound = financing.state == FinancingState.OPEN and not financing.impairment and not financing.written_off
    in_time = books.now < facility.expires_at and books.now < end_of(financing.maturity)
    return sound and in_time and not facility.recourse_to


def available(books: Books, financing: Financing, drawn: bool = False) -> int:
    """What a poke would draw now: what the base leaves, so that with its own charges all that is owed stays within
    it; then limit, cash and caps. `drawn`: the money has just left, and the committed fee that was due is charged."""
    if not may_draw(books, financing):
        return 0
    facility = financing.facility
    taken = owed_in_all(books, financing) + financing.ahead
    taken += math.ceil(facility.commitment(books.now)) if facility.terms.committed_fee_bps and not drawn else 0
    room = max(0, base_of(books, financing) - taken)
    charges = facility.terms.fee_bps + facility.terms.reserve_bps
    wanted = math.floor(room / (1 + Fraction(charges, BPS)))
    cash = lendable_by(books, facility, drawn)
    return min(wanted, max(0, facility.limit - facility.drawn), cash, left_by_caps(books, financing, facility))


_KEYS = {Dimension.DEBTOR: "debtor", Dimension.SELLER_GROUP: "sellerGroup"}


def exposure(books: Books, source: str, dimension: Dimension, key: int) -> int:
    """Principal out of all the source's financings that have the key, and of a pool its share of the syndicates'."""
    ours = (its for its in books.financings_of(source) if books.keys[its.number][_KEYS[dimension]] == key)
    own = sum(its.principal for its in ours)
    for name, syndicate in books.syndicates.items():
        place = syndicate.place(source.removeprefix("LendingPool:"))
        if place is not None:
            own += bps_up(exposure(books, name, dimension, key), syndicate.members[place].funding_bps)
    return own


def left_by_caps(books: Books, financing: Financing, facility: Facility) -> int:
    """How much more principal the caps of the facility's source leave room for, and those of a syndicate's members."""
    source = books.addresses[facility.terms.pool]
    keys = [(dimension, books.keys[financing.number][name]) for dimension, name in _KEYS.items()]
    left = min(_room(books, source, *key) for key in keys)
    syndicate = books.syndicate_of(facility)
    for member in syndicate.members if syndicate is not None else ():
        for key in keys:
            whole = exposure(books, source, *key)
            part = bps_up(whole, member.funding_bps) + _room(books, f"LendingPool:{member.pool}", *key)
            left = min(left, math.floor(Fraction(part * BPS, member.funding_bps)) - whole)
    return left


def _room(books: Books, source: str, dimension: Dimension, key: int) -> int:
    its = books.address(source)
    cap = books.caps.get((its, dimension, key), books.caps.get((its, dimension, 0), UNCAPPED))
    return UNCAPPED if cap == UNCAPPED else max(0, cap - exposure(books, source, dimension, key))


def write_off_due(books: Books, financing: Financing) -> int:
    """Principal that counts as lost by the schedule by now, in all."""
    over = books.now - end_of(financing.maturity)
    if over < 0:
        return 0
    reached = [bps for days, bps in books.schedule if over // DAY >= days]
    return bps_down(financing.principal + financing.written_off, reached[-1]) if reached else 0
