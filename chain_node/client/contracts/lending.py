"""FinancingDesk and the collateral adapters. Amounts are minor units, rates bps."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass
from typing import Any, Final

from eth_typing import ChecksumAddress

from chain_node.client.contract import Contract
from chain_node.client.values import BlockTag, Call
from chain_node.vocabulary import DayCount, DeskActivity, FinancingState, PurposeKind

NOBODY: Final = "0x" + 40 * "0"
"""The account of no one: no goods leave custody."""


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


@dataclass(frozen=True)
class FacilityTerms:
    """What a supplier's line is granted on. `limit` in minor units, `expires_at` in Unix seconds; the discount rate,
    the late fee and the committed fee are bps a year, the fee and the reserve bps of each draw. What is drawn under an
    earmarked facility goes to its purpose and never to the supplier."""

    supplier: str
    pool: str
    limit: int
    discount_rate_bps: int
    fee_bps: int
    expires_at: int
    day_count: DayCount = DayCount.ACTUAL360
    late_fee_bps: int = 0
    reserve_bps: int = 0
    committed_fee_bps: int = 0
    grace_days: int = 0
    recourse: bool = False
    revolving: bool = True
    earmarked: bool = False

    def on_chain(self) -> tuple[object, ...]:
        """In the order of the contract's struct."""
        return (
            self.supplier,
            self.pool,
            self.limit,
            self.discount_rate_bps,
            int(self.day_count),
            self.fee_bps,
            self.late_fee_bps,
            self.reserve_bps,
            self.committed_fee_bps,
            self.grace_days,
            self.recourse,
            self.revolving,
            self.earmarked,
            self.expires_at,
        )

    @classmethod
    def read(cls, told: Mapping[str, Any]) -> FacilityTerms:
        """From the struct as events and views have it."""
        return cls(**{_snake(name): value for name, value in told.items()})


@dataclass(frozen=True)
class Facility:
    """A supplier's line. `drawn` minor units count against the limit; `recourse_to` is the financing that the supplier
    has to pay under recourse, 0 for none."""

    terms: FacilityTerms
    drawn: int
    recourse_to: int


@dataclass(frozen=True)
class Financing:
    """`accrued_at` in seconds on the facility's clock, days counted from 1970-01-01."""

    facility: int
    state: FinancingState
    principal: int
    fees_due: int
    reserve_due: int
    written_off: int
    impairment: int
    repaid_ahead: int
    accrued_at: int
    accrued_numerator: int
    late_numerator: int
    grace_spent: bool
    opened_day: int
    maturity_day: int
    collateral: ChecksumAddress
    item_id: int
    subject: bytes


@dataclass(frozen=True)
class Owed:
    """What a financing owes now, in the order in which payments serve it; interest and late fees are rounded up."""

    late_fees: int
    fees: int
    interest: int
    principal: int
    written_off: int
    reserve: int

    @property
    def total(self) -> int:
        return sum(astuple(self))


@dataclass(frozen=True)
class Step:
    """From `milestone` on, `advance_rate_bps` of the item's value may be lent; `measured`: of what was attested."""

    milestone: int
    advance_rate_bps: int
    measured: bool


class Desk(Contract):
    """Facilities and financings."""

    interface_name = "FinancingDesk"

    def list_collateral(self, collateral: str, listed: bool) -> Call:
        return self.call("listCollateral", collateral, listed)

    def list_pool(self, pool: str, listed: bool) -> Call:
        return self.call("listPool", pool, listed)

    def open_facility(self, terms: FacilityTerms) -> Call:
        """Grants a line to a supplier. Credit officer only."""
        return self.call("openFacility", terms.on_chain())

    def set_limit(self, facility: int, limit: int) -> Call:
        return self.call("setLimit", facility, limit)

    def set_expiry(self, facility: int, expires_at: int) -> Call:
        return self.call("setExpiry", facility, expires_at)

    def set_ladder(self, facility: int, collateral: str, steps: Sequence[Step]) -> Call:
        return self.call("setLadder", facility, collateral, [astuple(step) for step in steps])

    def open_financing(self, *, facility: int, collateral: str, item_id: int, units: int, subject: bytes) -> Call:
        """Pledges an item and opens a financing on it. Supplier only."""
        return self.call("openFinancing", facility, collateral, item_id, units, subject)

    def poke(self, financing: int) -> Call:
        return self.call("poke", financing)

    def repay(self, financing: int, amount: int) -> Call:
        return self.call("repay", financing, amount)

    def hand_over(
        self,
        financing: int,
        *,
        to: str,
        item_id: int,
        units: int,
        subject: bytes,
        recipient: str = NOBODY,
    ) -> Call:
        """Puts another item, kept by the adapter `to`, in the place of what backs a financing; its debt goes on.
        `recipient` has the goods where they have been sold. Supplier only."""
        return self.call("handOver", financing, to, item_id, units, subject, recipient)

    def release(self, financing: int) -> Call:
        return self.call("release", financing)

    def move_facility(self, facility: int, account: str) -> Call:
        """Makes another account of the supplier's organisation the one that acts for the facility and is paid."""
        return self.call("moveFacility", facility, account)

    def set_impairment(self, financing: int, impairment: int) -> Call:
        return self.call("setImpairment", financing, impairment)

    def pay_commitment_fee(self, facility: int) -> Call:
        """Pays the committed fee due so far, by allowance; anyone may."""
        return self.call("payCommitmentFee", facility)

    def stop(self, what: DeskActivity) -> Call:
        return self.call("stop", int(what))

    def resume(self, what: DeskActivity) -> Call:
        return self.call("resume", int(what))

    def claim_parked(self, cash: str) -> Call:
        return self.call("claimParked", cash)

    def facility(self, id: int, block: BlockTag = "latest") -> Facility:
        (told,) = self.read("facility", id, block=block)
        return Facility(FacilityTerms.read(told["terms"]), told["drawn"], told["recourseTo"])

    def financing(self, id: int, block: BlockTag = "latest") -> Financing:
        return self._struct(Financing, "financing", id, block=block)

    def financing_of(self, subject: bytes, block: BlockTag = "latest") -> int:
        """The financing that a consignment backs, 0 for none."""
        return int(self.read("financingOf", subject, block=block)[0])

    def owed(self, id: int, block: BlockTag = "latest") -> Owed:
        return self._struct(Owed, "owed", id, block=block)

    def owed_in_all(self, id: int, block: BlockTag = "latest") -> int:
        """To the source of money and to insurers together."""
        return int(self.read("owedInAll", id, block=block)[0])

    def earlier_collateral(self, id: int, block: BlockTag = "latest") -> list[ChecksumAddress]:
        """The adapters that kept its collateral before it was handed over, in that order."""
        return list(self.read("earlierCollateral", id, block=block)[0])

    def availability(self, id: int, block: BlockTag = "latest") -> tuple[int, int]:
        """The borrowing base, and what a poke would draw now."""
        base, available = self.read("availability", id, block=block)
        return int(base), int(available)

    def maturity_of(self, id: int, block: BlockTag = "latest") -> tuple[int, int]:
        """The day it falls due (days since 1970-01-01), and the Unix second from which late fees are charged."""
        day, overdue_from = self.read("maturityOf", id, block=block)
        return int(day), int(overdue_from)

    def commitment_due(self, facility: int, block: BlockTag = "latest") -> int:
        return int(self.read("commitmentDue", facility, block=block)[0])

    def facility_count(self, block: BlockTag = "latest") -> int:
        return int(self.read("facilityCount", block=block)[0])

    def financing_count(self, block: BlockTag = "latest") -> int:
        return int(self.read("financingCount", block=block)[0])

    def parked(self, payee: str, cash: str, block: BlockTag = "latest") -> int:
        return int(self.read("parked", payee, cash, block=block)[0])


class Collateral(Contract):
    """One kind of collateral; written to by the desk and the applications contract, but for what anyone may forward."""

    def forward(self, financing: int) -> Call:
        """Hands a financing's share of what came in on its item to the desk; anyone may."""
        return self.call("forward", financing)

    def value_of(self, financing: int, block: BlockTag = "latest") -> int:
        """What the pledged units are still good for, before any advance rate."""
        return int(self.read("valueOf", financing, block=block)[0])

    def financings_of(self, item_id: int, block: BlockTag = "latest") -> list[int]:
        return [int(one) for one in self.read("financingsOf", item_id, block=block)[0]]

    def borrowing_base(self, financing: int, block: BlockTag = "latest") -> int:
        return int(self.read("borrowingBase", financing, block=block)[0])

    def ladder(self, facility: int, block: BlockTag = "latest") -> list[Step]:
        return [Step(*step.values()) for step in self.read("ladder", facility, block=block)[0]]


class ReceivableCollateral(Collateral):
    interface_name = "ReceivableCollateral"


class OrderCollateral(Collateral):
    interface_name = "OrderCollateral"


class PurchaseCollateral(Collateral):
    """Orders as their buyer's collateral. `delivery` as the escrow's offer has it, see `Orders`."""

    interface_name = "PurchaseCollateral"

    def take_delivery(self, financing: int, *, delivery: tuple[object, ...], to: str, subject: bytes) -> Call:
        """Takes goods against the money in escrow and pledges them at the adapter `to`, at once. Supplier only."""
        return self.call("takeDelivery", financing, delivery, to, subject)


@dataclass(frozen=True)
class Purpose:
    """What an earmarked financing's draws are for: `most` minor units for an invoice or an order, `paid` so far."""

    kind: PurposeKind
    item_id: int
    most: int
    paid: int


class Purposes(Contract):
    """Where earmarked draws go."""

    interface_name = "DrawPurposes"

    def set_purpose(self, financing: int, *, kind: PurposeKind, item_id: int, most: int) -> Call:
        """Says what draws are for, before the first. Supplier only."""
        return self.call("setPurpose", financing, int(kind), item_id, most)

    def purpose_of(self, financing: int, block: BlockTag = "latest") -> Purpose:
        return self._struct(Purpose, "purposeOf", financing, block=block)

    def room(self, financing: int, block: BlockTag = "latest") -> int:
        return int(self.read("room", financing, block=block)[0])
