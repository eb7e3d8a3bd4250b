"""Every book of goods on the chain beside the model's: lots, who has what of them, what they are worth and back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import astuple
from typing import TYPE_CHECKING

from chain_node.client import Chain, GoodsGap, LotState
from model.books import Books
from model.goods import Pledge
from model.invoices import NOBODY
from model.lots import Lot

if TYPE_CHECKING:
    from model.compare import Question

MOST = 2**256 - 1


def goods_questions(books: Books, chain: Chain) -> Iterator[Question]:
    goods = books.goods
    for lot in goods.stock.lots.values():
        yield from _lot(books, chain, lot)
    for pallet in {pallet for lot in goods.stock.lots.values() for pallet in lot.pallets}:
        home = goods.stock.home_of(pallet)
        yield f"home of pallet {pallet.hex()}", chain.lots, "lotOf", (pallet,), home
    for (subject, sequence), digest in goods.stock.exits.items():
        yield "order of an exit", chain.lots, "orderOfExit", (subject, sequence), digest
    for digest, (by, _) in goods.stock.announced.items():
        yield "announced by", chain.lots, "announcedBy", (digest,), by
    for account, nonce in goods.stock.nonces.items():
        yield f"nonce of {account}", chain.lots, "nonces", (account,), nonce
    for digest in goods.offers:
        yield "offered", chain.inventory_collateral, "isOffered", (digest,), True
    yield from pledge_questions(books, chain)
    for subject in dict.fromkeys(lot.subject for lot in goods.stock.lots.values()):
        yield "financing of a consignment", chain.desk, "financingOf", (subject,), goods.watching(subject)
        elsewhere = goods.stock.exceeded_elsewhere(subject).to_bytes(32)
        yield "exits exceeded elsewhere", chain.lots, "orderOfExit", (subject, 0), elsewhere
    for subject in goods.valuations.graded:
        grade = goods.valuations.grade(subject, books.now)
        yield f"grade of {subject.hex()}", chain.grades, "gradeOf", (subject,), grade


def pledge_questions(books: Books, chain: Chain) -> Iterator[Question]:
    for pledge in books.goods.pledges.values():
        yield from _pledge(books, chain, pledge)


def _lot(books: Books, chain: Chain, its: Lot) -> Iterator[Question]:
    name, lots = f"lot {its.id:x}", chain.lots
    live = its.state == LotState.LIVE
    told = (its.commodity, its.unit, its.place, its.operator, books.groups[its.operator], its.entered_at, its.expiry, 0)
    yield f"{name}: goods", lots, "goods", (its.id,), told
    yield f"{name}: consignment", lots, "subjectOf", (its.id,), its.subject
    custodian = books.goods.stock.custodians.get(its.custodian, 0)
    figures = (its.received, its.released, its.in_custody, its.splits, custodian, its.state)
    stock = lambda told: (*told[:3], told[4], *told[6:]) == figures and (not live or told[5] == len(its.pallets))  # noqa: E731
    yield f"{name}: stock {figures}", lots, "stock", (its.id,), stock
    adapter = chain.inventory_collateral.address
    yield f"{name}: held by the lender", lots, "balanceOf", (adapter, its.id), its.in_custody
    for account, place in its.places.items():
        there = (place.free, place.pledged, place.free_aside, place.pledged_aside, place.sellable)
        yield f"{name}: what {account} owns", lots, "position", (its.id, account), there
        yield f"{name}: title of {account}", lots, "titleOf", (its.id, account), place.own + place.held
        yield f"{name}: balance of {account}", lots, "balanceOf", (account, its.id), place.own


def _pledge(books: Books, chain: Chain, its: Pledge) -> Iterator[Question]:
    goods, now, number = books.goods, books.now, its.financing
    name, stock = f"goods of financing {number}", chain.inventory_collateral
    yield f"{name}: pledgor", stock, "pledgorOf", (number,), NOBODY if its.over else its.pledgor
    rates = [] if its.over else [its.rate_bps]
    lends = lambda told: [step["advanceRateBps"] for step in told] == rates  # noqa: E731
    yield f"{name}: rate {rates}", stock, "ladderOf", (number,), lends
    yield f"{name}: terms", stock, "marginTermsOf", (number,), astuple(its.terms)
    yield f"{name}: consignment", stock, "subjectOf", (number,), goods.stock.lots[its.lots[0]].subject
    lots = () if its.over else (its.lots[0], {*its.lots[1:]})
    same = lambda told: ((told[0], {*told[1:]}) if told else ()) == lots  # noqa: E731
    yield f"{name}: lots {lots}", stock, "lotsOf", (number,), same
    worth = goods.worth(its, now)
    figures = (0, 0, 0, GoodsGap.NONE) if its.over else (worth.value, worth.call_value, worth.market, worth.gap)
    yield f"{name}: worth", stock, "worthOf", (number,), figures
    yield f"{name}: base", stock, "borrowingBase", (number,), goods.base_of(number, now)
    call = its.call
    said = (call.deadline, call.sale_from, call.round, call.last_base) if call else (0, 0, 0, 0)
    yield f"{name}: margin call", stock, "marginCallOf", (number,), said
    units = 0 if its.over else goods.any_held(its, its.lots[0])
    told = (its.lots[0], goods.stock.lots[its.lots[0]].subject, units)
    yield f"{name}: pledge", stock, "pledgeOf", (number,), told
    for lot in () if its.over else its.lots:
        for currency in books.currencies:
            one = goods.valuations.value_of(goods.stock.lots[lot], goods.held(its, lot), currency, now)
            value = (one.quantity, one.market, one.ceiling, one.value, one.grade, one.gap)
            known = lambda told, value=value: (*told[:4], *told[5:]) == value  # noqa: E731
            asked = (lot, its.pledgor, MOST, currency)
            yield f"{name}: value in {currency} {value}", chain.valuations, "valuationOf", asked, known
            last = goods.valuations.last_ceiling_of(goods.stock.lots[lot], goods.held(its, lot), currency, now)
            asked_last = (lot, its.pledgor, currency)
            yield f"{name}: last worth in {currency}", chain.valuations, "lastCeilingOf", asked_last, last
        quantity = 1 + goods.held(its, lot) * 2 // 3
        running = now < its.sale_end and its.marks.get(lot, (0, 0))[0]
        price = its.price(lot, quantity, now) if running else 0
        yield f"{name}: price in a sale", stock, "salePriceOf", (number, lot, quantity), price
