"""An organisation that tries to count twice: the same report, signed with another key of its own."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from eth_account import Account
from eth_account.signers.local import LocalAccount
from eth_typing import Hash32

from chain_node.client import Chain, Milestone, Observation, Refusal, Vote, attestation_digest, sign_call
from scripts.demo.manifest import Party
from scripts.embedded import EmbeddedNetwork
from scripts.gateway_client import GatewayClient

GAS = 3_000_000
RECEIPT_SECONDS = 15.0


@dataclass(frozen=True)
class CountedVote:
    """A vote as it counted on chain."""

    observation: Observation
    evidence: bytes

    @classmethod
    def read(cls, subject: str, fact: Mapping[str, Any], vote: Mapping[str, Any]) -> "CountedVote":
        """From the gateway's list of milestones."""
        observation = Observation(
            subject=_bytes(subject),
            milestone=Milestone[fact["milestone"]],
            sequence=fact["sequence"],
            occurred_at=int(datetime.fromisoformat(vote["occurred_at"]).timestamp()),
            quantity=int(vote["quantity_thousandths"]),
        )
        return cls(observation, _bytes(vote["evidence"]))


def vote_with_second_key(
    network: EmbeddedNetwork, operator: GatewayClient, party: Party, counted: CountedVote
) -> Refusal:
    """Admits a second account of the party, repeats its counted vote with it, and returns why it was refused;
    `Refusal.NONE` where it counted."""
    account: LocalAccount = Account.create()
    operator.post(f"/v1/participants/{party.lei}/accounts", {"account": account.address})
    chain = network.chain
    observation, evidence = counted.observation, counted.evidence
    digest = attestation_digest(chain.chain_id, chain.milestones.address, [observation], 1, evidence)
    vote = Vote(account.address, 1, evidence, bytes(account.unsafe_sign_hash(Hash32(digest)).signature))
    signed = sign_call(
        account, chain.milestones.attest([observation], [vote]), nonce=0, gas=GAS, chain_id=chain.chain_id
    )
    chain.send_raw(signed.raw)
    return _outcome(chain, signed.hash)


def _outcome(chain: Chain, transaction_hash: bytes) -> Refusal:
    deadline = time.monotonic() + RECEIPT_SECONDS
    while (receipt := chain.receipt(transaction_hash)) is None:
        if time.monotonic() > deadline:
            raise TimeoutError(f"the second vote was not mined within {RECEIPT_SECONDS:g} s")
        time.sleep(0.05)
    events = [event for event in map(chain.decode, receipt.logs) if event is not None]
    refusals = [event.arguments["reason"] for event in events if event.name == "VoteRefused"]
    return Refusal(refusals[0]) if refusals else Refusal.NONE


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))
