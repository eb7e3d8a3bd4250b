"""Servicing, Applications, Concentration and HealthCheck: what stands around the desk. Amounts are minor units."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass

from chain_node.client.contract import Contract
from chain_node.client.values import BlockTag, Call
from chain_node.vocabulary import Dimension


@dataclass(frozen=True)
class WriteOffStep:
    """From so many days overdue on, so much of the debt counts as lost."""

    days_overdue: int
    written_off_bps: int


@dataclass(frozen=True)
class Amendment:
    """A change of one financing that both sides have to agree to. Days since 1970-01-01; `valid_until` Unix seconds;
    `document` is the SHA-256 of the agreement."""

    financing: int
    facility: int
    maturity_day: int
    new_facility: int
    new_maturity_day: int
    document: bytes
    valid_until: int


@dataclass(frozen=True)
class Health:
    """Whether all holds now; if not, the first that does not, and of what."""

    healthy: bool
    invariant: str
    subject: int


class Servicing(Contract):
    """Arrears, default, recourse and amendments."""

    interface_name = "Servicing"

    def set_schedule(self, source: str, steps: Sequence[WriteOffStep]) -> Call:
        return self.call("setSchedule", source, [astuple(step) for step in steps])

    def mark_overdue(self, financing: int) -> Call:
        """Takes the loss that the schedule says by now; anyone may."""
        return self.call("markOverdue", financing)

    def declare_default(self, financing: int) -> Call:
        """Puts a financing in default once its grace has passed; anyone may."""
        return self.call("declareDefault", financing)

    def call_recourse(self, financing: int) -> Call:
        return self.call("callRecourse", financing)

    def close_recourse(self, financing: int) -> Call:
        """Lets the seller go where the collateral is good for the debt again; anyone may."""
        return self.call("closeRecourse", financing)

    def agree(self, amendment: Amendment) -> Call:
        return self.call("agree", astuple(amendment))

    def approve(self, amendment: Amendment) -> Call:
        return self.call("approve", astuple(amendment))

    def withdraw_agreement(self, amendment: bytes) -> Call:
        """Takes the supplier's agreement back, by the amendment's hash; its signatures count no more."""
        return self.call("withdrawAgreement", amendment)

    def withdraw_approval(self, amendment: bytes) -> Call:
        """Takes the credit officer's approval back, by the amendment's hash."""
        return self.call("withdrawApproval", amendment)

    def write_off_due(self, financing: int, block: BlockTag = "latest") -> int:
        return self._number("writeOffDue", financing, block=block)

    def amendment_hash(self, amendment: Amendment, block: BlockTag = "latest") -> bytes:
        return bytes(self.read("amendmentHash", astuple(amendment), block=block)[0])


class Applications(Contract):
    """Where suppliers apply for financings, and have items reserved for one facility."""

    interface_name = "Applications"

    def reserve(self, *, facility: int, collateral: str, item_id: int, until: int) -> Call:
        """Keeps an item for one facility until then (Unix seconds). Supplier only."""
        return self.call("reserve", facility, collateral, item_id, until)

    def end_reservation(self, *, collateral: str, holder: str, item_id: int) -> Call:
        return self.call("endReservation", collateral, holder, item_id)


class Concentration(Contract):
    """How much of one source's money may stand behind one debtor, seller's group, country or warehouse."""

    interface_name = "Concentration"

    def set_default_cap(self, source: str, dimension: Dimension, cap: int) -> Call:
        return self.call("setDefaultCap", source, int(dimension), cap)

    def set_cap(self, source: str, dimension: Dimension, key: int, cap: int) -> Call:
        return self.call("setCap", source, int(dimension), key, cap)

    def exposure_of(self, source: str, dimension: Dimension, key: int, block: BlockTag = "latest") -> int:
        return self._number("exposureOf", source, int(dimension), key, block=block)

    def cap_of(self, source: str, dimension: Dimension, key: int, block: BlockTag = "latest") -> int:
        return self._number("capOf", source, int(dimension), key, block=block)


class HealthCheck(Contract):
    """Whether every invariant of lending holds now."""

    interface_name = "HealthCheck"

    def check(self, block: BlockTag = "latest") -> Health:
        return Health(*self.read("check", block=block))
