from decimal import Decimal

import pytest

from standards import money


@pytest.mark.parametrize(("code", "decimals"), [("EUR", 2), ("USD", 2), ("JPY", 0), ("HUF", 2), ("KWD", 3), ("CLF", 4)])
def test_minor_units_are_those_of_iso_4217(code: str, decimals: int) -> None:
    assert money.minor_units(code) == decimals


@pytest.mark.parametrize(
    ("value", "code", "text"),
    [
        ("1000", "NOK", "1000.00 NOK"),
        ("1000.5", "NOK", "1000.50 NOK"),
        ("-1656.25", "EUR", "-1656.25 EUR"),
        ("7", "JPY", "7 JPY"),
        ("0.00000001", "EUR", "0.00000001 EUR"),
        ("5", "XAU", "5 XAU"),
    ],
)
def test_an_amount_is_written_with_the_decimals_of_its_currency(value: str, code: str, text: str) -> None:
    assert money.written(Decimal(value), code) == text


@pytest.mark.parametrize("code", ["XAU", "XXX", "ZZZ", "", "eur", "EURO"])
def test_what_has_no_minor_unit_is_no_currency_here(code: str) -> None:
    with pytest.raises(money.CurrencyUnknown):
        money.minor_units(code)


@pytest.mark.parametrize(
    ("text", "code", "minor"),
    [
        ("100000.00", "EUR", 10000000),
        ("-0.5", "EUR", -50),
        ("100", "JPY", 100),
        ("1.234", "KWD", 1234),
        ("1.000", "JPY", 1),
    ],
)
def test_amounts_become_minor_units_exactly(text: str, code: str, minor: int) -> None:
    assert money.to_minor(money.decimal(text), code) == minor
    assert money.from_minor(minor, code) == Decimal(text)


def test_nothing_is_rounded() -> None:
    with pytest.raises(money.AmountInexact, match=r"0\.001 EUR does not fit into the 2 decimals of EUR"):
        money.to_minor(Decimal("0.001"), "EUR")


def test_thirty_digits_stay_exact() -> None:
    assert money.to_minor(money.decimal("1" * 30 + ".01"), "EUR") == int("1" * 30 + "01")


@pytest.mark.parametrize("text", ["", ".", "+", "1e5", "1,000.00", "NaN", "Infinity", "0x10", "1 000", "1" * 31])
def test_only_plain_decimals_are_numbers(text: str) -> None:
    with pytest.raises(money.MoneyInvalid):
        money.decimal(text)
