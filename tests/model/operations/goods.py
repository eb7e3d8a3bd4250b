"""What pledgors, buyers, lenders and anyone do with goods that back a financing."""

from __future__ import annotations

from collections.abc import Iterator

from eth_account.signers.local import LocalAccount

from chain_node.client import FinancingState, GoodsGap, GoodsOffer
from model import rules, stock_rules
from model.calendar360 import DAY
from model.goods import Pledge
from model.invoices import NOBODY
from model.lots import Lot
from model.operations import readings
from model.operations.lots import any_lot, confirm, order_of, sign, store
from model.run import MOST, Attempt, Run


def _pledge(run: Run) -> Pledge | None:
    """Mostly a live one."""
    every = [*run.books.goods.pledges.values()]
    live = [its for its in every if not its.over]
    return run.random.choice(live if live and run.random.random() < 0.96 else every) if every else None


def _pledgor(run: Run, its: Pledge) -> LocalAccount:
    right = next(one for one in run.parties.values() if one.address == its.pledgor)
    return run.mostly(right, "supplier") if run.random.random() < 0.3 else right


def _lot(run: Run, its: Pledge) -> Lot:
    lots = run.books.goods.stock.lots
    return lots[run.random.choice(its.lots)] if run.random.random() < 0.95 else run.random.choice([*lots.values()])


def _free_lot(run: Run, its: Pledge) -> Lot | None:
    """Mostly one that backs it already, or of which its pledgor has something."""
    goods = run.books.goods
    lots = [lot for lot in goods.stock.lots.values() if lot.places[its.pledgor].free]
    lots = [lot for lot in lots if goods.watching(lot.subject) in (0, its.financing)] or lots
    return run.random.choice(lots) if lots and run.random.random() < 0.96 else any_lot(run)


def open(run: Run) -> Iterator[Attempt]:
    """Mostly followed by a draw."""
    books = run.books
    lines = [*books.facilities.values()]
    sound = [lines[place] for place in (0, 1, 2, 5)]
    owners = {one.terms.supplier for one in sound}
    lots = [lot for lot in books.goods.stock.lots.values() if any(lot.places[one].free for one in owners)]
    lots = [lot for lot in lots if not books.goods.watching(lot.subject)]
    if not lots and run.random.random() < 0.8:
        yield from store(run)
        return
    lot = run.random.choice(lots) if lots and run.random.random() < 0.9 else any_lot(run)
    if lot is None:
        return
    fit = [one for one in sound if lot.places[one.terms.supplier].free]
    line = run.random.choice(fit if fit and run.random.random() < 0.93 else lines)
    by = next(one for one in run.parties.values() if one.address == line.terms.supplier)
    by = by if run.random.random() < 0.96 else run.party("supplier")
    units = run.part(lot.places[by.address].free // run.random.choice((1, 1, 2)))
    others = [one.subject for one in books.goods.stock.lots.values()]
    subject = lot.subject if run.random.random() < 0.97 else run.random.choice(others)
    call = run.chain.desk.open_financing(
        facility=line.number,
        collateral=run.chain.inventory_collateral.address,
        item_id=lot.id,
        units=units,
        subject=subject,
    )
    before = len(books.financings)
    yield Attempt(by, call, stock_rules.open(books, line, lot, by.address, units, subject))
    if len(books.financings) > before and run.random.random() < 0.5:
        yield Attempt(run.party("lender"), run.chain.desk.poke(max(books.financings)))


def poke(run: Run) -> Iterator[Attempt]:
    number = run.random.randint(1, len(run.books.financings) + 1)
    pledges = run.books.goods.pledges
    bare = [n for n, one in run.books.financings.items() if not one.principal and not pledges[n].over]
    number = run.random.choice(bare) if bare and run.random.random() < 0.7 else number
    refusals = {"FinancingUnknown"} if number not in run.books.financings else set()
    yield Attempt(run.party("lender"), run.chain.desk.poke(number), refusals)


def repay(run: Run) -> Iterator[Attempt]:
    its = run.financing(FinancingState.OPEN, FinancingState.DEFAULTED)
    if its is None:
        return
    owed = its.owed_at(run.books.now).total
    amount = MOST if run.random.random() < 0.2 else run.part(max(1, owed // run.random.choice((1, 2, 5))))
    yield Attempt(run.party("supplier"), run.chain.desk.repay(its.number, amount), rules.repay(run.books, its, amount))


def release(run: Run) -> Iterator[Attempt]:
    its = run.financing(FinancingState.REPAID)
    if its is None:
        return
    right = next(one for one in run.parties.values() if one.address == its.facility.terms.supplier)
    by = run.mostly(right, "supplier")
    yield Attempt(by, run.chain.desk.release(its.number), stock_rules.release(run.books, its, by.address))


def add(run: Run, its: Pledge | None = None) -> Iterator[Attempt]:
    its = its or _pledge(run)
    lot = _free_lot(run, its) if its else None
    if its is None or lot is None:
        return
    if run.random.random() < 0.3:
        lot = _lot(run, its)
    yield _add(run, its, lot)


def _add(run: Run, its: Pledge, lot: Lot) -> Attempt:
    by, units = _pledgor(run, its), run.part(lot.places[its.pledgor].free // run.random.choice((1, 3)))
    call = run.chain.inventory_collateral.add_goods(its.financing, lot.id, units)
    return Attempt(by, call, stock_rules.add(run.books, its, lot, by.address, units))


def substitute(run: Run) -> Iterator[Attempt]:
    its = _pledge(run)
    offered = _free_lot(run, its) if its else None
    if its is None or offered is None:
        return
    lots = run.books.goods.stock.lots
    alike = [lots[lot] for lot in its.lots if lots[lot].commodity == offered.commodity and lot != offered.id]
    held = run.random.choice(alike) if alike and run.random.random() < 0.9 else _lot(run, its)
    by = _pledgor(run, its)
    out = run.part(max(1, run.books.goods.any_held(its, held.id)))
    free = offered.places[its.pledgor].free
    in_ = out if out <= free and run.random.random() < 0.5 else run.part(free)
    call = run.chain.inventory_collateral.substitute_goods(
        financing=its.financing, held=held.id, quantity_held=out, offered=offered.id, quantity_offered=in_
    )
    refusals = stock_rules.substitute(run.books, its, held, out, offered, in_, by.address)
    yield Attempt(by, call, refusals)


def pay_and_release(run: Run) -> Iterator[Attempt]:
    """A payment, and about as much of the goods as it frees."""
    its = _pledge(run)
    if its is None:
        return
    lot, by, books = _lot(run, its), _pledgor(run, its), run.books
    owed, held = stock_rules.owed(books, its), books.goods.any_held(its, lot.id)
    amount = run.part(max(1, owed // run.random.choice((1, 2, 3))))
    value = books.goods.value_of(its, lot.id, books.now).in_a_call
    freed = min(amount, owed) * its.terms.release_ratio_bps // 10_000
    share = held * freed // value if value else held
    units = min(held, share) if run.random.random() < 0.7 else run.part(held)
    call = run.chain.inventory_collateral.pay_and_release(
        financing=its.financing, amount=amount, lot=lot.id, quantity=units
    )
    yield Attempt(by, call, stock_rules.pay_and_release(books, its, lot, by.address, amount, units))


def order_exit(run: Run, its: Pledge | None = None, lot: Lot | None = None) -> Iterator[Attempt]:
    """Goods in custody are ordered to leave: their owner signs, and a credit officer sends it."""
    its = its or _pledge(run)
    if its is None:
        return
    lot, stock = lot or _lot(run, its), run.chain.inventory_collateral
    owner = next(one for one in run.parties.values() if one.address == its.pledgor)
    order = order_of(run, lot, owner, stock.address, max(1, run.books.goods.any_held(its, lot.id) // 4))
    signer, officer = run.mostly(owner, "supplier"), run.office("credit-officer")
    lender = officer if run.random.random() < 0.93 else run.party("lender")
    call = stock.order_release(its.financing, order, sign(run, order, signer), lender.address, b"")
    refusals = stock_rules.order_exit(
        run.books, its, lot, order, signer is owner or signer.address == its.pledgor, lender is officer
    )
    yield Attempt(lender, call, refusals)


def explain(run: Run) -> Iterator[Attempt]:
    """Both sides put down what has left of goods in custody, and anyone takes it off the books."""
    stock = run.books.goods.stock
    live = [its for its in run.books.goods.pledges.values() if not its.over]
    amiss = [(its, lot) for its in live for lot in its.lots if stock.amiss(stock.lots[lot])]
    if not amiss:
        return
    its, lot = run.random.choice(amiss)
    before = {*stock.orders}
    yield from order_exit(run, its, stock.lots[lot])
    for digest in [one for one in stock.orders if one not in before]:
        yield from confirm(run, digest)


# Sales by the owner


def offer(run: Run) -> Iterator[Attempt]:
    """Mostly bought, sooner or later, by whom it is to."""
    its = _pledge(run)
    if its is None:
        return
    made = _offer(run, its)
    by, stock = _pledgor(run, its), run.chain.inventory_collateral
    yield Attempt(by, stock.offer_goods(made), stock_rules.offer(run.books, its, made, by.address))
    dice = run.random.random()
    if dice < 0.6:
        yield _purchase(run, its, made)
    elif dice < 0.7:
        digest = stock.offer_digest(made)
        by = _pledgor(run, its)
        refusals = stock_rules.withdraw_offer(run.books, its, digest, by.address)
        yield Attempt(by, stock.withdraw_offer(made), refusals)
        yield _purchase(run, its, made)


def _offer(run: Run, its: Pledge) -> GoodsOffer:
    random, goods, now = run.random, run.books.goods, run.books.now
    lot = _lot(run, its)
    held = goods.any_held(its, lot.id)
    quantity = run.part(held // random.choice((1, 2, 4)))
    market = goods.value_of(its, lot.id, now).market
    worth = market * quantity // held if held else 0
    price = max(1, worth * random.choice((60, 90, 100, 110, 150)) // 100)
    buyer = random.choice((NOBODY, NOBODY, run.party("buyer").address))
    return GoodsOffer(its.financing, lot.id, quantity, price, buyer, now + random.choice((600, DAY, -1)))


def _purchase(run: Run, its: Pledge, made: GoodsOffer) -> Attempt:
    right = next((one for one in run.parties.values() if one.address == made.buyer), run.party("buyer"))
    by, stock = run.mostly(right, "buyer"), run.chain.inventory_collateral
    refusals = stock_rules.buy(run.books, its, made, stock.offer_digest(made), by.address)
    return Attempt(by, stock.buy_goods(made), refusals)


def buy(run: Run) -> Iterator[Attempt]:
    """What was offered before, perhaps too long ago."""
    offers = run.books.goods.offers
    if offers:
        made = GoodsOffer(*offers[run.random.choice([*offers])].values())
        yield _purchase(run, run.books.goods.pledges[made.financing], made)


# Margin


def call_margin(run: Run) -> Iterator[Attempt]:
    """Mostly where it may be called."""
    pledges = run.books.goods.pledges.values()
    fit = [its for its in pledges if stock_rules.call_margin(run.books, its) == set()]
    its = run.random.choice(fit) if fit else _pledge(run)
    if its is not None and (fit or run.random.random() < 0.5):
        call = run.chain.inventory_collateral.call_margin(its.financing)
        yield Attempt(run.party("lender"), call, stock_rules.call_margin(run.books, its))


def _called(run: Run) -> Pledge | None:
    """Mostly one whose margin has been called."""
    called = [its for its in run.books.goods.pledges.values() if its.call is not None]
    return run.random.choice(called) if called else _pledge(run) if run.random.random() < 0.15 else None


def cure(run: Run) -> Iterator[Attempt]:
    """With goods, with cash, or not at all; anyone then ends the call, or tries to."""
    its = _called(run)
    if its is None:
        return
    dice, books = run.random.random(), run.books
    if dice < 0.45:
        yield from add(run, its)
    elif dice < 0.7 and not its.over:
        financing = books.financings[its.financing]
        short = stock_rules.owed(books, its) - books.goods.base_of(its.financing, books.now)
        amount = max(1, short + run.random.choice((-1, 0, 0, 5)))
        call = run.chain.desk.repay(financing.number, amount)
        yield Attempt(run.party("supplier"), call, rules.repay(books, financing, amount))
    call = run.chain.inventory_collateral.end_call(its.financing)
    yield Attempt(run.party("lender"), call, stock_rules.end_call(books, its))


def cure_in_silence(run: Run) -> Iterator[Attempt]:
    """Of the goods of a call only one lot is still spoken of: more of it is added, and the call's end asked for."""
    its = _called(run)
    lots = run.books.goods.stock.lots
    if its is None or its.over:
        return
    kinds = {lots[lot].commodity for lot in its.lots}
    free = [lot for lot in lots.values() if lot.places[its.pledgor].free > 1]
    free = [lot for lot in free if run.books.goods.watching(lot.subject) in (0, its.financing)]
    others = [lot for lot in free if kinds != {lot.commodity}]
    if not others:
        return
    lot = run.random.choice(others)
    if len(kinds) < 2:
        yield readings.only(run, lot)
        yield _add(run, its, lot)
    run.books.now += 25 * 3_600
    yield readings.only(run, lot)
    yield _add(run, its, lot)
    call = run.chain.inventory_collateral.end_call(its.financing)
    yield Attempt(run.party("lender"), call, stock_rules.end_call(run.books, its))


def start_sale(run: Run) -> Iterator[Attempt]:
    its = _called(run)
    if its is not None:
        call = run.chain.inventory_collateral.start_sale(its.financing)
        yield Attempt(run.party("lender"), call, stock_rules.start_sale(run.books, its))


def bid(run: Run) -> Iterator[Attempt]:
    """In a running sale, at what it costs at this moment."""
    now = run.books.now
    running = [its for its in run.books.goods.pledges.values() if now < its.sale_end]
    its = run.random.choice(running) if running else _called(run)
    if its is None:
        return
    lot, by = _lot(run, its), run.party(run.random.choice(("buyer", "buyer", "lender", "supplier")))
    held = run.books.goods.held(its, lot.id)
    sold = now < its.sale_end and its.marks.get(lot.id, (0, 0))[0]
    least = its.least_bid(lot.id) if sold else 1
    units = run.random.choice((held, max(least, held // 2), least, least - 1, held + 1))
    price = its.price(lot.id, units, now) if sold and units else 1
    most = price - 1 if run.random.random() < 0.05 else price
    call = run.chain.inventory_collateral.bid(financing=its.financing, lot=lot.id, quantity=units, most=most)
    yield Attempt(by, call, stock_rules.bid(run.books, its, lot, by.address, units, most))


def drop(run: Run) -> Iterator[Attempt]:
    empty = [
        (its, lot)
        for its in run.books.goods.pledges.values()
        for lot in its.lots[1:]
        if not its.over and not run.books.goods.any_held(its, lot)
    ]
    its = run.random.choice(empty)[0] if empty else _pledge(run)
    if its is None:
        return
    lot = run.books.goods.stock.lots[run.random.choice(its.lots)]
    call = run.chain.inventory_collateral.drop_lot(its.financing, lot.id)
    yield Attempt(run.party("lender"), call, stock_rules.drop(run.books, its, lot))


def unvalued(run: Run) -> bool:
    """Whether something that is pledged cannot be valued now."""
    goods = run.books.goods
    live = [its for its in goods.pledges.values() if not its.over]
    return any(goods.worth(its, run.books.now).gap != GoodsGap.NONE for its in live)
