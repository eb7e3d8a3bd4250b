"""A pytest plugin: a running chain with all contracts, for tests of every package.

The deployed chain is made once per version of the contracts, of the deployer and of the configuration, kept under
build/test-networks, and copied for each test session, so that a session has it in a fraction of a second.
"""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from hashlib import sha256
from pathlib import Path

import pytest
from eth_account.signers.local import LocalAccount
from support.ports import free_port

from chain_node.client import AddressBook, Call, Chain, Node, Receipt, sign_call
from chain_node.compile import ROOT, code_version, compile_contracts
from chain_node.config import CONFIG_ROOT, Network, load_network
from chain_node.deploy import deploy
from chain_node.engines.anvil import AnvilEngine, AnvilSettings
from chain_node.engines.base import hasten
from chain_node.keys import KeyRing

GENESIS = 1_767_225_600
"""The chain's clock at its first block: 2026-01-01T00:00:00Z."""
_GAS = 5_000_000


@dataclass
class RunningNetwork:
    """A chain with its contracts. `send` makes a transaction and waits for it, within milliseconds."""

    engine: AnvilEngine
    chain: Chain
    keys: KeyRing
    data_dir: Path

    @property
    def rpc_url(self) -> str:
        return self.engine.rpc_url

    @property
    def deployments(self) -> Path:
        return self.data_dir / "deployments.json"

    def now(self) -> int:
        """The chain's clock, Unix seconds."""
        return self.chain.block().timestamp

    def send(self, account: LocalAccount | str, call: Call, gas: int = _GAS) -> Receipt:
        """Signs and sends; `account` may name an office's key. Raises the typed revert where it fails."""
        signer = self.keys.account(account) if isinstance(account, str) else account
        nonce = self.chain.transaction_count(signer.address, "pending")
        signed = sign_call(signer, call, nonce=nonce, gas=gas, chain_id=self.chain.chain_id)
        self.chain.send_raw(signed.raw)
        hasten(self.chain.node)
        receipt = self.chain.receipt(signed.hash)
        assert receipt is not None, f"{call.function} is in no block"
        reverted = self.chain.transaction_revert(signed.hash)
        if reverted is not None:
            raise reverted
        return receipt

    def admit(self, lei: str, account: str, roles: int, jurisdiction: str = "DE") -> None:
        """Makes an account a participant, as the registrar would, for five years of the chain's time."""
        until = self.now() + 5 * 365 * 86_400
        registry = self.chain.registry
        self.send("registrar", registry.register_organisation(lei, "", jurisdiction, roles, until))
        self.send("registrar", registry.admit_account(lei, account))


def lei(stem: str) -> str:
    """A valid LEI that begins with up to 18 of the given digits and capital letters."""
    body = stem.ljust(18, "0")
    check = 98 - int("".join(str(int(c, 36)) for c in body + "00")) % 97
    return f"{body}{check:02d}"


def copy_template(data_dir: Path, genesis: int = GENESIS) -> None:
    """Copies a stopped network with everything deployed; makes it where it is missing, once for this machine."""
    home = ROOT / "build" / "test-networks"
    template = home / f"{genesis}-{_deployment()}"
    home.mkdir(parents=True, exist_ok=True)
    with (home / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not template.exists():
            for old in home.glob(f"{genesis}-*/"):
                shutil.rmtree(old)
            unfinished = home / "unfinished"
            network, artifacts = load_network(CONFIG_ROOT / "local"), compile_contracts()
            with AnvilEngine(_settings(unfinished, network, genesis)) as engine:
                node = Node(engine.rpc_url)
                deploy(node, network, KeyRing.make(unfinished), artifacts, unfinished / "deployments.json")
            unfinished.rename(template)
        shutil.copytree(template, data_dir, dirs_exist_ok=True)


@cache
def _deployment() -> str:
    """What the template depends on, as one short name. It is read once: a session's sources do not change."""
    network, artifacts = load_network(CONFIG_ROOT / "local"), compile_contracts()
    deployer = "".join(path.read_text() for path in sorted((ROOT / "chain_node" / "deploy").glob("*.py")))
    version = code_version(artifacts.values()) + network.model_dump_json() + deployer
    return sha256(version.encode()).hexdigest()[:16]


def start_network(data_dir: Path, port: int = 0) -> RunningNetwork:
    """A network of its own in `data_dir`, from the template. The caller stops its engine. Whoever starts it again
    where others know it says a port (`free_port`); 0 is any, and another one each time."""
    network = load_network(CONFIG_ROOT / "local")
    copy_template(data_dir)
    engine = AnvilEngine(replace(_settings(data_dir, network), port=port))
    engine.start()
    try:
        chain = Chain.connect(engine.rpc_url, AddressBook.load(data_dir / "deployments.json"))
    except BaseException:
        engine.stop()
        raise
    return RunningNetwork(engine, chain, KeyRing(data_dir), data_dir)


def _settings(data_dir: Path, network: Network, genesis: int = GENESIS) -> AnvilSettings:
    return AnvilSettings(data_dir, network.config.chain_id, genesis_timestamp=genesis)


@pytest.fixture(scope="session")
def anvil_network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningNetwork]:
    """One chain for the whole session, with all contracts and the operator's keys; nobody but the operator admitted."""
    network = start_network(tmp_path_factory.mktemp("network"))
    yield network
    network.chain.close()
    network.engine.stop()


@pytest.fixture
def pristine_network(anvil_network: RunningNetwork) -> Iterator[RunningNetwork]:
    """The session's chain, put back afterwards to what it was: for tests that must not meet what others did."""
    snapshot = anvil_network.chain.node.request("evm_snapshot")
    yield anvil_network
    anvil_network.chain.node.request("evm_revert", snapshot)


@pytest.fixture
def own_network(tmp_path: Path) -> Iterator[RunningNetwork]:
    """A chain for one test alone, for tests that stop it, restart it or move its clock."""
    network = start_network(tmp_path / "network", free_port())
    yield network
    network.chain.close()
    network.engine.stop()
