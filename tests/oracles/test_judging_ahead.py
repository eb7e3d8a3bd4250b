"""Many papers at once: the network is asked in batches, and nothing is judged otherwise for it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pytest
from oracle_fakes import LEI, NETWORK_KEY, NODE_ACCOUNT, NOON, OPEN, OTHER_SUBJECT, FakeChain, epcis, epcis_event, keyed

from chain_node.client import Fact, FactStatus, Milestone
from chain_node.errors import NodeUnavailable
from oracles.adapters import read_document
from oracles.canonical import CanonicalEvent
from oracles.chain import Head, Key
from oracles.judging import Judge
from oracles.rules.decisions import Verdict
from oracles.rules.loading import built_in_rules

ORDERS = ("PO-1", "PO-2", "PO-3")
HEAD = Head(10, int(NOON.timestamp()))


@dataclass
class CountingChain(FakeChain):
    asked: Counter[str] = field(default_factory=Counter)

    def subject_of(self, reference: bytes, block: int) -> bytes | None:
        self.asked["subject_of"] += 1
        return super().subject_of(reference, block)

    def subjects_of(self, references: Sequence[bytes], block: int) -> Sequence[bytes | None]:
        self.asked["subjects_of"] += 1
        return [self.links.get(its) for its in references]

    def fact(self, key: Key, block: int) -> Fact:
        self.asked["fact"] += 1
        return super().fact(key, block)

    def tallies(self, keys: Sequence[Key], block: int) -> Sequence[tuple[Fact, Sequence[int]]]:
        self._ask()
        self.asked["tallies"] += 1
        return [(self.facts.get(key, OPEN), self.voted.get(key, [])) for key in keys]


@pytest.fixture
def chain() -> CountingChain:
    chain = CountingChain()
    for number, order in enumerate(ORDERS[:2], 1):
        chain.links[keyed("order", order)] = bytes([number]) * 32
    return chain


def judge_on(chain: FakeChain) -> Judge:
    return Judge(chain, NETWORK_KEY, NODE_ACCOUNT.address, LEI, built_in_rules())


def papers() -> list[CanonicalEvent]:
    events = [epcis_event(order=order) for order in ORDERS]
    return list(read_document("papers.json", epcis(*events), 1 << 20).events)


def test_network_that_goes_away_while_it_is_asked_ahead_is_told(chain):
    chain.away = True

    with pytest.raises(NodeUnavailable):
        judge_on(chain).look_ahead(papers(), HEAD)


def test_many_papers_are_judged_alike_whether_or_not_they_were_asked_about_ahead(chain):
    chain.facts[Key(OTHER_SUBJECT, Milestone.RECEIVED, 1)] = replace(
        OPEN, status=FactStatus.FINAL, final_at=1, count=2, least_quantity=950_000
    )
    one_by_one = [judge_on(chain).judge(event, HEAD) for event in papers()]

    ahead = judge_on(chain)
    ahead.look_ahead(papers(), HEAD)

    assert [ahead.judge(event, HEAD) for event in papers()] == one_by_one
    assert [its.decision.verdict for its in one_by_one] == [Verdict.SIGN, Verdict.REFUSE, Verdict.WAIT]


def test_papers_that_were_asked_about_ahead_cost_no_further_question(chain):
    judge = judge_on(chain)

    judge.look_ahead(papers(), HEAD)
    for event in papers():
        judge.judge(event, HEAD)

    assert chain.asked == {"subjects_of": 1, "tallies": 1}


def test_what_was_asked_ahead_is_used_once(chain):
    judge = judge_on(chain)
    judge.look_ahead(papers(), HEAD)
    judge.judge(papers()[0], HEAD)

    judge.judge(papers()[0], HEAD)

    assert chain.asked["fact"] == 1


def test_reference_that_led_nowhere_is_asked_again_in_a_later_block(chain):
    judge = judge_on(chain)
    judge.look_ahead(papers(), HEAD)
    chain.links[keyed("order", ORDERS[2])] = bytes([1]) * 32

    assert judge.judge(papers()[2], Head(11, HEAD.timestamp)).key is not None
