"""What the interfaces of lots and of goods as collateral refuse, by name; nothing where the operation is legal."""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import contextmanager
from fractions import Fraction
from typing import Any

from chain_node.client import Entry, FactStatus, GoodsGap, GoodsOffer, LotActivity, LotState, Milestone, ReleaseOrder
from model import rules
from model.books import Books
from model.calendar360 import BPS, DAY
from model.financings import Facility, Financing
from model.goods import MOST_LOTS, Pledge
from model.invoices import NOBODY
from model.lots import Exit, Key, Lot
from model.rules import OPENING, Refusals, when

MOST_ORDER_SECONDS = 30 * DAY
MINTING, CUSTODY = (("WarehouseReceiptToken", int(what)) for what in LotActivity)
NO_PLEDGE = {"PledgeUnknown"}


def _group(books: Books, account: str) -> int:
    return books.groups[books.organisations[account]]


# Lots


def announce(books: Books, by: str, entry: Entry, digest: bytes) -> Refusals:
    stock, entered = books.goods.stock, entry.entered_at
    return _parties(books, by, entry) | when(
        (entry.id in stock.lots, "LotExists"),
        (entry.quantity == 0, "QuantityOutOfRange"),
        (entered > books.now, "EntryInFuture"),
        (0 < entry.expiry_date < entered // DAY, "ExpiredAtEntry"),
        (not entry.identifiers, "IdentifierCountOutOfRange"),
        (digest in stock.announced, "AlreadyAnnounced"),
    )


def _parties(books: Books, by: str, entry: Entry) -> Refusals:
    parties = books.organisations[entry.owner], books.organisations[by]
    return when(
        (_group(books, by) == _group(books, entry.owner), "OwnerIsOperator"),
        (parties not in books.goods.stock.engaged, "OperatorNotEngaged"),
        (books.subjects.get(entry.subject, 0) != _group(books, entry.owner), "SubjectNotOf"),
    )


def withdraw_announcement(books: Books, by: str, digest: bytes) -> Refusals:
    if digest not in books.goods.stock.announced:
        return {"NotAnnounced"}
    operator, _ = books.goods.stock.announced[digest]
    return when((books.organisations[by] != books.organisations[operator], "NotOperatorOf"))


def mint(books: Books, entry: Entry, digest: bytes) -> Refusals:
    stock = books.goods.stock
    stopped = when((MINTING in books.stopped, "GoodsStopped"))
    if digest not in stock.announced:
        return stopped | {"NotAnnounced"}
    fact = books.facts[entry.subject, Milestone.STORED, entry.sequence]
    taken = any(stock.home_of(pallet) for pallet in entry.identifiers)
    twice = len(set(entry.identifiers)) != len(entry.identifiers)
    return (
        stopped
        | _parties(books, stock.announced[digest][0], entry)
        | when(
            (entry.id in stock.lots, "LotExists"),
            ((entry.subject, entry.sequence) in stock.entries, "EntrySpent"),
            (fact.status != FactStatus.FINAL or fact.quantity == 0, "EntryNotAttested"),
            (taken or twice, "IdentifierTaken"),
        )
    )


def _whole(lot: Lot, by: str) -> Refusals:
    if lot.state != LotState.LIVE:
        return {"LotNotLive"}
    return when((not lot.is_wholly(by), "LotNotWhollyFree"))


def _elsewhere(lot: Lot, pallets: Sequence[bytes]) -> bool:
    return len(set(pallets)) != len(pallets) or not set(pallets) <= lot.pallets


def split(lot: Lot, by: str, pallets: Sequence[bytes], quantity: int) -> Refusals:
    in_range = 0 < quantity < lot.left and 0 < len(pallets) < len(lot.pallets)
    return _whole(lot, by) | when((not in_range, "PartOutOfRange"), (_elsewhere(lot, pallets), "IdentifierElsewhere"))


def merge(from_: Lot, into: Lot, by: str, pallets: Sequence[bytes]) -> Refusals:
    same = (from_.operator, from_.commodity, from_.place) == (into.operator, into.commodity, into.place)
    return (
        _whole(from_, by)
        | _whole(into, by)
        | when(
            (from_.unit != into.unit, "UnitsDiffer"),
            (from_ is into or not same, "LotsDiffer"),
            (from_.subject != into.subject, "ConsignmentsDiffer"),
            (len(pallets) != len(from_.pallets), "IdentifierCountOutOfRange"),
            (len(pallets) + len(into.pallets) > 64, "IdentifierCountOutOfRange"),
            (_elsewhere(from_, pallets), "IdentifierElsewhere"),
        )
    )


def transfer_title(books: Books, lot: Lot, by: str, to: str, quantity: int) -> Refusals:
    return _own(books, lot, to) | when(
        (quantity == 0, "UnitsZero"), (quantity > lot.places[by].free, "ERC1155InsufficientBalance")
    )


def _own(books: Books, lot: Lot, to: str) -> Refusals:
    """A warehouse does not own what it keeps."""
    return when((_group(books, to) == books.groups[lot.operator], "OwnerIsOperator"))


def order_release(books: Books, lot: Lot, order: ReleaseOrder, agreed: bool) -> Refusals:
    stock, owner, own = books.goods.stock, order.beneficiary, order.holder == order.beneficiary
    place = lot.places[owner]
    other = order.subject != lot.subject and books.subjects.get(order.subject, 0) != _group(books, owner)
    return when(
        (not books.now <= order.deadline <= books.now + MOST_ORDER_SECONDS, "OrderDeadlineOutOfRange"),
        (other, "SubjectNotOf"),
        (not stock.is_open((order.subject, order.sequence), lot), "ExitTaken"),
        (not own and lot.custodian != order.holder, "NotCustodianOf"),
        (not agreed, "SignatureInvalid"),
        (order.nonce != stock.nonces[owner], "InvalidAccountNonce"),
        (order.quantity == 0, "UnitsZero"),
        (own and order.quantity > place.free, "ERC1155InsufficientBalance"),
        (not own and order.quantity > place.pledged, "CustodyExceeded"),
    )


def _exit(books: Books, order: Any) -> FactStatus:
    return books.facts[order["subject"], Milestone.RELEASED, order["sequence"]].status


def confirm_release(books: Books, order: Any, digest: bytes) -> Refusals:
    fact = books.facts[order["subject"], Milestone.RELEASED, order["sequence"]]
    attested = fact.status == FactStatus.FINAL and fact.quantity
    return _open_order(books, digest) | when((not attested, "ExitNotAttested"))


def lapse_release(books: Books, order: Any, digest: bytes) -> Refusals:
    reported = _exit(books, order) == FactStatus.FINAL
    return _open_order(books, digest) | when(
        (books.now <= order["deadline"], "OrderNotLapsed"), (reported, "ExitReported")
    )


def decline_release(books: Books, order: Any, digest: bytes, by: str) -> Refusals:
    reported = _exit(books, order) == FactStatus.FINAL
    operator = books.goods.stock.lots[order["id"]].operator
    return _open_order(books, digest) | when(
        (books.organisations[by] != operator, "NotOperatorOf"), (reported, "ExitReported")
    )


def report_exit(books: Books, key: Key) -> Refusals:
    """One at a time, save that what left later takes the place of what left before."""
    stock = books.goods.stock
    if stock.exit_of(key) != Exit.UNEXPLAINED:
        return {"ExitNotAmiss"}
    other = key[0], stock.reported.get(key[0], 0)
    stands = stock.exit_of(other) == Exit.UNEXPLAINED
    return when((stands and stock.left_at[key] <= stock.left_at[other], "ExitReportedAlready"))


def _open_order(books: Books, digest: bytes) -> Refusals:
    return when((digest not in books.goods.stock.orders, "OrderNotOpen"))


def send(books: Books, lot: Lot, giver: str, taker: str, units: int) -> Refusals:
    """A holding, unasked: a custodian takes only what it fetches itself."""
    if taker not in books.goods.stock.custodians:
        return {"HoldingStays"}
    return {"UnsolicitedItem"} | _into_custody(books, lot, giver, units)


def _into_custody(books: Books, lot: Lot, owner: str, units: int) -> Refusals:
    return when(
        (CUSTODY in books.stopped, "GoodsStopped"),
        (units == 0, "UnitsZero"),
        (units > lot.places[owner].free, "ERC1155InsufficientBalance"),
    )


# Goods as collateral


def _adapter(books: Books) -> str:
    return books.address("InventoryCollateral")


def _fetch(books: Books, lot: Lot, owner: str, units: int) -> Refusals:
    pair, stock = (owner, _adapter(books)), books.goods.stock
    return _into_custody(books, lot, owner, units) | when(
        (pair not in stock.powers, "PowerOfSaleMissing"), (pair not in stock.operators, "ERC1155MissingApprovalForAll")
    )


def open(books: Books, line: Facility, lot: Lot, by: str, units: int, subject: bytes) -> Refusals:
    goods = books.goods
    rate, terms = goods.rates.get(line.number), goods.margin.get(line.number)
    commodity, feeds = goods.valuations.terms.get(lot.commodity), goods.valuations.feeds
    unfit = commodity is None or feeds[commodity.price_feed].terms.base != lot.unit
    return _fetch(books, lot, by, units) | when(
        (by != line.terms.supplier, "NotSupplierOf"),
        (OPENING in books.stopped, "IsStopped"),
        (books.now >= line.expires_at, "FacilityExpired"),
        (rate is None, "LadderMissing"),
        (terms is None or terms.call_level_bps <= (rate or 0), "MarginTermsUnfit"),
        (subject != lot.subject, "SubjectNotItsOwn"),
        (goods.watching(subject) != 0, "SubjectAlreadyWatched"),
        (lot.places[by].held != 0, "GoodsAlreadyHeld"),
        (unfit, "GoodsUnvaluable"),
    )


@contextmanager
def _enrolled(books: Books, lot: Lot) -> Any:
    """As if the lot were graded already, which it is with the same call."""
    its = books.goods.valuations
    version = its.rules_of.get(lot.commodity)
    if version is None or lot.subject in its.graded:
        yield
        return
    its.graded[lot.subject] = version
    keys = [(rule.kind, lot.subject) for rule in its.rules[version]]
    its.watched.update({key: len(its.history[key]) for key in keys})
    yield
    del its.graded[lot.subject]


def _new_lot(books: Books, its: Pledge, lot: Lot) -> Refusals:
    return when(
        (len(its.lots) >= MOST_LOTS, "TooManyLots"),
        (books.goods.watching(lot.subject) not in (0, its.financing), "SubjectAlreadyWatched"),
        (lot.places[its.pledgor].held != 0, "GoodsAlreadyHeld"),
    )


def add(books: Books, its: Pledge | None, lot: Lot, by: str, units: int) -> Refusals:
    if its is None or its.over:
        return NO_PLEDGE
    goods, is_new = books.goods, lot.id not in its.lots
    first = goods.stock.lots[its.lots[0]]
    alike = (first.commodity, first.unit) == (lot.commodity, lot.unit)
    with _enrolled(books, lot):
        gap = goods.value_of(its, lot.id, books.now, lot.places[its.pledgor].pledged + max(units, 1)).gap
    unpriced = is_new and not alike and gap > GoodsGap.CONDITION
    unknown = its.call is not None and gap != GoodsGap.NONE
    return (
        _changing(books, its, by)
        | (_new_lot(books, its, lot) if is_new else set())
        | _fetch(books, lot, by, units)
        | when((unpriced or unknown, "GoodsUnvaluable"))
    )


def _changing(books: Books, its: Pledge, by: str) -> Refusals:
    return when((by != its.pledgor, "NotPledgorOf"), (books.now < its.sale_end, "SaleRunning"))


def substitute(books: Books, its: Pledge | None, held: Lot, out: int, offered: Lot, in_: int, by: str) -> Refusals:
    if its is None or its.over:
        return NO_PLEDGE
    goods, is_new = books.goods, offered.id not in its.lots
    refusals = (
        _changing(books, its, by)
        | (_new_lot(books, its, offered) if is_new else set())
        | _fetch(books, offered, by, in_)
        | when(
            (held.id not in its.lots, "LotNotPledged"),
            (held.unit != offered.unit, "UnitsDiffer"),
            (held.commodity != offered.commodity, "CommoditiesDiffer"),
            (held is offered, "LotsDiffer"),
            (in_ < out, "SubstituteTooSmall"),
            (out == 0, "UnitsZero"),
            (held.custodian == NOBODY, "NotCustodianOf"),
            (out > goods.held(its, held.id), "CustodyExceeded"),
        )
    )
    if refusals:
        return refusals | {"GoodsUnvaluable", "SubstituteWorthLess"}
    before = goods.worth(its, books.now).call_value
    changed = {held.id: goods.held(its, held.id) - out, offered.id: goods.held(its, offered.id) + in_}
    with _enrolled(books, offered):
        worth = goods.worth(its, books.now, changed)
    unknown = worth.gap != GoodsGap.NONE
    return when((unknown, "GoodsUnvaluable"), (not unknown and worth.value < before, "SubstituteWorthLess"))


def owed(books: Books, its: Pledge) -> int:
    return books.financings[its.financing].owed_at(books.now).total


def _uncovered(books: Books, its: Pledge, lot: Lot, units: int, paid: int = 0) -> Refusals:
    """What is still owed must be borne by what is left."""
    left = books.goods.worth(its, books.now, {lot.id: max(0, books.goods.held(its, lot.id) - units)})
    return when((max(0, owed(books, its) - paid) > its.bears(left.value), "GoodsUncovered"))


def _give_back(its: Pledge, lot: Lot, units: int) -> Refusals:
    return when(
        (units == 0, "UnitsZero"),
        (lot.custodian == NOBODY, "NotCustodianOf"),
        (units > lot.places[its.pledgor].pledged, "CustodyExceeded"),
    )


def pay_and_release(books: Books, its: Pledge | None, lot: Lot, by: str, amount: int, units: int) -> Refusals:
    if its is None or its.over:
        return NO_PLEDGE
    return (
        _give_back(its, lot, units)
        | _uncovered(books, its, lot, units, paid=amount)
        | when(
            (by != its.pledgor, "NotPledgorOf"),
            (lot.id not in its.lots, "LotNotPledged"),
        )
        | _out_of_ratio(books, its, lot, amount, units)
    )


def _out_of_ratio(books: Books, its: Pledge, lot: Lot, amount: int, units: int) -> Refusals:
    """Of what is paid only what is owed frees anything."""
    goods, held = books.goods, books.goods.held(its, lot.id)
    had, has = (goods.value_of(its, lot.id, books.now, max(0, count)) for count in (held, held - units))
    most = math.floor(min(amount, owed(books, its)) * Fraction(its.terms.release_ratio_bps, BPS))
    return when(
        (had.gap > GoodsGap.CONDITION, "GoodsUnvaluable"),
        (had.in_a_call - has.in_a_call > most, "ReleaseExceedsPayment"),
    )


def order_exit(
    books: Books, its: Pledge | None, lot: Lot, order: ReleaseOrder, agreed: bool, by_lender: bool
) -> Refusals:
    """Goods in custody leave by the word of their owner and of the lender."""
    if its is None or its.over:
        return NO_PLEDGE
    fits = order.beneficiary == its.pledgor and order.holder == _adapter(books)
    refusals = order_release(books, lot, order, agreed) | when(
        (lot.id not in its.lots, "LotNotPledged"),
        (not fits, "ReleaseOrderUnfit"),
        (not by_lender, "LenderSignatureInvalid"),
    )
    left = (order.subject, order.sequence) in books.goods.stock.left_at
    return refusals if left else refusals | _uncovered(books, its, lot, order.quantity)


def offer(books: Books, its: Pledge | None, made: GoodsOffer, by: str) -> Refusals:
    if its is None or its.over:
        return NO_PLEDGE
    return when(
        (by != its.pledgor, "NotPledgorOf"),
        (made.lot not in its.lots, "LotNotPledged"),
        (books.now > made.until, "OfferLapsed"),
    )


def withdraw_offer(books: Books, its: Pledge | None, digest: bytes, by: str) -> Refusals:
    if its is None or its.over:
        return NO_PLEDGE
    return when((by != its.pledgor, "NotPledgorOf"), (digest not in books.goods.offers, "OfferUnknown"))


def buy(books: Books, its: Pledge | None, made: GoodsOffer, digest: bytes, by: str) -> Refusals:
    if its is None or its.over:
        return NO_PLEDGE
    lot, all_paid = books.goods.stock.lots[made.lot], made.price >= owed(books, its)
    return (
        _sold(books, its, lot, by, made.quantity)
        | _uncovered(books, its, lot, made.quantity, paid=made.price)
        | (set() if all_paid else _out_of_ratio(books, its, lot, made.price, made.quantity))
        | when(
            (digest not in books.goods.offers, "OfferUnknown"),
            (books.now > made.until, "OfferLapsed"),
            (made.buyer not in (NOBODY, by), "OfferNotTo"),
            (made.lot not in its.lots, "LotNotPledged"),
        )
    )


def _sold(books: Books, its: Pledge, lot: Lot, by: str, units: int) -> Refusals:
    sellable = lot.places[its.pledgor].sellable
    return _own(books, lot, by) | _give_back(its, lot, units) | when((not sellable, "PowerOfSaleMissing"))


def bid(books: Books, its: Pledge | None, lot: Lot, by: str, units: int, most: int) -> Refusals:
    if its is None or its.over:
        return NO_PLEDGE
    if books.now >= its.sale_end:
        return {"SaleNotRunning"}
    if lot.id not in its.lots:
        return {"LotNotPledged"}
    if not its.marks.get(lot.id, (0, 0))[0]:
        return {"LotNotPutUp"}
    left, least, debt = books.goods.held(its, lot.id), its.least_bid(lot.id), owed(books, its)
    if not 0 < units <= left or (units < least and units != left):
        return {"BidOutOfRange"}
    price = its.price(lot.id, units, books.now)
    needed = its.price(lot.id, units - least, books.now) if units > least else 0
    affiliate = _group(books, by) == _group(books, its.pledgor)
    return _sold(books, its, lot, by, units) | when(
        (price > most, "BidPriceTooHigh"),
        (needed >= debt, "BidExceedsDebt"),
        (affiliate and price < debt, "BidderIsAffiliate"),
    )


def call_margin(books: Books, its: Pledge | None) -> Refusals:
    if its is None or its.over:
        return NO_PLEDGE
    worth, debt = books.goods.worth_in_a_call(its, books.now), owed(books, its)
    most = math.floor((worth.call_value if worth else 0) * Fraction(its.terms.call_level_bps, BPS))
    enforced = debt > 0 and books.financings[its.financing].is_enforced
    return when(
        (its.call is not None, "MarginCallOpen"),
        (worth is None, "GoodsUnvaluable"),
        (debt <= most and not enforced, "MarginSufficient"),
    )


def _is_cured(books: Books, its: Pledge) -> bool:
    """Of a financing in default, or written off to any part, only payment of all that is owed ends a call."""
    debt = owed(books, its)
    enforced = books.financings[its.financing].is_enforced
    return debt == 0 or (not enforced and debt <= books.goods.cure_base(its, books.now))


def end_call(books: Books, its: Pledge | None) -> Refusals:
    if its is None or its.over:
        return NO_PLEDGE
    if its.call is None:
        return {"MarginCallMissing"}
    return when((not _is_cured(books, its), "MarginCallUncured"))


def start_sale(books: Books, its: Pledge | None) -> Refusals:
    if its is None or its.over:
        return NO_PLEDGE
    if its.call is None:
        return {"MarginCallMissing"}
    return when(
        (books.now < its.call.deadline, "CureTimeLeft"),
        (books.now < its.sale_end, "SaleRunning"),
        (_is_cured(books, its), "MarginCallCured"),
        (not any(books.goods.held(its, lot) for lot in its.lots), "NothingToSell"),
    )


def drop(books: Books, its: Pledge | None, lot: Lot) -> Refusals:
    if its is None or its.over:
        return NO_PLEDGE
    stays = lot.places[its.pledgor].held != 0 or lot.id == its.lots[0]
    return when((lot.id not in its.lots, "LotNotPledged"), (lot.id in its.lots and stays, "LotNotEmpty"))


def release(books: Books, financing: Financing, by: str) -> Refusals:
    its, lots = books.goods.pledges[financing.number], books.goods.stock.lots
    leaving = any(lots[lot].places[its.pledgor].pledged_aside for lot in its.lots)
    return rules.release(books, financing, by) | when((not its.over and leaving, "GoodsLeaving"))
