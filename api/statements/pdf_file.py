"""Statements as PDF: A4, pages numbered, the heads of tables on every page. The same statement is the same bytes: its
moment is that of its closing block."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from fpdf import FPDF
from fpdf.enums import XPos, YPos

from api.statements.printable import printable
from api.statements.schemas import FinancingPeriodView, LineView, PositionPeriodView, StatementView
from api.values import Amount

_FONT: Final = "Helvetica"
_ROW: Final = 4.6
_MARGIN: Final = 12.0
_ESCAPED: Final = "Signs that this file's fonts lack are written by their code points, <U+...>; JSON and CSV have them."
_MOMENT: Final = "%Y-%m-%d %H:%M:%S"


@dataclass(frozen=True)
class _Column:
    """A column, so many millimetres wide; all columns of a table are 186 together."""

    title: str
    width: float
    align: Literal["L", "R"] = "L"


_MOVEMENTS: Final = (
    _Column("Time (UTC)", 27),
    _Column("Block", 14, "R"),
    _Column("Movement", 45),
    _Column("Reference", 22),
    _Column("Counterparty", 24),
    _Column("Amount", 27, "R"),
    _Column("Balance", 27, "R"),
)
_TOTALS: Final = (_Column("Movements", 100), _Column("Count", 20, "R"), _Column("Amount", 66, "R"))
_POSITIONS: Final = (
    _Column("Tranche", 16),
    _Column("Worth before", 28, "R"),
    _Column("Deposited", 28, "R"),
    _Column("Claimed", 28, "R"),
    _Column("Transferred", 28, "R"),
    _Column("Income", 28, "R"),
    _Column("Worth after", 30, "R"),
)
_PARTS: Final = (
    _Column("Part", 36),
    _Column("Owed before", 30, "R"),
    _Column("Drawn or charged", 30, "R"),
    _Column("Paid", 30, "R"),
    _Column("Written off", 30, "R"),
    _Column("Owed after", 30, "R"),
)


def printed(its: StatementView) -> bytes:
    """The file."""
    paper = _Paper(its)
    paper.add_page()
    paper.summary()
    paper.movements()
    if its.positions:
        paper.positions(its.positions)
    if its.financings:
        paper.financings(its.financings)
    return bytes(paper.output())


class _Paper(FPDF):
    """One statement on pages."""

    def __init__(self, its: StatementView) -> None:
        super().__init__(orientation="portrait", unit="mm", format="A4")
        self._its, self._escaped, self._heads = its, False, ()
        self._table: Sequence[_Column] = ()
        self.set_creation_date(its.closed_at)
        self.set_title(
            self._latin(f"Account statement {its.organisation.lei} {its.currency} {its.since} - {its.until}")
        )
        self.set_author("Portolan")
        self.set_creator("Portolan")
        self.set_lang("en")
        self.set_margins(_MARGIN, _MARGIN, _MARGIN)
        self.set_auto_page_break(True, margin=16)
        self.alias_nb_pages()
        self._escaped = False

    # Every page

    def header(self) -> None:
        its = self._its
        self.set_font(_FONT, "B", 9)
        self._say(f"{its.organisation.name}  ({its.organisation.lei})", 120)
        self.set_font(_FONT, "", 9)
        self._say(f"{its.currency}  {its.since} to {its.until}", 66, "R", last=True)
        self.line(_MARGIN, self.get_y() + 1, 210 - _MARGIN, self.get_y() + 1)
        self.ln(4)
        if self._table:
            self._head()

    def footer(self) -> None:
        self.set_y(-13)
        self.set_font(_FONT, "", 7)
        note = _ESCAPED if self._escaped else ""
        self._escaped = False
        self._say(note, 150)
        self._say(f"Page {self.page_no()} of {{nb}}", 36, "R", last=True)

    # Parts

    def summary(self) -> None:
        its = self._its
        self.set_font(_FONT, "B", 15)
        self._say("Account statement", 186, last=True, height=9)
        self.set_font(_FONT, "", 9)
        state = (
            "The period is over; this statement is final." if its.is_final else "Interim: the period is not over yet."
        )
        self._say(f"{state} Closing block {its.closing.block_number} of {its.closed_at:{_MOMENT}} UTC.", 186, last=True)
        if its.proof.proven:
            said = "The closing balance is what the cash token answers at that block."
        else:
            said = "The node no longer knows that block's state; the closing balance follows from the movements alone."
        self._say(said, 186, last=True)
        self._say(f"Block {its.proof.block_hash}", 186, last=True)
        self.ln(2)
        self._begin("", _TOTALS)
        self._row([f"Opening balance, block {its.opening.block_number}", "", _said(its.opening.amount)], bold=True)
        for each in its.totals:
            self._row([each.description, str(each.count), _said(each.amount)])
        count = str(len(its.movements))
        self._row([f"Closing balance, block {its.closing.block_number}", count, _said(its.closing.amount)], bold=True)
        self._end()

    def movements(self) -> None:
        self._begin("Movements", _MOVEMENTS)
        for line in self._its.movements:
            self._row(_movement(line))
        if not self._its.movements:
            self._row(["None", *[""] * (len(_MOVEMENTS) - 1)])
        sum_ = sum(line.amount.units for line in self._its.movements)
        total, closing = Amount.of(sum_, self._its.currency), self._its.closing.amount
        self._row(["Total", "", "", "", "", total.decimal, closing.decimal], bold=True)
        self._end()

    def positions(self, found: Iterable[PositionPeriodView]) -> None:
        self._begin("Positions in the lending pool", _POSITIONS)
        for each in found:
            moved = (each.deposited, each.claimed, each.transferred, each.income)
            before, after = (
                _worth(each.before.value, each.before.claimable),
                _worth(each.after.value, each.after.claimable),
            )
            self._row([each.tranche.title(), _decimal(before), *map(_decimal, moved), _decimal(after)])
        self._end()
        self.set_font(_FONT, "", 7)
        self._say("Worth: shares, those handed in too, at the exit price, and what can be claimed.", 186, last=True)

    def financings(self, found: Iterable[FinancingPeriodView]) -> None:
        for each in found:
            self._begin(f"Financing {each.financing_id} under facility {each.facility_id}", _PARTS)
            for values in _parts(each):
                self._row(values, bold=values[0] == "Total")
            self._end()

    # Tables

    def _begin(self, title: str, columns: Sequence[_Column]) -> None:
        if self.will_page_break(6 * _ROW):
            self.add_page()
        self.ln(3)
        if title:
            self.set_font(_FONT, "B", 11)
            self._say(title, 186, last=True, height=6)
        self._table = columns
        self._head()

    def _end(self) -> None:
        self._table = ()
        self.ln(1)

    def _head(self) -> None:
        self.set_font(_FONT, "B", 7.5)
        self.set_fill_color(228, 232, 238)
        for column in self._table:
            self.cell(
                column.width, _ROW + 0.6, self._fitted(column.title, column.width)[0], align=column.align, fill=True
            )
        self.ln(_ROW + 0.6)

    def _row(self, values: Sequence[str], *, bold: bool = False) -> None:
        if self.will_page_break(_ROW):
            self.add_page()
        self.set_font(_FONT, "B" if bold else "", 7)
        x, y = _MARGIN, self.get_y() + 0.7 * _ROW
        for column, value in zip(self._table, values, strict=True):
            # An amount that is cut would be another amount; names may be.
            cut = column.align == "L"
            said, width = self._fitted(value, column.width) if cut else (value, self._width(value))
            # `text` for `cell`: of thousands of rows most of the time would go into what a cell can do besides.
            if said:
                self.text(x + (self.c_margin if column.align == "L" else column.width - self.c_margin - width), y, said)
            x += column.width
        self.ln(_ROW)

    # Text

    def _latin(self, text: str) -> str:
        said, escaped = printable(text)
        self._escaped |= escaped
        return said

    def _fitted(self, text: str, width: float) -> tuple[str, float]:
        """As much of the text as there is room for, and its width."""
        said = self._latin(text)
        room, wide = width - 2 * self.c_margin, self._width(said)
        if wide <= room:
            return said, wide
        room -= self._width("...")
        while said and self._width(said) > room:
            said = said[:-1]
        return said + "...", self._width(said + "...")

    def _width(self, said: str) -> float:
        assert self.current_font is not None
        return self.current_font.get_text_width(said, self.font_size_pt, None)[1] / self.k

    def _say(
        self, text: str, width: float, align: Literal["L", "R"] = "L", *, last: bool = False, height: float = _ROW
    ) -> None:
        x, y = (XPos.LMARGIN, YPos.NEXT) if last else (XPos.RIGHT, YPos.TOP)
        self.cell(width, height, self._fitted(text, width)[0], align=align, new_x=x, new_y=y)


def _movement(line: LineView) -> list[str]:
    about = f"{line.reference.kind.replace('_', ' ')} {_short(line.reference.id)}" if line.reference else ""
    other = line.counterparty.name if line.counterparty else ""
    balances = (line.decimal, line.balance.decimal)
    return [f"{line.at:{_MOMENT}}", str(line.block_number), line.description, about, other, *balances]


def _short(identifier: str) -> str:
    return f"{identifier[:6]}..{identifier[-4:]}" if len(identifier) > 20 else identifier


def _said(amount: Amount) -> str:
    return amount.said


def _decimal(amount: Amount | None) -> str:
    return "unknown" if amount is None else amount.decimal


def _worth(value: Amount | None, claimable: Amount | None) -> Amount | None:
    return None if value is None or claimable is None else Amount.of(value.units + claimable.units, value.currency)


def _parts(its: FinancingPeriodView) -> list[list[str]]:
    """The debt by its parts, each from what was owed before to what is owed after."""
    found: list[list[str]] = []
    for part in ("principal", "interest", "fees", "late_fees", "reserve", "written_off"):
        drawn = its.drawn if part == "principal" else getattr(its.charged, part, None)
        paid = its.paid.recovered if part == "written_off" else getattr(its.paid, part)
        lost = its.written_off.decimal if part in ("principal", "written_off") else ""
        added = "" if part == "written_off" else _decimal(drawn)
        before, after = (_decimal(getattr(end, part, None)) for end in (its.before, its.after))
        found.append([part.replace("_", " ").capitalize(), before, added, paid.decimal, lost, after])
    ends = (_decimal(getattr(end, "total", None)) for end in (its.before, its.after))
    before, after = ends
    added = _decimal(
        None if its.charged is None else Amount.of(its.drawn.units + its.charged.total.units, its.drawn.currency)
    )
    found.append(["Total", before, added, its.paid.total.decimal, "", after])
    return found
