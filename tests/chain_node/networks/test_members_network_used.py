"""What `portolan network` makes is a network for all other commands too."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import typer
from by_commands import MadeNetwork, make_network
from click.testing import Result
from rpc_proxy import proxy
from support.in_brownie import in_brownie
from typer.testing import CliRunner

from chain_node import cli
from chain_node.client import AddressBook, Node
from chain_node.config import load_network
from chain_node.engines import NotRunHere, make_engine
from chain_node.engines.anvil import AnvilEngine, AnvilSettings

runner = CliRunner()
PORTS = (30_303, 30_304, 30_305, 30_306)


@pytest.fixture
def quay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MadeNetwork:
    made = make_network(tmp_path, monkeypatch, PORTS)
    monkeypatch.setattr(cli, "CONFIG_ROOT", made.root)  # of the commands without --root
    monkeypatch.setenv("PORTOLAN_NETWORKS", str(made.root))
    return made


@pytest.fixture
def app() -> typer.Typer:
    app = typer.Typer()
    app.command("deploy")(cli.deploy_command)
    app.add_typer(cli.node_app, name="node")
    return app


def test_members_network_is_not_run_by_one_machine(quay: MadeNetwork, tmp_path: Path) -> None:
    config = load_network(quay.folder).config

    with pytest.raises(NotRunHere, match=r"the chain quay is run by its members.*--rpc-url"):
        make_engine(config, tmp_path / "data")


@pytest.mark.parametrize("command", [["deploy"], ["node", "start"]])
def test_command_that_needs_its_chain_says_so_in_a_sentence(
    quay: MadeNetwork, tmp_path: Path, app: typer.Typer, command: list[str]
) -> None:
    result = runner.invoke(app, [*command, "--network", "quay", "--data-dir", str(tmp_path / "data")])

    assert result.exit_code == 1
    assert "the chain quay is run by its members" in result.output
    assert "Traceback" not in result.output


def test_its_configuration_is_loaded_as_any_other(quay: MadeNetwork) -> None:
    network = load_network(quay.folder)

    assert (network.config.name, network.config.chain_id) == ("quay", 77_009)
    assert (network.config.engine.kind, network.config.engine.validators_here) == ("besu", 0)
    assert network.config.engine.in_real_time
    assert network.config.engine.gas_per_data_byte == 16
    assert not network.config.sandbox


def test_keys_of_its_offices_are_made_and_no_validators(quay: MadeNetwork, tmp_path: Path, app: typer.Typer) -> None:
    data = tmp_path / "data"

    result = runner.invoke(app, ["node", "keys", "--network", "quay", "--data-dir", str(data)])

    assert result.exit_code == 0, result.output
    assert "deployer" in result.output
    assert "validator" not in result.output
    assert not (data / "validators").exists()


@contextmanager
def besu_node(quay: MadeNetwork, upstream: str | None = None, **others: object) -> Iterator[str]:
    """What a Besu node of the network says where it differs from anvil: each block's extraData, longer than Ethereum's,
    with the validators."""
    extra = json.loads((quay.folder / "genesis.json").read_text())["extraData"]
    chain = Node(upstream) if upstream else None

    def block(params: list[object]) -> dict[str, object]:
        told = chain.request("eth_getBlockByNumber", *params) if chain else {}
        return {**told, "extraData": extra}

    with proxy({"eth_chainId": hex(77_009), "eth_getBlockByNumber": block, **others}, upstream) as served:
        yield served.url


def opened(app: typer.Typer, home: Path, quay: MadeNetwork, *words: object) -> Result:
    """`portolan node brownie` of someone with this home."""
    arguments = ["node", "brownie", "--network", "quay", "--root", quay.root, *words]
    return runner.invoke(app, [str(word) for word in arguments], env={"HOME": str(home), "COLUMNS": "300"})


def test_console_without_a_members_own_node_is_refused(quay: MadeNetwork, tmp_path: Path, app: typer.Typer) -> None:
    result = opened(app, tmp_path, quay)

    assert result.exit_code == 1
    assert "the chain quay is run by its members: --rpc-url of your own node is needed" in result.output
    assert not (tmp_path / ".brownie").exists()


@pytest.mark.parametrize(
    ("answers", "why"),
    [
        ({"eth_chainId": "0x1"}, "its chain id is 1, the terms of quay have 77009"),
        ({"eth_getBlockByNumber": {"extraData": "0x"}}, "does not name the validators of quay's cards"),
        ({"eth_getBlockByNumber": None}, "does not name the validators of quay's cards"),
        ({"eth_getCode": "0x"}, "there is no contract at 0x5FbDB2315678afecb367f032d93F642f64180aa3, where Directory"),
    ],
)
def test_console_on_another_chain_is_refused(
    quay: MadeNetwork, tmp_path: Path, app: typer.Typer, answers: dict[str, object], why: str
) -> None:
    write_list(quay.folder / "deployments.json", "quay")

    with besu_node(quay, **answers) as url:
        result = opened(app, tmp_path, quay, "--rpc-url", url)

    assert result.exit_code == 1
    assert f"the node at {url} serves another network: " in result.output
    assert why in result.output
    assert not (tmp_path / ".brownie").exists()


@pytest.mark.parametrize("of", ["another", None])
def test_console_with_another_networks_contracts_or_none_is_refused(
    quay: MadeNetwork, tmp_path: Path, app: typer.Typer, of: str | None
) -> None:
    deployments = tmp_path / "contracts.json"
    if of is not None:
        write_list(deployments, of)

    with besu_node(quay) as url:
        result = opened(app, tmp_path, quay, "--rpc-url", url, "--deployments", deployments)

    why = "cannot be read: No such file" if of is None else "lists the contracts of another, not of quay"
    assert result.exit_code == 1
    assert f"{deployments}: {why}" in result.output
    assert not (tmp_path / ".brownie").exists()


def write_list(path: Path, network: str) -> None:
    directory = {"address": "0x5FbDB2315678afecb367f032d93F642f64180aa3", "contract": "Directory"}
    record = {"network": network, "chain_id": 77_009, "first_block": 1, "complete": True}
    path.write_text(json.dumps({**record, "contracts": {"Directory": directory}}))


@pytest.mark.node
@pytest.mark.slow
@pytest.mark.xdist_group("brownie")
def test_contracts_are_deployed_through_one_of_its_nodes_and_opened_in_brownie_through_another(
    quay: MadeNetwork, tmp_path: Path, app: typer.Typer
) -> None:
    """The nodes here are anvil's, with a Besu block's gas: what counts is that the network's file leads to them."""
    data = tmp_path / "data"
    node = AnvilSettings(data_dir=tmp_path / "anvil", chain_id=77_009, block_gas_limit=30_000_000)

    with AnvilEngine(node) as engine:
        arguments = ["deploy", "--network", "quay", "--data-dir", str(data), "--rpc-url", engine.rpc_url]
        result = runner.invoke(app, arguments)
        assert result.exit_code == 0, result.output
        (data / "deployments.json").rename(quay.folder / "deployments.json")
        with besu_node(quay, engine.rpc_url) as url:
            ready = opened(app, tmp_path, quay, "--rpc-url", url)
            told = 'print("ANSWER", contracts()["CashToken:EUR"].currency(), len(chain[-1].proofOfAuthorityData))'
            typed = f'run("health_check")\nfrom scripts.console import contracts\n{told}\n'
            done = in_brownie(tmp_path, "brownie", "console", "--network", "portolan-quay", told=typed)

    book = AddressBook.load(quay.folder / "deployments.json")
    assert book.chain_id == 77_009
    assert "Directory" in book.names()
    assert ready.exit_code == 0, ready.output
    assert f"has the network portolan-quay at {url}." in ready.output
    assert f"names the {len(book.names())} contracts of quay." in ready.output
    assert "All is well." in done.stdout, done.stdout + done.stderr
    extra = json.loads((quay.folder / "genesis.json").read_text())["extraData"]
    assert f"ANSWER 0x455552 {len(extra) // 2 - 1}" in done.stdout, done.stdout + done.stderr
