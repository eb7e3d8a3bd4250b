"""Statements as CSV (RFC 4180): UTF-8 without a byte order mark, CRLF, a header row, each row of as many fields.

Amounts stand twice: in minor units, and in whole units of the currency with a point. Text that others have chosen
(names) is kept from being taken for a formula by a leading apostrophe.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from api.statements.account import CashAccount
from api.statements.schemas import FinancingPeriodView, LineView, PositionPeriodView
from api.values import Amount, moment

MOVEMENTS: Final = (
    "record", "at", "block_number", "kind", "description", "counterparty_lei", "counterparty_name", "reference_kind",
    "reference_id", "currency", "amount_minor", "amount", "balance_minor", "balance", "account", "transaction_hash",
)  # fmt: skip
"""`record` is `opening` in the first row and `closing` in the last, `movement` between."""
_STAKE: Final = ("shares", "waiting_shares", "value_minor", "value", "claimable_minor", "claimable")
_AMOUNTS_OF_POSITIONS: Final = ("deposited", "claimed", "transferred", "income")
POSITIONS: Final = (
    "account", "tranche", "currency",
    *(f"before_{name}" for name in _STAKE),
    *(f"{name}{ending}" for name in _AMOUNTS_OF_POSITIONS for ending in ("_minor", "")),
    *(f"after_{name}" for name in _STAKE),
)  # fmt: skip
_OWED: Final = ("principal", "interest", "fees", "late_fees", "reserve", "written_off", "total")
_CHARGED: Final = ("interest", "fees", "late_fees", "reserve", "total")
_PAID: Final = ("principal", "interest", "fees", "late_fees", "reserve", "recovered", "total")
_OF_FINANCINGS: Final = (
    *(f"before_{name}" for name in _OWED),
    "drawn",
    *(f"charged_{name}" for name in _CHARGED),
    *(f"paid_{name}" for name in _PAID),
    "written_off",
    *(f"after_{name}" for name in _OWED),
)
FINANCINGS: Final = (
    "financing_id",
    "facility_id",
    "currency",
    *(f"{name}{ending}" for name in _OF_FINANCINGS for ending in ("_minor", "")),
)
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def guarded(text: str) -> str:
    """Text as a spreadsheet shows it and does not reckon with it."""
    return f"'{text}" if text.startswith(_FORMULA) else text


class _Rows:
    """A file that is written and taken away piece by piece."""

    def __init__(self, columns: Sequence[str]) -> None:
        self._buffer = io.StringIO(newline="")
        self._writer = csv.writer(self._buffer)
        self._writer.writerow(columns)

    def add(self, values: Iterable[Any]) -> None:
        self._writer.writerow(values)

    def taken(self) -> bytes:
        text = self._buffer.getvalue()
        self._buffer.seek(0)
        self._buffer.truncate()
        return text.encode()


def _both(amount: Amount | None) -> tuple[str, str]:
    return ("", "") if amount is None else (amount.amount, amount.decimal)


def movements(its: CashAccount, pages: Iterable[list[LineView]]) -> Iterator[bytes]:
    """The account, piece by piece."""
    rows, period = _Rows(MOVEMENTS), its.period
    rows.add(_balance_row("opening", f"{period.since}T00:00:00Z", period.opening_block, its, its.opening))
    for page in pages:
        for line in page:
            rows.add(_row(line))
        yield rows.taken()
    closed = moment(period.closed_at).strftime("%Y-%m-%dT%H:%M:%SZ")
    rows.add(_balance_row("closing", closed, period.closing_block, its, its.closing))
    yield rows.taken()


def _balance_row(record: str, at: str, block: int, its: CashAccount, units: int) -> tuple[Any, ...]:
    balance = Amount.of(units, its.currency)
    return (record, at, block, *[""] * 6, its.currency, "", "", *_both(balance), "", "")


def _row(line: LineView) -> tuple[Any, ...]:
    other, about = line.counterparty, line.reference
    return (
        "movement",
        line.at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        line.block_number,
        line.kind,
        line.description,
        other.lei or "" if other else "",
        guarded(other.name) if other else "",
        about.kind if about else "",
        about.id if about else "",
        line.amount.currency,
        *_both(line.amount),
        *_both(line.balance),
        line.account,
        line.transaction_hash or "",
    )


def positions(found: Iterable[PositionPeriodView]) -> Iterator[bytes]:
    rows = _Rows(POSITIONS)
    for its in found:
        ends = [
            (end.shares, end.waiting_shares or "", *_both(end.value), *_both(end.claimable))
            for end in (its.before, its.after)
        ]
        moved = [field for name in _AMOUNTS_OF_POSITIONS for field in _both(getattr(its, name))]
        rows.add((its.account, its.tranche, its.deposited.currency, *ends[0], *moved, *ends[1]))
    yield rows.taken()


def financings(found: Iterable[FinancingPeriodView]) -> Iterator[bytes]:
    rows = _Rows(FINANCINGS)
    for its in found:
        parts: list[Amount | None] = [
            *(getattr(its.before, name, None) for name in _OWED),
            its.drawn,
            *(getattr(its.charged, name, None) for name in _CHARGED),
            *(getattr(its.paid, name) for name in _PAID),
            its.written_off,
            *(getattr(its.after, name, None) for name in _OWED),
        ]
        amounts = [field for part in parts for field in _both(part)]
        rows.add((its.financing_id, its.facility_id, its.drawn.currency, *amounts))
    yield rows.taken()
