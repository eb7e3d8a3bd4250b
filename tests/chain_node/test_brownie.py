from __future__ import annotations

import json
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from support.in_brownie import in_brownie
from support.network import RunningNetwork

from chain_node.brownie import LISTS, BrownieFailed, prepare_brownie
from chain_node.client import Role
from chain_node.compile import ROOT, compile_contracts
from chain_node.config import CONFIG_ROOT, load_network
from chain_node.errors import DeploymentsInvalid

# All of them work on one folder of this checkout.
pytestmark = pytest.mark.xdist_group("brownie")

LOCAL = load_network(CONFIG_ROOT / "local")
NETWORK_ID = "portolan-local"
MET = ROOT / "build" / "brownie" / "deployments" / "412346"

SESSION = """
import json, sys
from brownie import accounts, network, project
loaded = project.load(".", name="Portolan")
network.connect("portolan-local")
from scripts.console import contracts, main
found = contracts(sys.argv[1])
registry = found["ParticipantRegistry"]
registrar = accounts.add(sys.stdin.read())
lei = b"999900ACMESUPPLIES58"
receipt = registry.registerOrganisation(lei, lei, b"DE", 256, 2000000000, {"from": registrar, "gas_price": 0})
main(sys.argv[1])
answer = {
    "opened_with": loaded.HealthCheck[0].address,
    "currency": str(found["CashToken:EUR"].currency()),
    "status": int(receipt.status),
    "event": str(receipt.events["OrganisationRegistered"]["lei"]),
    "bytecode": {contract._name: contract.bytecode for contract in loaded},
}
print("ANSWER " + json.dumps(answer))
"""


def code_without_metadata(code: str) -> str:
    return code[: -2 * (int(code[-4:], 16) + 2)]


def prepare(home: Path, rpc_url: str | None = None) -> list[str]:
    return prepare_brownie(home, LOCAL, rpc_url, home / "deployments.json")


@pytest.mark.slow
@pytest.mark.node
def test_brownie_loads_the_project_and_works_on_a_running_chain(
    pristine_network: RunningNetwork, tmp_path: Path
) -> None:
    """The first time Brownie compiles everything, for half a minute; build/brownie keeps the result."""
    prepare_brownie(tmp_path, LOCAL, pristine_network.rpc_url, pristine_network.deployments)
    key = bytes(pristine_network.keys.account("registrar").key).hex()

    done = in_brownie(tmp_path, sys.executable, "-c", SESSION, str(pristine_network.deployments), told=key)

    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout.split("ANSWER ")[1])
    assert answer["opened_with"] == pristine_network.chain.addresses.address("HealthCheck")
    assert answer["currency"] == "0x455552"
    assert answer["status"] == 1
    assert answer["event"] == "0x" + b"999900ACMESUPPLIES58".hex()
    assert "EUR: 0 issued; pool 0 gross, 0 net" in done.stdout
    registry = pristine_network.chain.registry
    organisation = registry.organisation(registry.organisation_of("999900ACMESUPPLIES58"))
    assert organisation.roles == Role.SUPPLIER
    for name, artifact in compile_contracts().items():
        ours, theirs = artifact.bytecode, answer["bytecode"][name]
        assert code_without_metadata(theirs) == code_without_metadata(ours), name


def test_brownies_settings_are_forges() -> None:
    brownie = yaml.safe_load((ROOT / "brownie-config.yaml").read_text())["compiler"]
    forge = tomllib.loads((ROOT / "foundry.toml").read_text())["profile"]["default"]

    assert brownie["evm_version"] == forge["evm_version"]
    assert brownie["solc"]["optimizer"] == {"enabled": forge["optimizer"], "runs": forge["optimizer_runs"]}
    assert brownie["solc"]["remappings"] == forge["remappings"]


@pytest.mark.slow
@pytest.mark.node
def test_health_check_says_what_is_wrong(pristine_network: RunningNetwork, tmp_path: Path) -> None:
    prepare_brownie(tmp_path, LOCAL, pristine_network.rpc_url, pristine_network.deployments)
    check = ("brownie", "run", "scripts/health_check", "--network", NETWORK_ID)

    well = in_brownie(tmp_path, *check)
    entry = json.loads(pristine_network.deployments.read_text())
    euro, dollar = entry["contracts"]["CashToken:EUR"], entry["contracts"]["CashToken:USD"]
    strange = tmp_path / "deployments.json"
    strange.write_text(json.dumps({**entry, "contracts": {**entry["contracts"], "CashToken:EUR": dollar}}))
    ill = in_brownie(tmp_path, *check[:3], "main", str(strange), *check[3:])

    assert (well.returncode, "All is well." in well.stdout) == (0, True), well.stdout + well.stderr
    assert ill.returncode == 1
    where = f"at {euro['address']}, deployments.json at {dollar['address']}"
    assert f"WRONG: the Directory has CashToken:EUR {where}" in ill.stdout


def test_brownie_meets_the_contracts_of_the_deployment_only(tmp_path: Path) -> None:
    """It would look for those of an earlier chain, and not connect to one that has begun anew."""
    stranger = MET / "0x0000000000000000000000000000000000000001.json"
    stranger.parent.mkdir(parents=True, exist_ok=True)
    stranger.write_text("{}")
    ours = "0x5FbDB2315678afecb367f032d93F642f64180aa3"
    record = {"network": "local", "chain_id": 412346, "first_block": 1, "complete": True}
    deployments = tmp_path / "deployments.json"
    deployments.write_text(
        json.dumps({**record, "contracts": {"HealthCheck": {"address": ours, "contract": "HealthCheck"}}})
    )

    said = prepare_brownie(tmp_path, LOCAL, None, deployments)

    assert said[2] == f"{MET} names the 1 contracts of local."
    assert [path.name for path in MET.iterdir()] == [f"{ours}.json"]
    assert json.loads((MET / f"{ours}.json").read_text())["contractName"] == "HealthCheck"
    assert (LISTS / "portolan-local.json").resolve() == deployments


def test_contracts_of_an_earlier_chain_are_forgotten(tmp_path: Path) -> None:
    MET.mkdir(parents=True, exist_ok=True)
    (MET / "0x0000000000000000000000000000000000000001.json").write_text("{}")

    said = prepare_brownie(tmp_path, LOCAL, None, tmp_path / "deployments.json")

    assert said[2] == f"{tmp_path}/deployments.json is not there: portolan-local opens without any contracts."
    assert not MET.exists()
    assert not (LISTS / "portolan-local.json").exists()


def test_unfinished_deployment_is_refused_and_nothing_changed(tmp_path: Path) -> None:
    deployments = tmp_path / "deployments.json"
    deployments.write_text('{"complete": false}')

    with pytest.raises(DeploymentsInvalid, match="the deployment is unfinished"):
        prepare_brownie(tmp_path, LOCAL, None, deployments)

    assert [path.name for path in tmp_path.iterdir()] == ["deployments.json"]


def test_compiler_is_linked_where_brownie_looks_and_again_changes_nothing(tmp_path: Path) -> None:
    first = prepare(tmp_path)
    second = prepare(tmp_path)

    link = tmp_path / ".solcx/solc-v0.8.37"
    assert link.resolve() == ROOT / "chain_node/solc/solc"
    assert first[0] == f"{link} is now this project's compiler."
    assert second[0] == f"{link} already is this project's compiler."


def test_compiler_that_is_there_already_is_left_alone(tmp_path: Path) -> None:
    real = tmp_path / ".solcx/solc-v0.8.37"
    real.parent.mkdir()
    real.write_text("a real one")

    said = prepare(tmp_path)

    assert real.read_text() == "a real one"
    assert said[0] == f"{real} is there already and stays as it is."


def test_network_is_registered_once_and_follows_the_chain(tmp_path: Path) -> None:
    prepare(tmp_path, "http://127.0.0.1:1111")
    before = yaml.safe_load((tmp_path / ".brownie/network-config.yaml").read_text())["live"]

    prepare(tmp_path, "http://127.0.0.1:2222")

    live = yaml.safe_load((tmp_path / ".brownie/network-config.yaml").read_text())["live"]
    entries = [entry for group in live for entry in group["networks"] if entry["id"] == NETWORK_ID]
    assert [entry["host"] for entry in entries] == ["http://127.0.0.1:2222"]
    assert [group["name"] for group in live] == [group["name"] for group in before]
    assert len(live) > 1


def test_file_of_networks_that_is_damaged_is_named(tmp_path: Path) -> None:
    path = tmp_path / ".brownie/network-config.yaml"
    path.parent.mkdir()
    path.write_text("[]")

    with pytest.raises(BrownieFailed, match=r"network-config\.yaml: not a list of Brownie's networks"):
        prepare(tmp_path)

    assert path.read_text() == "[]"
