"""Every function, event and error of an interface is explained where it is declared."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

CONTRACTS = Path(__file__).resolve().parents[2] / "contracts"
INTERFACE = re.compile(r"^interface \w+[^{]*\{$(.*?)^\}$", re.MULTILINE | re.DOTALL)
DECLARATION = re.compile(r"^ {4}(?:function|event|error) (\w+)\(")
EXPLAINS = re.compile(r"^ {4}/// @(?:notice|param|return) \S+ \S+")


def declarations(source: str) -> Iterator[tuple[str, bool]]:
    """Name of each function, event and error of the interfaces in `source`, and whether NatSpec lines explain it."""
    for interface in INTERFACE.finditer(source):
        explained = False
        for line in interface[1].splitlines():
            found = DECLARATION.match(line)
            if found:
                yield found[1], explained
            if not line.startswith("    ///"):
                explained = False
            elif EXPLAINS.match(line):
                explained = True


def test_every_declaration_of_an_interface_is_explained() -> None:
    found = {
        f"{path.relative_to(CONTRACTS)}: {name}": explained
        for path in sorted(CONTRACTS.rglob("*.sol"))
        for name, explained in declarations(path.read_text())
    }

    assert {name for name, explained in found.items() if not explained} == set()
    assert len(found) > 250


def test_every_interface_file_is_read() -> None:
    unread = {path.name for path in CONTRACTS.rglob("interfaces/*.sol") if not list(declarations(path.read_text()))}

    assert unread == set()


def test_a_lone_declaration_is_noticed() -> None:
    source = (
        "interface I is A, B {\n"
        "    /// @notice Pays, in minor units.\n"
        "    function pay(uint256 amount) external;\n"
        "    event Paid(uint256 amount);\n"
        "    /// @dev Why it is so.\n"
        "    error Late(uint256 now_);\n"
        "\n"
        "    /// @notice Of something above the gap.\n"
        "\n"
        "    function last(\n"
        "        uint256 amount\n"
        "    ) external;\n"
        "}\n"
    )

    assert list(declarations(source)) == [("pay", True), ("Paid", False), ("Late", False), ("last", False)]
