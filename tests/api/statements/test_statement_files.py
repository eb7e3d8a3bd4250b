"""The files of statements: what spreadsheets and printers must not be surprised by."""

import csv
import io
import re
import zlib
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.cash.reasons import REASONS
from api.errors import NotAcceptable
from api.statements import csv_file
from api.statements.accepting import form_of
from api.statements.account import CashAccount, Period
from api.statements.pdf_file import printed
from api.statements.printable import printable
from api.statements.schemas import CounterpartyView, LineView, StatementView
from api.statements.words import KINDS
from api.values import Amount
from chain_node.compile import ROOT

EXAMPLE = StatementView.model_validate(StatementView.model_config["json_schema_extra"]["example"])  # type: ignore[index, call-overload]
ACCOUNT = CashAccount(
    lei=EXAMPLE.organisation.lei,
    currency="EUR",
    period=Period(EXAMPLE.since, EXAMPLE.until, 17, 97, "0x", int(EXAMPLE.closed_at.timestamp()), is_final=True),
    spans=(),
    boundaries=(),
    opening=0,
    closing=5_911_330,
    count=1,
    proven=True,
)


def line(name: str, units: int = 5) -> LineView:
    other = CounterpartyView(kind="organisation", lei="999900ACMESUPPLIES58", name=name)
    amount = Amount.of(units, "EUR")
    changes = {"counterparty": other, "amount": amount, "decimal": amount.decimal}
    return EXAMPLE.movements[0].model_copy(update=changes)


def rows(*lines: LineView) -> list[list[str]]:
    content = b"".join(csv_file.movements(ACCOUNT, [list(lines)])).decode()
    return list(csv.reader(io.StringIO(content, newline=""), strict=True))


def streams(content: bytes) -> list[str]:
    found = re.findall(rb"stream\n(x.*?)\nendstream", content, re.DOTALL)
    return [zlib.decompress(each).decode("latin-1") for each in found]


def texts(stream: str) -> list[str]:
    found = re.findall(r"\(((?:[^()\\]|\\.)*)\) Tj", stream)
    return [re.sub(r"\\([()\\])", r"\1", each) for each in found]


def statement(*lines: LineView) -> StatementView:
    return EXAMPLE.model_copy(update={"movements": list(lines)})


# Words


def test_every_kind_of_movement_has_its_words() -> None:
    noted = {each.kind for _, _, reasons in REASONS for each in reasons}
    said = {"margin_call_payment", "own_transfer", "transfer", "account_joined", "account_left"}

    assert noted | said == {*KINDS}
    assert len({*KINDS.values()}) == len(KINDS)


def test_document_names_every_kind_and_every_column() -> None:
    told = set(re.findall(r"`([a-z_]+)`", (ROOT / "docs" / "statements.md").read_text(encoding="utf-8")))

    assert {*KINDS} <= told
    assert {*csv_file.MOVEMENTS} <= told


# Forms


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        (None, "json"),
        ("", "json"),
        ("*/*", "json"),
        ("text/csv", "csv"),
        ("application/pdf", "pdf"),
        ("application/*", "json"),
        ("text/*", "csv"),
        ("text/html, application/pdf;q=0.9, */*;q=0.1", "pdf"),
        ("application/json;q=0.1, text/csv;q=0.5", "csv"),
        ("application/json;q=0, */*;q=0.5", "csv"),
        ("TEXT/CSV; charset=utf-8", "csv"),
        ("application/json;q=nonsense, text/csv", "csv"),
        ("application/json;q=nan, text/csv;q=inf, application/pdf", "pdf"),
    ],
)
def test_best_form_that_is_taken_is_given(accept: str | None, form: str) -> None:
    assert form_of(accept, None) == form


@pytest.mark.parametrize("accept", ["image/png", "text/csv;q=0", "*/*;q=0", ";;,", "json"])
def test_form_that_is_not_given_is_refused(accept: str) -> None:
    with pytest.raises(NotAcceptable, match="A statement is given as application/json, text/csv, application/pdf"):
        form_of(accept, None)


@given(st.text())
def test_whatever_accept_says_is_answered_or_refused(accept: str) -> None:
    answered = None
    with suppress(NotAcceptable):
        answered = form_of(accept, None)

    assert answered in ("json", "csv", "pdf", None)


# CSV


@pytest.mark.parametrize("name", ["=1+1", "+49", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1"])
def test_name_is_no_formula(name: str) -> None:
    _, _, row, _ = rows(line(name))

    assert row[csv_file.MOVEMENTS.index("counterparty_name")] == f"'{name}"


def test_amounts_stay_numbers() -> None:
    _, _, row, _ = rows(line("Acme", -123_456))
    told = dict(zip(csv_file.MOVEMENTS, row, strict=True))

    assert (told["amount_minor"], told["amount"]) == ("-123456", "-1234.56")


@given(st.text(st.characters(blacklist_categories=("Cs",)), max_size=40))
def test_any_name_comes_through_and_every_row_has_as_many_fields(name: str) -> None:
    found = rows(line(name), line("Acme"))

    assert {len(row) for row in found} == {len(csv_file.MOVEMENTS)}
    assert found[2][csv_file.MOVEMENTS.index("counterparty_name")].removeprefix("'") == name.removeprefix("'")
    assert not found[2][csv_file.MOVEMENTS.index("counterparty_name")].startswith(("=", "+", "-", "@", "\t", "\r"))


def test_file_begins_with_its_header_and_no_mark() -> None:
    content = b"".join(csv_file.movements(ACCOUNT, [[]]))

    assert content.startswith(b"record,at,block_number,kind,")
    assert content.count(b"\r\n") == 3


# PDF


@pytest.mark.parametrize(
    ("text", "said", "escaped"),
    [
        ("Søren Ångström & Söhne", "Søren Ångström & Söhne", False),
        ("Łódź – Dvořák", "Lódz - Dvorák", False),
        ("10 €", "10 EUR", False),
        ("中国", "<U+4E2D><U+56FD>", True),
        ("a\u202eb", "a<U+202E>b", True),
        ("a\x00b\n", "a<U+0000>b<U+000A>", True),
    ],
)
def test_text_is_put_in_what_the_fonts_have(text: str, said: str, escaped: bool) -> None:
    assert printable(text) == (said, escaped)


@given(st.text(max_size=60))
def test_any_text_can_be_printed(text: str) -> None:
    said, _ = printable(text)

    said.encode("latin-1")
    assert all(" " <= sign <= "ÿ" for sign in said)


@pytest.mark.parametrize("name", ["中国公司", "Пример ООО", "شركة", "\U0001f600", "a)b(c\\d", ""])
def test_names_of_any_script_are_printed(name: str) -> None:
    its = EXAMPLE.model_copy(update={"organisation": EXAMPLE.organisation.model_copy(update={"name": name})})

    content = printed(its.model_copy(update={"movements": [line(name)]}))

    assert content.startswith(b"%PDF-")


def test_page_on_which_signs_were_escaped_says_so_and_others_do_not() -> None:
    pages = streams(printed(statement(line("中"), *[line("Acme")] * 120)))

    noted = [any("written by their code points" in each for each in texts(page)) for page in pages]
    assert noted[0]
    assert not any(noted[1:])


def test_heads_of_tables_and_numbers_are_on_every_page() -> None:
    pages = [texts(page) for page in streams(printed(statement(*[line("Acme")] * 200)))]

    with_lines = [page for page in pages if "Acme" in page]
    assert len(with_lines) > 2
    for page in with_lines:
        assert page.index("Time (UTC)") < page.index("Acme")
    for number, page in enumerate(pages, 1):
        assert "".join(page[-2:]).replace(" ", "").endswith(f"Page{number}of{len(pages)}"), page[-3:]
    assert sum(page.count("Acme") for page in pages) == 200


def test_greatest_amounts_are_not_cut_and_reach_no_other_column() -> None:
    amount = Amount.of(-(2**56) + 1, "EUR")
    page = streams(printed(statement(line("Acme", amount.units))))[0]

    assert amount.decimal in texts(page)
    placed = {text: float(x) for x, text in re.findall(r"BT ([\d.]+) [\d.]+ Td \(([^)]*)\) Tj", page)}
    assert placed[amount.decimal] > placed["Acme"] + 24 * 72 / 25.4


def test_total_is_of_all_lines() -> None:
    said = " ".join(texts(streams(printed(statement(line("Acme", 150), line("Acme", -40))))[0]))

    assert "Total 1.10 59113.30" in said


def test_same_statement_is_the_same_bytes_and_another_is_not() -> None:
    later: Any = {"closed_at": datetime(2026, 6, 30, tzinfo=UTC)}

    assert printed(EXAMPLE) == printed(EXAMPLE)
    assert printed(EXAMPLE) != printed(EXAMPLE.model_copy(update=later))
    assert b"D:20260531235959" in printed(EXAMPLE)


def test_part_that_the_node_has_forgotten_is_said_to_be_unknown() -> None:
    assert EXAMPLE.financings is not None
    forgotten = EXAMPLE.financings[0].model_copy(update={"before": None, "charged": None, "after": None})

    content = printed(EXAMPLE.model_copy(update={"financings": [forgotten]}))

    assert "unknown" in texts(streams(content)[0])
