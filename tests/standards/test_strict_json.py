import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from standards.strict_json import JsonRefused, json_able, parse, write


def test_numbers_keep_every_digit() -> None:
    value = parse(b'{"a": 0.10000000000000000001, "b": 12, "c": 1e3}')

    assert value == {"a": Decimal("0.10000000000000000001"), "b": 12, "c": Decimal(1000)}


def test_byte_order_mark_is_dropped() -> None:
    assert parse(b"\xef\xbb\xbf[]") == []


def test_syntax_error_names_line_and_column() -> None:
    with pytest.raises(JsonRefused, match=r"at line 2, column 7") as refused:
        parse(b'{\n  "a" 1}')

    assert (refused.value.line, refused.value.column) == (2, 7)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "expecting value"),
        (b'{"a": 1, "b": {"c": 1, "c": 2}}', "'c' is given twice"),
        (b"[NaN]", "NaN is not a number"),
        (b"[-Infinity]", "-Infinity is not a number"),
        (b"[1e999999999]", "powers of ten"),
        (b"[" + b"9" * 5000 + b"]", "longer than"),
        (b"[" + b"0." + b"9" * 5000 + b"]", "longer than"),
        (b"[" * 60 + b"]" * 60, "deeper than the 48 levels"),
        (b"[" * 200_000, "deeper than the 48 levels"),
        (b'["\\ud800"]', "half a surrogate pair"),
        (b'{"\\ud800": 1}', "half a surrogate pair"),
        (b'["\xff"]', "byte 2 is not UTF-8"),
    ],
)
def test_dangerous_or_ambiguous_text_is_refused(data: bytes, why: str) -> None:
    with pytest.raises(JsonRefused, match=why):
        parse(data)


def test_size_is_bounded_before_anything_is_parsed() -> None:
    with pytest.raises(JsonRefused, match="7 bytes are more than the 6 allowed"):
        parse(b'["abc"]', limit_bytes=6)


def test_a_key_that_may_repeat_counts_by_its_last_value() -> None:
    assert parse(b'{"eventID": "a", "eventID": "b"}', may_repeat=("eventID",)) == {"eventID": "b"}


def test_exact_numbers_become_what_json_can_write_without_losing_a_digit() -> None:
    exact = {"whole": Decimal("5.00"), "short": Decimal("48.85855"), "long": [Decimal("0.12345678901234567890")]}

    assert json.loads(json.dumps(json_able(exact))) == {
        "whole": 5,
        "short": 48.85855,
        "long": ["0.12345678901234567890"],
    }


@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers(-(10**30), 10**30)
        | st.decimals(allow_nan=False, allow_infinity=False, places=6)
        | st.text(st.characters(blacklist_categories=["Cs"]), max_size=20),
        lambda inner: (
            st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters(max_codepoint=127)), inner, max_size=4)
        ),
        max_leaves=20,
    )
)
def test_what_is_written_reads_the_same(value: object) -> None:
    written = write(value)

    assert parse(written.encode()) == value
    json.loads(written)
