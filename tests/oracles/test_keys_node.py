"""Nodes on a real chain whose key is in a token or with a remote signer, and one whose protection store was lost."""

from __future__ import annotations

import pytest
from eth_account import Account
from oracle_fakes import epcis, epcis_event
from oracle_nodes import NodeHome, Trade, new_lei, until
from remote_signer import RemoteSigner
from softhsm import new_token
from support.debian import libsofthsm2
from typer.testing import CliRunner

from chain_node.client import Milestone, Role
from oracles.cli import oracle_app
from oracles.keys.pkcs11 import Pkcs11Key
from oracles.keys.settings import Pkcs11KeySettings

pytestmark = pytest.mark.node
SECRETS = ("271828", "a-token-that-nobody-may-see")


@pytest.fixture
def trade(anvil_network, tmp_path) -> Trade:
    return Trade(anvil_network, tmp_path)


def home(trade: Trade, name: str, address: str, table: str) -> NodeHome:
    """A warehouse's node without a keystore; `table` is its key."""
    made = NodeHome(trade.network, trade.folder / name, Account.create(), new_lei())
    trade.network.admit(made.lei, address, int(Role.WAREHOUSE))
    made.write()
    lines = [line for line in made.config.read_text().splitlines() if not line.startswith(("keystore", "passphrase"))]
    made.config.write_text("\n".join([*lines, "", table]) + "\n")
    return made


def receiving(trade: Trade, order: str, quantity: int = 950) -> bytes:
    return epcis(epcis_event(at=trade.moment(), order=order, quantity=quantity))


def run(node: NodeHome, *arguments: str):
    return CliRunner().invoke(oracle_app, [*arguments, "--config", str(node.config)])


def votes_once(trade: Trade, node: NodeHome, order: str, *, kind: str, address: str) -> None:
    subject = trade.open(order)
    with node.running() as process:
        line = process.wait_for("network")[0]
        assert (line["key"], line["account"]) == (kind, address)
        node.drop("receiving.json", receiving(trade, order))
        process.wait_for("vote counted")
    assert [milestone for milestone, _ in trade.votes(subject)] == [Milestone.RECEIVED]
    assert not [secret for secret in SECRETS if secret in process.log_path.read_text()]


def test_vote_signed_in_a_token_counts(trade, tmp_path_factory):
    token = new_token(tmp_path_factory.getbasetemp(), "on chain")
    token.make_key("node")
    settings = Pkcs11KeySettings(module=libsofthsm2(), token=token.label, pin_file=token.pin_file, label="node")
    key = Pkcs11Key(settings)
    key.close()
    table = f'[key.pkcs11]\nmodule = "{settings.module}"\ntoken = "{token.label}"\nlabel = "node"\n'
    node = home(trade, "token", key.address, table + f'pin_file = "{token.pin_file}"')

    assert f"kind     pkcs11\naddress  {key.address}\n" in run(node, "key", "show").stdout
    votes_once(trade, node, "PO-TOKEN", kind="pkcs11", address=key.address)


@pytest.mark.parametrize("dialect", ["web3signer", "clef"])
def test_vote_signed_by_a_remote_signer_counts(trade, tmp_path, dialect):
    signer = RemoteSigner(Account.create())
    (tmp_path / "token").write_text(SECRETS[1])
    (tmp_path / "token").chmod(0o600)
    with signer.over_http() as url:
        table = f'[key.remote]\nurl = "{url}"\naddress = "{signer.account.address}"\ndialect = "{dialect}"\n'
        node = home(trade, dialect, signer.account.address, table + f'token_file = "{tmp_path / "token"}"')
        votes_once(trade, node, f"PO-{dialect}", kind="remote", address=signer.account.address)
    assert len(signer.questions) == 2


def test_lost_store_is_made_anew_from_the_chain(trade):
    """The database is lost too: what the network has counted is all that is left."""
    subject = trade.open("PO-LOST")
    node = trade.node("lost", Role.WAREHOUSE)
    with node.running() as process:
        node.drop("receiving.json", receiving(trade, "PO-LOST"))
        process.wait_for("vote counted")
    for file in [*node.folder.glob("protection.db*"), *node.folder.glob("node.db*")]:
        file.unlink()

    assert "1 statements taken in" in run(node, "protection", "rebuild", "--accept-gaps").stdout

    assert "RECEIVED/1" in run(node, "protection", "show").stdout
    with node.running() as process:
        node.drop("other.json", receiving(trade, "PO-LOST", quantity=900))
        until(lambda: any("decision" in line["event"] for line in process.lines()))
    assert len(trade.votes(subject)) == 1


def test_node_whose_store_is_gone_does_not_start(trade):
    trade.open("PO-GONE")
    node = trade.node("gone", Role.WAREHOUSE)
    with node.running() as process:
        node.drop("receiving.json", receiving(trade, "PO-GONE"))
        process.wait_for("vote counted")
    for file in node.folder.glob("protection.db*"):
        file.unlink()

    with node.running() as process:
        assert process.wait_for_death() == 1
    assert "there is no protection store, but the database knows of 1 signatures" in process.log_path.read_text()
    assert "1 statements taken in" in run(node, "protection", "rebuild", "--accept-gaps").stdout
    with node.running() as process:
        process.wait_for("network")
