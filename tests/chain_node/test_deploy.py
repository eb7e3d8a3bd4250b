from __future__ import annotations

import json
import os
import re
import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.network import GENESIS, RunningNetwork

from chain_node.client import AddressBook, Chain, Node, Policy
from chain_node.compile import CONTRACTS, ROOT, Artifact, CompilerSettings, Sources, compile_contracts
from chain_node.config import CONFIG_ROOT, Network, load_network
from chain_node.deploy import DeployFailed, Record, deploy, make_plan
from chain_node.deploy.offices import FUNCTIONS, KEY_OF
from chain_node.deploy.run import Run
from chain_node.engines.anvil import AnvilEngine, AnvilSettings
from chain_node.errors import DeploymentsInvalid, reverts
from chain_node.keys import OFFICE_KEYS, KeyRing
from chain_node.vocabulary import Milestone, Office, Role, Tranche

pytestmark = pytest.mark.node


@pytest.fixture(scope="session")
def artifacts() -> dict[str, Artifact]:
    compiled = compile_contracts()
    # Parsed now, not in each of the processes that are forked and killed: half of such a life.
    assert all(artifact.interface for artifact in compiled.values())
    return compiled


@pytest.fixture(scope="session")
def network() -> Network:
    return load_network(CONFIG_ROOT / "local")


@pytest.fixture
def bare(tmp_path: Path, network: Network) -> Iterator[AnvilEngine]:
    """A chain without any contract."""
    with AnvilEngine(AnvilSettings(tmp_path, network.config.chain_id, genesis_timestamp=GENESIS)) as engine:
        KeyRing.make(tmp_path)
        yield engine


Deploy = Callable[..., Any]


@pytest.fixture
def go(bare: AnvilEngine, network: Network, artifacts: dict[str, Artifact]) -> Deploy:
    """Deploys to the bare chain; keywords change what is deployed."""
    folder = bare.settings.data_dir

    def run(**changes: Any) -> Any:
        inputs = {"network": network, "artifacts": artifacts, "path": folder / "deployments.json", **changes}
        return deploy(Node(bare.rpc_url), keys=KeyRing(folder), **inputs)

    return run


def record_of(engine: AnvilEngine) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((engine.settings.data_dir / "deployments.json").read_text())
    return content


def names_to_deploy(engine: AnvilEngine, network: Network, artifacts: dict[str, Artifact]) -> set[str]:
    ring = KeyRing(engine.settings.data_dir)
    offices = {name: ring.address(name) for name in OFFICE_KEYS}
    return set(make_plan(network, artifacts, offices["deployer"], offices, first_nonce=0).addresses)


def killed(act: Callable[[], object]) -> bool:
    """Does something in a process of its own; whether it was killed by SIGKILL. Anything else but success fails."""
    pid = os.fork()
    if pid == 0:
        try:
            act()
        except BaseException as error:  # noqa: BLE001
            sys.stderr.write(f"{error!r}\n")
            os._exit(3)
        os._exit(0)
    status = os.waitpid(pid, 0)[1]
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
    return os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL


def kill_in(monkeypatch: pytest.MonkeyPatch, owner: type, method: str, after: bool) -> None:
    """Makes a process kill itself the first time that it calls the method, before or after doing it."""
    original = getattr(owner, method)

    def dying(*args: Any, **kwargs: Any) -> Any:
        if after:
            original(*args, **kwargs)
        os.kill(os.getpid(), signal.SIGKILL)

    monkeypatch.setattr(owner, method, dying)


@pytest.mark.slow
def test_deployment_killed_at_every_step_is_completed_by_the_next_ones(
    bare: AnvilEngine, go: Deploy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each attempt lives just long enough to write down one more step."""
    steps = 0
    with monkeypatch.context() as patch:
        kill_in(patch, Record, "save", after=True)
        while killed(go):
            steps += 1
            assert steps <= 500
            if steps > 1:
                assert record_of(bare)["steps_done"] == min(steps - 1, record_of(bare)["steps_total"])

    record = record_of(bare)
    assert record["complete"]
    assert record["steps_done"] == record["steps_total"] == steps - 2
    assert Node(bare.rpc_url).transaction_count(record["deployer"]) == record["steps_total"]


@pytest.mark.parametrize("method", ["_sign", "_send", "_receipts", "_codes", "_write_down", "_check_end"])
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_deployment_killed_around_any_of_its_acts_is_resumed(
    bare: AnvilEngine,
    network: Network,
    artifacts: dict[str, Artifact],
    go: Deploy,
    monkeypatch: pytest.MonkeyPatch,
    method: str,
    after: bool,
) -> None:
    with monkeypatch.context() as patch:
        kill_in(patch, Run, method, after)
        assert killed(go)
    assert not record_of(bare)["complete"]

    book = go()

    assert record_of(bare)["complete"]
    assert set(book.names()) == names_to_deploy(bare, network, artifacts)
    Chain.connect(bare.rpc_url, book)


def test_deployment_killed_between_two_sends_is_resumed(
    bare: AnvilEngine, go: Deploy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some transactions are in the pool, some were never sent, none is written down."""

    send = Node.try_batch

    def send_some(self: Node, requests: Any) -> Any:
        send(self, requests[:5])
        os.kill(os.getpid(), signal.SIGKILL)

    with monkeypatch.context() as patch:
        patch.setattr(Node, "try_batch", send_some)
        assert killed(go)

    go()

    assert record_of(bare)["complete"]


def test_deployment_again_changes_nothing(bare: AnvilEngine, go: Deploy) -> None:
    go()
    before, count = record_of(bare), Node(bare.rpc_url).transaction_count(record_of(bare)["deployer"])

    go()

    assert record_of(bare) == before
    assert Node(bare.rpc_url).transaction_count(before["deployer"]) == count


def test_deployment_takes_few_blocks(bare: AnvilEngine, go: Deploy) -> None:
    go()

    blocks = {entry["block"] for entry in record_of(bare)["contracts"].values()}
    assert len(blocks) <= 3


def test_deployments_json_says_what_stands_where(bare: AnvilEngine, go: Deploy) -> None:
    book = go()

    record = record_of(bare)
    assert (record["network"], record["chain_id"]) == ("local", 412346)
    entry = record["contracts"]["CashToken:EUR"]
    assert set(entry) == {"address", "contract", "block", "transaction", "code_hash", "arguments"}
    assert entry["contract"] == "CashToken"
    assert entry["arguments"][:4] == ["Euro deposit", "EURd", "EUR", 2]
    receipt = Node(bare.rpc_url).receipt(bytes.fromhex(entry["transaction"][2:]))
    assert receipt is not None
    assert (receipt.contract_address, receipt.block_number) == (book.address("CashToken:EUR"), entry["block"])


def test_unfinished_deployment_is_no_address_book(
    bare: AnvilEngine, go: Deploy, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        kill_in(patch, Run, "_check_end", after=False)
        assert killed(go)

    with pytest.raises(DeploymentsInvalid, match="the deployment is unfinished; run `portolan deploy` again"):
        AddressBook.load(bare.settings.data_dir / "deployments.json")


def test_other_code_is_refused(bare: AnvilEngine, go: Deploy, artifacts: dict[str, Artifact]) -> None:
    go()
    changed = replace(artifacts["Directory"], input_hash="0" * 64)

    with pytest.raises(DeployFailed, match="deployed with other contract code"):
        go(artifacts={**artifacts, "Directory": changed})


def test_other_configuration_is_refused(go: Deploy, network: Network) -> None:
    go()
    config = network.config.model_copy(update={"currencies": ["EUR"]})

    with pytest.raises(DeployFailed, match="begun with another configuration"):
        go(network=network.model_copy(update={"config": config}))


def test_chain_that_lost_its_contracts_is_refused(tmp_path: Path, bare: AnvilEngine, go: Deploy) -> None:
    go()
    bare.stop()
    (bare.settings.data_dir / "anvil-state.json").unlink()
    bare.start()

    with pytest.raises(DeployFailed, match="AccessManager is not on this chain: there is no contract at 0x"):
        go()


def test_other_code_at_the_address_is_refused(bare: AnvilEngine, go: Deploy) -> None:
    book = go()
    Node(bare.rpc_url).request("anvil_setCode", book.address("Directory"), "0x6001")

    with pytest.raises(DeployFailed, match="is not the Directory that was deployed"):
        go()


def test_other_chain_id_is_refused(go: Deploy, network: Network) -> None:
    config = network.config.model_copy(update={"chain_id": 5})

    with pytest.raises(DeployFailed, match="has chain id 412346, local has 5"):
        go(network=network.model_copy(update={"config": config}))


def test_step_that_reverts_is_named_with_its_reason(go: Deploy, network: Network) -> None:
    operator = network.operator.model_copy(update={"jurisdiction": "l1"})

    with pytest.raises(DeployFailed, match=r"ParticipantRegistry\.registerOrganisation: l1 is not an ISO 3166-1"):
        go(network=network.model_copy(update={"organisations": [operator]}))


# What a deployed network is like


def test_deployer_keeps_no_power(anvil_network: RunningNetwork) -> None:
    manager, keys = anvil_network.chain.access_manager, anvil_network.keys
    deployer = keys.address("deployer")

    assert not any(manager.has_role(role, deployer)[0] for role in range(len(Office) + 1))
    with pytest.raises(reverts.AccessManagerUnauthorizedAccount):
        anvil_network.chain.simulate(manager.grant_role(Office.REGISTRAR, deployer, 0), deployer)


def test_governor_acts_only_after_its_delay(anvil_network: RunningNetwork) -> None:
    chain, governor = anvil_network.chain, anvil_network.keys.address("governor")
    call = chain.milestones.set_policy(Milestone.ARRIVED, Policy(1, 1, 0, 0, 3600, 60, 0))

    assert chain.access_manager.has_role(Office.GOVERNOR, governor) == (True, 86_400)
    assert chain.access_manager.has_role(0, governor) == (True, 86_400)
    with pytest.raises(reverts.AccessManagerNotScheduled):
        chain.simulate(call, governor)


def test_every_office_is_held_by_its_key_alone(anvil_network: RunningNetwork) -> None:
    manager, keys = anvil_network.chain.access_manager, anvil_network.keys
    for office, holder in KEY_OF.items():
        held = {name: manager.has_role(office, keys.address(name))[0] for name in (*KEY_OF.values(), "governor")}

        assert held == {name: name == holder for name in held}


PART_OF = {
    "ReceivableOffices": "ReceivableToken",
    "ReceivableWorkouts": "ReceivableToken",
    "LotIntake": "WarehouseReceiptToken",
    "LotReleases": "WarehouseReceiptToken",
    "OrderAgreements": "OrderEscrow",
    "OrderWorkouts": "OrderEscrow",
    "InventoryChanges": "InventoryCollateral",
    "InventorySales": "InventoryCollateral",
    "DeskOpenings": "FinancingDesk",
    "DeskWorkouts": "FinancingDesk",
    "DeskHandovers": "FinancingDesk",
}
"""Code that another contract runs as its own: the office is that contract's."""


def restricted_functions() -> set[tuple[str, str]]:
    """Every function that the sources guard by the AccessManager, with the deployed contract that has it: its own file,
    a base contract in its module, or a part that it runs."""
    settings = CompilerSettings.read()
    found = set()
    for name in CONTRACTS:
        sources = Sources.gather(name, ROOT, settings).sources
        text = "\n".join(text for path, text in sources.items() if path.startswith("contracts/"))
        whole = PART_OF.get(name, name)
        found |= {(whole, f) for f in re.findall(r"function (\w+)\([^)]*\)[^{;]*\brestricted\b", text)}
    return found


def test_every_restricted_function_belongs_to_an_office(anvil_network: RunningNetwork) -> None:
    listed = {(contract, name) for contract, by in FUNCTIONS.items() for names in by.values() for name in names}

    assert restricted_functions() == listed


def test_access_manager_knows_the_offices_of_all_functions(anvil_network: RunningNetwork) -> None:
    chain = anvil_network.chain
    for name in chain.addresses.names():
        for office, functions in FUNCTIONS.get(name.partition(":")[0], {}).items():
            interface = compile_contracts()[name.partition(":")[0]].interface
            for function in functions:
                selector = interface.functions[function].selector
                assert chain.access_manager.target_function_role(chain.addresses.address(name), selector) == office


def test_contracts_that_hold_cash_are_admitted_for_the_operator(anvil_network: RunningNetwork) -> None:
    chain = anvil_network.chain
    holders = ["ReceivableToken", "OrderEscrow", "FxQuotes"]
    holders += ["FinancingDesk", "ReceivableCollateral", "OrderCollateral"]
    kinds = ("LendingPool", "SeniorTranche", "JuniorTranche", "FirstLossReserve")
    holders += [f"{kind}:{code}" for kind in kinds for code in ("EUR", "USD")]

    for name in holders:
        membership = chain.registry.require_role(chain.addresses.address(name), Role.NETWORK)
        assert chain.registry.organisation(membership.organisation).lei == "999900PORTOLANOPER17"


def test_directory_names_every_contract(anvil_network: RunningNetwork) -> None:
    chain = anvil_network.chain

    assert chain.directory.names() == list(chain.addresses.names())
    for name in chain.addresses.names():
        assert chain.directory.module_of(name) == chain.addresses.address(name)


def test_parts_are_connected(anvil_network: RunningNetwork) -> None:
    chain = anvil_network.chain
    for code in ("EUR", "USD"):
        assert chain.receivables.cash_for(code) == chain.cash(code).address
        assert chain.pool(code).cash() == chain.cash(code).address
        assert chain.pool(code).read("reserve") == [chain.reserve(code).address]
        for tranche in Tranche:
            vault = chain.vault(code, tranche)
            assert vault.asset() == chain.cash(code).address
            assert vault.read("tranche") == [tranche]
            assert chain.pool(code).read("vault", int(tranche)) == [vault.address]
        assert (chain.cash(code).currency(), chain.cash(code).decimals()) == (code, 2)
    euro, dollar = chain.cash("EUR").address, chain.cash("USD").address
    assert chain.exchange.market_of(sold=euro, bought=dollar) != 0
    assert chain.exchange.is_agent_listed(chain.conversions.address)
    assert chain.conversions.read("exchange") == [chain.exchange.address]
    for part in ("servicing", "applications", "concentration"):
        assert chain.desk.read(part) == [getattr(chain, part).address]
    assert chain.concentration.read("desk") == [chain.desk.address]
    assert chain.health.check().healthy


def test_policies_are_those_of_the_configuration(anvil_network: RunningNetwork, network: Network) -> None:
    for name, policy in network.config.policies.items():
        assert anvil_network.chain.milestones.policy(Milestone[name]) == policy.on_chain()
