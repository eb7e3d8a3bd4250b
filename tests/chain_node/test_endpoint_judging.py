"""Which blocks count, and who tells others: pure, without any node."""

from chain_node.client.endpoints.record import KEPT_BLOCKS, Record

A, B, C = b"\xaa" * 32, b"\xbb" * 32, b"\xcc" * 32


def test_of_two_the_one_that_tells_something_else_than_what_is_recorded_is_not_trusted() -> None:
    record = Record(2)
    record.remember({5: A})

    disputes = record.disputes({"a": {5: B}, "b": {5: A}}, "a")

    assert list(disputes) == ["a"]
    assert str(disputes["a"]) == f"its block 5 is 0x{B.hex()}, not 0x{A.hex()}"


def test_of_two_without_a_record_the_one_that_is_read_from_counts_as_recorded() -> None:
    assert list(Record(2).disputes({"a": {5: A}, "b": {5: B}}, "b")) == ["a"]


def test_of_two_of_which_nothing_is_known_neither_is_trusted() -> None:
    disputes = Record(2).disputes({"a": {5: A}, "b": {5: B}}, None)

    assert set(disputes) == {"a", "b"}
    assert "none is known to be right" in str(disputes["a"])


def test_of_three_the_minority_is_not_trusted_though_it_was_read_from() -> None:
    record = Record(3)
    record.disputes({"a": {5: A}}, "a")

    assert list(record.disputes({"a": {5: A}, "b": {5: B}, "c": {5: B}}, "a")) == ["a"]
    assert record.told[5] == B


def test_firm_block_that_the_majority_tells_otherwise_leaves_nobody() -> None:
    record = Record(3)
    record.disputes({"a": {5: A}, "b": {5: A}}, "a")

    assert set(record.disputes({"a": {5: B}, "b": {5: B}, "c": {5: B}}, "a")) == {"a", "b", "c"}


def test_of_three_that_all_differ_the_one_that_is_read_from_counts() -> None:
    assert set(Record(3).disputes({"a": {5: A}, "b": {5: B}, "c": {5: C}}, "c")) == {"a", "b"}


def test_what_one_tells_that_nobody_reads_from_is_not_recorded() -> None:
    record = Record(2)

    assert record.disputes({"a": {4: A}, "b": {4: A, 9: B}}, "a") == {}
    assert record.told == {4: A}


def test_disputed_once_it_counts_at_no_other_height() -> None:
    record = Record(3)
    told = {"a": {5: A, 6: A}, "b": {5: B, 6: B}, "c": {5: B, 6: B}}

    assert list(record.disputes(told, "a")) == ["a"]
    assert record.told == {5: B, 6: B}


def test_record_is_bounded_and_keeps_the_first_block() -> None:
    record = Record(2)
    for height in range(KEPT_BLOCKS + 50):
        record.disputes({"a": {height: A}, "b": {height: A}}, "a")

    assert len(record.told) == KEPT_BLOCKS
    assert 0 in record.told
    assert record.newest == KEPT_BLOCKS + 49
    assert record.firm == set(record.told)


def test_contradiction_names_the_first_block_that_is_another() -> None:
    record = Record(2)
    record.remember({4: A, 6: A, 8: A})

    found = record.contradiction({4: A, 6: B, 7: C, 8: B})

    assert found is not None
    assert found.height == 6
    assert record.contradiction({4: A, 5: B}) is None
