"""What `portolan network` makes is a network for all other commands too."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer
from by_commands import MadeNetwork, make_network
from typer.testing import CliRunner

from chain_node import cli
from chain_node.client import AddressBook
from chain_node.config import load_network
from chain_node.engines import NotRunHere, make_engine
from chain_node.engines.anvil import AnvilEngine, AnvilSettings

runner = CliRunner()
PORTS = (30_303, 30_304, 30_305, 30_306)


@pytest.fixture
def quay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MadeNetwork:
    made = make_network(tmp_path, monkeypatch, PORTS)
    monkeypatch.setattr(cli, "CONFIG_ROOT", made.root)
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


@pytest.mark.node
@pytest.mark.slow
def test_contracts_are_deployed_through_one_of_its_nodes(quay: MadeNetwork, tmp_path: Path, app: typer.Typer) -> None:
    """The node here is anvil's, with a Besu block's gas: what counts is that the network's file leads to it."""
    data = tmp_path / "data"
    node = AnvilSettings(data_dir=tmp_path / "anvil", chain_id=77_009, block_gas_limit=30_000_000)

    with AnvilEngine(node) as engine:
        arguments = ["deploy", "--network", "quay", "--data-dir", str(data), "--rpc-url", engine.rpc_url]
        result = runner.invoke(app, arguments)

    assert result.exit_code == 0, result.output
    book = AddressBook.load(data / "deployments.json")
    assert book.chain_id == 77_009
    assert "Directory" in book.names()
