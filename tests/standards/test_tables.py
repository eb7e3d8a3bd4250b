"""CSV under a mapping: what is refused, where and why; then what a row means."""

from __future__ import annotations

from decimal import Decimal

import pytest

from standards.epcis import event_hash, parse_event, quantity_thousandths, references
from standards.tables import (
    MappingInvalid,
    RowEvent,
    RowProblem,
    TableRefused,
    event_of,
    read_mapping,
    read_table,
    skipped,
    write_rows,
)

MAPPING = """
source = "wms"
[time]
column = "when"
formats = ["%Y-%m-%d %H:%M"]
zone = "Europe/Berlin"
[step]
column = "what"
values = { in = "receiving", out = "picking" }
[quantity]
column = "amount"
unit = { column = "unit", values = { kg = "KGM" } }
[[references]]
kind = "order"
column = "order"
"""
HEADER = "when,what,amount,unit,order"
ROW = "2026-05-28 10:00,in,950,kg,PO-1"


def events(*rows: str, mapping: str = MAPPING, header: str = HEADER) -> list[RowEvent | RowProblem]:
    read = read_mapping(mapping.encode())
    table = read_table("\n".join([header, *rows]).encode(read.file.encoding), read)
    return [event_of(table, row, read) for row in table.rows if not skipped(table, row, read)]


def event(row: str, mapping: str = MAPPING, header: str = HEADER) -> dict:
    (found,) = events(row, mapping=mapping, header=header)
    assert isinstance(found, RowEvent), found
    return found.source


def problem(row: str, mapping: str = MAPPING, header: str = HEADER) -> str:
    (found,) = events(row, mapping=mapping, header=header)
    assert isinstance(found, RowProblem), found
    return str(found)


# The mapping file


def test_all_problems_of_a_mapping_are_told_at_once():
    text = MAPPING.replace('"Europe/Berlin"', '"Europe/Nowhere"').replace('"receiving"', '"recieving"')
    text = text.replace('kind = "order"', 'kind = "orders"').replace('source = "wms"', 'source = "W M S"')

    with pytest.raises(MappingInvalid) as refused:
        read_mapping((text + '[numbers]\nsign = ","\n').encode())

    keys = " ".join(refused.value.problems)
    for key in ("'source'", "'time.zone'", "'step'", "'references.0.kind'", "'numbers.sign': is not known"):
        assert key in keys


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (('source = "wms"', "source = "), "is not TOML"),
        (('formats = ["%Y-%m-%d %H:%M"]', 'formats = ["%A %H:%M"]'), "%A"),
        (('formats = ["%Y-%m-%d %H:%M"]', 'formats = ["%Y-%m %H:%M"]'), "no whole date"),
        (('formats = ["%Y-%m-%d %H:%M"]', 'formats = ["%Y-%m-%d %I:%M"]'), "half of the day"),
        (('formats = ["%Y-%m-%d %H:%M"]', 'formats = ["%Y-%m-%d"]'), "time_of_day"),
        (('formats = ["%Y-%m-%d %H:%M"]', 'formats = ["%Y-%m-%d %H"]'), "hours without minutes"),
        (('formats = ["%Y-%m-%d %H:%M"]', 'formats = ["%Y-%m-%d %H:%M%z"]'), "either in the format"),
        (('zone = "Europe/Berlin"', ""), "either in the format"),
        (('column = "when"', 'column = "when"\ncolumns = ["a", "b"]'), "either 'column' or 'columns'"),
        (('kg = "KGM"', 'kg = "kilo"'), "no UN/CEFACT unit code"),
        (('column = "what"', 'constant = "receiving"'), "'values' belongs to a 'column'"),
        (('column = "order"', "column = 5"), "columns are names"),
        (("[[references]]", "[reference]"), "'references': is missing"),
        (('[time]', '[file]\ndelimiter = ";;"\n[time]'), "file.delimiter"),
        (('[time]', '[file]\ndelimiter = "\'"\nquote = "\'"\n[time]'), "the same"),
        (('[time]', '[file]\nencoding = "utf-16"\n[time]'), "file.encoding"),
        (('[time]', '[numbers]\ndecimal = ","\nthousands = ","\n[time]'), "the same sign"),
        (('[time]', '[[skip]]\ncolumn = "what"\n[time]'), "either 'values' or 'empty"),
    ],
)  # fmt: skip
def test_mapping_that_says_nothing_certain_is_refused(change, why):
    with pytest.raises(MappingInvalid) as refused:
        read_mapping(MAPPING.replace(*change).encode())

    assert why in str(refused.value)


# The table


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "no header"),
        (b"when,what,amount,unit\n", "no column 'order'; it has 'when'"),
        (b"when,what,amount,unit,order,order\n", "'order' more than once"),
        (f"{HEADER}\n{ROW}\n".encode().replace(b"950", b"9\x0050"), "line 2: it holds a NUL byte"),
        (f'{HEADER}\n"2026"x,in,1,kg,P\n'.encode(), "line 2: it cannot be read as CSV"),
        (f'{HEADER}\n{ROW}\n"2026,in,1,kg,P\n'.encode(), "line 3: it cannot be read as CSV"),
        (f"{HEADER}\n{ROW}ü\n".encode("latin-1"), "line 2: byte 0xfc is not utf-8"),
        (f"\ufeff{HEADER}\n{ROW}\n".encode(), "utf-8-sig"),
        (f"{HEADER}\n{ROW}{'x' * 5000}\n".encode(), "line 2, cell 5: more than the 4096 characters"),
        (HEADER.encode() + b"\n" + b"," * 2000 + b"\n", "line 2: more than 1024 cells"),
    ],
)
def test_file_that_is_not_the_table_is_refused(data, why):
    with pytest.raises(TableRefused) as refused:
        read_table(data, read_mapping(MAPPING.encode()))

    assert why in str(refused.value)


def test_table_of_too_many_rows_is_refused():
    mapping = MAPPING.replace("[time]", "[file]\nrows_limit = 2\n[time]")

    with pytest.raises(TableRefused, match="line 4: more than the 2 rows"):
        events(ROW, ROW, ROW, mapping=mapping)


def test_table_with_a_header_alone_has_no_events():
    assert events() == []


# Rows


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (("2026-05-28 10:00", "2026-03-29 02:30"), "was skipped by the clocks of Europe/Berlin"),
        (("2026-05-28 10:00", "2026-10-25 02:30"), "was shown twice by the clocks of Europe/Berlin"),
        (("2026-05-28 10:00", "28.05.2026 10:00"), "is no time as '%Y-%m-%d %H:%M'"),
        (("2026-05-28 10:00", "２０２６-05-28 10:00"), "is no time"),
        (("2026-05-28 10:00", "1880-01-01 00:00"), "an offset from UTC that cannot be written"),
        (("2026-05-28 10:00", "0001-01-01 00:00"), "column when"),
        (("2026-05-28 10:00", ""), "column when: it is empty"),
        ((",in,", ",moved,"), "column what: 'moved' is not in the table of values ('in', 'out')"),
        (("950", "-950"), "'-950' is negative, and the row cancels nothing"),
        (("950", "9,50"), "it has 6 cells, the table has 5"),
        (("950", "1e3"), "'1e3' is no number"),
        (("950", "٩٥٠"), "is no number"),
        (("950", ""), "column amount: it is empty"),
        (("950", "=950"), "'=950' is no number"),
        (("kg", "t"), "column unit: 't' is not in the table of values"),
        (("PO-1", ""), "nobody could know the consignment by it"),
        (("PO-1", '"PO\n1"'), "column order: it holds a control character, or a line break"),
        ((",PO-1", ""), "it has 4 cells, the table has 5"),
    ],
)
def test_bad_row_says_its_column_and_what_is_wrong(change, why):
    assert why in problem(ROW.replace(*change))


def test_all_problems_of_a_row_are_told_with_its_line():
    found = events(ROW, "x,y,z,w,PO-1")[1]

    assert isinstance(found, RowProblem)
    assert (found.line, [cell.column for cell in found.problems]) == (3, ["when", "what", "amount", "unit"])


def test_rows_after_a_cell_of_several_lines_keep_their_lines():
    text = f'{HEADER},note\n{ROW},"one\ntwo\n\nthree"\n\nx,in,1,kg,P,\n'
    read = read_mapping(MAPPING.encode())
    table = read_table(text.encode(), read)

    assert [row.line for row in table.rows] == [2, 7]


def test_row_becomes_an_event_like_any_other():
    parsed = parse_event(event(ROW))

    assert (parsed.source["eventTime"], parsed.event_time_zone_offset) == ("2026-05-28T10:00:00+02:00", "+02:00")
    assert quantity_thousandths(parsed) == (950_000, "KGM")
    assert [(found.kind, found.value) for found in references(parsed)] == [("order", "PO-1")]


def test_same_row_has_the_same_hash_and_any_other_another():
    same = [event_hash(parse_event(event(row))) for row in (ROW, ROW.replace("950", "950.000"))]
    others = [
        event_hash(parse_event(event(ROW.replace(*change))))
        for change in (("10:00", "10:01"), (",in,", ",out,"), ("950", "951"), ("PO-1", "PO-2"))
    ]

    assert len(set(same)) == 1
    assert len({*same, *others}) == 5


def test_formula_looking_cells_are_text():
    parsed = parse_event(event(ROW.replace("PO-1", "=HYPERLINK(1)")))

    assert references(parsed)[0].value == "=HYPERLINK(1)"


@pytest.mark.parametrize(("zone", "offset"), [("Asia/Kathmandu", "+05:45"), ("America/St_Johns", "-02:30")])
def test_offset_is_that_of_the_place_and_the_day(zone, offset):
    assert event(ROW, MAPPING.replace("Europe/Berlin", zone))["eventTimeZoneOffset"] == offset


def test_date_alone_takes_the_time_of_day_that_the_mapping_states():
    mapping = MAPPING.replace("%Y-%m-%d %H:%M", "%d.%m.%Y").replace("[step]", "time_of_day = 23:59:59\n[step]")

    assert event(ROW.replace("2026-05-28 10:00", "28.05.2026"), mapping)["eventTime"] == "2026-05-28T23:59:59+02:00"


def test_zone_may_stand_in_the_cell():
    mapping = MAPPING.replace("%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M%z").replace('zone = "Europe/Berlin"', "")

    assert event(ROW.replace("2026-05-28 10:00", "2026-05-28T10:00-07:00"), mapping)["eventTimeZoneOffset"] == "-07:00"


@pytest.mark.parametrize(
    ("written", "amount"), [("1.234,5", Decimal("1234.5")), ("1234,5", Decimal("1234.5")), ("12.345.678", 12_345_678)]
)
def test_numbers_are_read_as_the_mapping_says(written, amount):
    mapping = MAPPING.replace("[time]", '[numbers]\ndecimal = ","\nthousands = "."\n[time]')

    assert event(ROW.replace("950", f'"{written}"'), mapping)["quantityList"][0]["quantity"] == amount


@pytest.mark.parametrize("written", ["1.23", "12.34.567", "1,234.5", ".5", "5,", "1 234", "1.2345"])
def test_groups_that_are_not_whole_are_refused(written):
    mapping = MAPPING.replace("[time]", '[numbers]\ndecimal = ","\nthousands = "."\n[time]')

    assert "is no number" in problem(ROW.replace("950", f'"{written}"'), mapping)


def test_columns_by_number_need_no_header():
    mapping = MAPPING.replace("[time]", "[file]\nheader = false\n[time]")
    for number, name in enumerate(HEADER.split(","), 1):
        mapping = mapping.replace(f'column = "{name}"', f"column = {number}")

    assert event_hash(parse_event(event(ROW, mapping, header=""))) == event_hash(parse_event(event(ROW)))


def test_number_beyond_the_table_is_refused():
    mapping = MAPPING.replace("[time]", "[file]\nheader = false\n[time]")
    for number, name in enumerate(HEADER.split(","), 1):
        mapping = mapping.replace(f'column = "{name}"', f"column = {number + 1}")

    with pytest.raises(TableRefused, match="has 5 cells, the mapping reads column 6"):
        events(ROW, mapping=mapping, header="")


def test_rows_that_are_no_events_are_left_out():
    mapping = MAPPING + '[[skip]]\ncolumn = "what"\nvalues = ["moved"]\n[[skip]]\ncolumn = "order"\nempty = true\n'

    assert len(events(ROW, ROW.replace(",in,", ",moved,"), ROW.replace("PO-1", ""), ",,,,", mapping=mapping)) == 1


@pytest.mark.parametrize(
    ("kind", "value", "why"),
    [("container", "MSKU0000007", "container number"), ("sscc", "123", "SSCC")],
)
def test_box_with_a_wrong_check_digit_is_a_bad_row(kind, value, why):
    assert why in problem(ROW.replace("PO-1", value), MAPPING.replace('"order"\ncolumn', f'"{kind}"\ncolumn'))


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("invoice", "R 1/2"),
        ("booking", "B:1"),
        ("transport_document", "BL%7"),
        ("despatch_advice", "Ä-1"),
        ("consignment", "C1"),
        ("container", "MSKU0000006"),
        ("sscc", "106141412345678908"),
    ],
)
def test_every_kind_of_reference_reads_back(kind, value):
    parsed = parse_event(event(ROW.replace("PO-1", value), MAPPING.replace('"order"\ncolumn', f'"{kind}"\ncolumn')))

    assert [(found.kind, found.value) for found in references(parsed)] == [(kind, value)]


def test_place_document_and_event_id_stand_in_the_event():
    mapping = (
        MAPPING
        + """
[place]
kind = "gln"
constant = "4012345000009"
[document]
column = "paper"
[event_id]
column = "paper"
"""
    )

    found = event(f"{ROW},WE 1", mapping, f"{HEADER},paper")

    assert found["readPoint"] == {"id": "https://id.gs1.org/414/4012345000009"}
    assert found["eventID"] == "urn:portolan:csv:wms:event:WE%201"
    assert found["bizTransactionList"][1] == {
        "type": "recadv",
        "bizTransaction": "urn:portolan:csv:wms:document:WE%201",
    }


def test_cancelling_row_has_the_hash_of_what_it_takes_back():
    mapping = MAPPING + '[cancellation]\ncolumn = "void"\nvalues = ["X"]\n'
    first, second = events(f"{ROW},", ROW.replace("950", "-950") + ",X", mapping=mapping, header=f"{HEADER},void")

    assert isinstance(first, RowEvent)
    assert isinstance(second, RowEvent)
    assert (first.cancellation, second.source["errorDeclaration"]["reason"]) == (None, "did_not_occur")
    assert event_hash(parse_event(first.source)) == event_hash(parse_event(second.source))


def test_bad_rows_are_written_so_that_they_can_be_handed_in_again():
    mapping = read_mapping(MAPPING.replace("[time]", '[file]\ndelimiter = ";"\nskip_lines = 2\n[time]').encode())
    rows = 'a title\n\nwhen;what;amount;unit;order\nx;"in;""out""";1;kg;PO-1\n'
    table = read_table(rows.encode(), mapping)

    again = read_table(write_rows(mapping, table.header, table.rows), mapping)

    assert (
        [row.cells for row in again.rows] == [row.cells for row in table.rows] == [("x", 'in;"out"', "1", "kg", "PO-1")]
    )
