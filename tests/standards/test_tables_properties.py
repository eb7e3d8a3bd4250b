"""Events written as CSV under any mapping of a family read back the same; any bytes are only refused."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from standards.epcis import EpcisEvent, StandardEvent, parse_event, quantity_thousandths, references
from standards.tables import Mapping, RowEvent, TableRefused, event_of, read_mapping, read_table, skipped
from standards.tables.cells import number as read_number
from standards.tables.mapping import Numbers

ZONES = ("Europe/Berlin", "Asia/Kathmandu", "America/St_Johns", "Australia/Lord_Howe", "UTC")
STEPS = {"receiving": "WE <1>", "picking": "WA;2", "storing": 'Ein "3"'}
UNITS = {"KGM": "kg", "C62": "Stück", "TNE": "t,o"}
DOCUMENTS = ("order", "invoice", "booking", "transport_document", "despatch_advice", "consignment")
CELLS = st.text(st.characters(min_codepoint=0x20, max_codepoint=0xFF, blacklist_categories=("Cc",)), max_size=12)
FORMATS = (["%Y-%m-%d %H:%M"], ["%d.%m.%Y", "%H:%M"], ["%m/%d/%Y %I:%M %p"], ["%Y%m%d", "%H%M"])


@dataclass(frozen=True)
class Said:
    """What an event says, whichever way it is written."""

    at: datetime
    offset: str
    step: str
    quantity: int
    unit: str
    named: tuple[tuple[str, str], ...]
    place: str | None


@dataclass(frozen=True)
class Form:
    """One member of the family of mappings, with how to write its cells."""

    text: str
    columns: tuple[str, ...]
    mapping: Mapping
    formats: tuple[str, ...]
    kinds: tuple[str, ...]
    quoting: int
    end: str

    def cells(self, said: Said) -> list[str]:
        local = said.at.astimezone(ZoneInfo(self.mapping.time.zone or "UTC"))
        cells = {f"time{number}": local.strftime(shape) for number, shape in enumerate(self.formats)}
        cells |= {"step": STEPS[said.step], "amount": self._number(said.quantity), "unit": UNITS[said.unit]}
        cells |= {kind: dict(said.named).get(kind, "") for kind in self.kinds}
        cells["place"] = said.place or ""
        return [cells[name] for name in self.columns]

    def _number(self, thousandths: int) -> str:
        numbers = self.mapping.numbers
        whole, rest = divmod(thousandths, 1000)
        written = f"{whole:,}".replace(",", numbers.thousands)
        return f"{written}{numbers.decimal}{rest:03}" if rest else written

    def write(self, rows: list[Said]) -> bytes:
        form, out = self.mapping.file, io.StringIO(newline="")
        writer = csv.writer(
            out, delimiter=form.delimiter, quotechar=form.quote, quoting=self.quoting, lineterminator=self.end
        )
        writer.writerows([["a title"]] * form.skip_lines)
        if form.header:
            writer.writerow(self.columns)
        writer.writerows(self.cells(said) for said in rows)
        return out.getvalue().encode(form.encoding)


def written_as(words: dict[str, str]) -> str:
    """The table of values from what stands in the file to the words."""
    pairs = [f"{json.dumps(cell, ensure_ascii=False)} = {json.dumps(word)}" for word, cell in words.items()]
    return f"{{ {', '.join(pairs)} }}"


@st.composite
def forms(draw: Any) -> Form:
    formats = tuple(draw(st.sampled_from(FORMATS)))
    kinds = tuple(draw(st.lists(st.sampled_from(DOCUMENTS), min_size=1, max_size=3, unique=True)))
    names = [f"time{number}" for number in range(len(formats))] + ["step", "amount", "unit", *kinds, "place"]
    columns = tuple(draw(st.permutations(names)))
    header = draw(st.booleans())

    def column(name: str) -> str:
        return json.dumps(name) if header else str(columns.index(name) + 1)

    decimal, thousands = draw(st.sampled_from([(".", ""), (",", ""), (",", "."), (".", "'"), (",", "\u00a0")]))
    times = ", ".join(column(f"time{number}") for number in range(len(formats)))
    lines = [
        'source = "family"',
        "[file]",
        f"delimiter = {json.dumps(draw(st.sampled_from([',', ';', chr(9), '|'])))}",
        f"quote = {json.dumps(draw(st.sampled_from(['+', chr(34)])))}",
        f'encoding = "{draw(st.sampled_from(["utf-8", "utf-8-sig", "latin-1", "cp1252"]))}"',
        f"header = {json.dumps(header)}",
        f"skip_lines = {draw(st.integers(0, 2))}",
        "[numbers]",
        f'decimal = "{decimal}"',
        f"thousands = {json.dumps(thousands)}",
        "[time]",
        f"columns = [{times}]",
        f"formats = [{json.dumps(' '.join(formats))}]",
        f'zone = "{draw(st.sampled_from(ZONES))}"',
        "[step]",
        f"column = {column('step')}",
        f"values = {written_as(STEPS)}",
        "[quantity]",
        f"column = {column('amount')}",
        "[quantity.unit]",
        f"column = {column('unit')}",
        f"values = {written_as(UNITS)}",
        "[place]",
        'kind = "unlocode"',
        f"column = {column('place')}",
    ]
    for kind in kinds:
        lines += ["[[references]]", f'kind = "{kind}"', f"column = {column(kind)}"]
    text = "\n".join(lines)
    quoting = draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]))
    end = draw(st.sampled_from(["\n", "\r\n"]))
    return Form(text, columns, read_mapping(text.encode()), formats, kinds, quoting, end)


@st.composite
def tables(draw: Any) -> tuple[Form, list[Said]]:
    form = draw(forms())
    return form, [draw(sayings(form)) for _ in range(draw(st.integers(1, 5)))]


@st.composite
def sayings(draw: Any, form: Form) -> Said:
    zone = ZoneInfo(form.mapping.time.zone or "UTC")
    minutes = draw(st.integers(0, 40 * 365 * 24 * 60))
    at = datetime(1990, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    local = at.astimezone(zone)
    # A moment whose writing the clocks showed twice is refused: another test says so.
    assume(local.replace(fold=0).utcoffset() == local.replace(fold=1).utcoffset())
    shift = local.utcoffset()
    assert shift is not None
    total = int(shift / timedelta(minutes=1))
    named = {kind: draw(CELLS).strip() for kind in form.kinds}
    assume(any(named.values()))
    return Said(
        at=at,
        offset=f"{'-' if total < 0 else '+'}{abs(total) // 60:02}:{abs(total) % 60:02}",
        step=draw(st.sampled_from(sorted(STEPS))),
        quantity=draw(st.integers(0, 10**12)),
        unit=draw(st.sampled_from(sorted(UNITS))),
        named=tuple((kind, value) for kind, value in named.items() if value),
        place=draw(st.sampled_from([None, "DEHAM", "NLRTM"])),
    )


def said_by(event: EpcisEvent) -> Said:
    assert isinstance(event, StandardEvent)
    quantity, unit = quantity_thousandths(event)
    place = event.read_point.id.rpartition(":")[2] if event.read_point else None
    named = tuple((found.kind, found.value) for found in references(event))
    step = event.step or ""
    return Said(event.occurred_at, event.event_time_zone_offset, step, quantity, unit or "", named, place)


def read(data: bytes, mapping: Mapping) -> list[object]:
    table = read_table(data, mapping)
    return [event_of(table, row, mapping) for row in table.rows if not skipped(table, row, mapping)]


@settings(max_examples=300, deadline=None)
@given(tables())
def test_events_written_under_any_mapping_read_back_the_same(made):
    form, rows = made

    found = read(form.write(rows), form.mapping)

    assert all(isinstance(event, RowEvent) for event in found), found
    assert [said_by(parse_event(event.source)) for event in found if isinstance(event, RowEvent)] == rows


@settings(max_examples=300, deadline=None)
@given(tables(), st.data())
def test_changed_bytes_are_read_or_refused_and_nothing_else(made, data):
    form, rows = made
    written = bytearray(form.write(rows))
    for _ in range(data.draw(st.integers(1, 6))):
        place = data.draw(st.integers(0, len(written)))
        written[place : place + data.draw(st.integers(0, 4))] = data.draw(st.binary(max_size=4))

    try:
        found = read(bytes(written), form.mapping)
    except TableRefused:
        return

    for event in found:
        if isinstance(event, RowEvent):
            assert said_by(parse_event(event.source)).quantity >= 0


@settings(max_examples=300, deadline=None)
@given(forms(), st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(form, data):
    try:
        found = read(data, form.mapping)
    except TableRefused:
        return

    assert all(event is not None for event in found)


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 10**15), st.sampled_from([(".", ","), (",", "."), (",", " "), (".", "'")]))
def test_numbers_with_thousands_are_those_without(number, signs):
    decimal, thousands = signs
    form = Numbers(decimal=decimal, thousands=thousands)
    whole, rest = divmod(number, 1000)

    written = f"{whole:,}".replace(",", thousands) + f"{decimal}{rest:03}"

    assert read_number(written, "amount", form) == Decimal(number) / 1000
