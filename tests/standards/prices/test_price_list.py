import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from standards.detect import detect
from standards.prices import PriceListInvalid, Quote, parse_price_list

TEN = datetime(2026, 5, 28, 10, 0, tzinfo=UTC)
COCOA = {"name": "cocoa", "unit": "TNE", "currency": "EUR", "value": "7450.00"}
DOLLAR = {"base": "EUR", "quote": "USD", "value": "1.0834"}


def listed(**changes: Any) -> bytes:
    whole = {"type": "PriceList", "observedAt": "2026-05-28T12:00:00+02:00", "prices": [COCOA], "rates": [DOLLAR]}
    return json.dumps(whole | changes).encode()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"prices": [COCOA | {"value": 7450.0}]}, "/prices/0/value: it must be text"),
        ({"prices": [COCOA | {"value": "-1"}]}, "not a plain decimal number"),
        ({"prices": [COCOA | {"value": "1e3"}]}, "not a plain decimal number"),
        ({"prices": [COCOA | {"value": "."}]}, "not a plain decimal number"),
        ({"prices": [COCOA | {"value": "0.00"}]}, "a price or a rate of 0 says nothing"),
        ({"prices": [COCOA | {"currency": "XXA"}]}, "'XXA' is not an ISO 4217 currency"),
        ({"prices": [COCOA | {"unit": "tonne"}]}, "does not match"),
        ({"prices": [COCOA | {"note": "x"}]}, "/prices/0/note: it is not allowed here"),
        ({"rates": [DOLLAR | {"quote": "EUR"}]}, "EUR has no rate in itself"),
        ({"observedAt": "2026-05-28T12:00:00"}, "/observedAt"),
    ],
)
def test_a_faulty_list_is_refused_with_its_place(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(PriceListInvalid, match="price list refused") as refusal:
        parse_price_list(listed(**changes))

    assert said in str(refusal.value)


def test_prices_and_rates_are_read_exactly() -> None:
    assert parse_price_list(listed()) == [
        Quote("cocoa", "TNE", "EUR", Decimal("7450.00"), TEN),
        Quote("", "EUR", "USD", Decimal("1.0834"), TEN),
    ]


def test_an_entry_may_have_a_time_of_its_own() -> None:
    (cocoa,) = parse_price_list(listed(prices=[COCOA | {"observedAt": "2026-05-28T09:00:00Z"}], rates=[]))

    assert cocoa.observed_at.hour == 9


def test_a_price_list_is_told_apart() -> None:
    assert detect(listed()) == "prices"
