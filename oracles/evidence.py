"""One hash for the evidence of a whole batch, as OpenZeppelin's MerkleProof checks it."""

from __future__ import annotations

from collections.abc import Sequence

from eth_utils.crypto import keccak


def evidence_root(leaves: Sequence[bytes]) -> bytes:
    """The event's own hash where there is one; else the Merkle root over them in order (pairs sorted, keccak-256).

    A leaf without a partner rises unchanged. Leaves have 32 bytes and inner nodes hash 64, so that neither passes
    for the other. Raises ValueError for no leaf or one of another length.
    """
    if not leaves or any(len(leaf) != 32 for leaf in leaves):
        raise ValueError("evidence is one or more hashes of 32 bytes")
    level = list(leaves)
    while len(level) > 1:
        level = [_join(level[place : place + 2]) for place in range(0, len(level), 2)]
    return level[0]


def evidence_proof(leaves: Sequence[bytes], place: int) -> list[bytes]:
    """The siblings that lead from the leaf at `place` to the root."""
    proof: list[bytes] = []
    level = list(leaves)
    while len(level) > 1:
        sibling = place ^ 1
        if sibling < len(level):
            proof.append(level[sibling])
        level = [_join(level[start : start + 2]) for start in range(0, len(level), 2)]
        place //= 2
    return proof


def _join(pair: Sequence[bytes]) -> bytes:
    return pair[0] if len(pair) == 1 else keccak(b"".join(sorted(pair)))
