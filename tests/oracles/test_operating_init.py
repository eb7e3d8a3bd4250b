"""A node laid out by `init`: what it refuses, what it writes, and that it runs as its next steps say."""

from __future__ import annotations

import json
import shutil
import stat
import subprocess
from configparser import ConfigParser
from pathlib import Path

import pytest
from oracle_fakes import LEI, epcis, epcis_event
from oracle_nodes import NodeHome, Trade, new_lei, until
from typer.testing import CliRunner

from chain_node.cli import node_app
from chain_node.client.admission import read_request
from oracles.cli import oracle_app
from oracles.operating.health import Trouble
from oracles.settings import load_settings
from oracles.signing import Signer


@pytest.fixture
def options(tmp_path: Path) -> dict[str, str]:
    """Everything that `init` must be told."""
    (tmp_path / "network.key").write_text("ab" * 32)
    contract = {"address": "0x" + "11" * 20, "contract": "ParticipantRegistry"}
    contracts = {"ParticipantRegistry": contract}
    deployments = {"network": "n", "chain_id": 7, "first_block": 1, "complete": True, "contracts": contracts}
    (tmp_path / "deployments.json").write_text(json.dumps(deployments))
    return {
        "--folder": str(tmp_path / "made"),
        "--name": "warehouse",
        "--organisation": LEI,
        "--legal-name": "Sounder Survey GmbH & Co. „Süd“",
        "--jurisdiction": "de",
        "--roles": "inspector, WAREHOUSE",
        "--rpc-url": "http://127.0.0.1:9",
        "--deployments": str(tmp_path / "deployments.json"),
        "--network-key": str(tmp_path / "network.key"),
        "--metrics-port": "9464",
        "--user": "portolan",
    }


def init(options: dict[str, str], *more: str, answers: str | None = None):
    line = ["init", *(word for pair in options.items() for word in pair), *more]
    return CliRunner().invoke(oracle_app, line, input=answers)


@pytest.mark.parametrize(
    ("option", "answer", "why"),
    [
        ("--organisation", "999900SOUNDERSURVY31", "is not an LEI"),
        ("--name", "a b", "letters, digits"),
        ("--name", "../up", "letters, digits"),
        ("--legal-name", " ", "printable"),
        ("--jurisdiction", "Germany", "is not a country code"),
        ("--roles", "SUPPLIER", "SUPPLIER is not among CARRIER, WAREHOUSE"),
        ("--roles", "", "nothing is not among"),
        ("--rpc-url", "ftp://x", "is not an address"),
        ("--deployments", "absent.json", "absent.json: cannot be read"),
        ("--network-key", "absent.key", "absent.key: the network key cannot be read"),
        ("--metrics-port", "0", "is not a port"),
        ("--user", "root of all", "is not a name"),
        ("--folder", "with space", "characters that a systemd unit"),
    ],
)
def test_wrong_answer_is_refused_and_nothing_is_written(options, option, answer, why):
    result = init(options | {option: answer}, "--yes")

    assert result.exit_code == 1
    assert result.stderr.startswith(f"{option}: ")
    assert why in result.stderr
    assert not Path(options["--folder"]).exists()


def test_all_that_is_missing_is_said_at_once(options):
    for option in ("--organisation", "--legal-name", "--roles"):
        del options[option]

    result = init(options | {"--jurisdiction": "X"}, "--yes")

    assert result.exit_code == 1
    assert [line.split(":")[0].split()[0] for line in result.stderr.splitlines()] == [
        "--organisation",
        "--legal-name",
        "--jurisdiction",
        "--roles",
    ]


def test_folder_that_is_not_empty_is_left_alone(options):
    folder = Path(options["--folder"])
    folder.mkdir()
    (folder / "key.json").write_text("mine")

    result = init(options, "--yes")

    assert result.exit_code == 1
    assert "not empty; nothing is overwritten" in result.stderr
    assert [path.name for path in folder.iterdir()] == ["key.json"]


def test_second_init_is_refused(options):
    assert init(options, "--yes").exit_code == 0
    before = (Path(options["--folder"]) / "key.json").read_text()

    assert init(options, "--yes").exit_code == 1
    assert (Path(options["--folder"]) / "key.json").read_text() == before


def test_questions_are_asked_again_until_the_answer_is_one(options):
    asked = {name: options.pop(name) for name in ("--organisation", "--jurisdiction", "--metrics-port")}
    answers = [asked["--organisation"][:-1] + "1", asked["--organisation"], "Germany", "DE", ""]

    result = init(options, answers="\n".join(answers) + "\n")

    assert result.exit_code == 0, result.output
    assert "is not an LEI" in result.output
    assert "is not a country code" in result.output
    assert load_settings(Path(options["--folder"]) / "node.toml").metrics_port == 9464


def test_node_is_laid_out_for_its_owner_alone(options, tmp_path):
    result = init(options, "--yes")

    folder = Path(options["--folder"])
    assert result.exit_code == 0, result.output
    settings = load_settings(folder / "node.toml")
    assert (settings.name, settings.organisation) == ("warehouse", LEI)
    signer = Signer.open(folder / "key.json", folder / "passphrase")
    assert signer.address in result.output
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in [folder, *folder.iterdir()]}
    assert {modes[name] for name in ("made", "inbox", "archive", "quarantine", "dropped")} == {0o700}
    assert {modes[name] for name in ("key.json", "passphrase", "network.key", "node.toml")} == {0o600}
    request = read_request(folder / "admission-request.json", 0)
    assert (request.account, request.lei, request.roles) == (signer.address, LEI, ("WAREHOUSE", "INSPECTOR"))
    assert request.name == "Sounder Survey GmbH & Co. „Süd“"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["deployments.json", "made", "network.key"]
    secrets = [(folder / name).read_text().strip() for name in ("passphrase", "network.key")]
    plain = result.output + (folder / "admission-request.json").read_text() + (folder / "node.toml").read_text()
    assert not any(secret in plain for secret in secrets)


def test_unit_is_one_that_systemd_takes_and_is_hardened(options):
    init(options, "--yes")
    unit = Path(options["--folder"]) / "portolan-oracle-warehouse.service"

    parsed = ConfigParser(strict=False, interpolation=None)
    parsed.optionxform = str  # type: ignore[assignment, method-assign]
    parsed.read(unit)
    service = parsed["Service"]
    assert service["ExecStart"].endswith(f"oracle run --config {unit.parent}/node.toml")
    hardened = {"NoNewPrivileges": "yes", "ProtectSystem": "strict", "ReadWritePaths": str(unit.parent)}
    hardened |= {"Restart": "on-failure", "User": "portolan", "TimeoutStopSec": "60"}
    assert {name: service[name] for name in hardened} == hardened
    if shutil.which("systemd-analyze"):
        checked = subprocess.run(["systemd-analyze", "verify", unit], capture_output=True, text=True, check=False)
        assert [line for line in checked.stderr.splitlines() if unit.name in line] == []


@pytest.mark.node
def test_node_runs_as_its_next_steps_say(anvil_network, options, tmp_path):
    """It waits until the registrar has admitted it, then works, and `status` says so."""
    trade = Trade(anvil_network, tmp_path)
    subject = trade.open("PO-INIT")
    options |= {
        "--organisation": new_lei(),
        "--rpc-url": anvil_network.rpc_url,
        "--deployments": str(anvil_network.deployments),
        "--network-key": str(anvil_network.data_dir / "network.key"),
    }
    assert init(options, "--yes").exit_code == 0
    folder = Path(options["--folder"])
    config, request = folder / "node.toml", folder / "admission-request.json"
    # The chain of the tests has a clock of its own.
    config.write_text(config.read_text().replace("# clock_tolerance_seconds = 300", "clock_tolerance_seconds = 0"))
    config.write_text(config.read_text().replace("metrics_port = 9464\n", ""))
    home = NodeHome(anvil_network, folder, Signer.open(folder / "key.json", folder / "passphrase"), "")

    with home.running() as process:
        process.wait_for("not admitted")
        until(lambda: "not admitted" in {problem["name"] for problem in status(config)[1]["problems"]})
        home.drop("receiving.json", epcis(epcis_event(at=trade.moment(), order="PO-INIT")))
        waiting = status(config)
        place = ["--data-dir", str(anvil_network.data_dir), "--rpc-url", anvil_network.rpc_url]
        admitted = CliRunner().invoke(node_app, ["admit", str(request), *place, "--send"])
        assert admitted.exit_code == 0, admitted.output
        process.wait_for("vote counted")
        until(lambda: status(config)[0] == 0)
        healthy = status(config)

    assert waiting[0] == 2
    assert [problem["name"] for problem in waiting[1]["problems"]] == [Trouble.NOT_ADMITTED]
    assert (healthy[0], healthy[1]["votes"]["confirmed"]) == (0, 1)
    assert len(trade.votes(subject)) == 1
    assert status(config)[1]["process"]["state"] == "stopped"


def status(config: Path) -> tuple[int, dict]:
    result = CliRunner().invoke(oracle_app, ["status", "--config", str(config), "--json"])
    return result.exit_code, json.loads(result.stdout)
