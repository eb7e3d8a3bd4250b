"""What organisations have on chain: the votes that were counted, with the whole list that each signature covered."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from chain_node.client.attestation import Observation
from chain_node.client.chain import Chain
from chain_node.client.contracts.milestones import organisations_in
from chain_node.client.values import Event
from chain_node.interface import checksum, interfaces

ORACLE: Final = "MilestoneOracle"
COUNTING: Final = ("VotesCounted", "FactFinal")
RETRACTION: Final = "VoteRetracted"
BLOCKS_AT_ONCE: Final = 2_000


@dataclass(frozen=True)
class FactKey:
    subject: bytes
    milestone: int
    sequence: int


@dataclass(frozen=True)
class CountedVote:
    """One organisation's vote on one fact. `evidence` is the root over the evidence of all that was signed with it."""

    key: FactKey
    evidence: bytes
    block: int
    transaction: bytes


@dataclass(frozen=True)
class Retraction:
    key: FactKey
    evidence: bytes
    block: int


@dataclass(frozen=True)
class Record:
    """All of one organisation's votes, in the order of the chain."""

    votes: Sequence[CountedVote]
    retractions: Sequence[Retraction]


def votes_of(chain: Chain, organisation: int, to_block: int) -> Record:
    """From the network's first block on. Raises ChainError."""
    votes: list[CountedVote] = []
    retractions: list[Retraction] = []
    for event in _events(chain, to_block):
        if event.name in COUNTING:
            evidence = event.arguments["evidence"]
            who = organisations_in(int(event.arguments["organisations"]), len(evidence))
            votes += [
                CountedVote(_key(event), bytes(root), event.block_number, event.transaction_hash)
                for number, root in zip(who, evidence, strict=True)
                if number == organisation
            ]
        elif event.name == RETRACTION and int(event.arguments["organisation"]) == organisation:
            retractions.append(Retraction(_key(event), bytes(event.arguments["evidence"]), event.block_number))
    return Record(votes, retractions)


def lists_signed(chain: Chain, transaction: bytes, evidence: bytes) -> list[list[Observation]]:
    """What the signatures with this evidence covered, in order; one list for each such signature of the transaction.

    Empty where the transaction did not call the oracle itself, or the node no longer has it.
    """
    found = chain.node.request("eth_getTransactionByHash", "0x" + transaction.hex())
    attest = interfaces()[ORACLE].functions["attest"]
    if not found or not found.get("to") or checksum(found["to"]) != chain.addresses.address(ORACLE):
        return []
    data = bytes.fromhex(found["input"][2:])
    if data[:4] != attest.selector:
        return []
    try:
        call = attest.inputs.decode(data[4:])
    except ValueError:
        return []
    observations = [
        Observation(bytes(o["subject"]), o["milestone"], o["sequence"], o["occurredAt"], o["quantity"])
        for o in call["observations"]
    ]
    masks = [vote["mask"] for vote in call["votes"] if bytes(vote["evidence"]) == evidence]
    return [[o for place, o in enumerate(observations) if mask >> place & 1] for mask in masks]


def _events(chain: Chain, to_block: int) -> Iterator[Event]:
    oracle = (chain.addresses.address(ORACLE),)
    for first in range(chain.addresses.first_block, to_block + 1, BLOCKS_AT_ONCE):
        for log in chain.node.logs(oracle, first, min(first + BLOCKS_AT_ONCE - 1, to_block)):
            event = chain.decode(log)
            if event is not None:
                yield event


def _key(event: Event) -> FactKey:
    arguments = event.arguments
    return FactKey(bytes(arguments["subject"]), int(arguments["milestone"]), int(arguments["sequence"]))
