"""A network in order, as its nodes tell it; a test breaks one thing."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import rlp
from eth_utils import keccak

from chain_node.networks.agreed_rules import read_forks
from chain_node.networks.besu import BesuEngine
from chain_node.networks.ceremony import Ceremony
from chain_node.networks.doctor import Doctor
from chain_node.networks.engine import NetworkEngine, Proposed
from chain_node.networks.facts import Header, NodeFacts
from chain_node.networks.findings import Finding

NOW = 4_000_000_000
HEIGHT = 500
ENGINE = BesuEngine()


def hash_of(number: int, branch: int = 0) -> str:
    return f"0x{branch:02x}{number:062x}"


@dataclass
class Healthy:
    """A network of four in order; each test breaks one thing."""

    ceremony: Ceremony
    genesis: dict[str, Any]
    engine: NetworkEngine = ENGINE
    idle: set[str] = field(default_factory=set)
    """Nodes that are validators and propose nothing."""

    def header(self, number: int, **changes: Any) -> Header:
        working = [n.address for n in self.ceremony.state.validators if n.node not in self.idle]
        proposer = working[number % len(working)]
        extra = self.genesis["extraData"] if number == 0 else "0x"
        at = NOW - HEIGHT + number if number else int(self.genesis["timestamp"], 16)
        return replace(Header(number, hash_of(number), at, proposer, extra), **changes)

    def node(self, name: str, **changes: Any) -> NodeFacts:
        state = self.ceremony.state
        recent = tuple(self.header(number) for number in range(HEIGHT - 59, HEIGHT + 1))
        mine: dict[str, list[int]] = {}
        for block in recent:
            mine.setdefault(block.proposer, []).append(block.number)
        besu = self.engine.kind == "besu"
        its = NodeFacts(
            name=name,
            version="besu/v26.8.0/linux-x86_64/openjdk-java-21",
            chain_id=self.ceremony.terms.chain_id,
            genesis=self.header(0),
            first_block=first_block(self.genesis),
            forks=read_forks(node_info(self)),
            latest=recent[-1],
            later_number=HEIGHT + 10,
            recent=recent,
            peers=frozenset(n.public_key for n in state.ordered if n.node != name),
            validators=frozenset(n.address for n in state.validators),
            proposed={address: Proposed(len(numbers), max(numbers)) for address, numbers in mine.items()},
            nodes_list=frozenset(self.engine.listed_peers(state, name)),
            accounts_list=frozenset({"0x" + "ab" * 20}) if besu else None,
        )
        return replace(its, **changes)

    def look(self, now: int = NOW, ports: dict[str, bool] | None = None, **changed: NodeFacts) -> list[Finding]:
        """`changed` by the node's last letter."""
        facts = {name: self.node(name) for name in self.ceremony.state.nodes}
        facts |= {f"validator-{letter}": its for letter, its in changed.items()}
        return Doctor(self.engine, self.ceremony, facts, ports or {}, now, self.genesis).findings()


EMPTY_STATE = "0x" + keccak(rlp.encode(b"")).hex()


def first_block(genesis: dict[str, Any]) -> dict[str, str]:
    """What a node tells of it beside its header."""
    told = {key: genesis[key] for key in ("timestamp", "gasLimit") if key in genesis}
    return {**told, "stateRoot": EMPTY_STATE}


def block_of(healthy: Healthy, height: int, params: list[Any]) -> dict[str, Any]:
    header = healthy.header(height if params[0] == "latest" else int(params[0], 16))
    first = first_block(healthy.genesis) if header.number == 0 else {"timestamp": hex(header.timestamp)}
    return {
        **first,
        "number": hex(header.number),
        "hash": header.hash,
        "miner": header.proposer,
        "extraData": header.extra_data,
    }


def signers_of(healthy: Healthy, height: int, params: list[Any]) -> list[dict[str, Any]]:
    """As Besu counts: without the end, which is never beyond its newest block, and with those who proposed nothing."""
    first, end = int(params[0], 16), min(int(params[1], 16), height)
    assert first < end, "Besu refuses it"
    proposers = [(number, healthy.header(number).proposer) for number in range(first, end)]
    found = []
    for validator in healthy.ceremony.state.validators:
        mine = [number for number, proposer in proposers if proposer == validator.address]
        count, last = hex(len(mine)), hex(max(mine, default=0))
        found.append({"address": validator.address, "proposedBlockCount": count, "lastProposedBlockNumber": last})
    return found


def node_info(healthy: Healthy) -> dict[str, Any]:
    """Besu leaves out what its engine names as untold; Kaia has a second protocol without a config."""
    config = {k: v for k, v in healthy.genesis["config"].items() if k not in healthy.engine.untold_forks}
    name = "klay" if healthy.engine.kind == "kaia" else "eth"
    return {"protocols": {"snap": {}, name: {"network": config["chainId"], "config": config}}}


def answers_of(healthy: Healthy, name: str, height: int = HEIGHT) -> dict[str, Any]:
    """What a node says, in the forms of its engine."""
    its = healthy.node(name)
    always = {
        "web3_clientVersion": its.version,
        "eth_chainId": hex(its.chain_id or 0),
        "eth_blockNumber": hex(height + 10),
        "admin_nodeInfo": node_info(healthy),
        "eth_getBlockByNumber": lambda params: block_of(healthy, height, params),
    }
    peers, validators = sorted(its.peers or ()), sorted(its.validators or ())
    if healthy.engine.kind == "kaia":
        return {
            **always,
            # It leaves the extraData of the first block out here, and has it there.
            "eth_getBlockByNumber": lambda params: {**block_of(healthy, height, params), "extraData": "0x"},
            "kaia_getBlockByNumber": lambda params: block_of(healthy, height, params),
            "admin_peers": [{"id": key} for key in peers],
            "admin_listedPeers": sorted(its.nodes_list or ()),
            "istanbul_getValidators": validators,
        }
    return {
        **always,
        "admin_peers": [{"id": "0x" + key, "name": "besu"} for key in peers],
        "qbft_getValidatorsByBlockNumber": validators,
        "qbft_getSignerMetrics": lambda params: signers_of(healthy, height, params),
        "perm_getNodesAllowlist": sorted(its.nodes_list or ()),
        "perm_getAccountsAllowlist": sorted(its.accounts_list or ()),
    }
