"""Facts a second that three nodes attest: through a relay, against one transaction for each observation.

The same machine carries the nodes, their disks and the chain, so both figures hold what the nodes do themselves. What
the chain alone allows either way is measured beside them, with votes that are signed beforehand.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

from eth_account import Account
from rich.console import Console

from chain_node.client import (
    Call,
    Chain,
    Milestone,
    Observation,
    SignedTransaction,
    Vote,
    attestation_digest,
    sign_call,
)
from oracles.keys.key import LocalKey, Message
from scripts.bench.crowd import WITNESSES, Consignment, Crowd, await_receipt, bundling, flooding
from scripts.bench.figures import Figure
from scripts.embedded import EmbeddedNetwork, EmbeddedSettings, NodeTables

SECONDS: Final = 60.0
WARM_UP_SECONDS: Final = 5.0
AHEAD: Final = 96
"""Papers in each inbox: more than a node takes in one turn."""
CONSIGNMENTS: Final = {"relay": 4_500, "alone": 2_000}
"""More than two cores use up in the time; where they are used up, the time ends with them."""
PATIENCE_SECONDS: Final = 20.0
QUORUM_SECONDS: Final = 8.0
"""Nodes with full inboxes are not at the same paper at the same time: here the relay waits for the last of them."""
CHAIN_FACTS: Final = 2_000
LIST: Final = 50
MOST_IN_BATCH: Final = 200
"""Transactions that are handed to the chain at one time."""
GAS_A_LIST: Final = 8_000_000
GAS_A_VOTE: Final = 400_000
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
    """Sustained rates of a minute each; a fact counts when it is final, by the chain's own events."""
    runs: dict[str, Sustained] = {}
    for name, more in _ways().items():
        with EmbeddedNetwork(EmbeddedSettings(work_dir / name, thresholds=ALL), console) as network:
            runs[name] = _sustained(network, more, CONSIGNMENTS[name])
    with EmbeddedNetwork(EmbeddedSettings(work_dir / "chain", thresholds=ALL), console) as network:
        lists, singles = _chain_alone(network)
    relay, alone = runs["relay"], runs["alone"]
    return [
        _figure("facts_through_relay", relay, "one transaction per observation", alone),
        _figure("facts_chain_alone", lists, "the same votes one by one, signed beforehand", singles),
        _per_fact("transactions a fact", relay.transactions / relay.facts, alone.transactions / alone.facts),
        _per_fact("gas a fact", relay.gas / relay.facts, alone.gas / alone.facts),
    ]


def _ways() -> dict[str, NodeTables]:
    names = list(WITNESSES)
    return {
        "relay": bundling(names, patience_seconds=PATIENCE_SECONDS, quorum_seconds=QUORUM_SECONDS),
        "alone": {name: {"batch_limit": 1} for name in names},
    }


def _figure(name: str, value: Sustained, what: str, other: Sustained) -> Figure:
    return Figure(name, value.rate, "facts/s", f"{what}: {other.rate:.0f}/s", value.rate / other.rate, [value.rate])


def _per_fact(name: str, value: float, other: float) -> Figure:
    return Figure(f"facts_through_relay: {name}", value, "", f"one by one: {other:,.2f}", value / other, [value, other])


def start_crowd(network: EmbeddedNetwork) -> Crowd:
    """A started chain with a supplier and three witnesses, none of which runs yet."""
    network.start(gateway=False)
    crowd = Crowd(network, list(WITNESSES))
    crowd.admit_supplier()
    for name, (role, lei) in WITNESSES.items():
        crowd.admit(lei, network.node_account(name), role)
    return crowd


def _sustained(network: EmbeddedNetwork, more: NodeTables, count: int) -> Sustained:
    crowd = start_crowd(network)
    papers = crowd.write_papers(crowd.open(count), network.data_dir / "nodes" / "papers")
    network.start_nodes({name: lei for name, (_, lei) in WITNESSES.items()}, more)
    flood = flooding(network, papers, AHEAD)
    _flow(network, flood, WARM_UP_SECONDS)
    began, first = time.monotonic(), network.chain.block_number()
    _flow(network, flood, SECONDS)
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


# The chain alone


def _chain_alone(network: EmbeddedNetwork) -> tuple[Sustained, Sustained]:
    """Lists with the votes of all, then the same number of facts with each vote in a transaction of its own."""
    network.start(gateway=False)
    crowd = Crowd(network, list(WITNESSES))
    crowd.admit_supplier()
    witnesses = [Account.create() for _ in WITNESSES]
    for account, (role, lei) in zip(witnesses, WITNESSES.values(), strict=True):
        crowd.admit(lei, account.address, role)
    keys = [LocalKey(account) for account in witnesses]
    chain, at = crowd.chain, crowd.chain.block().timestamp - 60
    parts = []
    for size, own in ((LIST, False), (1, True)):
        facts = [_fact(its, at) for its in crowd.open(CHAIN_FACTS)]
        lists = [facts[start : start + size] for start in range(0, len(facts), size)]
        calls = [call for items in lists for call in _calls(chain, items, keys, one_by_one=own)]
        parts.append(_pumped(crowd, calls, GAS_A_VOTE if own else GAS_A_LIST))
    return parts[0], parts[1]


def _fact(its: Consignment, at: int) -> Observation:
    return Observation(its.subject, int(Milestone.RECEIVED), 1, at, 950_000)


def _calls(chain: Chain, items: Sequence[Observation], keys: Sequence[LocalKey], *, one_by_one: bool) -> list[Call]:
    mask, evidence = (1 << len(items)) - 1, bytes(range(32))
    digest = attestation_digest(chain.chain_id, str(chain.addresses.address("MilestoneOracle")), items, mask, evidence)
    votes = [Vote(key.address, mask, evidence, key.sign(Message(digest, dict))) for key in keys]
    groups = [[vote] for vote in votes] if one_by_one else [votes]
    return [chain.milestones.attest(items, group) for group in groups]


def _pumped(crowd: Crowd, calls: Sequence[Call], gas: int) -> Sustained:
    sender, chain = Account.create(), crowd.chain
    signed = [sign_call(sender, call, nonce=n, gas=gas, chain_id=chain.chain_id) for n, call in enumerate(calls)]
    began, first = time.monotonic(), chain.block_number()
    _send(chain, signed)
    await_receipt(chain, signed[-1].hash)
    return _counted(chain, first + 1, chain.block_number(), time.monotonic() - began)


def _send(chain: Chain, signed: Sequence[SignedTransaction]) -> None:
    left = iter(signed)
    while part := list(islice(left, MOST_IN_BATCH)):
        chain.node.batch([("eth_sendRawTransaction", ("0x" + its.raw.hex(),)) for its in part])
