"""One line along the chain: one financing, from an order over goods in a warehouse to the payment of the invoice."""

import time
from dataclasses import dataclass, field
from typing import TypedDict

from chain_node.client import Entry, Milestone, OrderLine, OrderTerms, Receipt
from chain_node.references import fingerprint
from scripts.demo.chain_story import ChainStory, days_of
from scripts.demo.goods_manifest import LineTrade
from scripts.demo.story import WATERFALL
from standards.invoices import Invoice, parse_invoice
from standards.orders import Order, parse_order

PARTS = {
    "lateFees": WATERFALL["late_fees"],
    "fees": WATERFALL["fees"],
    "interest": WATERFALL["interest"],
    "principal": WATERFALL["principal"],
    "reserve": WATERFALL["reserve"],
}
"""Of the event's parts, in payment order."""

NOBODY = "0x0000000000000000000000000000000000000000"


class _Terms(TypedDict):
    """What the debtor repeats of an invoice."""

    id: int
    face_value: int
    quantity: int
    due_date: int


@dataclass
class LineStory(ChainStory):
    trade: LineTrade
    subject: bytes = field(init=False, default=b"")
    order_id: int = field(init=False, default=0)
    receivable_id: int = field(init=False, default=0)
    entry: Entry = field(init=False)
    event_to_cash_ms: dict[str, int] = field(init=False, default_factory=dict)
    backed_by: list[str] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.order: Order = parse_order((self.folder / self.trade.order.file).read_bytes())
        self.invoice: Invoice = parse_invoice((self.folder / self.trade.sell.invoice).read_bytes())

    def run(self) -> None:
        self.onboard()
        self.network.start_nodes({name: party.lei for name, party in self.trade.nodes().items()})
        self.fund()
        self.grant_facility()
        self.place_order()
        self.finance()
        self.ship()
        self.store()
        self.sell()
        self.settle()

    # Ordered

    def place_order(self) -> None:
        orders, value = self.chain.orders, self.order.payable or 0
        self.subject = self.open_consignment(self.order.number, self._references())
        self.order_id = fingerprint(self.key, {"order": self.order.number})
        terms = self._order_terms(value)
        receipt = self.hands.act("supplier", orders.register_order(terms))
        self.tell(self.name("supplier"), f"registers order {self.order.number}", receipt, value)
        receipt = self.hands.act("buyer", orders.accept_order(self.order_id, orders.hash_of(terms)))
        self.tell(self.name("buyer"), "accepts it, repeating the hash of its terms", receipt)

    def _order_terms(self, value: int) -> OrderTerms:
        """One line, nothing down: what is paid on it goes straight through."""
        item = bytes.fromhex(f"{fingerprint(self.key, {'item': self.trade.goods.number}):064x}")
        line = OrderLine(item, self.order.unit or "", self.order.quantity_thousandths(), value)
        return OrderTerms(
            id=self.order_id,
            buyer=self.hands.address("buyer"),
            currency=self.trade.currency,
            subject=self.subject,
            deliver_by=days_of(self.order.delivery_end),
            lines=(line,),
            grace_days=30,
            under_bps=100,
        )

    def finance(self) -> None:
        before = self.cash_of("supplier")
        desk = self.chain.desk
        call = desk.open_financing(
            facility=self.facility,
            collateral=self.adapter("order"),
            item_id=self.order_id,
            units=self.order.payable or 0,
            subject=self.subject,
        )
        receipt = self.hands.act("supplier", call)
        self.financing = desk.financing_count()
        self.tell(self.name("supplier"), "opens a financing on the order: its proceeds are assigned", receipt)
        self._tell_draw(before, receipt, "an accepted order")

    # Shipped

    def ship(self) -> None:
        before = self.cash_of("supplier")
        self.arrive(self.trade.ship)
        since = time.monotonic()
        self.hand_in(self.trade.ship, facts=[(self.subject, Milestone.DEPARTED)])
        milliseconds = round((time.monotonic() - since) * 1000)
        self.event_to_cash_ms["ship"] = milliseconds
        drawn = self.cash_of("supplier") - before
        what = f"pays {self.name('supplier')} in the block of the fact: goods under way"
        shown = self.currency.show(drawn)
        self.timeline.add(self.now(), "FinancingDesk", what, shown, event_to_cash_ms=milliseconds)
        self.checks.record("a_fact_raises_the_base_and_cash_is_drawn", drawn > 0, str(drawn))
        self._check_covered()

    # Stored

    def store(self) -> None:
        """The receipt takes the order's place: into custody before the order ceases to count."""
        self.arrive(self.trade.store)
        self.entry = self.announce_lot(self.subject)
        self.hand_in(self.trade.store, [self.price_feed], [(self.subject, Milestone.STORED)])
        self.mint_lot(self.entry)
        adapter, lots = self.adapter("inventory"), self.chain.lots
        for call in (lots.set_power_of_sale(adapter, True), lots.set_approval_for_all(adapter, True)):
            self.hands.act("supplier", call)
        self._hand_over("inventory", self.entry.id, self.entry.quantity, NOBODY, "the goods in the warehouse")
        self._draw_more()

    # Sold

    def sell(self) -> None:
        """Accepted, the invoice takes the goods' place; title and goods go to the buyer in the same transaction."""
        leg, receivables, invoice = self.trade.sell, self.chain.receivables, self.invoice
        self.arrive(leg)
        self.receivable_id = fingerprint(self.key, invoice.identity())
        terms = _Terms(
            id=self.receivable_id,
            face_value=invoice.payable,
            quantity=invoice.quantity_thousandths(),
            due_date=days_of(invoice.due_date),
        )
        register = receivables.register(debtor=self.hands.address("buyer"), currency=invoice.currency, **terms)
        receipt = self.hands.act("supplier", register)
        self.tell(self.name("supplier"), f"invoices the goods: {invoice.number}", receipt, invoice.payable)
        receipt = self.hands.act("buyer", receivables.accept(**terms, waive_set_off=True))
        self.tell(self.name("buyer"), "accepts the invoice and waives set-off", receipt)
        self._match()
        adapter = self.adapter("receivable")
        self.hands.act("supplier", receivables.set_approval_for_all(adapter, True))
        buyer = self.hands.address("buyer")
        self._hand_over("receivable", self.receivable_id, invoice.payable, buyer, "the buyer's accepted invoice")
        its = self.chain.lots.position(self.entry.id, buyer)
        self.checks.record("the_goods_are_the_buyers_when_the_invoice_counts", its.free == self.entry.quantity)
        self.say(self.name("buyer"), f"has title to {self.shown(its.free)}, and the goods")
        self._draw_more()

    def _match(self) -> None:
        """The invoice counts in the order, so that the buyer owes once; the quantities must agree."""
        matches = self.chain.order_matches
        receipt = self.hands.act("supplier", matches.link(self.order_id, self.receivable_id))
        its = matches.match_of(self.order_id)
        shown = f"ordered {self.shown(its.ordered)}, invoiced {self.shown(its.invoiced)}"
        self.tell("OrderMatch", f"counts the invoice in the order: {shown}", receipt)
        left = self.chain.orders.outstanding(self.order_id)
        self.checks.record("what_is_invoiced_is_owed_once", left == 0, str(left))
        self.checks.record("ordered_stored_and_invoiced_agree", its.ordered == its.invoiced == self.entry.quantity)

    # Paid

    def settle(self) -> None:
        self.arrive(self.trade.sell.model_copy(update={"at": self.trade.payment.at}))
        face, receivables = self.invoice.payable, self.chain.receivables
        self.issue("buyer", face)
        self.hands.act("buyer", self.chain.cash(self.trade.currency).approve(str(receivables.address), face))
        before, owed = self.cash_of("supplier"), self.owed()
        receipt = self.hands.act("buyer", receivables.pay(self.receivable_id, face))
        self.tell(self.name("buyer"), "pays the invoice", receipt, face)
        repaid = self.events(receipt, "Repaid")
        if not repaid:
            receipt = self.hands.act("lender", self.chain.receivable_collateral.forward(self.financing))
            repaid = self.events(receipt, "Repaid")
        parts = repaid[-1].arguments["parts"]
        for part, what in PARTS.items():
            if parts[part]:
                self.tell("Waterfall", what, receipt, int(parts[part]))
        rest = self.cash_of("supplier") - before
        self.tell("Waterfall", f"the rest to {self.name('supplier')}", receipt, rest)
        paid = sum(int(parts[part]) for part in PARTS)
        self.checks.record("the_payment_is_paid_out_to_the_cent", paid + rest == face, f"{paid} + {rest}")
        self.checks.record("the_payment_repays_what_was_owed", 0 <= paid - owed < 100, f"{paid} for {owed}")
        self.checks.record("nothing_is_owed_any_more", self.owed() == 0)
        self.hands.act("supplier", self.chain.desk.release(self.financing))
        papers = ", ".join(self.backed_by)
        self.say("FinancingDesk", f"closes the one financing, which was backed by {papers}")
        self.checks.record("one_financing_carried_the_whole_line", self.chain.desk.financing_count() == 1)
        self.checks.record("three_papers_backed_it_in_turn", len(self.backed_by) == 3, papers)

    # What the steps share

    def _references(self) -> list[str]:
        return [f"order:{self.order.number}", *self.trade.order.references]

    def _hand_over(self, paper: str, item: int, units: int, recipient: str, shown: str) -> None:
        """One debt, before and after: neither its principal nor its accrual changes."""
        desk = self.chain.desk
        before = desk.financing(self.financing)
        values = (self.financing, self.adapter(paper), item, units, self.subject, recipient)
        receipt = self.hands.act("supplier", desk.call("handOver", *values))
        after = desk.financing(self.financing)
        same = (before.principal, before.facility, before.fees_due) == (after.principal, after.facility, after.fees_due)
        self.checks.record("a_handover_changes_nothing_of_the_debt", same)
        one_block = self.chain.desk.owed(self.financing, receipt.block_number).total
        base, _ = desk.availability(self.financing, receipt.block_number)
        self.checks.record("the_debt_is_covered_in_the_handovers_own_block", one_block <= base, f"{one_block}, {base}")
        for other in (name for name in ("order", "inventory", "receivable") if name != paper):
            bare = self._base_of(other)
            self.checks.record("no_two_papers_count_at_once", bare == 0, f"{other}: {bare}")
        self.tell("FinancingDesk", f"hands the financing over to {shown}: owed, and borne", receipt, one_block)
        self.backed_by.append({"inventory": "goods", "receivable": "an invoice"}[paper])

    def _base_of(self, paper: str) -> int:
        collateral = getattr(self.chain, f"{paper}_collateral")
        return int(collateral.read("borrowingBase", self.financing)[0])

    def _draw_more(self) -> None:
        before = self.cash_of("supplier")
        _, offered = self.chain.desk.availability(self.financing)
        if offered:
            receipt = self.hands.act("supplier", self.chain.desk.poke(self.financing))
            self._tell_draw(before, receipt, f"more than before on {self.backed_by[-1]}")
        self._check_covered()

    def _tell_draw(self, before: int, receipt: Receipt, on: str) -> None:
        if not self.backed_by:
            self.backed_by.append("an order")
        drawn = self.cash_of("supplier") - before
        self.tell("FinancingDesk", f"pays {self.name('supplier')}: {on}", receipt, drawn)

    def _check_covered(self) -> None:
        base, owed = self.chain.desk.availability(self.financing)[0], self.owed()
        self.checks.record("what_is_owed_is_covered_at_every_step", owed <= base, f"{owed} owed, base {base}")
