"""The example's papers, moved to the days of a chain in real time."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.demo.dates import days_until, move_papers, moved_text
from scripts.demo.manifest import load_trade
from standards.invoices import parse_invoice

TRADE = Path(__file__).parents[2] / "examples" / "trade"
NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "PO-2026-0815",
        "https://plumbline.example/epcis/documents/2026-0512-1",
        "5f0c1d52-7a4e-4c7b-9d0a-26051200a001",
        "HAM26051234",
        "ISO-2026-05-04",
        "2026-05-04-7",
        "2026-13-04",
        "<ID>20260504</ID>",
    ],
)
def test_what_is_no_date_is_not_moved(text: str) -> None:
    assert moved_text(text, 100) == text


@pytest.mark.parametrize(
    ("text", "moved"),
    [
        ("<cbc:IssueDate>2026-05-04</cbc:IssueDate>", "<cbc:IssueDate>2026-05-14</cbc:IssueDate>"),
        ('"2026-05-28T09:30:00+02:00"', '"2026-06-07T09:30:00+02:00"'),
        ("starts_at = 2026-12-31T09:00:00Z", "starts_at = 2027-01-10T09:00:00Z"),
        ('<udt:DateTimeString format="102">20260504<', '<udt:DateTimeString format="102">20260514<'),
    ],
)
def test_dates_are_moved_by_whole_days(text: str, moved: str) -> None:
    assert moved_text(text, 10) == moved


@given(st.integers(-10_000, 10_000))
def test_moving_there_and_back_changes_nothing(days: int) -> None:
    text = (TRADE / "invoice.cii.xml").read_text(encoding="utf-8")

    assert moved_text(moved_text(text, days), -days) == text


@given(st.datetimes(timezones=st.just(UTC)), st.datetimes(timezones=st.just(UTC)))
def test_the_last_moment_lies_within_the_last_day(last: datetime, now: datetime) -> None:
    moved = timedelta(days=days_until(last, now))

    assert timedelta(0) <= now - last - moved < timedelta(days=1)


def test_moved_trade_is_whole_and_over_by_now(tmp_path: Path) -> None:
    """Every check that a trade folder must pass holds for the copy, too; and its papers differ in digits alone."""
    trade = load_trade(TRADE)
    days = days_until(trade.payment.at, NOW)

    move_papers(TRADE, tmp_path, days)

    moved = load_trade(tmp_path)
    assert timedelta(0) <= NOW - moved.payment.at < timedelta(days=1)
    assert [stage.at - timedelta(days=days) for stage in moved.stages] == [stage.at for stage in trade.stages]
    for file in trade.files():
        before, after = ((folder / file).read_text(encoding="utf-8") for folder in (TRADE, tmp_path))
        assert before != after
        assert re.sub(r"\d", "0", before) == re.sub(r"\d", "0", after)
    invoices = [parse_invoice((folder / trade.invoice.file).read_bytes()) for folder in (TRADE, tmp_path)]
    assert invoices[1].due_date - invoices[0].due_date == timedelta(days=days)
    assert invoices[1].number == invoices[0].number
