"""The hash chain as a function: whatever is done to the entries shows, and at the first of them."""

from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.compliance.audit.chain import BEGINNING, AuditBroken, Head, linked, walk

FIELDS = ("at", "client", "lei", "operation", "resource", "status", "detail")


def entry(**changes: Any) -> dict[str, Any]:
    values: dict[str, Any] = {
        "at": datetime(2026, 5, 4, 9, 0, 5, 123456, UTC),
        "client": "client_1",
        "lei": None,
        "operation": "POST /v1/cash/issues",
        "resource": "/v1/cash/issues",
        "status": 202,
        "detail": {},
    }
    return {**values, **changes}


entries = st.lists(
    st.builds(
        entry,
        at=st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1)).map(lambda at: at.replace(tzinfo=UTC)),  # noqa: DTZ001
        client=st.text(max_size=8),
        lei=st.none() | st.text(max_size=4),
        resource=st.text(max_size=8),
        status=st.integers(200, 599),
        detail=st.dictionaries(st.text(max_size=4), st.text(max_size=4) | st.integers(), max_size=3),
    ),
    min_size=1,
    max_size=8,
)


def chain(given_entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return list(linked(given_entries, Head()))


@given(entries, st.data())
def test_any_changed_field_is_found_at_its_entry(given_entries: list[dict[str, Any]], data: Any) -> None:
    made = chain(given_entries)
    place = data.draw(st.integers(0, len(made) - 1))
    name = data.draw(st.sampled_from(FIELDS))
    other = {
        "at": datetime(2041, 1, 1, tzinfo=UTC),
        "status": 100,
        "detail": {"forged": "yes, really"},
    }.get(name, "forged, really")
    made[place][name] = other

    with pytest.raises(AuditBroken) as broken:
        walk(made)

    assert broken.value.number == place + 1


@given(entries, st.data())
def test_any_missing_entry_but_the_last_is_found_at_its_place(given_entries: list[dict[str, Any]], data: Any) -> None:
    made = chain([*given_entries, entry()])
    place = data.draw(st.integers(0, len(made) - 2))
    del made[place]

    with pytest.raises(AuditBroken) as broken:
        walk(made)

    assert broken.value.number == place + 1


@given(entries, st.data())
def test_swapped_entries_are_found_at_the_first(given_entries: list[dict[str, Any]], data: Any) -> None:
    made = chain([*given_entries, entry(resource="last")])
    first = data.draw(st.integers(0, len(made) - 2))
    second = data.draw(st.integers(first + 1, len(made) - 1))
    made[first], made[second] = made[second], made[first]

    with pytest.raises(AuditBroken) as broken:
        walk(made)

    assert broken.value.number == first + 1


@given(entries, st.data())
def test_a_trail_that_was_rewritten_whole_contradicts_its_anchor(
    given_entries: list[dict[str, Any]], data: Any
) -> None:
    anchor = walk(chain(given_entries))
    forged = deepcopy(given_entries)
    forged[data.draw(st.integers(0, len(forged) - 1))]["client"] = "somebody else"
    rewritten = chain(forged)

    assert walk(rewritten).number == anchor.number
    with pytest.raises(AuditBroken, match="anchored"):
        walk(rewritten, anchor)


@given(entries)
def test_a_trail_cut_short_contradicts_its_anchor(given_entries: list[dict[str, Any]]) -> None:
    made = chain(given_entries)
    anchor = walk(made)

    with pytest.raises(AuditBroken) as broken:
        walk(made[:-1], anchor)

    assert broken.value.number == len(made)


@given(entries, entries)
def test_linking_in_batches_makes_the_same_chain(first: list[dict[str, Any]], second: list[dict[str, Any]]) -> None:
    whole = chain([*first, *second])
    start = chain(first)

    rest = list(linked(second, Head(len(first), start[-1]["hash"])))

    assert [*start, *rest] == whole
    assert walk(whole) == Head(len(whole), whole[-1]["hash"])
    assert whole[0]["previous"] == BEGINNING


def test_the_hash_can_be_computed_by_hand() -> None:
    from hashlib import sha256

    (made,) = chain([entry(detail={"b": 1, "a": "é"})])

    text = (
        '{"at":"2026-05-04T09:00:05.123456+00:00","client":"client_1","detail":{"a":"é","b":1},"lei":null,"number":1,'
        '"operation":"POST /v1/cash/issues","resource":"/v1/cash/issues","status":202}'
    )
    assert made["hash"] == sha256(f"portolan audit 1\n{'0' * 64}\n{text}".encode()).hexdigest()
