"""Carries a plan out, resumes one that was broken off, and leaves a finished one alone.

Each transaction is the same, bit by bit, however often it is made: a step that was sent before a kill is found again by
its hash, whether or not it was written down.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from eth_account.signers.local import LocalAccount
from eth_utils.crypto import keccak

from chain_node.client import AddressBook, Node, Receipt, SignedTransaction, sign_transaction
from chain_node.client.node import read_receipt
from chain_node.client.replay import replay
from chain_node.compile import Artifact, code_version
from chain_node.config import Network
from chain_node.deploy.plan import Plan, Step, batches, make_plan
from chain_node.deploy.record import Record
from chain_node.engines.base import hasten
from chain_node.errors import AlreadyKnown, ChainError, NonceTooLow
from chain_node.keys import OFFICE_KEYS, KeyRing

Progress = Callable[[int, int, str], None]
_POLL_SECONDS: Final = 0.02
_BLOCK_SHARE: Final = 0.8
_MOST_GAS_AT_ONCE: Final = 80_000_000
"""Some engines put no limit on a block's gas, and all have one on a request's bytes."""


class DeployFailed(Exception):
    """The deployment cannot go on; the message says at which step and why."""


def deploy(
    node: Node,
    network: Network,
    keys: KeyRing,
    artifacts: Mapping[str, Artifact],
    path: Path,
    progress: Progress = lambda done, total, title: None,
    timeout_seconds: float = 120.0,
) -> AddressBook:
    """Brings the network's contracts onto the node's chain and writes `path` after each step.

    Safe to repeat: goes on where it was broken off, and changes nothing once complete. Raises `DeployFailed` where the
    chain, the code or the configuration is not what it was begun with.
    """
    record = Record.load(path)
    offices = {name: keys.address(name) for name in OFFICE_KEYS}
    first_nonce = record.first_nonce if record else node.transaction_count(offices["deployer"])
    plan = make_plan(network, artifacts, offices["deployer"], offices, first_nonce)
    if record is None:
        record = _begin(node, network, plan, artifacts, offices["deployer"])
        record.save(path)
    _check(node, network, plan, artifacts, record, path)
    if not record.complete:
        Run(node, plan, keys.account("deployer"), record, path, progress, timeout_seconds).carry_out()
    return AddressBook.load(path)


def _begin(node: Node, network: Network, plan: Plan, artifacts: Mapping[str, Artifact], deployer: str) -> Record:
    check_chain(node, network)
    return Record(
        network=network.config.name,
        chain_id=network.config.chain_id,
        code_version=code_version(artifacts.values()),
        plan=plan.digest,
        deployer=deployer,
        first_nonce=plan.first_nonce,
        first_block=node.block_number(),
        steps_total=len(plan.steps),
        sandbox=network.config.sandbox,
    )


def check_chain(node: Node, network: Network) -> None:
    found, wanted = node.chain_id(), network.config.chain_id
    if found != wanted:
        raise DeployFailed(f"the node at {node.rpc_url} has chain id {found}, {network.config.name} has {wanted}")


def _check(
    node: Node, network: Network, plan: Plan, artifacts: Mapping[str, Artifact], record: Record, path: Path
) -> None:
    """Refuses to build on a record that is not of this network, this plan and this chain."""
    check_chain(node, network)
    if (record.network, record.chain_id) != (network.config.name, network.config.chain_id):
        raise DeployFailed(f"{path} is of the network {record.network} with chain id {record.chain_id}")
    version = code_version(artifacts.values())
    if record.code_version != version:
        was = "deployed" if record.complete else "begun"
        raise DeployFailed(
            f"{path}: {was} with other contract code ({record.code_version}, now {version}): contracts never change; "
            "start a fresh network, or restore that code"
        )
    # After an upgrade the first plan is history: other parts may have been made by another configuration.
    if not record.upgrades and record.plan != plan.digest:
        raise DeployFailed(f"{path}: begun with another configuration or other keys; restore them, or start afresh")
    names = list(record.contracts)
    codes = node.batch([("eth_getCode", [record.contracts[name]["address"], "latest"]) for name in names])
    for name, code in zip(names, codes, strict=True):
        entry = record.contracts[name]
        found = bytes.fromhex(code[2:])
        if not found:
            raise DeployFailed(f"{path}: {name} is not on this chain: there is no contract at {entry['address']}")
        if "0x" + keccak(found).hex() != entry["code_hash"]:
            raise DeployFailed(f"{path}: the contract at {entry['address']} is not the {name} that was deployed")
        # What an upgrade left in place may come from an earlier build, and is what it was then.
        todays = entry.get("code_version", version) == version
        if todays and not artifacts[entry["contract"]].is_code(found):
            raise DeployFailed(f"{path}: the code of {name} at {entry['address']} is not what its source compiles to")


def _no_hint(address: str) -> None:
    """Which contract refused need not be known: the error's selector tells enough."""


class Run:
    """One attempt at the steps that are left."""

    def __init__(
        self,
        node: Node,
        plan: Plan,
        deployer: LocalAccount,
        record: Record,
        path: Path,
        progress: Progress,
        timeout_seconds: float,
    ) -> None:
        self.node, self.plan, self.deployer = node, plan, deployer
        self.record, self.path, self.progress = record, path, progress
        self.timeout_seconds = timeout_seconds

    def carry_out(self) -> None:
        total = len(self.plan.steps)
        block = self.node.request("eth_getBlockByNumber", "latest", False)
        gas_limit = min(int(int(block["gasLimit"], 16) * _BLOCK_SHARE), _MOST_GAS_AT_ONCE)
        for begin, steps in batches(self.plan, self.record.steps_done, gas_limit):
            self.progress(begin, total, steps[0].title)
            signed = [self._sign(begin + i, step) for i, step in enumerate(steps)]
            self._send(steps, signed)
            hasten(self.node)
            receipts = self._receipts(steps, signed)
            codes = self._codes(receipts)
            for step, receipt in zip(steps, receipts, strict=True):
                self._write_down(step, receipt, codes)
        self._check_end()
        self.record.complete = True
        self.record.save(self.path)
        self.progress(total, total, "done")

    def _sign(self, index: int, step: Step) -> SignedTransaction:
        nonce = self.plan.first_nonce + index
        chain_id = self.record.chain_id
        return sign_transaction(self.deployer, to=step.to, data=step.data, nonce=nonce, gas=step.gas, chain_id=chain_id)

    def _send(self, steps: Sequence[Step], signed: Sequence[SignedTransaction]) -> None:
        requests = [("eth_sendRawTransaction", ["0x" + transaction.raw.hex()]) for transaction in signed]
        for step, result in zip(steps, self.node.try_batch(requests), strict=True):
            # Both say that an earlier attempt sent it already; its receipt will tell.
            if isinstance(result, ChainError) and not isinstance(result, AlreadyKnown | NonceTooLow):
                raise DeployFailed(f"{step.title}: {result}") from result

    def _receipts(self, steps: Sequence[Step], signed: Sequence[SignedTransaction]) -> list[Receipt]:
        """Waits until all are in blocks. Raises the reason of the first that failed."""
        deadline = time.monotonic() + self.timeout_seconds
        queries = [("eth_getTransactionReceipt", ["0x" + transaction.hash.hex()]) for transaction in signed]
        while True:
            answers: list[Any] = self.node.batch(queries)
            if all(answer is not None for answer in answers):
                break
            if time.monotonic() > deadline:
                title = next(s.title for s, answer in zip(steps, answers, strict=True) if answer is None)
                raise DeployFailed(f"{title}: in no block after {self.timeout_seconds:g} s")
            time.sleep(_POLL_SECONDS)
        receipts = [read_receipt(answer) for answer in answers]
        for step, receipt in zip(steps, receipts, strict=True):
            if not receipt.succeeded:
                why = replay(self.node, receipt.transaction_hash, _no_hint)
                raise DeployFailed(f"{step.title}: {why}")
        return receipts

    def _codes(self, receipts: Sequence[Receipt]) -> dict[str, bytes]:
        created = [r.contract_address for r in receipts if r.contract_address is not None]
        codes = self.node.batch([("eth_getCode", [address, "latest"]) for address in created])
        return {address: bytes.fromhex(code[2:]) for address, code in zip(created, codes, strict=True)}

    def _write_down(self, step: Step, receipt: Receipt, codes: Mapping[str, bytes]) -> None:
        if step.name:
            address = self.plan.addresses[step.name]
            if receipt.contract_address != address:
                raise DeployFailed(f"{step.title}: stands at {receipt.contract_address} instead of {address}")
            self.record.contracts[step.name] = {
                "address": address,
                "contract": step.contract,
                "block": receipt.block_number,
                "transaction": "0x" + receipt.transaction_hash.hex(),
                "code_hash": "0x" + keccak(codes[address]).hex(),
                "arguments": list(step.arguments),
            }
        self.record.steps_done += 1
        self.record.save(self.path)
        self.progress(self.record.steps_done, self.record.steps_total, step.title)

    def _check_end(self) -> None:
        """The count of transactions proves that nothing but the plan was ever signed by the deployer."""
        count = self.node.transaction_count(self.deployer.address)
        expected = self.plan.first_nonce + len(self.plan.steps)
        if count != expected:
            raise DeployFailed(f"the deployer has made {count} transactions instead of {expected}")
