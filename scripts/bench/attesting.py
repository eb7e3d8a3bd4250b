"""Three witnesses, each a process that signs what it has seen: through a relay, or each observation in a transaction of
its own. Their papers are read and judged before; what a network and a relay make of signed figures is all there is."""

from __future__ import annotations

import multiprocessing
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from multiprocessing.process import BaseProcess
from multiprocessing.sharedctypes import SynchronizedArray
from pathlib import Path
from typing import Final, TypeAlias

from eth_account import Account

from chain_node.client import AddressBook, Chain, Milestone, Observation, Vote, sign_call
from oracles.chain import Key
from oracles.relay.client import relay_client
from oracles.relay.mail import RelayMail
from oracles.relay.messages import MOST_ITEMS, OFFER_SECONDS, Answer, Offer, item_of, list_id
from oracles.relay.settings import BundlingSettings
from oracles.rules.lists import key_of
from oracles.signing import Signer

EVIDENCE: Final = bytes(range(32))
MOST_OFFERED: Final = 1_280
"""Facts that a witness may be ahead of the slowest with: all see the same at about one time, and more would wait longer
with the relay than they are left to it."""
MOST_IN_FLIGHT: Final = 400
"""Transactions of a witness that are in no block yet."""
AT_ONCE: Final = 50
"""Transactions handed to the chain together."""
GAS_A_VOTE: Final = 250_000
PAUSE_SECONDS: Final = 0.005


Progress: TypeAlias = "SynchronizedArray[int]"


@dataclass(frozen=True)
class Witness:
    """What a witness needs to know; `relay_url` is empty for one who sends alone. It sees the same facts as the others:
    of each subject as many deliveries as `sequences`, all at one time."""

    key: bytes
    rpc_url: str
    deployments: Path
    subjects: Sequence[bytes]
    sequences: int
    occurred_at: int
    relay_url: str = ""

    def facts(self) -> Iterator[Observation]:
        for sequence in range(1, self.sequences + 1):
            for subject in self.subjects:
                yield Observation(subject, int(Milestone.RECEIVED), sequence, self.occurred_at, 950_000)


@contextmanager
def testifying(witnesses: Sequence[Witness]) -> Iterator[None]:
    """They testify without a rest, until the block ends or nothing is left. Raises RuntimeError where one failed."""
    context = multiprocessing.get_context("spawn")
    progress = context.Array("Q", len(witnesses))
    processes: list[BaseProcess] = [
        context.Process(target=testify, args=(its, number, progress), daemon=True)
        for number, its in enumerate(witnesses)
    ]
    for process in processes:
        process.start()
    try:
        yield
        if any(process.exitcode for process in processes):
            raise RuntimeError("a witness has failed")
    finally:
        for process in processes:
            process.terminate()
            process.join()


def testify(its: Witness, number: int, progress: Progress) -> None:
    chain = Chain.connect(its.rpc_url, AddressBook.load(its.deployments))
    if its.relay_url:
        _through_relay(its, chain, number, progress)
    else:
        _alone(its, chain)


def _through_relay(its: Witness, chain: Chain, number: int, progress: Progress) -> None:
    """`progress` are the facts of each witness that a list came for, or that none came for in time."""
    signer, mail, left = Signer(Account.from_key(its.key)), RelayMail(), its.facts()
    settings = BundlingSettings(urls=[its.relay_url])
    oracle = str(chain.addresses.address("MilestoneOracle"))
    since: dict[Key, float] = {}

    def answer(items: Sequence[Observation]) -> None:
        mask = (1 << len(items)) - 1
        vote = signer.vote_on(chain.chain_id, oracle, items, mask, EVIDENCE)
        signed = {"mask": hex(mask), "evidence": EVIDENCE.hex(), "signature": vote.signature.hex()}
        mail.send(Answer(account=signer.address, list=list_id(items), **signed), settings.patience_seconds)

    def offer(facts: Sequence[Observation]) -> None:
        expires_at = int(time.time()) + OFFER_SECONDS
        signature = signer.offer(chain.chain_id, oracle, facts, expires_at).hex()
        told = [item_of(fact) for fact in facts]
        message = Offer(account=signer.address, expires_at=expires_at, observations=told, signature=signature)
        mail.send(message, settings.patience_seconds)

    with relay_client(settings, signer.address, mail):
        while True:
            lists, now = mail.lists(), time.monotonic()
            for items in lists:
                answer(items)
            waited = [key_of(item) for items in lists for item in items]
            waited += [key for key, at in since.items() if now - at >= settings.patience_seconds]
            progress[number] += sum(since.pop(key, None) is not None for key in waited)
            has_room = progress[number] + len(since) < min(progress[:]) + MOST_OFFERED
            part = list(islice(left, MOST_ITEMS)) if has_room else []
            if part:
                since |= dict.fromkeys(map(key_of, part), now)
                offer(part)
            elif not lists:
                time.sleep(PAUSE_SECONDS)


def _alone(its: Witness, chain: Chain) -> None:
    account = Account.from_key(its.key)
    signer, left = Signer(account), its.facts()
    oracle = str(chain.addresses.address("MilestoneOracle"))
    nonce = chain.transaction_count(account.address)
    while part := deque(islice(left, AT_ONCE)):
        raw = []
        for fact in part:
            vote = signer.vote(chain.chain_id, oracle, [fact], EVIDENCE)
            call = chain.milestones.attest([fact], [Vote(vote.signer, vote.mask, vote.evidence, vote.signature)])
            raw.append(sign_call(account, call, nonce=nonce, gas=GAS_A_VOTE, chain_id=chain.chain_id).raw)
            nonce += 1
        chain.node.batch([("eth_sendRawTransaction", ("0x" + its_raw.hex(),)) for its_raw in raw])
        while nonce - chain.transaction_count(account.address) >= MOST_IN_FLIGHT:
            time.sleep(PAUSE_SECONDS)
