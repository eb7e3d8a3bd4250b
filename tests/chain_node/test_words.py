"""Plain words are read and written as the general coder reads and writes them, or left to it."""

from __future__ import annotations

from typing import Any

import eth_abi
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chain_node.interface import Coder, Parameter, interfaces
from chain_node.words import Plain

SHAPES = {
    "numbers": ["uint8", "uint256", "int64", "int256"],
    "bytes": ["bytes32", "bytes2", "bytes20"],
    "flags": ["bool", "uint32", "bool"],
    "a list among others": ["uint32", "bytes32[]", "uint64"],
    "lists of structs": ["(bytes32,uint32,(bool,int8))[]", "uint256", "(uint64,bytes32)[]"],
    "a struct": ["(uint8,bytes3)", "uint8[]"],
}
READ_ONLY = ["address", "uint8", "address[]"]


def parameter(kind: str, name: str = "its") -> Parameter:
    if not kind.startswith("("):
        return Parameter(name, kind, kind, indexed=False, components=())
    inside = kind[1 : kind.rindex(")")]
    parts, depth, start = list[str](), 0, 0
    for place, sign in enumerate(inside + ","):
        depth += (sign == "(") - (sign == ")")
        if sign == "," and not depth:
            parts.append(inside[start:place])
            start = place + 1
    components = tuple(parameter(part, f"field{number}") for number, part in enumerate(parts))
    return Parameter(name, kind, kind, indexed=False, components=components)


def coder(kinds: list[str]) -> Coder:
    return Coder(tuple(parameter(kind, f"its{number}") for number, kind in enumerate(kinds)))


def plain(kinds: list[str]) -> Plain:
    found = Plain.of(coder(kinds).parameters)
    assert found is not None
    return found


def values_of(kind: str) -> st.SearchStrategy[Any]:
    its = parameter(kind)
    if kind.endswith("[]"):
        return st.lists(values_of(kind.removesuffix("[]")), max_size=4).map(tuple)
    if its.components:
        return st.tuples(*(values_of(field.type) for field in its.components))
    if kind == "bool":
        return st.booleans()
    if kind == "address":
        return st.binary(min_size=20, max_size=20).map(lambda raw: "0x" + raw.hex())
    bits = int(kind.lstrip("abceinstuy"))
    if kind.startswith("bytes"):
        return st.binary(min_size=bits, max_size=bits)
    least, most = (-(1 << bits - 1), (1 << bits - 1) - 1) if kind.startswith("int") else (0, (1 << bits) - 1)
    return st.sampled_from([least, most]) | st.integers(least, most)


@pytest.mark.parametrize("kinds", SHAPES.values(), ids=SHAPES)
@settings(deadline=None)
@given(st.data())
def test_values_are_written_as_the_general_coder_writes_them(kinds: list[str], data: st.DataObject) -> None:
    values = [data.draw(values_of(kind)) for kind in kinds]

    assert plain(kinds).encode(values) == eth_abi.encode(kinds, values)


@pytest.mark.parametrize("kinds", [*SHAPES.values(), READ_ONLY], ids=[*SHAPES, "addresses"])
@settings(deadline=None)
@given(st.data())
def test_values_are_read_as_the_general_coder_reads_them(kinds: list[str], data: st.DataObject) -> None:
    values = [data.draw(values_of(kind)) for kind in kinds]

    assert plain(kinds).decode(eth_abi.encode(kinds, values)) == values


@pytest.mark.parametrize("kinds", [*SHAPES.values(), READ_ONLY], ids=[*SHAPES, "addresses"])
@settings(deadline=None)
@given(st.data())
def test_spoilt_bytes_are_read_as_the_general_coder_reads_them(kinds: list[str], data: st.DataObject) -> None:
    written = bytearray(eth_abi.encode(kinds, [data.draw(values_of(kind)) for kind in kinds]))
    for _ in range(data.draw(st.integers(1, 3))):
        written[data.draw(st.integers(0, len(written) - 1))] = data.draw(st.sampled_from([0, 1, 32, 255]))
    spoilt = bytes(written[: len(written) - data.draw(st.sampled_from([0, 0, 1, 32]))])

    found = plain(kinds).decode(spoilt)

    # What it does not read goes to the general coder; so nothing is read otherwise than by that.
    assert found is None or found == list(eth_abi.decode(kinds, spoilt))


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("uint8", 256),
        ("uint8", -1),
        ("int8", 128),
        ("uint8", True),
        ("uint8", "1"),
        ("bool", 1),
        ("bytes32", b"\x01"),
        ("bytes2", b"\x01\x02\x03"),
        ("bytes2", "ab"),
        ("address", "0x" + "11" * 20),
        ("uint8[]", 5),
        ("(uint8,bool)", (1,)),
    ],
)
def test_what_does_not_fit_is_left_to_the_general_coder(kind: str, value: object) -> None:
    assert plain([kind]).encode([value]) is None


@pytest.mark.parametrize("kind", ["string", "bytes", "uint8[3]", "uint8[][]", "(string,uint8)", "(uint8[],bool)[]"])
def test_other_shapes_are_left_to_the_general_coder(kind: str) -> None:
    assert Plain.of([parameter(kind)]) is None


def test_list_longer_than_its_data_is_refused_at_once() -> None:
    kinds = ["bytes32[]"]
    data = (32).to_bytes(32) + (1 << 255).to_bytes(32)

    assert plain(kinds).decode(data) is None
    with pytest.raises(ValueError, match="64 bytes are not"):
        coder(kinds).decode(data)


def test_padding_that_is_not_zero_is_refused_as_ever() -> None:
    with pytest.raises(ValueError, match=r"32 bytes are not \(uint32\)"):
        coder(["uint32"]).decode(b"\xff" * 32)


def test_events_of_facts_take_the_short_way() -> None:
    events = {event.name: event for event in interfaces()["MilestoneOracle"].events.values()}

    for name in ("VotesCounted", "FactFinal", "VoteRefused"):
        assert all(Plain.of([its]) for its in events[name].parameters)
