"""What goods are priced at, beside what is known of prices: in orders, in offers and in sales of pledged lots.

A price is compared with the feed of the goods' commodity as it stood, and was fresh, at that moment. An order does not
say what its goods are; the warehouse does, once they are there. Until then, and beside that, an order's prices are
compared with those of earlier orders of the same thing between the same two parties."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlmodel import Session, col, func, select

from api.compliance.monitoring import repository
from api.compliance.monitoring.models import CommodityFeed
from api.compliance.monitoring.rules import Price
from api.facilities.models import Facility
from api.financings.models import Financing
from api.orders.models import Offer, Order
from api.pledges.models import GoodsOffer, PledgeStep
from api.pools.models import SyndicateMember
from api.readings.models import FeedPolicy, FeedValue
from api.receipts.models import Announcement, Lot

_SOLD: Final = "sold"
_TABLES: Final = (Order, Announcement, Offer, GoodsOffer, PledgeStep)
REFERENCES: Final = 50
"""How many earlier prices are the reference, at most."""


@dataclass(frozen=True)
class _Priced:
    """A price as it was stated, for goods of a consignment: minor units for so many thousandths."""

    fact: str
    lei: str
    what: str
    subject: str
    unit: str | None
    currency: str
    amount: int
    quantity: int
    stated_at: int

    @property
    def per_thousand(self) -> int:
        """Minor units for 1,000 of the goods' unit, rounded down."""
        return self.amount * 1_000_000 // self.quantity


def newest(session: Session, since: int) -> tuple[int, ...]:
    """Of everything that states a price, or what goods are: how many there are from that block on, and the last."""
    found: list[int] = []
    for table in _TABLES:
        block = col(table.block_number)
        count, last = session.exec(select(func.count(), func.max(block)).where(block >= since)).one()
        found += [int(count), int(last or 0)]
    return tuple(found)


def prices(session: Session, since: int, pools: Mapping[str, str]) -> Iterator[Price]:
    """Of what was stated, or became known of its goods, from that block on. `pools` are the network's, address to
    currency."""
    orders = _orders(session, since)
    yield from _beside_earlier(session, [order for order in orders if order.block_number >= since])
    priced = [*_order_lines(session, orders), *_offers(session, since), *_of_pledges(session, since, pools)]
    yield from _beside_feeds(session, priced)


# What was stated


def _orders(session: Session, since: int) -> list[Order]:
    """New ones, and those of whose goods it has become known what they are."""
    known = select(Announcement.subject).where(col(Announcement.block_number) >= since)
    wanted = (col(Order.block_number) >= since) | col(Order.subject).in_(known)
    return list(session.exec(select(Order).where(wanted).order_by(col(Order.block_number), col(Order.id))))


def _lines(order: Order) -> Iterator[tuple[int, dict[str, Any]]]:
    """Those with a quantity, by their numbers."""
    return ((number, line) for number, line in enumerate(order.lines, 1) if int(line["quantity"]))


def _order_lines(session: Session, orders: Collection[Order]) -> Iterator[_Priced]:
    leis = repository.leis_by_number(session) if orders else {}
    for order in orders:
        for number, line in _lines(order):
            yield _Priced(
                fact=f"{order.id}/{number}/feed",
                lei=leis[order.seller],
                what=f"Line {number} of order {order.id[:12]}… is",
                subject=order.subject,
                unit=line["unit"],
                currency=order.currency,
                amount=int(line["value"]),
                quantity=int(line["quantity"]),
                stated_at=order.registered_at,
            )


def _offers(session: Session, since: int) -> Iterator[_Priced]:
    """Of an order's seller: goods in a warehouse against money in escrow."""
    chosen = (
        select(Offer, Order.currency, Lot.subject)
        .join(Order, col(Order.id) == col(Offer.order_id))
        .join(Lot, col(Lot.id) == col(Offer.lot))
        .where(col(Offer.block_number) >= since)
    )
    found = session.exec(chosen).all()
    leis = repository.leis_by_account(session) if found else {}
    for offer, currency, subject in found:
        if offer.owner in leis and offer.quantity:
            yield _Priced(
                fact=offer.digest,
                lei=leis[offer.owner],
                what=f"Lot {offer.lot[:12]}… is offered",
                subject=subject,
                unit=None,
                currency=currency,
                amount=offer.price,
                quantity=offer.quantity,
                stated_at=offer.offered_at,
            )


def _of_pledges(session: Session, since: int, pools: Mapping[str, str]) -> Iterator[_Priced]:
    """Pledged lots that are offered out of custody, or sold out of it."""
    found = _on_pledges(session, since)
    if not found:
        return
    leis, currencies = repository.leis_by_account(session), _currencies(session, pools)
    financings, subjects = _financings(session, {number for number, *_ in found}), _subjects(session)
    for number, fact, how, lot, amount, quantity, at in found:
        supplier, source = financings[number]
        if supplier in leis and source in currencies and lot in subjects and quantity:
            yield _Priced(
                fact=fact,
                lei=leis[supplier],
                what=f"Pledged lot {lot[:12]}… is {how}",
                subject=subjects[lot],
                unit=None,
                currency=currencies[source],
                amount=amount,
                quantity=quantity,
                stated_at=at,
            )


def _on_pledges(session: Session, since: int) -> list[tuple[int, str, str, str, int, int, int]]:
    """Financing, fact, how, lot, minor units, thousandths and moment of each offer and sale."""
    offered = session.exec(select(GoodsOffer).where(col(GoodsOffer.block_number) >= since))
    sold = session.exec(select(PledgeStep).where(col(PledgeStep.block_number) >= since, PledgeStep.kind == _SOLD))
    return [
        *((o.financing, o.digest, "offered", o.lot_id, o.price, o.quantity, o.offered_at) for o in offered),
        *(
            (s.financing, f"{s.transaction_hash}/{s.log_index}", _SOLD, s.lot_id, s.amount, s.quantity, s.happened_at)
            for s in sold
        ),
    ]


def _currencies(session: Session, pools: Mapping[str, str]) -> dict[str, str]:
    """What every source of money lends, pools and the syndicates of pools."""
    members = session.exec(select(SyndicateMember))
    return {**pools, **{its.syndicate: pools[its.pool] for its in members if its.pool in pools}}


def _financings(session: Session, numbers: Collection[int]) -> dict[int, tuple[str, str]]:
    """The borrower's account and the source of money of each."""
    chosen = select(Financing.number, Financing.supplier, Facility.pool).join(
        Facility, col(Facility.number) == col(Financing.facility)
    )
    found = session.exec(chosen.where(col(Financing.number).in_(numbers)))
    return {number: (supplier, source) for number, supplier, source in found}


def _subjects(session: Session) -> dict[str, str]:
    return dict(session.exec(select(Lot.id, Lot.subject)).all())


# What it is compared with


def _beside_earlier(session: Session, new: Collection[Order]) -> Iterator[Price]:
    if not new:
        return
    leis, wanted = repository.leis_by_number(session), {order.id for order in new}
    sellers = {order.seller for order in new}
    chosen = select(Order).where(col(Order.seller).in_(sellers)).order_by(col(Order.block_number), col(Order.id))
    earlier: dict[tuple[int, int, str, str, str], list[int]] = defaultdict(list)
    for order in session.exec(chosen):
        for number, line in _lines(order):
            known = earlier[order.seller, order.buyer, order.currency, line["item"], line["unit"]]
            price = int(line["value"]) * 1_000_000 // int(line["quantity"])
            if order.id in wanted:
                yield Price(
                    fact=f"{order.id}/{number}",
                    lei=leis[order.seller],
                    what=f"Line {number} of order {order.id[:12]}… is",
                    currency=order.currency,
                    price=price,
                    references=tuple(known[-REFERENCES:]),
                    source="median of earlier orders of the same thing between the same parties",
                )
            known.append(price)


def _beside_feeds(session: Session, priced: Collection[_Priced]) -> Iterator[Price]:
    if not priced:
        return
    goods, feeds = _goods(session, {each.subject for each in priced}), _Feeds(session)
    for each in priced:
        commodity, unit = goods.get(each.subject, ("", ""))
        if not commodity or each.unit not in (None, unit):
            continue
        reference = feeds.price(commodity, unit, each.currency, each.stated_at)
        if reference is not None:
            yield Price(
                fact=each.fact,
                lei=each.lei,
                what=each.what,
                currency=each.currency,
                price=each.per_thousand,
                references=(reference,),
                source=f"feed of commodity {commodity}",
                is_quorums=True,
            )


def _goods(session: Session, subjects: Collection[str]) -> dict[str, tuple[str, str]]:
    """Commodity and unit of each consignment, as a warehouse has announced them; not where two announcements differ."""
    chosen = select(Announcement.subject, Announcement.entry).where(
        col(Announcement.subject).in_(subjects), col(Announcement.withdrawn_at).is_(None)
    )
    found: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for subject, entry in session.exec(chosen):
        found[subject].add((str(entry["commodity"]), str(entry["unit"])))
    return {subject: next(iter(told)) for subject, told in found.items() if len(told) == 1}


class _Feeds:
    """Prices of commodities as the network's feeds had them."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._policies = {its.id: its for its in session.exec(select(FeedPolicy).where(FeedPolicy.kind == "PRICE"))}

    def price(self, commodity: str, unit: str, currency: str, at: int) -> int | None:
        """Minor units of the currency for 1,000 units at a Unix second; None where no feed had a fresh price of it."""
        policy = self._policy(commodity, at)
        if policy is None or (policy.terms["base"], policy.terms["quote"]) != (unit, currency):
            return None
        chosen = (
            select(FeedValue)
            .where(FeedValue.policy == policy.id, ~col(FeedValue.past), col(FeedValue.reported_at) <= at)
            .order_by(col(FeedValue.observed_at).desc())
        )
        last = self._session.exec(chosen.limit(1)).first()
        if last is None or at > last.observed_at + policy.rules["staleAfterSeconds"]:
            return None
        minor, scale = 10 ** int(policy.terms["quoteDigits"]), 10 ** int(policy.rules["decimals"])
        return int(last.value * 1_000 * minor // scale)

    def _policy(self, commodity: str, at: int) -> FeedPolicy | None:
        """Of the feed by which goods of the commodity were valued then."""
        order = (col(CommodityFeed.block_number).desc(), col(CommodityFeed.log_index).desc())
        chosen = select(CommodityFeed.feed).where(CommodityFeed.commodity == commodity, col(CommodityFeed.set_at) <= at)
        feed = self._session.exec(chosen.order_by(*order).limit(1)).first()
        return None if feed is None else self._policies.get(feed)
