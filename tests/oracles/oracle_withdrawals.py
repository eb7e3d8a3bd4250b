"""What the contract says to a vote that is taken back, for the network in memory."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from chain_node.client import Fact, FactStatus, Membership, Observation
from chain_node.errors import ContractReverted
from oracles.chain import SignedVote


@dataclass(frozen=True)
class Withdrawal:
    """A call that takes one item of a vote back."""

    vote: SignedVote
    place: int
    evidence: bytes

    @property
    def item(self) -> Observation:
        return self.vote.observations[self.place]


def objection(
    its: Withdrawal, account: str, caller: Membership, signer: Membership, fact: Fact, voters: Collection[int]
) -> ContractReverted | None:
    """Why the contract would not take it back, in the order of its checks."""
    if not caller.organisation:
        return ContractReverted("NotAdmitted", {}, f"account {account} belongs to no participant of this network")
    if caller.organisation != signer.organisation:
        return ContractReverted("VoteOfOther", {}, f"the vote is of organisation {signer.organisation}")
    if fact.status is FactStatus.DISPUTED:
        return ContractReverted("NothingToRetract", {}, "the fact is disputed: no vote can be retracted")
    if fact.status is FactStatus.FINAL:
        counted = fact.least_quantity <= its.item.quantity <= fact.greatest_quantity
    else:
        counted = caller.organisation in voters
    return None if counted else ContractReverted("VoteNotCounted", {}, "the organisation has no vote that counts")
