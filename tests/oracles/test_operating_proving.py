"""What an auditor is told of a signature for facts that several papers tell."""

from __future__ import annotations

from hashlib import sha256
from types import SimpleNamespace

import pytest

from chain_node.client import Milestone, Observation
from chain_node.client.attested import CountedVote, FactKey, Record
from oracles.evidence import evidence_root
from oracles.operating import proving
from oracles.operating.proving import MOST_ATTEMPTS, TOO_MANY, UNREAD, Archive, Finding, Paper, Proof, findings

SOURCES = ("wms", "edi")


class Case:
    """So many facts of one signature, each on a paper of either source; those of `signed` made the root."""

    def __init__(self, facts: int, signed: str) -> None:
        self.archive, self.items, leaves = Archive(), [], []
        for number in range(facts):
            subject, at = bytes([number + 1]) * 32, 1_000 + number
            papers = [
                Paper(f"{source}-{number}.json", SimpleNamespace(evidence=leaf(source, number)), (subject,))
                for source in SOURCES
            ]
            self.archive._papers[at, 5_000] = papers
            self.items.append(Observation(subject, Milestone.RECEIVED, 1, at, 5_000))
            leaves.append(leaf(signed, number))
        self.leaves, self.root = leaves, evidence_root(leaves)

    def found(self, likely=(), *, lists=None) -> list[Finding]:
        keys = [FactKey(its.subject, int(its.milestone), its.sequence) for its in self.items]
        votes = tuple(vote(key, self.root) for key in keys)
        covered = [self.items] if lists is None else lists
        return list(findings(Record(votes, ()), self.archive, lambda keyed: keyed, lambda _: covered, likely))


def leaf(source: str, number: int) -> bytes:
    return sha256(f"{source} {number}".encode()).digest()


def vote(key: FactKey, root: bytes) -> CountedVote:
    others = dict.fromkeys(CountedVote.__dataclass_fields__)
    return CountedVote(**{**others, "key": key, "evidence": root, "block": 5, "transaction": bytes(32)})


def told(found: list[Finding]) -> set[tuple[Proof, str]]:
    return {(its.proof, its.why) for its in found}


def test_papers_that_were_not_all_tried_are_not_called_altered():
    case = Case(facts=16, signed="wms")

    assert MOST_ATTEMPTS < 2**16
    assert told(case.found()) == {(Proof.NOT_CHECKED, TOO_MANY)}


def test_papers_of_which_no_choice_was_signed_are_altered():
    assert told(Case(facts=12, signed="nobody").found()) == {(Proof.ALTERED, "")}


def test_papers_that_the_database_names_prove_nothing_by_themselves():
    case = Case(facts=16, signed="nobody")

    assert told(case.found({leaf("edi", number) for number in range(16)})) == {(Proof.NOT_CHECKED, TOO_MANY)}


def test_signature_whose_list_cannot_be_read_says_so():
    assert told(Case(facts=1, signed="wms").found(lists=[])) == {(Proof.NOT_CHECKED, UNREAD)}


@pytest.mark.parametrize("source", SOURCES)
def test_papers_that_the_database_names_are_tried_first(source):
    case = Case(facts=16, signed=source)

    found = case.found(set(case.leaves))

    assert told(found) == {(Proof.PROVED, "")}
    assert set(found[0].files) == {f"{source}-{number}.json" for number in range(16)}


@pytest.mark.parametrize("source", SOURCES)
def test_few_papers_are_proved_without_a_database(source):
    assert told(Case(facts=12, signed=source).found()) == {(Proof.PROVED, "")}


def test_list_of_one_signature_is_tried_once(monkeypatch):
    case, roots = Case(facts=3, signed="nobody"), []
    monkeypatch.setattr(proving, "evidence_root", lambda leaves: roots.append(leaves) or evidence_root(leaves))

    assert told(case.found()) == {(Proof.ALTERED, "")}

    assert len(roots) == 2**3
