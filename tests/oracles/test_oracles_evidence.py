"""The evidence of a batch."""

from __future__ import annotations

import pytest
from eth_utils.crypto import keccak
from hypothesis import given
from hypothesis import strategies as st

from oracles.evidence import evidence_proof, evidence_root

LEAVES = st.lists(st.binary(min_size=32, max_size=32), min_size=1, max_size=33)


def verifies(leaf: bytes, proof: list[bytes], root: bytes) -> bool:
    """As OpenZeppelin's MerkleProof.verify."""
    for sibling in proof:
        leaf = keccak(b"".join(sorted((leaf, sibling))))
    return leaf == root


@pytest.mark.parametrize("leaves", [[], [b"short"], [bytes(32), b""]])
def test_anything_but_hashes_is_refused(leaves):
    with pytest.raises(ValueError, match="32 bytes"):
        evidence_root(leaves)


def test_one_event_is_its_own_root():
    assert evidence_root([b"\x07" * 32]) == b"\x07" * 32


@given(LEAVES)
def test_every_event_of_a_batch_can_be_proven(leaves):
    root = evidence_root(leaves)

    assert all(verifies(leaf, evidence_proof(leaves, place), root) for place, leaf in enumerate(leaves))


@given(LEAVES, st.binary(min_size=32, max_size=32))
def test_no_other_event_can_be_proven(leaves, stranger):
    if stranger in leaves:
        return
    root = evidence_root(leaves)

    assert not any(verifies(stranger, evidence_proof(leaves, place), root) for place in range(len(leaves)))
