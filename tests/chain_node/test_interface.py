from __future__ import annotations

import re
from enum import IntEnum
from pathlib import Path

import pytest

from chain_node.compile import ROOT
from chain_node.interface import Interface, interfaces
from chain_node.vocabulary import ENUMS, Milestone, Office, Role, words

CONTRACTS = ROOT / "contracts"


def constants(file: str, library: str) -> dict[str, int]:
    text = (CONTRACTS / "types" / file).read_text()
    body = text.split(f"library {library}")[1].split("\n}")[0]
    found = re.findall(r"constant (\w+) = ([^;]+);", body)
    return {name: int(eval(value, {"__builtins__": {}})) for name, value in found if name.isupper()}  # noqa: S307


def upper(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).upper()


@pytest.mark.parametrize(
    ("file", "library", "ours"),
    [("Milestones.sol", "Milestones", Milestone), ("Roles.sol", "Roles", Role), ("Roles.sol", "Offices", Office)],
)
def test_numbers_are_solidity_s(file: str, library: str, ours: type[IntEnum]) -> None:
    theirs = constants(file, library)
    masks = {"ORACLE_ROLES", "ALL"}

    assert {name: value for name, value in theirs.items() if name not in masks} == {m.name: int(m) for m in ours}


@pytest.mark.parametrize("name", sorted(ENUMS))
def test_enums_are_solidity_s(name: str) -> None:
    interface, _, enum = name.rpartition(".")
    pattern = rf"enum {enum} \{{([^}}]*)\}}"
    paths = CONTRACTS.rglob(f"{interface or '*'}.sol")
    (members,) = [found for path in paths if (found := re.search(pattern, path.read_text()))]

    assert [upper(member) for member in re.findall(r"\w+", members.group(1))] == [m.name for m in ENUMS[name]]


def test_every_enum_of_the_interfaces_is_ours_too() -> None:
    text = "\n".join(path.read_text() for path in (Path(__file__).parents[2] / "chain_node/client/abi").glob("*.json"))

    assert set(re.findall(r'"internalType": "enum ([\w.]+)"', text)) <= set(ENUMS)


def test_value_of_the_wrong_shape_names_the_function() -> None:
    function = interfaces()["CashToken"].functions["approve"]

    with pytest.raises(ValueError, match=r"CashToken\.approve: 2 values are needed, 1 given"):
        function.encode("0x" + "11" * 20)
    with pytest.raises(ValueError, match=r"CashToken\.approve: values do not fit \(address,uint256\)"):
        function.encode("0x" + "11" * 20, -1)


def test_nested_lists_of_structs_survive_the_way_there_and_back() -> None:
    row = {
        "name": "",
        "type": "tuple[]",
        "components": [{"name": "a", "type": "bytes3"}, {"name": "b", "type": "uint8[]"}],
    }
    entry = {"type": "function", "name": "f", "stateMutability": "view", "inputs": [row], "outputs": [row]}
    function = Interface.parse("Test", [entry]).functions["f"]

    encoded = function.encode([("EUR", [1, 2]), ("USD", [])])

    assert function.decode(encoded[4:]) == [[{"a": "EUR", "b": [1, 2]}, {"a": "USD", "b": []}]]


def test_roles_are_read_as_words() -> None:
    assert words(int(Role.CARRIER | Role.SUPPLIER)) == "carrier, supplier"
    assert words(0) == "none"
