"""Facts a second that three witnesses attest: through a relay, against one transaction for each observation.

Measured twice. First of signed figures, for a minute each way, on a chain with the gas that production networks give a
block: relay, protocol and chain are all there is. Then with whole nodes that read, judge and keep papers; all of them
share this machine's processors and disk with the chain, and that work is the same both ways.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from eth_account import Account
from rich.console import Console

from chain_node.client import Chain, Milestone
from scripts.bench.attesting import Witness, testifying
from scripts.bench.crowd import WITNESSES, Crowd, bundling, flooding
from scripts.bench.figures import Figure
from scripts.embedded import EmbeddedNetwork, EmbeddedSettings, NodeTables

SECONDS: Final = 60.0
NODES_SECONDS: Final = 20.0
WARM_UP_SECONDS: Final = 5.0
BLOCK_GAS: Final = 30_000_000
SUBJECTS: Final = 500
SEQUENCES: Final = 200
"""Deliveries of each: more facts than two cores use up in the time."""
RELAY: Final[dict[str, int]] = {"items_per_second": 10_000, "list_limit": 64}
RELAY_GAS_RESERVE: Final = 10_000
"""An item, at most: nobody waits for these facts, and a list of fifty must fit into a block."""
AHEAD: Final = 96
"""Papers in each inbox: more than a node takes in one turn."""
CONSIGNMENTS: Final = {"relay": 2_500, "alone": 1_000}
"""More than two cores use up in the time; where they are used up, the time ends with them."""
ALL: Final = {Milestone.RECEIVED.name: len(WITNESSES)}
"""All three must vote, so that nobody's vote is left out either way."""


@dataclass(frozen=True)
class Sustained:
    """What a chain counted in so many seconds. `transactions` and `gas` are of those that carry votes."""

    facts: int
    seconds: float
    transactions: int
    gas: int

    @property
    def rate(self) -> float:
        return self.facts / self.seconds


def measure_relay(work_dir: Path, console: Console) -> list[Figure]:
    """A fact counts when it is final, by the chain's own events."""
    signed = {
        name: _signed(EmbeddedNetwork(_settings(work_dir / name, BLOCK_GAS), console), through_relay=name == "relay")
        for name in ("relay", "alone")
    }
    nodes: dict[str, Sustained] = {}
    for name, count in CONSIGNMENTS.items():
        with EmbeddedNetwork(_settings(work_dir / f"nodes-{name}"), console) as network:
            nodes[name] = _sustained(network, count, through_relay=name == "relay")
    relay, alone = signed["relay"], signed["alone"]
    return [
        _figure("facts_through_relay", relay, "one transaction per observation", alone),
        _per_fact("transactions a fact", relay.transactions / relay.facts, alone.transactions / alone.facts),
        _per_fact("gas a fact", relay.gas / relay.facts, alone.gas / alone.facts),
        _figure("facts_of_whole_nodes", nodes["relay"], "the same nodes without a relay", nodes["alone"]),
    ]


def _settings(folder: Path, block_gas: int | None = None) -> EmbeddedSettings:
    return EmbeddedSettings(folder, thresholds=ALL, block_gas_limit=block_gas)


def _figure(name: str, value: Sustained, what: str, other: Sustained) -> Figure:
    return Figure(name, value.rate, "facts/s", f"{what}: {other.rate:.0f}/s", value.rate / other.rate, [value.rate])


def _per_fact(name: str, value: float, other: float) -> Figure:
    return Figure(f"facts_through_relay: {name}", value, "", f"one by one: {other:,.2f}", value / other, [value, other])


# Signed figures


def _signed(network: EmbeddedNetwork, *, through_relay: bool) -> Sustained:
    with network:
        network.start(gateway=False)
        crowd = Crowd(network, list(WITNESSES))
        crowd.admit_supplier()
        keys = [Account.create() for _ in WITNESSES]
        for account, (role, lei) in zip(keys, WITNESSES.values(), strict=True):
            crowd.admit(lei, account.address, role)
        subjects = [its.subject for its in crowd.open(SUBJECTS)]
        at = crowd.chain.block().timestamp - 60
        url = network.start_relay(RELAY, gas_reserve=RELAY_GAS_RESERVE) if through_relay else ""
        place = (network.rpc_url, network.data_dir / "deployments.json", subjects, SEQUENCES, at, url)
        with testifying([Witness(bytes(key.key), *place) for key in keys]):
            _watch(network, WARM_UP_SECONDS)
            began, first = time.monotonic(), network.chain.block_number()
            _watch(network, SECONDS)
            last, seconds = network.chain.block_number(), time.monotonic() - began
        return _counted(network.chain, first + 1, last, seconds)


def _watch(network: EmbeddedNetwork, seconds: float) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        network.check()
        time.sleep(0.1)


# Whole nodes


def start_crowd(network: EmbeddedNetwork) -> Crowd:
    """A started chain with a supplier and three witnesses, none of which runs yet."""
    network.start(gateway=False)
    crowd = Crowd(network, list(WITNESSES))
    crowd.admit_supplier()
    for name, (role, lei) in WITNESSES.items():
        crowd.admit(lei, network.node_account(name), role)
    return crowd


def _sustained(network: EmbeddedNetwork, count: int, *, through_relay: bool) -> Sustained:
    crowd = start_crowd(network)
    papers = crowd.write_papers(crowd.open(count), network.data_dir / "nodes" / "papers")
    alone: NodeTables = {name: {"batch_limit": 1} for name in WITNESSES}
    more = bundling(network, list(WITNESSES)) if through_relay else alone
    network.start_nodes({name: lei for name, (_, lei) in WITNESSES.items()}, more)
    flood = flooding(network, papers, AHEAD)
    _flow(network, flood, WARM_UP_SECONDS)
    began, first = time.monotonic(), network.chain.block_number()
    _flow(network, flood, NODES_SECONDS)
    last = network.chain.block_number()
    return _counted(network.chain, first + 1, last, time.monotonic() - began)


def _flow(network: EmbeddedNetwork, flood: Iterator[int], seconds: float) -> None:
    """Until the time is over, or the papers are."""
    until = time.monotonic() + seconds
    while time.monotonic() < until and next(flood, None) is not None:
        network.check()
        time.sleep(0.05)


def _counted(chain: Chain, first: int, last: int, seconds: float) -> Sustained:
    oracle = chain.addresses.address("MilestoneOracle")
    facts = transactions = gas = 0
    for number in range(first, last + 1):
        for receipt in chain.block_receipts(number):
            if receipt.to == oracle:
                transactions, gas = transactions + 1, gas + receipt.gas_used
                facts += sum(1 for log in receipt.logs if (event := chain.decode(log)) and event.name == "FactFinal")
    return Sustained(facts, seconds, transactions, gas)
