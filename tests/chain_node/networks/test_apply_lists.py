"""`apply` is not done before a node has the lists that were agreed on, whatever file it reads."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from consortium import LEIS, PASSPHRASE, Consortium, found
from rpc_proxy import proxy
from typer.testing import CliRunner

from chain_node.networks.besu import BesuEngine
from chain_node.networks.ceremony import current_files, load_ceremony, save_ceremony
from chain_node.networks.changes import Addition
from chain_node.networks.cli import network_app
from chain_node.networks.engine import NetworkEngine
from chain_node.networks.entries import Answer, Propose
from chain_node.networks.errors import ChangeRefused, VoteFailed
from chain_node.networks.kaia import KaiaNetwork
from chain_node.networks.lists import node_list_read, require_lists, require_one_copy

NOW = datetime(2026, 5, 4, 9, tzinfo=UTC)
runner = CliRunner()
ENGINES = (BesuEngine(), KaiaNetwork())


@pytest.fixture
def harbour(tmp_path: Path) -> Consortium:
    return found(tmp_path)


def told(made: Consortium, **other: Any) -> dict[str, Any]:
    """What a node says that has what was agreed; `other` is what it says instead."""
    ceremony = load_ceremony(made.folder)
    return {
        "perm_reloadPermissionsFromFile": "Success",
        "perm_getNodesAllowlist": [BesuEngine().peer_url(n) + "?discport=0" for n in ceremony.state.ordered],
        "perm_getAccountsAllowlist": [its.upper().replace("0X", "0x") for its in ceremony.terms.accounts],
        "qbft_getValidatorsByBlockNumber": [n.address for n in ceremony.state.validators],
        **other,
    }


def required(made: Consortium, answers: dict[str, Any]) -> None:
    ceremony = load_ceremony(made.folder)
    require_lists(BesuEngine(), ceremony, ceremony.state.nodes["validator-a"], lambda call: answers[call.method])


def running(proc: Path, engine: NetworkEngine, made: Consortium, network: Path) -> Path:
    """A process of that node, as /proc tells it; other processes stand before and after it."""
    ceremony = load_ceremony(made.folder)
    node = ceremony.state.nodes["validator-a"]
    words = engine.run_command(ceremony.terms, ceremony.state, node, "/opt/node", str(network), "/home/of-it")
    for pid, said in (("7", ["bash"]), ("8", words), ("9", ["sh", "--p2p.listed", "/x"])):
        (proc / pid).mkdir(parents=True)
        (proc / pid / "cmdline").write_bytes(b"\0".join(its.encode() for its in said) + b"\0")
    (proc / "10").mkdir()  # one that has just ended
    return proc


def test_list_that_differs_is_refused_with_each_node(harbour: Consortium) -> None:
    answers = told(harbour)
    left_out, stranger = answers["perm_getNodesAllowlist"].pop(), "enode://" + "ab" * 64 + "@10.9.9.9:30303"
    answers["perm_getNodesAllowlist"].append(stranger)

    with pytest.raises(VoteFailed) as refused:
        required(harbour, answers)

    said = str(refused.value)
    assert f"lets in {stranger}, which is not agreed" in said
    assert f"does not let in {left_out.partition('?')[0]}" in said
    assert "See which file validator-a is started with" in said


def test_account_of_the_terms_that_is_left_out_is_refused(harbour: Consortium) -> None:
    account = load_ceremony(harbour.folder).terms.accounts[0]

    with pytest.raises(VoteFailed, match=f"takes no transactions of {account}, an account of the terms"):
        required(harbour, told(harbour, perm_getAccountsAllowlist=[]))


@pytest.mark.parametrize("answer", [None, "all", [1]])
def test_answer_that_is_no_list_is_refused(harbour: Consortium, answer: Any) -> None:
    with pytest.raises(VoteFailed, match="validator-a: perm_getNodesAllowlist gave no list"):
        required(harbour, told(harbour, perm_getNodesAllowlist=answer))


@pytest.mark.parametrize("engine", ENGINES, ids=lambda its: its.kind)
def test_node_that_reads_another_copy_is_refused_with_its_file(
    harbour: Consortium, engine: NetworkEngine, tmp_path: Path
) -> None:
    ceremony, other = load_ceremony(harbour.folder), tmp_path / "etc" / "portolan" / "harbour"
    proc = running(tmp_path / "proc", engine, harbour, other)
    node = ceremony.state.nodes["validator-a"]
    path = node_list_read(engine, node, proc)
    assert path is not None
    name = path.relative_to(other).as_posix()
    agreed = {name: b"as agreed\n"}

    require_one_copy(engine, ceremony, LEIS[0], agreed, proc)  # not to be read from here, as in a container
    path.parent.mkdir(parents=True)
    path.write_bytes(b"of the first day\n")
    require_one_copy(engine, ceremony, LEIS[1], agreed, proc)
    with pytest.raises(ChangeRefused, match=f"{path}: validator-a reads its peers from there"):
        require_one_copy(engine, ceremony, LEIS[0], agreed, proc)

    path.write_bytes(agreed[name])
    require_one_copy(engine, ceremony, LEIS[0], agreed, proc)


def test_named_files_are_among_those_agreed_on(harbour: Consortium, tmp_path: Path) -> None:
    """Otherwise nothing would ever be compared."""
    ceremony = load_ceremony(harbour.folder)
    proc = running(tmp_path / "proc", BesuEngine(), harbour, harbour.folder)
    path = node_list_read(BesuEngine(), ceremony.state.nodes["validator-a"], proc)

    assert path is not None
    assert path.relative_to(harbour.folder).as_posix() in current_files(harbour.folder, ceremony)


def test_done_is_not_signed_before_the_node_has_the_list(
    harbour: Consortium, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A node under systemd goes on reading the first day's list, while `apply` writes another copy."""
    reader = harbour.card(0, "reader-a", role="node", host="10.0.0.9")
    (tmp_path / "pass").write_text(PASSPHRASE)
    ceremony, first_day = load_ceremony(harbour.folder), told(harbour)["perm_getNodesAllowlist"]
    change = Propose(change=Addition(kind="add-node", card=reader), why="reads")
    for of, action in ((0, change), (1, Answer(kind="approve", proposal=1)), (2, Answer(kind="approve", proposal=1))):
        ceremony = ceremony.signed(action, harbour.key(of), NOW)
    save_ceremony(harbour.folder, ceremony)
    monkeypatch.setenv("PORTOLAN_NETWORKS", str(harbour.folder.parent))

    def apply(code: int, nodes: list[str]) -> str:
        with (
            proxy(told(harbour, perm_getNodesAllowlist=nodes)) as one,
            proxy(told(harbour)) as other,
        ):
            own = ["--member-dir", harbour.member(0).path, "--passphrase-file", tmp_path / "pass", "--wait", 0]
            rpc = ["--rpc", f"validator-a={one.url}", "--rpc", f"reader-a={other.url}"]
            result = runner.invoke(
                network_app, [str(its) for its in ("apply", "harbour", *own, *rpc)], env={"COLUMNS": "200"}
            )
        assert result.exit_code == code, result.output
        return result.output

    refused = apply(1, first_day)
    assert "validator-a: it does not have the lists that were agreed on:" in refused
    assert f"does not let in {BesuEngine().peer_url(reader.body)}" in refused
    assert load_ceremony(harbour.folder).proposals[1].done == frozenset()

    assert "is carried out on all nodes" in apply(0, told(harbour)["perm_getNodesAllowlist"])
    assert load_ceremony(harbour.folder).proposals[1].done == {LEIS[0]}
