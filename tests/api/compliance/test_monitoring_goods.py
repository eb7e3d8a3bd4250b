"""Prices of goods beside the feed of their commodity and beside earlier orders: over rows as the indexer would have
written them, on both databases."""

from typing import Any

import pytest
from sqlmodel import select

from api.compliance.cases.models import Case
from api.compliance.monitoring import service
from api.compliance.monitoring.models import CommodityFeed
from api.compliance.settings import MonitoringSettings
from api.db import INDEXING, Database
from api.facilities.models import Facility
from api.financings.models import Financing
from api.orders.models import Offer, Order
from api.participants.models import Account, Organisation
from api.pledges.models import GoodsOffer, PledgeStep
from api.readings.models import FeedPolicy, FeedValue
from api.receipts.models import Announcement, Lot

SELLER, BUYER = "LEISELLER", "LEIBUYER"
OWNER, POOL = "0x" + "01".zfill(40), "0x" + "aa" * 20
FEED, SUBJECT, LOT = "0x" + "fe" * 32, "0x" + "5b" * 32, "0x" + "17" * 32
TX = "0x" + "0" * 64
RULES = MonitoringSettings()
TONNE = 1_000_000
"""Thousandths of a kilogram in 1,000 kg."""
FAIR = 1_200_000
"""Minor units for a tonne at 12.00 a kilogram."""
STALE = 3_600
NOON = 50_000


def store(database: Database, *rows: Any) -> None:
    with database.session() as session:
        session.info[INDEXING] = True
        session.add_all(rows)
        session.commit()


@pytest.fixture
def market(database: Database) -> Database:
    """A feed of chocolate at 12.00 a kilogram, reported at noon; a seller, a buyer, and the seller's facility."""
    for number, lei in ((1, SELLER), (2, BUYER)):
        told = {"lei": lei, "group_lei": lei, "jurisdiction": "DE", "roles": 1, "kyc_expires_at": 2**40}
        store(database, Organisation(number=number, **told), Account(address=f"0x{number:040x}", organisation=number))
    rules = {"decimals": 4, "staleAfterSeconds": STALE}
    terms = {"base": "KGM", "quote": "EUR", "quoteDigits": 2}
    store(database, FeedPolicy(id=FEED, kind="PRICE", rules=rules, terms=terms), commodity())
    store(database, value(120_000, NOON))
    flat = dict.fromkeys(("discount_rate_bps", "fee_bps", "late_fee_bps", "reserve_bps", "committed_fee_bps"), 0)
    flags = dict.fromkeys(("recourse", "revolving", "earmarked"), False)
    line = {"number": 1, "supplier": OWNER, "pool": POOL, "limit": 1, "day_count": "actual/360", "grace_days": 0}
    at = {"expires_at": 2**40, "opened_at": 1, "block_number": 1, "transaction_hash": TX}
    store(database, Facility(**flat, **flags, **line, **at))
    backed = {"item_id": LOT, "subject": SUBJECT, "collateral": "0xcc", "units": 1, "ladder": [], "opened_at": 1}
    store(database, Financing(number=1, facility=1, supplier=OWNER, block_number=1, transaction_hash=TX, **backed))
    return database


def commodity(name: str = "180620", log_index: int = 0, set_at: int = 1) -> CommodityFeed:
    at = {"transaction_hash": TX, "log_index": log_index, "block_number": 1, "set_at": set_at}
    return CommodityFeed(commodity=name, feed=FEED, **at)


def value(amount: int, at: int, past: bool = False) -> FeedValue:
    told = {"transaction_hash": f"0x{at:064x}", "log_index": int(past), "policy": FEED, "round": 1, "value": amount}
    return FeedValue(observed_at=at, reported_at=at, organisations=[1], past=past, block_number=at, **told)


def order(number: int, amount: int, **changes: Any) -> Order:
    """Of 1,000 kg for so much, registered a minute after noon."""
    line = {"item": "0x" + "1e" * 32, "unit": "KGM", "quantity": str(TONNE), "value": str(amount)}
    parties = {"seller": 1, "buyer": 2, "currency": "EUR", "subject": SUBJECT, "terms_hash": f"0x{number:064x}"}
    sums = {"value": amount, "quantity": TONNE, "deposit": 0, "over_bps": 0, "under_bps": 0, "payouts": []}
    days = {"deliver_by": 20_000, "grace_days": 0, "registered_at": NOON + 60, "block_number": NOON + number}
    told = {**parties, **sums, **days, "lines": [line], "id": f"0x{number:064x}", "transaction_hash": TX, **changes}
    return Order(**told)


def announced(block: int, goods: str = "180620", number: int = 1, **changes: Any) -> Announcement:
    entry = {"commodity": goods, "unit": "KGM"}
    by = {"operator": "0x02", "owner": OWNER, "announced_at": block, "block_number": block, "transaction_hash": TX}
    told = {"lot_id": LOT, "subject": SUBJECT, "sequence": number, "entry": entry, **by, **changes}
    return Announcement(digest=f"0x{number:064x}", **told)


def lot() -> Lot:
    at = {"minted_at": 1, "block_number": 1, "transaction_hash": TX}
    return Lot(id=LOT, subject=SUBJECT, sequence=1, operator=2, received=TONNE, **at)


def run(database: Database, since: int = 0) -> service.Ran:
    with database.transaction() as session:
        return service.run(session, RULES, since, {POOL: "EUR"})


def cases(database: Database) -> list[Case]:
    with database.session() as session:
        return list(session.exec(select(Case)))


DEAR, CHEAP, NEAR = FAIR * 2, FAIR // 2, FAIR * 12 // 10


def test_order_whose_goods_nobody_has_named_is_compared_with_no_feed(market: Database) -> None:
    store(market, order(1, DEAR))

    assert run(market).found == 0


@pytest.mark.parametrize("amount", [NEAR, FAIR, FAIR * 13 // 10, FAIR * 7 // 10])
def test_price_near_the_feed_is_left(market: Database, amount: int) -> None:
    store(market, announced(1), order(1, amount))

    assert run(market).found == 0


@pytest.mark.parametrize("amount", [DEAR, CHEAP, FAIR * 13 // 10 + 2])
def test_order_far_from_the_feed_is_a_case_with_both_prices(market: Database, amount: int) -> None:
    store(market, announced(1), order(1, amount))

    run(market)

    (case,) = cases(market)
    assert (case.kind, case.lei) == ("price", SELLER)
    assert (case.figures["price"], case.figures["reference"]) == (str(amount), str(FAIR))
    assert (case.figures["source"], case.figures["currency"]) == ("feed of commodity 180620", "EUR")
    assert "Line 1 of order 0x0000000000" in case.title


def test_order_is_looked_at_once_its_goods_are_named_and_only_once(market: Database) -> None:
    store(market, order(1, DEAR))
    assert run(market).found == 0

    store(market, announced(NOON + 500))
    first, again = run(market, NOON + 500), run(market, NOON + 500)

    assert (len(first.opened), again.opened) == (1, [])


@pytest.mark.parametrize(
    "changes",
    [
        {"registered_at": NOON - 1},
        {"registered_at": NOON + STALE + 1},
        {"currency": "USD"},
        {"subject": "0x" + "77" * 32},
    ],
)
def test_price_without_a_fresh_feed_of_its_goods_and_currency_is_left(
    market: Database, changes: dict[str, Any]
) -> None:
    store(market, announced(1), order(1, DEAR, **changes))

    assert run(market).found == 0


def test_last_second_of_freshness_counts(market: Database) -> None:
    store(market, announced(1), order(1, DEAR, registered_at=NOON + STALE))

    assert run(market).found == 1


def test_feed_of_that_moment_counts_and_neither_a_later_one_nor_a_past_reading(market: Database) -> None:
    store(market, value(240_000, NOON + 100), value(240_000, NOON + 30, past=True))
    store(market, announced(1), order(1, DEAR), order(2, DEAR, registered_at=NOON + 100))

    run(market)

    (case,) = cases(market)
    assert case.figures["reference"] == str(FAIR)


def test_line_in_another_unit_is_compared_with_nothing(market: Database) -> None:
    line = {"item": "0x" + "1e" * 32, "unit": "C62", "quantity": str(TONNE), "value": str(DEAR)}
    store(market, announced(1), order(1, DEAR, lines=[line]))
    store(market, order(2, DEAR, lines=[{**line, "unit": "KGM", "quantity": "0"}]))

    assert run(market).found == 0


def test_goods_that_two_warehouses_name_differently_are_unknown(market: Database) -> None:
    store(market, announced(1), announced(2, "090111", 2), commodity("090111", 1), order(1, DEAR))

    assert run(market).found == 0


def test_announcement_that_was_withdrawn_says_nothing(market: Database) -> None:
    store(market, announced(1), announced(2, "090111", 2, withdrawn_at=3), order(1, DEAR))

    assert run(market).found == 1


def test_commodity_is_valued_by_its_feed_from_when_that_was_set(market: Database) -> None:
    store(market, commodity("090111", 1, NOON + 61), announced(1, "090111"), order(1, DEAR))
    assert run(market).found == 0

    store(market, order(2, DEAR, registered_at=NOON + 61))
    assert run(market).found == 1


# Beside earlier orders


def test_order_far_from_earlier_ones_of_the_same_thing_is_a_case(market: Database) -> None:
    prices = [1_000, 1_010, 990, 2_000, 1_005]
    store(market, *(order(number, amount, subject=f"0x{number:064x}") for number, amount in enumerate(prices, 1)))

    run(market)

    (case,) = cases(market)
    assert (case.lei, case.figures["price"], case.figures["reference"]) == (SELLER, "2000", "1000")
    assert "same thing" in case.figures["source"]


def test_other_things_and_too_few_orders_are_no_reference(market: Database) -> None:
    other = {"item": "0x" + "2e" * 32, "unit": "KGM", "quantity": str(TONNE), "value": "1"}
    few = [order(number, 1_000, subject=f"0x{number:064x}") for number in (1, 2)]
    strange = [order(number, 1, subject=f"0x{number:064x}", lines=[other]) for number in (3, 4, 5)]
    store(market, *few, *strange, order(6, 9_000, subject="0x" + "66" * 32))

    assert run(market).found == 0


# Lots


def offered(price: int) -> Offer:
    """So much for 1,000 kg out of the order's escrow."""
    told = {"digest": f"0x{price:064x}", "order_id": f"0x{1:064x}", "owner": OWNER, "lot": LOT, "state": "open"}
    return Offer(quantity=TONNE, price=price, offered_at=NOON + 60, block_number=NOON + 60, **told)


def pledged(price: int) -> GoodsOffer:
    told = {"digest": f"0x{price:064x}", "financing": 1, "lot_id": LOT, "until": 2**40, "transaction_hash": TX}
    return GoodsOffer(quantity=TONNE, price=price, offered_at=NOON + 60, block_number=NOON + 60, **told)


def sold(price: int) -> PledgeStep:
    told = {"transaction_hash": f"0x{price:064x}", "log_index": 1, "financing": 1, "kind": "sold", "lot_id": LOT}
    return PledgeStep(quantity=TONNE, amount=price, happened_at=NOON + 60, block_number=NOON + 60, **told)


@pytest.mark.parametrize("stated", [offered, pledged, sold])
def test_lot_is_offered_and_sold_near_its_feed(market: Database, stated: Any) -> None:
    """At twice the price it is a case, near it none; of what nothing is known of its goods none either."""
    store(market, lot(), order(1, FAIR, subject="0x" + "66" * 32))
    store(market, stated(DEAR), stated(NEAR))
    assert run(market).found == 0

    store(market, announced(1))
    ran = run(market)

    (case,) = cases(market)
    assert (len(ran.opened), case.lei, case.figures["price"], case.figures["reference"]) == (
        1,
        SELLER,
        str(DEAR),
        str(FAIR),
    )


def test_lot_that_backs_a_strange_source_of_money_is_left(market: Database) -> None:
    store(market, lot(), announced(1), sold(DEAR))

    with market.transaction() as session:
        assert service.run(session, RULES, 0, {}).found == 0
