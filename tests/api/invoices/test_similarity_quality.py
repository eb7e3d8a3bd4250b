"""The floors that the rule is held to, on a corpus smaller than the benchmark's and with another seed."""

import pytest

from scripts.bench.similarity import FLOOR, Quality, measure_quality
from scripts.bench.similarity_corpus import KINDS, corpus

SIZE, SEED = 6_000, 1


@pytest.fixture(scope="module")
def quality() -> Quality:
    return measure_quality(corpus(SIZE, SEED))


def test_corpus_is_the_same_for_one_seed_and_another_for_another() -> None:
    assert corpus(300, 5) == corpus(300, 5)
    assert corpus(300, 5) != corpus(300, 6)


def test_corpus_is_mostly_honest_and_full_of_what_only_looks_like_a_copy(quality: Quality) -> None:
    honest = [entry.said for entry in quality.entries if entry.kind is None]
    claims = [(said.supplier, said.debtor, said.currency, said.amount, said.order) for said in honest if said.order]

    assert len(honest) >= SIZE
    assert 0.05 < sum(quality.planted.values()) / len(honest) < 0.15
    assert 1 - len(set(claims)) / len(claims) > 0.1  # so many repeat sum, order and parties of another


def test_no_number_in_the_corpus_would_be_refused_by_its_fingerprint(quality: Quality) -> None:
    from standards.invoices.identity import normalised_number

    identities = [(e.said.supplier, e.said.issued.year, normalised_number(e.said.number)) for e in quality.entries]

    assert len(set(identities)) == len(identities)


@pytest.mark.parametrize("kind", KINDS)
def test_copies_of_each_kind_are_found(kind: str, quality: Quality) -> None:
    assert quality.planted[kind] >= 30
    assert quality.recall(kind) >= FLOOR


def test_flags_are_right(quality: Quality) -> None:
    assert quality.right >= 400
    assert quality.precision >= FLOOR
