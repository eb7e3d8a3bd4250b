"""What `portolan network` says of a NAME that is no network of members, or of none at all."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from by_commands import network_command
from consortium import LEIS, OPERATOR, Consortium, found

from chain_node.config import CONFIG_ROOT
from chain_node.networks.cli import network_app

OWN = ["--member-dir", "own"]
WHY = [*OWN, "--why", "a reason"]
VERBS: dict[str, list[str]] = {
    "add-node": ["NAME", "--card", "card.json", *WHY],
    "add-validator": ["NAME", "--card", "card.json", *WHY],
    "apply": ["NAME", *OWN],
    "approve": ["NAME", "1", *OWN],
    "assemble": ["NAME", "--cards", "cards"],
    "audit": ["NAME"],
    "backup": ["NAME", *OWN, "--out", "sealed"],
    "check": ["NAME"],
    "doctor": ["NAME"],
    "down": ["NAME", *OWN],
    "new": ["NAME", "--org", LEIS[0], "--operator", OPERATOR, "--chain-id", "7", "--participants", "people.toml"],
    "receive": ["NAME", "ceremony.json"],
    "reject": ["NAME", "1", *OWN],
    "remove-node": ["NAME", "--node", "v0", *WHY],
    "remove-validator": ["NAME", "--node", "v0", *WHY],
    "restore": ["NAME", "sealed", *OWN],
    "rotate-key": ["NAME", "--node", "v0", "--card", "card.json", *WHY],
    "rotate-member-key": ["NAME", *WHY],
    "running": ["NAME", *OWN],
    "status": ["NAME"],
    "up": ["NAME", *OWN],
    "watch": ["NAME", "--rpc", "v0=http://127.0.0.1:1"],
}
INIT = ["--name", "v9", "--lei", LEIS[0], "--organisation", "Firm", "--contact", "ops", "--host", "10.0.0.1", *OWN]
MAKE = {"new", "restore"}
"""Verbs whose network need not be there yet."""


def said(verb: list[str], name: str, root: Path) -> str:
    words = [name if word == "NAME" else word for word in verb]
    result = network_command(*words, "--root", root)
    assert result.exit_code == 1, result.output
    assert "Traceback" not in result.output
    return " ".join(result.output.split())


def test_every_verb_is_tried() -> None:
    known = {command.name or command.callback.__name__ for command in network_app.registered_commands}  # type: ignore[union-attr]

    assert known == set(VERBS)


@pytest.mark.parametrize(
    "verb", [*([verb, *words] for verb, words in VERBS.items()), ["member", "init", "NAME", *INIT]]
)
def test_embedded_network_is_said_with_the_commands_that_serve_it(verb: list[str]) -> None:
    before = {path: path.read_bytes() for path in (CONFIG_ROOT / "local").iterdir() if path.is_file()}

    told = said(verb, "local", CONFIG_ROOT)

    assert "local is no network of members but the embedded network, one node of anvil" in told
    assert "`portolan node start --network local` runs it" in told
    assert "`portolan node status --network local` says how it is" in told
    assert {path: path.read_bytes() for path in (CONFIG_ROOT / "local").iterdir() if path.is_file()} == before


@pytest.mark.parametrize("kind", ["kaia", "besu"])
def test_validators_of_one_machine_are_no_members(kind: str) -> None:
    told = said(["status", "NAME"], kind, CONFIG_ROOT)

    assert f"no network of members but 4 validators of {kind}, all on one machine" in told
    assert f"`portolan node status --network {kind}` says how it is" in told


def test_embedded_network_of_another_folder_is_no_ones_to_start_from_there(tmp_path: Path) -> None:
    shutil.copytree(CONFIG_ROOT / "local", tmp_path / "local")

    assert f"`portolan node` serves it, from {CONFIG_ROOT}" in said(["check", "NAME"], "local", tmp_path)


@pytest.mark.parametrize(
    "verb", [*([v, *words] for v, words in VERBS.items() if v not in MAKE), ["member", "init", "NAME", *INIT]]
)
def test_name_that_nothing_has_is_said_with_the_folder_and_what_is_there(harbour: Consortium, verb: list[str]) -> None:
    root = harbour.folder.parent

    assert f"there is no network quay in {root}: there are harbour (of members), local" in said(verb, "quay", root)


@pytest.fixture(scope="module")
def harbour(tmp_path_factory: pytest.TempPathFactory) -> Consortium:
    made = found(tmp_path_factory.mktemp("named"), members=1)
    shutil.copytree(CONFIG_ROOT / "local", made.folder.parent / "local")
    return made


def test_folder_without_any_network_is_said(tmp_path: Path) -> None:
    assert f"no network quay in {tmp_path}: there is none at all" in said(["check", "NAME"], "quay", tmp_path)

    (tmp_path / "quay").mkdir()
    assert "quay: no network lies there: it has neither terms.json nor network.toml" in said(
        ["check", "NAME"], "quay", tmp_path
    )


def test_members_network_that_lost_its_terms_is_not_taken_for_another_kind(harbour: Consortium, tmp_path: Path) -> None:
    shutil.copytree(harbour.folder, tmp_path / "harbour")
    (tmp_path / "harbour" / "terms.json").unlink()

    told = said(["status", "NAME"], "harbour", tmp_path)

    assert "harbour: terms.json is not there, on which its members agreed: take the whole folder" in told


@pytest.mark.parametrize("text", ["engine = 1", "[engine]\n", '[engine]\nkind = "besu"\nvalidators = "x"', "\xff", "["])
def test_definition_that_says_of_no_engine_what_it_is_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "quay").mkdir()
    (tmp_path / "quay" / "network.toml").write_bytes(text.encode("latin-1"))

    assert "quay/network.toml: says of no engine what it is" in said(["status", "NAME"], "quay", tmp_path)


def test_network_of_members_is_found_by_its_name(harbour: Consortium) -> None:
    result = network_command("check", "harbour", "--root", harbour.folder.parent)

    assert result.exit_code == 0, result.output
