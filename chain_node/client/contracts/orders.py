"""OrderEscrow and OrderMatch: purchase orders and the road their money takes. Units as for receivables."""

from __future__ import annotations

from dataclasses import astuple, dataclass
from typing import Any

from eth_typing import ChecksumAddress
from eth_utils.crypto import keccak

from chain_node.client.contract import Contract
from chain_node.client.values import BlockTag, Call
from chain_node.vocabulary import Milestone, OrderState

_WHOLE_BPS = 10_000


@dataclass(frozen=True)
class OrderLine:
    """What is ordered: `item` is a keyed hash, `unit` a code of UN/CEFACT Rec 20, `quantity` 0 where not measured."""

    item: bytes
    unit: str
    quantity: int
    value: int


@dataclass(frozen=True)
class Payout:
    """`share_bps` of the order's value is earned in all once the milestone is reached, or the proportion of it that is
    measured."""

    milestone: int
    share_bps: int
    measured: bool


@dataclass(frozen=True)
class OrderTerms:
    """What the seller registers and the buyer accepts. Left out are the sensible defaults: nothing down, no grace, no
    tolerance, and everything paid by what was received (by the receipt itself where there is no common unit)."""

    id: int
    buyer: str
    currency: str
    subject: bytes
    deliver_by: int
    lines: tuple[OrderLine, ...]
    grace_days: int = 0
    deposit: int = 0
    over_bps: int = 0
    under_bps: int = 0
    payouts: tuple[Payout, ...] = ()

    @property
    def value(self) -> int:
        return sum(line.value for line in self.lines)

    @property
    def quantity(self) -> int:
        """Thousandths of all lines; 0 where they are not all measured in one unit."""
        alike = len({line.unit for line in self.lines}) == 1 and all(line.quantity for line in self.lines)
        return sum(line.quantity for line in self.lines) if alike else 0

    def on_chain(self) -> tuple[Any, ...]:
        payouts = self.payouts or (Payout(int(Milestone.RECEIVED), _WHOLE_BPS, bool(self.quantity)),)
        terms = (self.deliver_by, self.grace_days, self.deposit, self.over_bps, self.under_bps)
        lists = ([astuple(line) for line in self.lines], [astuple(payout) for payout in payouts])
        return (self.id, self.buyer, self.currency, self.subject, *terms, *lists)


def one_line(value: int, quantity: int, unit: str = "H87") -> tuple[OrderLine, ...]:
    """The lines of an order that gives only a sum: one, in pieces unless said otherwise."""
    return (OrderLine(keccak(text="the whole order"), unit, quantity, value),)


@dataclass(frozen=True)
class Order:
    value: int
    paid: int
    held: int
    quantity: int
    deliver_by: int
    currency: int
    state: OrderState
    flags: int
    payouts: int
    seller: int
    buyer: int
    over_bps: int
    under_bps: int
    grace_days: int
    unit: str


@dataclass(frozen=True)
class OrderFunds:
    funded: int
    invoiced: int
    waived: int
    disputed_since: int
    refunded: int


@dataclass(frozen=True)
class Delivery:
    """Goods in a warehouse, offered for a price out of escrow."""

    id: int
    owner: str
    lot: int
    quantity: int
    price: int


class Orders(Contract):
    interface_name = "OrderEscrow"

    def list_currency(self, cash: str) -> Call:
        return self.call("listCurrency", cash)

    def list_assignee(self, assignee: str, listed: bool) -> Call:
        return self.call("listAssignee", assignee, listed)

    def list_matcher(self, matcher: str, listed: bool) -> Call:
        return self.call("listMatcher", matcher, listed)

    def register_order(self, terms: OrderTerms) -> Call:
        """Registers an order as its seller, whose group has opened its consignment."""
        return self.call("registerOrder", terms.on_chain())

    def accept_order(self, id: int, terms_hash: bytes) -> Call:
        """Accepts as the buyer, repeating the hash of the terms; the deposit is taken by allowance."""
        return self.call("acceptOrder", id, terms_hash)

    def accept_order_by_signature(
        self, *, id: int, terms_hash: bytes, signer: str, deadline: int, signature: bytes
    ) -> Call:
        return self.call("acceptOrderBySignature", id, terms_hash, signer, deadline, signature)

    def cancel_order(self, id: int) -> Call:
        return self.call("cancelOrder", id)

    def assign_proceeds(self, id: int, seller: str) -> Call:
        return self.call("assignProceeds", id, seller)

    def release_proceeds(self, id: int) -> Call:
        return self.call("releaseProceeds", id)

    def fund(self, id: int, amount: int) -> Call:
        """Puts money into escrow, where facts earn it."""
        return self.call("fund", id, amount)

    def pay_order(self, id: int, amount: int) -> Call:
        """Pays the seller's side at once, past the escrow."""
        return self.call("payOrder", id, amount)

    def settle(self, id: int) -> Call:
        return self.call("settle", id)

    def refund(self, id: int) -> Call:
        return self.call("refund", id)

    def claim_refund(self, id: int, beneficiary: str) -> Call:
        return self.call("claimRefund", id, beneficiary)

    def offer_delivery(self, delivery: Delivery, open: bool = True) -> Call:
        return self.call("offerDelivery", astuple(delivery), open)

    def deliver(self, delivery: Delivery, to: str) -> Call:
        return self.call("deliver", astuple(delivery), to)

    def dispute_order(self, id: int, evidence: bytes) -> Call:
        return self.call("disputeOrder", id, evidence)

    def decide_dispute(self, id: int, to_seller: int, evidence: bytes) -> Call:
        return self.call("decideDispute", id, to_seller, evidence)

    def end_dispute(self, id: int) -> Call:
        return self.call("endDispute", id)

    def agree_split(self, id: int, to_seller: int) -> Call:
        return self.call("agreeSplit", id, to_seller)

    def order(self, id: int, block: BlockTag = "latest") -> Order:
        return self._struct(Order, "order", id, block=block)

    def funds_of(self, id: int, block: BlockTag = "latest") -> OrderFunds:
        return self._struct(OrderFunds, "fundsOf", id, block=block)

    def terms_hash_of(self, id: int, block: BlockTag = "latest") -> bytes:
        return bytes(self.read("termsHashOf", id, block=block)[0])

    def terms_hash(self, terms: OrderTerms) -> bytes:
        """As `hash_of`, without asking the node."""
        return keccak(self.interface.functions["hashOf"].inputs.encode([terms.on_chain()]))

    def delivery_digest(self, delivery: Delivery) -> bytes:
        """What an offer is found by, without asking the node."""
        return keccak(self.interface.functions["deliveryDigest"].inputs.encode([astuple(delivery)]))

    def hash_of(self, terms: OrderTerms, block: BlockTag = "latest") -> bytes:
        """What the buyer repeats, of the terms in its hands."""
        return bytes(self.read("hashOf", terms.on_chain(), block=block)[0])

    def acceptance_digest(
        self, *, id: int, terms_hash: bytes, signer: str, deadline: int, block: BlockTag = "latest"
    ) -> bytes:
        return bytes(self.read("orderAcceptanceDigest", id, terms_hash, signer, deadline, block=block)[0])

    def assignee_of(self, id: int, block: BlockTag = "latest") -> ChecksumAddress:
        address: ChecksumAddress = self.read("assigneeOf", id, block=block)[0]
        return address

    def refund_assignee_of(self, id: int, block: BlockTag = "latest") -> ChecksumAddress:
        address: ChecksumAddress = self.read("refundAssigneeOf", id, block=block)[0]
        return address

    def outstanding(self, id: int, block: BlockTag = "latest") -> int:
        return self._number("outstanding", id, block=block)

    def unfunded(self, id: int, block: BlockTag = "latest") -> int:
        return self._number("unfunded", id, block=block)

    def earned_of(self, id: int, block: BlockTag = "latest") -> int:
        return self._number("earnedOf", id, block=block)

    def held_in_all(self, id: int, block: BlockTag = "latest") -> int:
        return self._number("heldInAll", id, block=block)

    def cash_of(self, id: int, block: BlockTag = "latest") -> ChecksumAddress:
        address: ChecksumAddress = self.read("cashOf", id, block=block)[0]
        return address


@dataclass(frozen=True)
class Match:
    """Thousandths of the order's unit; 0 where not measured yet."""

    ordered: int
    shipped: int
    received: int
    invoiced: int


class OrderMatches(Contract):
    interface_name = "OrderMatch"

    def link(self, order: int, receivable: int) -> Call:
        """As the order's seller: the accepted invoice takes the place of a part of the order."""
        return self.call("link", order, receivable)

    def demand_match(self, facility: int, demanded: bool) -> Call:
        """As a credit officer: the facility lends on matched invoices only, or on others too."""
        return self.call("demandMatch", facility, demanded)

    def order_of(self, receivable: int, block: BlockTag = "latest") -> int:
        return self._number("orderOf", receivable, block=block)

    def match_of(self, order: int, block: BlockTag = "latest") -> Match:
        return Match(*self.read("matchOf", order, block=block))

    def cap_of(self, receivable: int, subject: bytes, block: BlockTag = "latest") -> tuple[int, int]:
        """What part of an invoice pledged with this consignment may back a financing: least and invoiced; 0 and 0 where
        it is not matched."""
        least, invoiced = self.read("capOf", receivable, subject, block=block)
        return int(least), int(invoiced)
