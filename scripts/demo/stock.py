"""Goods in a warehouse overseas back a financing; they get warm; margin is called and cured; sales pay the rest."""

from dataclasses import dataclass, field

from chain_node.client import (
    Entry,
    FeedKind,
    GoodsOffer,
    InventoryCollateral,
    Milestone,
    ReleaseOrder,
    condition_feed,
)
from scripts.demo.chain_story import DAY_SECONDS, ChainStory, thousandths
from scripts.demo.goods_manifest import Leg, Sale, StockTrade
from standards.money import minor_units

BPS = 10_000


@dataclass
class StockStory(ChainStory):
    trade: StockTrade
    subject: bytes = field(init=False, default=b"")
    entry: Entry = field(init=False)

    def run(self) -> None:
        self.onboard()
        self.network.start_nodes({name: party.lei for name, party in self.trade.nodes().items()})
        self.fund()
        self.grant_facility()
        self.come_in()
        self.pledge()
        self.get_warm()
        self.cure()
        for sale in self.trade.sales:
            self.sell(sale)
        self.release()
        self.leave()

    # Coming in

    def come_in(self) -> None:
        """An attested entry becomes a lot, and what it is worth becomes known."""
        goods = self.trade.goods
        sscc = [f"sscc:{code}" for code in goods.identifiers]
        self.arrive(self.trade.entry)
        self.subject = self.open_consignment(goods.number, [*goods.references, *sscc])
        self.entry = self.announce_lot(self.subject)
        self._hear(self.trade.entry, facts=[(self.subject, Milestone.STORED)])
        self.mint_lot(self.entry)

    def pledge(self) -> None:
        """The goods go into custody, the title stays; cash is drawn at once."""
        adapter, lots, desk = self.adapter("inventory"), self.chain.lots, self.chain.desk
        for call in (lots.set_power_of_sale(adapter, True), lots.set_approval_for_all(adapter, True)):
            self.hands.act("supplier", call)
        before = self.cash_of("supplier")
        call = desk.open_financing(
            facility=self.facility,
            collateral=adapter,
            item_id=self.entry.id,
            units=self.entry.quantity,
            subject=self.subject,
        )
        receipt = self.hands.act("supplier", call)
        self.financing = desk.financing_count()
        drawn = self.cash_of("supplier") - before
        self.tell(self.name("supplier"), f"pledges {self.shown(self.entry.quantity)}; the title stays with it", receipt)
        value = self.value()
        expected = self._value_by_formula(self.entry.quantity, grade=0)
        self.checks.record("goods_are_worth_quantity_times_price_less_haircuts", value == expected, f"{value}")
        rate = self.trade.lending.ladders["inventory"][0].advance_rate_bps / 100
        self.say("GoodsValuation", f"counts the goods at the median price less haircuts; {rate:g} % is lent", value)
        self.tell("FinancingDesk", f"pays {self.name('supplier')}", receipt, drawn)
        self._check_covered("a_draw_stays_within_the_base")
        self.checks.record("pledged_goods_are_drawn_on", drawn > 0, str(drawn))

    # Breach

    def get_warm(self) -> None:
        before = self.value()
        refusal = self.hands.refusal("lender", self.stock.call_margin(self.financing))
        self.checks.record("no_margin_call_before_the_breach", refusal == "MarginSufficient", refusal)
        self.arrive(self.trade.breach)
        _, offered = self.chain.desk.availability(self.financing)
        self.checks.record("nothing_is_drawn_on_old_readings", offered == 0 and self.value() == 0, str(offered))
        self._hear(self.trade.breach)
        status, grade = self.chain.grades.grade_of(self.subject)
        after, owed = self.value(), self.owed()
        self.say("ConditionGrades", f"grade of the goods is {grade} now ({status.name.lower()}): they were too warm")
        self.say("GoodsValuation", "counts the goods at less", after)
        self.checks.record("a_breach_lowers_the_grade", grade > 0, str(grade))
        self.checks.record("a_breach_lowers_the_value", after < before, f"{before} before, {after} after")
        expected = self._value_by_formula(self.entry.quantity, grade)
        self.checks.record("goods_are_worth_quantity_times_price_less_haircuts", after == expected, f"{after}")
        _, offered = self.chain.desk.availability(self.financing)
        self.checks.record("nothing_is_drawn_after_the_breach", offered == 0, str(offered))
        self._call_margin(owed)

    def _call_margin(self, owed: int) -> None:
        margin = self.trade.margin
        receipt = self.hands.act("lender", self.stock.call_margin(self.financing))
        what = f"calls margin: owed {self.currency.show(owed)}, {margin.cure_hours} hours to mend it"
        self.tell(self.name("lender"), what, receipt)
        refusal = self.hands.refusal("lender", self.stock.start_sale(self.financing))
        self.checks.record("no_sale_before_the_cure_time_is_over", refusal == "CureTimeLeft", refusal)

    def cure(self) -> None:
        """Cash, out of what was drawn, until the goods bear what is owed again."""
        self.arrive(self.trade.cure)
        self._hear(self.trade.cure)
        amount = self.currency.minor(self.trade.cure.amount)
        cash = self.chain.cash(self.trade.currency)
        refusal = self.hands.refusal("supplier", self.stock.end_call(self.financing))
        self.checks.record("a_call_lasts_until_it_is_cured", refusal == "MarginCallUncured", refusal)
        self.hands.act("supplier", cash.approve(str(self.chain.desk.address), amount))
        receipt = self.hands.act("supplier", self.chain.desk.repay(self.financing, amount))
        self.tell(self.name("supplier"), "cures the call in cash", receipt, amount)
        receipt = self.hands.act("supplier", self.stock.end_call(self.financing))
        self.tell("InventoryCollateral", "ends the call: the goods bear what is owed", receipt, self.owed())
        self._check_covered("a_cure_leaves_what_is_owed_within_the_base")

    # Sales

    def sell(self, sale: Sale) -> None:
        """Cash goes to the pool as far as something is owed, title and goods to the buyer, in one transaction."""
        self.arrive(sale)
        if sale.papers:
            self._hear(sale)
        price, quantity = self.currency.minor(sale.price), thousandths(sale.quantity)
        until = int(self.now().timestamp()) + DAY_SECONDS
        offer = GoodsOffer(self.financing, self.entry.id, quantity, price, self.hands.address("buyer"), until)
        self.hands.act("supplier", self.stock.offer_goods(offer))
        self.issue("buyer", price)
        self.hands.act("buyer", self.chain.cash(self.trade.currency).approve(self.adapter("inventory"), price))
        owed, cash = self.owed(), self.cash_of("supplier")
        receipt = self.hands.act("buyer", self.stock.buy_goods(offer))
        (sold,) = self.events(receipt, "GoodsSold")
        to_pool = int(sold.arguments["toPool"])
        what = f"buys {self.shown(quantity)} out of custody"
        self.tell(self.name("buyer"), what, receipt, price)
        self.tell("Waterfall", "to the pool and its fees", receipt, to_pool)
        rest = self.cash_of("supplier") - cash
        if rest:
            self.tell("Waterfall", f"the rest to {self.name('supplier')}", receipt, rest)
        # What accrues between the question and the payment is little.
        self.checks.record("a_sale_pays_the_debt_first", to_pool == price or 0 <= to_pool - owed < 100, str(to_pool))
        self.checks.record("a_sale_is_paid_out_to_the_cent", to_pool + rest == price, f"{to_pool} + {rest}")
        self._check_goods()

    def release(self) -> None:
        """Nothing is owed: what was not sold goes back."""
        owed = self.owed()
        self.checks.record("sales_pay_the_financing", owed == 0, str(owed))
        receipt = self.hands.act("supplier", self.chain.desk.release(self.financing))
        position = self.chain.lots.position(self.entry.id, self.hands.address("supplier"))
        back = f"has {self.shown(position.free)} back, free of any pledge"
        self.tell(self.name("supplier"), back, receipt)
        self.checks.record("what_is_not_sold_goes_back", position.free == self._unsold() and not position.pledged)
        self._check_goods()

    def leave(self) -> None:
        """The buyer has what it bought brought out; the exit is attested."""
        lots, leg, sold = self.chain.lots, self.trade.exit, sum(thousandths(sale.quantity) for sale in self.trade.sales)
        self.arrive(leg)
        buyer = self.hands.address("buyer")
        nonce, deadline = lots.nonces(buyer), int(self.now().timestamp()) + 7 * DAY_SECONDS
        order = ReleaseOrder(self.entry.id, sold, buyer, buyer, buyer, self.subject, 1, deadline, nonce)
        receipt = self.hands.act("buyer", lots.order_release(order))
        self.tell(self.name("buyer"), f"orders {self.shown(sold)} out of the warehouse", receipt)
        self.hand_in(leg, facts=[(self.subject, Milestone.RELEASED)])
        receipt = self.hands.act("buyer", lots.confirm_release(order))
        self.tell("WarehouseReceiptToken", f"takes {self.shown(sold)} off the books", receipt)
        self.checks.record(
            "only_an_attested_exit_takes_goods_off_the_books", lots.stock(self.entry.id).released == sold
        )
        self._check_goods()

    # What the steps share

    def value(self) -> int:
        return self.stock.worth_of(self.financing).value

    @property
    def stock(self) -> InventoryCollateral:
        return self.chain.inventory_collateral

    def _hear(self, leg: Leg, facts: list[tuple[bytes, Milestone]] | None = None) -> None:
        """Price and temperature, as the nodes report them."""
        warmth = condition_feed(FeedKind.TEMPERATURE, self.subject)
        self.hand_in(leg, [self.price_feed, warmth], facts or [])
        price = self.chain.feeds.latest(self.price_feed).value / 10**self.price.decimals
        degrees = self.chain.feeds.condition(FeedKind.TEMPERATURE, self.subject).value / 1000
        self.say("FeedOracle", f"medians: {degrees:.1f} °C, {price:.2f} {self.trade.currency} a {self.unit}")

    def _value_by_formula(self, quantity: int, grade: int) -> int:
        """Quantity in thousandths, price in the feed's decimals, in minor units; all rounded down."""
        its, price = self.commodity, self.chain.feeds.latest(self.price_feed).value
        scale: int = 1000 * 10**self.price.decimals
        market: int = quantity * price * 10 ** minor_units(self.trade.currency) // scale
        return market * (BPS - its.haircut_bps - its.grade_haircuts_bps[grade]) // BPS

    def _unsold(self) -> int:
        return self.entry.quantity - sum(thousandths(sale.quantity) for sale in self.trade.sales)

    def _check_covered(self, name: str) -> None:
        base, owed = self.chain.desk.availability(self.financing)[0], self.owed()
        self.checks.record(name, owed <= base, f"{owed} owed, base {base}")

    def _check_goods(self) -> None:
        """Received = released + pledged + free + set aside, over all who own any of it."""
        lots, stock = self.chain.lots, self.chain.lots.stock(self.entry.id)
        owned = 0
        for party in ("supplier", "buyer"):
            its = lots.position(self.entry.id, self.hands.address(party))
            owned += its.free + its.pledged + its.free_aside + its.pledged_aside
        seen = f"{stock.received} received, {stock.released} released, {owned} owned"
        self.checks.record("goods_received_are_released_or_owned", stock.received == stock.released + owned, seen)
