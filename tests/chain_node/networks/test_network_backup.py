from __future__ import annotations

import json
import stat
from base64 import b64encode
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from consortium import PASSPHRASE, Consortium, found
from hypothesis import given
from hypothesis import strategies as st
from rpc_proxy import Proxy, proxy
from typer.testing import CliRunner

from chain_node.networks.backup import (
    Contents,
    collect,
    open_backup,
    restore_member,
    restore_network,
    write_backup,
)
from chain_node.networks.ceremony import load_ceremony
from chain_node.networks.cli import network_app
from chain_node.networks.documents import canonical
from chain_node.networks.errors import ChangeRefused, FileUnusable
from chain_node.networks.member import MemberFolder, open_to_others
from chain_node.networks.sealing import Sealed, seal, unseal

SECRET = "a passphrase for the backup"
CHEAP = 2**8
runner = CliRunner()


@pytest.fixture
def harbour(tmp_path: Path) -> Consortium:
    return found(tmp_path)


def written(made: Consortium, path: Path, with_keys: bool) -> Contents:
    ceremony = load_ceremony(made.folder)
    contents = collect(made.member(0), made.folder, ceremony, with_keys)
    write_backup(path, ceremony, contents, SECRET, with_keys, scrypt_n=CHEAP)
    return contents


# The seal


@given(st.binary(max_size=60), st.integers(0, 10**6), st.integers(1, 255))
def test_every_change_of_a_sealed_file_is_found(content: bytes, at: int, flip: int) -> None:
    sealed = seal(content, {"network": "n"}, SECRET, CHEAP)
    assert unseal("here", sealed, SECRET) == content

    raw = bytearray(sealed.content.encode())
    raw[at % len(raw)] ^= flip
    changed: list[dict[str, Any]] = [
        {"about": {"network": "m"}},
        {"nonce": "00" * 12},
        {"salt": "00" * 16},
        {"scrypt_n": CHEAP * 2},
        {"content": raw.decode("latin-1")},
    ]
    for change in changed:
        with pytest.raises(FileUnusable, match="another passphrase, or the file was changed"):
            unseal("here", sealed.model_copy(update=change), SECRET)
    with pytest.raises(FileUnusable, match="another passphrase"):
        unseal("here", sealed, SECRET + "x")


def test_same_content_is_never_sealed_the_same() -> None:
    first, second = (seal(b"one", {}, SECRET, CHEAP) for _ in range(2))

    assert {first.salt, first.nonce, first.content}.isdisjoint({second.salt, second.nonce, second.content})


def test_short_passphrase_is_refused() -> None:
    with pytest.raises(FileUnusable, match="shorter than 12"):
        seal(b"", {}, "short", CHEAP)


@pytest.mark.parametrize("change", [{"scrypt_n": 2**30}, {"scrypt_r": 10_000}, {"salt": "00"}, {"content": "%"}])
def test_forged_costs_are_refused_before_they_are_paid(tmp_path: Path, change: dict[str, Any]) -> None:
    value = seal(b"x", {}, SECRET, CHEAP).model_dump(mode="json") | change
    (tmp_path / "b").write_bytes(canonical(value))

    with pytest.raises(FileUnusable, match=next(iter(change))):
        open_backup(tmp_path / "b", SECRET)


# What goes in


def test_keys_stay_out_unless_asked_for(harbour: Consortium, tmp_path: Path) -> None:
    without, with_ = written(harbour, tmp_path / "a", False), written(harbour, tmp_path / "b", True)

    assert sorted(without.member) == ["cards/validator-a.json", "nodes/validator-a/accounts-allowlist.toml"]
    assert sorted(set(with_.member) - set(without.member)) == ["member.json", "nodes/validator-a/key"]
    assert "genesis.json" not in without.network  # it follows from the rest
    secret = (harbour.member(0).node_folder("validator-a") / "key").read_bytes().strip()
    assert secret not in b"".join(without.member.values())
    for path in (tmp_path / "a", tmp_path / "b"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert secret not in path.read_bytes()
        assert b64encode(secret)[:40] not in path.read_bytes()
    assert json.loads((tmp_path / "b").read_text())["about"]["keys"] == "yes"


def test_backup_is_never_written_over_another(harbour: Consortium, tmp_path: Path) -> None:
    written(harbour, tmp_path / "a", False)

    with pytest.raises(ChangeRefused, match="never written over"):
        written(harbour, tmp_path / "a", False)


# And back


@pytest.mark.parametrize(
    "name", ["../evil", "/etc/passwd", "cards/../../x.json", "nodes/a/../../x", "nodes/a/b/c", "nodes/A/key", "cards/a"]
)
def test_name_that_leads_elsewhere_is_refused(tmp_path: Path, name: str) -> None:
    packed = {"member": {name: "eA=="}, "network": {}}
    sealed: Sealed = seal(canonical(packed), {}, SECRET, CHEAP)
    (tmp_path / "b").write_bytes(sealed.canonical())

    with pytest.raises(FileUnusable, match="has no place in a backup"):
        open_backup(tmp_path / "b", SECRET)


def test_backup_of_another_network_is_refused(harbour: Consortium, tmp_path: Path) -> None:
    written(harbour, tmp_path / "a", False)
    other = found(tmp_path / "twin")

    with pytest.raises(FileUnusable, match="is of another network"):
        restore_network(tmp_path / "a", open_backup(tmp_path / "a", SECRET), other.folder)


def test_member_comes_back_as_it_was_and_only_into_a_new_folder(harbour: Consortium, tmp_path: Path) -> None:
    written(harbour, tmp_path / "a", True)
    contents, back = open_backup(tmp_path / "a", SECRET), MemberFolder(tmp_path / "new" / "member")

    restore_member(tmp_path / "a", contents, back)
    ceremony = restore_network(tmp_path / "a", contents, tmp_path / "nets" / "harbour")

    assert ceremony.beginning == load_ceremony(harbour.folder).beginning
    assert {n: (back.path / n).read_bytes() for n in contents.member} == contents.member
    assert back.open_key(PASSPHRASE, back.path / "member.json").address == harbour.key(0).address
    assert open_to_others(back) == []
    with pytest.raises(ChangeRefused, match="is there already"):
        restore_member(tmp_path / "a", contents, back)


# A key at work


def fake_node(made: Consortium, peers: list[str], proposes: str, height: list[int]) -> dict[str, Any]:
    """A node of a chain that makes a block at each question for its height, all by one proposer from block 101 on."""

    def grow(params: list[Any]) -> str:
        height[0] += 9
        return hex(height[0])

    def block(params: list[Any]) -> dict[str, Any]:
        number = height[0] if params[0] == "latest" else int(params[0], 16)
        miner = proposes if number > 100 else made.cards[0].body.address
        return {"number": hex(number), "hash": hex(number), "timestamp": "0x1", "miner": miner, "extraData": "0x"}

    return {
        "eth_blockNumber": grow,
        "eth_getBlockByNumber": block,
        "admin_peers": [{"id": "0x" + key} for key in peers],
    }


def restoring(
    made: Consortium, tmp_path: Path, peers: list[str], proposes: str, *, ask: bool = True
) -> tuple[int, str]:
    """The command, run against a fake of validator-b."""
    (tmp_path / "pass").write_text(SECRET)
    with ExitStack() as stack:
        node: Proxy = stack.enter_context(proxy(fake_node(made, peers, proposes, [100])))
        own = ["--root", str(made.folder.parent), "--passphrase-file", str(tmp_path / "pass"), "--watch", "20"]
        rpc = ["--rpc", f"validator-b={node.url}"] if ask else []
        folder = ["--member-dir", str(tmp_path / "back")]
        arguments = ["restore", made.terms.name, str(tmp_path / "backup"), *folder, *own, *rpc]
        result = runner.invoke(network_app, arguments, env={"COLUMNS": "200"})
    return result.exit_code, result.output


@pytest.fixture
def backed_up(harbour: Consortium, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Consortium:
    """Nobody answers at the old place, unless a test says so: 10.0.0.1 may be anybody's."""
    monkeypatch.setattr("chain_node.networks.backup_cli.port_is_open", lambda node: False)
    written(harbour, tmp_path / "backup", True)
    return harbour


def test_key_is_not_restored_without_asking_anybody(backed_up: Consortium, tmp_path: Path) -> None:
    code, said = restoring(backed_up, tmp_path, [], backed_up.cards[1].body.address, ask=False)

    assert code == 1
    assert "no other node could be asked" in said
    assert not (tmp_path / "back").exists()


def test_key_that_another_node_is_connected_with_is_not_restored(backed_up: Consortium, tmp_path: Path) -> None:
    body = backed_up.cards[0].body
    code, said = restoring(backed_up, tmp_path, [body.public_key], backed_up.cards[1].body.address)

    assert code == 1
    assert "validator-a: its key is at work: validator-b is connected with it" in said
    assert not (tmp_path / "back").exists()


def test_key_that_proposes_blocks_is_not_restored(backed_up: Consortium, tmp_path: Path) -> None:
    """It proposed the blocks up to 100 as well, before anybody looked: that alone would be no reason."""
    code, said = restoring(backed_up, tmp_path, [], backed_up.cards[0].body.address)

    assert code == 1
    assert "validator-a: its key is at work: it proposed block 1" in said


def test_key_whose_place_answers_is_not_restored(
    backed_up: Consortium, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chain_node.networks.backup_cli.port_is_open", lambda node: True)
    code, said = restoring(backed_up, tmp_path, [], backed_up.cards[1].body.address)

    assert code == 1
    assert "something answers at 10.0.0.1:30303" in said


def test_key_that_rests_is_restored(backed_up: Consortium, tmp_path: Path) -> None:
    code, said = restoring(backed_up, tmp_path, [backed_up.cards[2].body.public_key], backed_up.cards[1].body.address)

    assert code == 0, said
    assert "1 nodes with their keys" in said
    was = (backed_up.member(0).node_folder("validator-a") / "key").read_bytes()
    assert (tmp_path / "back" / "nodes" / "validator-a" / "key").read_bytes() == was


def test_backup_by_command_is_restored_by_command(
    harbour: Consortium, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chain_node.networks.backup.SCRYPT_N", CHEAP)
    (tmp_path / "pass").write_text(SECRET)
    out, secret = str(tmp_path / "backup"), ["--passphrase-file", str(tmp_path / "pass")]
    member = ["--member-dir", str(harbour.member(0).path), "--root", str(harbour.folder.parent)]
    made = runner.invoke(network_app, ["backup", "harbour", "--out", out, *member, *secret], env={"COLUMNS": "200"})
    assert made.exit_code == 0, made.output
    assert "It holds no keys" in made.output

    back = ["--member-dir", str(tmp_path / "back"), "--root", str(tmp_path / "nets")]
    result = runner.invoke(network_app, ["restore", "harbour", out, *back, *secret], env={"COLUMNS": "200"})

    assert result.exit_code == 0, result.output
    assert (tmp_path / "nets" / "harbour" / "genesis.json").read_bytes() == (
        harbour.folder / "genesis.json"
    ).read_bytes()
    check = runner.invoke(network_app, ["check", "harbour", "--root", str(tmp_path / "nets")])
    assert check.exit_code == 0, check.output


def test_list_that_the_running_node_changed_is_kept_and_not_the_first_days(harbour: Consortium, tmp_path: Path) -> None:
    """Under a unit the node runs in another folder than the one where its key was made."""
    ceremony, run_from = load_ceremony(harbour.folder), tmp_path / "var" / "harbour"
    home, name = run_from / "validator-a", "nodes/validator-a/accounts-allowlist.toml"
    first = collect(harbour.member(0), harbour.folder, ceremony, False, run_from).member
    assert b"ab" * 20 in first[name]  # it does not run there

    home.mkdir(parents=True)
    with pytest.raises(FileUnusable, match=f"{home}: is where validator-a runs, and cannot be read"):
        collect(harbour.member(0), harbour.folder, ceremony, False, run_from)
    (home / "accounts-allowlist.toml").write_text('accounts-allowlist=["0x77"]\n')
    (home / "key").write_text("another")
    (home / "database").mkdir()

    kept = collect(harbour.member(0), harbour.folder, ceremony, True, run_from).member
    assert kept[name] == b'accounts-allowlist=["0x77"]\n'
    assert set(kept) == {*first, "member.json", "nodes/validator-a/key"}
    assert kept["nodes/validator-a/key"] == (harbour.member(0).path / "nodes" / "validator-a" / "key").read_bytes()


def test_backup_of_nodes_that_run_nowhere_is_refused(harbour: Consortium, tmp_path: Path) -> None:
    words = ["backup", "harbour", "--member-dir", harbour.member(0).path, "--out", tmp_path / "out"]
    words += ["--nodes-dir", tmp_path / "nowhere", "--root", harbour.folder.parent]

    result = runner.invoke(network_app, [str(its) for its in words], env={"COLUMNS": "200"})

    assert result.exit_code == 1
    assert "nowhere: is no folder" in result.output
    assert not (tmp_path / "out").exists()
