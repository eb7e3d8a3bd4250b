"""Invoices from first principles: a payment is everybody's in proportion to what is outstanding to each, exactly."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from fractions import Fraction

from chain_node.client import ReceivableState

NOBODY = "0x" + "0" * 40
OWED = (ReceivableState.ACCEPTED, ReceivableState.DISPUTED, ReceivableState.DEFAULTED)


@dataclass
class Invoice:
    """`units` are those of the token. `entitled` is what is outstanding to each holder, `earned` its part of all
    payments, both exact. The chain rounds a holder's part down each time it is worked out: `roundings` counts the
    occasions, each worth less than a minor unit."""

    id: int
    supplier: int
    debtor: int
    currency: str
    face: int
    quantity: int
    due_day: int
    state: ReceivableState = ReceivableState.REGISTERED
    waived: bool = False
    paid: int = 0
    disputed: int = 0
    transfers: int = 0
    custodian: int = 0
    consented: bool = False
    roundings: int = 0
    units: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    tier: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    aside: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    claimed: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    entitled: defaultdict[str, Fraction] = field(default_factory=lambda: defaultdict(Fraction))
    earned: defaultdict[str, Fraction] = field(default_factory=lambda: defaultdict(Fraction))
    burns: list[tuple[str, int]] = field(default_factory=list)

    @property
    def outstanding(self) -> int:
        return 0 if self.state == ReceivableState.CANCELLED else self.face - self.paid

    @property
    def objected(self) -> int:
        """What the debtor objects to: what is paid beyond the undisputed part is paid on the disputed one."""
        open_ = self.state in (ReceivableState.DISPUTED, ReceivableState.DEFAULTED)
        return min(self.disputed, self.outstanding) if open_ else 0

    @property
    def last_day(self) -> int:
        return self.due_day

    def left_of(self, units: int) -> int:
        """Of what is pledged: whatever lowers an invoice burns units."""
        return units

    @property
    def backs(self) -> bool:
        """Whether a financing may be drawn on it, while it is not overdue."""
        return self.state in (ReceivableState.ACCEPTED, ReceivableState.DISPUTED)

    @property
    def tolerance(self) -> int:
        return self.roundings + 1

    def claimable(self, holder: str) -> Fraction:
        return self.earned[holder] - self.claimed[holder]

    def pay(self, amount: int) -> None:
        before = self.outstanding
        for holder, its in self.entitled.items():
            share = its * amount / before
            self.entitled[holder] -= share
            self.earned[holder] += share
        self.paid += amount
        self.roundings += 1

    def burn(self, holder: str, units: int) -> None:
        """Units go for a share that was paid or set aside, or else because the invoice was lowered or withdrawn."""
        self.units[holder] -= units
        if (holder, units) in self.burns:
            self.burns.remove((holder, units))
        else:
            self.entitled[holder] -= units
            self.roundings += 1

    def move(self, giver: str, taker: str, units: int, hop: bool, custody: bool, last_tier: int) -> None:
        """`custody`: the giver or the taker is a custodian, which has no tier."""
        self.units[giver] -= units
        self.units[taker] += units
        self.entitled[giver] -= units
        self.entitled[taker] += units
        self.roundings += 2
        if hop:
            self.transfers += 1
        if not custody:
            self.tier[taker] = max(self.tier[taker], self.tier[giver] + hop)
        elif self.tier[giver] == 0:
            self.tier[taker] = self.tier[taker] or last_tier

    def set_aside(self, holder: str, amount: int) -> None:
        self.aside[holder] += amount
        self.burns.append((holder, amount))
        self.roundings += 1

    def claim(self, holder: str, amount: int) -> None:
        share = amount - self.aside[holder]
        self.aside[holder] = 0
        self.claimed[holder] += amount
        self.roundings += 1
        if share:
            self.burns.append((holder, share))

    def check(self) -> None:
        """Everything outstanding is somebody's; nobody has had more than its part but for the rounding."""
        if self.state == ReceivableState.CANCELLED:
            return
        assert sum(self.entitled.values()) == self.outstanding, f"{self.id:x}: entitlements"
        assert not self.burns, f"{self.id:x}: units that were announced were not burned"
        for holder, claimed in self.claimed.items():
            # a holder never has more than its part: shares are rounded down, and units handed on carry the rest
            assert claimed <= self.earned[holder] + self.tolerance, f"{self.id:x}: {holder} has had too much"
        assert sum(self.claimed.values()) <= self.paid
