"""`portolan network member init`: what it refuses leaves the member's folder as it was."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from by_commands import network_command
from consortium import LEIS, Consortium, found

SAYS = {"--name": "v9", "--lei": LEIS[4], "--organisation": "Firm 4", "--contact": "ops", "--host": "10.0.4.1"}


@pytest.fixture
def harbour(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Consortium:
    monkeypatch.setattr("chain_node.networks.member._SCRYPT_N", 2**10)
    (tmp_path / "pass").write_text("correct horse battery\n")
    return found(tmp_path)


def init(made: Consortium, member_dir: Path, **changes: str) -> tuple[int, str]:
    says = SAYS | {f"--{key.replace('_', '-')}": value for key, value in changes.items()}
    folders = ["--root", made.folder.parent, "--member-dir", member_dir]
    secret = ["--passphrase-file", made.home.parent / "pass"]
    result = network_command("member", "init", "harbour", *secret, *folders, *[w for its in says.items() for w in its])
    return result.exit_code, result.output


def contents(folder: Path) -> dict[Path, bytes | None]:
    return {path: path.read_bytes() if path.is_file() else None for path in folder.rglob("*")}


# Refusals


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"lei": LEIS[4][:-2] + "00"}, f"{LEIS[4][:-2]}00 is not an LEI: its check digits are wrong"),
        ({"lei": LEIS[4].lower()}, "is not an LEI: 20 digits and capital letters are needed"),
        ({"host": "v9.example.org"}, "'v9.example.org' is not an IP address"),
        ({"port": "65536"}, "port: Input should be less than or equal to 65535"),
        ({"organisation": "Firm | 4"}, "organisation: String should match pattern"),
        ({"name": "V9"}, "'V9' is no name for a node"),
    ],
)
def test_card_that_cannot_be_leaves_no_key(
    harbour: Consortium, tmp_path: Path, change: dict[str, str], why: str
) -> None:
    code, said = init(harbour, tmp_path / "own", **change)

    assert (code, (tmp_path / "own").exists()) == (1, False)
    assert why in said


def test_passphrase_that_is_too_short_leaves_no_folder(harbour: Consortium, tmp_path: Path) -> None:
    (tmp_path / "pass").write_text("short\n")

    code, said = init(harbour, tmp_path / "own")

    assert (code, (tmp_path / "own").exists()) == (1, False)
    assert "shorter than 12" in said


def test_wrong_card_is_refused_before_a_passphrase_is_asked_for(harbour: Consortium, tmp_path: Path) -> None:
    (tmp_path / "pass").unlink()

    assert "check digits are wrong" in init(harbour, tmp_path / "own", lei=LEIS[4][:-2] + "00")[1]


def test_folder_of_one_organisation_makes_no_card_of_another(harbour: Consortium) -> None:
    own = harbour.member(0).path
    before = contents(own)

    code, said = init(harbour, own)

    assert code == 1
    assert f"{own}: is the folder of {LEIS[0]}, as {own}/cards/validator-a.json says" in said
    assert f"no node of {LEIS[4]} can be made in it" in said
    assert contents(own) == before


def test_key_of_a_member_makes_no_card_of_another_organisation_where_its_cards_are_gone(harbour: Consortium) -> None:
    """The network knows whose key it is."""
    own = harbour.member(1).path
    shutil.rmtree(own / "cards")
    before = contents(own)

    code, said = init(harbour, own)

    assert code == 1
    assert f"{own}: is the folder of {LEIS[1]}, whose member key is {own}/member.json" in said
    assert f"no node of {LEIS[4]}" in said
    assert contents(own) == before


def test_card_that_nobody_can_read_in_the_folder_is_named(harbour: Consortium) -> None:
    card = harbour.member(0).path / "cards" / "validator-a.json"
    card.write_text("{}")

    code, said = init(harbour, harbour.member(0).path, lei=LEIS[0])

    assert code == 1
    assert str(card) in said


# Cards


def test_next_node_of_the_same_organisation_has_the_same_member_key(harbour: Consortium) -> None:
    code, said = init(harbour, harbour.member(0).path, lei=LEIS[0])

    assert code == 0, said
    assert f"member key {harbour.key(0).address.lower()}" in said
    assert harbour.member(0).card_path("v9").is_file()


def test_newcomers_first_node_makes_its_folder_and_its_key(harbour: Consortium, tmp_path: Path) -> None:
    code, said = init(harbour, tmp_path / "own")

    assert code == 0, said
    made = {str(path.relative_to(tmp_path / "own")) for path in contents(tmp_path / "own")}
    assert {"member.json", "cards/v9.json", "nodes/v9/key"} <= made
    assert {oct((tmp_path / "own" / name).stat().st_mode & 0o777) for name in ("", "nodes", "cards")} == {"0o700"}
