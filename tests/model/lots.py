"""Lots of goods by the words of their interfaces: who owns how much of each, where it is, and whose pallet is whose.

Quantities are thousandths of the lot's unit. All that came is there: received = released + pledged + free.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from enum import IntEnum
from itertools import count
from typing import Any

from chain_node.client import FactStatus, LotState
from model.invoices import NOBODY

SPENT, EXCEEDED = b"\0" * 31 + b"\1", b"\0" * 31 + b"\2"
MOST_EXITS_AT_ONCE = 16
Key = tuple[bytes, int]
"""Of an exit: its consignment, and its number among those of it."""
Move = tuple[str, str, int, int]
"""A transfer that an event must be followed by: from, to, lot, units."""


class Exit(IntEnum):
    """What is known of an exit, from the harmless to the grave."""

    NONE, EXPLAINED, ORDERED, UNEXPLAINED = range(4)


@dataclass
class Place:
    """What an account owns of a lot, by where it is; `sellable` where its custodian may sell what it holds."""

    free: int = 0
    pledged: int = 0
    free_aside: int = 0
    pledged_aside: int = 0
    sellable: bool = False

    @property
    def held(self) -> int:
        """In a custodian's hands."""
        return self.pledged + self.pledged_aside

    @property
    def own(self) -> int:
        """In the owner's."""
        return self.free + self.free_aside

    def forget(self) -> None:
        """The power to sell ends with the last unit in custody."""
        self.sellable = self.sellable and self.held > 0


@dataclass
class Lot:
    """`custodian` holds what is pledged, NOBODY where nothing is; `expiry` is 0 for goods that keep."""

    id: int
    commodity: str
    unit: str
    place: str
    operator: int
    entered_at: int
    expiry: int
    subject: bytes
    received: int
    pallets: set[bytes]
    released: int = 0
    splits: int = 0
    state: LotState = LotState.LIVE
    custodian: str = NOBODY
    places: defaultdict[str, Place] = field(default_factory=lambda: defaultdict(Place))

    @property
    def left(self) -> int:
        return self.received - self.released

    @property
    def in_custody(self) -> int:
        return sum(its.held for its in self.places.values())

    def is_wholly(self, owner: str) -> bool:
        """Whether the account has all of it, free."""
        return self.state == LotState.LIVE and self.places[owner].free == self.left

    def check(self) -> None:
        free = sum(its.own for its in self.places.values())
        assert self.received == self.released + self.in_custody + free, f"lot {self.id:x} has lost goods"
        assert all(min(p.free, p.pledged, p.free_aside, p.pledged_aside) >= 0 for p in self.places.values())
        assert (self.custodian == NOBODY) == (self.in_custody == 0)


@dataclass
class Stock:
    """All lots. `announced` are entries by their digest, with who announced them; `exits` the digest of the order that
    has an exit, SPENT for ever after, EXCEEDED while `excesses` has it: how much of it orders explain, and the
    consignment of their goods. `left_at` and `losses` are what a quorum has attested, with its moment; `told` is what
    events said of an exit; `powers` who lets whom sell; `engaged` which owner has which warehouse."""

    lots: dict[int, Lot] = field(default_factory=dict)
    announced: dict[bytes, tuple[str, Any]] = field(default_factory=dict)
    entries: dict[tuple[bytes, int], int] = field(default_factory=dict)
    engaged: set[tuple[int, int]] = field(default_factory=set)
    orders: dict[bytes, Any] = field(default_factory=dict)
    exits: dict[Key, bytes] = field(default_factory=dict)
    excesses: dict[Key, tuple[int, bytes]] = field(default_factory=dict)
    reported: dict[bytes, int] = field(default_factory=dict)
    left_at: dict[Key, int] = field(default_factory=dict)
    losses: dict[bytes, tuple[FactStatus, int]] = field(default_factory=dict)
    told: list[tuple[Any, ...]] = field(default_factory=list)
    powers: set[tuple[str, str]] = field(default_factory=set)
    operators: set[tuple[str, str]] = field(default_factory=set)
    nonces: Counter[str] = field(default_factory=Counter)
    custodians: dict[str, int] = field(default_factory=dict)
    expected: list[Move] = field(default_factory=list)
    moved_out: Counter[int] = field(default_factory=Counter)
    gone: list[int] = field(default_factory=list)

    # Pallets

    def home_of(self, pallet: bytes) -> int:
        """The live lot that it is in; 0 for none. No two may have it."""
        homes = [lot.id for lot in self.lots.values() if lot.state == LotState.LIVE and pallet in lot.pallets]
        assert len(homes) <= 1, f"{pallet.hex()} is in two live lots"
        return homes[0] if homes else 0

    # Lots

    def mint(self, lot: Lot, owner: str) -> None:
        assert lot.id not in self.lots
        assert not any(self.home_of(pallet) for pallet in lot.pallets)
        self.lots[lot.id] = lot
        lot.places[owner].free = lot.received
        self.expected.append((NOBODY, owner, lot.id, lot.received))

    def split(self, lot: Lot, part: int, owner: str, quantity: int, pallets: set[bytes]) -> None:
        assert part not in self.lots
        assert lot.is_wholly(owner)
        assert pallets < lot.pallets
        told = (lot.commodity, lot.unit, lot.place, lot.operator, lot.entered_at, lot.expiry, lot.subject)
        lot.received -= quantity
        lot.places[owner].free -= quantity
        lot.pallets -= pallets
        lot.splits += 1
        self.lots[part] = Lot(part, *told, received=quantity, pallets=pallets)
        self.lots[part].places[owner].free = quantity
        self.expected += [(owner, NOBODY, lot.id, quantity), (NOBODY, owner, part, quantity)]

    def merge(self, from_: Lot, into: Lot, owner: str) -> int:
        """The earlier entry and the earlier expiry stay."""
        assert from_.is_wholly(owner)
        assert into.is_wholly(owner)
        assert from_.subject == into.subject, "two consignments met"
        units = from_.left
        into.received += units
        into.places[owner].free += units
        from_.received, from_.places[owner].free = from_.released, 0
        into.pallets |= from_.pallets
        into.entered_at = min(from_.entered_at, into.entered_at)
        into.expiry = min((day for day in (from_.expiry, into.expiry) if day), default=0)
        from_.pallets, from_.state = set(), LotState.MERGED
        self.expected += [(owner, NOBODY, from_.id, units), (NOBODY, owner, into.id, units)]
        return units

    # Holding and title

    def move(self, giver: str, taker: str, id: int, units: int) -> None:
        """A transfer that no other event has told of goes into custody or comes out of it."""
        if self.expected:
            wanted = self.expected.pop(0)
            assert wanted == (giver, taker, id, units), f"moved {(giver, taker, units)}, not {wanted}"
        elif taker in self.custodians:
            self.take(self.lots[id], giver, taker, units)
        else:
            assert giver in self.custodians, "a holding moves into custody and back only"
            self.give_back(self.lots[id], taker, units)

    def take(self, lot: Lot, owner: str, custodian: str, units: int) -> None:
        its = lot.places[owner]
        its.free -= units
        its.pledged += units
        its.sellable = its.sellable or (owner, custodian) in self.powers
        lot.custodian = custodian

    def give_back(self, lot: Lot, owner: str, units: int) -> None:
        self._out(lot, owner, units)
        lot.places[owner].free += units

    def sell(self, lot: Lot, owner: str, buyer: str, units: int) -> None:
        assert lot.places[owner].sellable, "sold without a power"
        self.expected.append((lot.custodian, buyer, lot.id, units))
        self._out(lot, owner, units)
        lot.places[buyer].free += units

    def substitute(self, held: Lot, out: int, offered: Lot, in_: int, owner: str, custodian: str) -> None:
        self.give_back(held, owner, out)
        self.take(offered, owner, custodian, in_)
        self.expected += [(owner, custodian, offered.id, in_), (custodian, owner, held.id, out)]

    def pass_title(self, lot: Lot, giver: str, taker: str, units: int) -> None:
        lot.places[giver].free -= units
        lot.places[taker].free += units
        self.expected.append((giver, taker, lot.id, units))

    def _out(self, lot: Lot, owner: str, units: int) -> None:
        its = lot.places[owner]
        its.pledged -= units
        its.forget()
        self.moved_out[lot.id] += units
        if not lot.in_custody:
            lot.custodian = NOBODY

    # Leaving

    def set_aside(self, digest: bytes, order: Any, back: bool = False) -> None:
        """What is ordered to leave can be neither moved nor ordered again."""
        its, units = self.lots[order["id"]].places[order["beneficiary"]], order["quantity"]
        units = -units if back else units
        if order["holder"] == order["beneficiary"]:
            its.free, its.free_aside = its.free - units, its.free_aside + units
        else:
            its.pledged, its.pledged_aside = its.pledged - units, its.pledged_aside + units
        if back:
            del self.orders[digest]
        else:
            self.orders[digest] = order
            self.nonces[order["beneficiary"]] += 1

    def leave(self, digest: bytes, units: int) -> bool:
        """Takes what has left off the books; the rest of the order is no longer set aside. Whether nothing is left."""
        order = self.orders[digest]
        lot, owner = self.lots[order["id"]], order["beneficiary"]
        self.set_aside(digest, order, back=True)
        if order["holder"] == owner:
            lot.places[owner].free -= units
        else:
            self._out(lot, owner, units)
        lot.released += units
        self.expected.append((order["holder"], NOBODY, lot.id, units))
        if not lot.left:
            lot.state = LotState.RELEASED
        return not lot.left

    # Exits

    def is_open(self, key: Key, lot: Lot) -> bool:
        """To an order: nobody has it, or more has left at it than was ordered of the same consignment."""
        exceeded = key in self.excesses and self.excesses[key][1] == lot.subject
        return bool(key[1]) and (key not in self.exits or (self.exits[key] == EXCEEDED and exceeded))

    def exceeded_elsewhere(self, subject: bytes) -> int:
        """How many exits of other consignments goods of this one have exceeded."""
        return sum(home == subject != key[0] for key, (_, home) in self.excesses.items())

    def gravest_exit(self, lot: Lot) -> Exit:
        """Of all up to the first number that nobody has attested, and the one that somebody has reported."""
        if self.exceeded_elsewhere(lot.subject):
            return Exit.UNEXPLAINED
        found = self.exit_of((lot.subject, self.reported.get(lot.subject, 0)), lot.entered_at)
        for number in count(1):
            one = self.exit_of((lot.subject, number), lot.entered_at)
            if one == Exit.NONE:
                return found
            found = max(found, one, Exit.ORDERED if number > MOST_EXITS_AT_ONCE else Exit.NONE)
        raise AssertionError

    def exit_of(self, key: Key, since: int = 0) -> Exit:
        """What left before a lot came in is not of the lot."""
        if key not in self.left_at:
            return Exit.NONE
        digest = self.exits.get(key)
        if self.left_at[key] < since or digest == SPENT:
            return Exit.EXPLAINED
        return Exit.UNEXPLAINED if digest in (None, EXCEEDED) else Exit.ORDERED

    def amiss(self, lot: Lot) -> list[Key]:
        """Exits that an order of the lot's goods could explain."""
        every = {key for key in self.left_at if key[0] == lot.subject}
        every |= {key for key, (_, home) in self.excesses.items() if home == lot.subject}
        return sorted(key for key in every if self.exit_of(key) == Exit.UNEXPLAINED and self.is_open(key, lot))

    def loss_of(self, lot: Lot) -> FactStatus:
        """What was lost before a lot came in is not of the lot."""
        status, moment = self.losses.get(lot.subject, (FactStatus.NONE, 0))
        return FactStatus.NONE if moment < lot.entered_at else status

    def check(self) -> None:
        """What holds after every transaction."""
        assert not self.expected, f"not moved: {self.expected}"
        assert not self.told, f"said of exits: {self.told}"
        assert not self.gone
        for lot in self.lots.values():
            lot.check()
        self.moved_out.clear()
