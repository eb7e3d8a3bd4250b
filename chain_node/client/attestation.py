"""What a witness signs: EIP-712 typed data of a list of observations, and the votes that carry the signatures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from chain_node.client.typed_data import array_hash, compact_signature, digest_of, struct_hash, type_hash, typed_data

_TYPES: Final = {
    "Observation": [
        {"name": "subject", "type": "bytes32"},
        {"name": "milestone", "type": "uint32"},
        {"name": "sequence", "type": "uint32"},
        {"name": "occurredAt", "type": "uint64"},
        {"name": "quantity", "type": "uint64"},
    ],
    "Attestation": [
        {"name": "observations", "type": "Observation[]"},
        {"name": "mask", "type": "uint256"},
        {"name": "evidence", "type": "bytes32"},
    ],
}
_CONTRACT: Final = "MilestoneOracle"
_OBSERVATION: Final = type_hash(_TYPES, "Observation")
_ATTESTATION: Final = type_hash(_TYPES, "Attestation", "Observation")


@dataclass(frozen=True)
class Observation:
    """It happened, no later than `occurred_at` (Unix seconds), with at least `quantity` (thousandths; 0 unmeasured)."""

    subject: bytes
    milestone: int
    sequence: int
    occurred_at: int
    quantity: int

    def packed(self) -> tuple[bytes, int, int, int, int]:
        """As the contract takes it."""
        return self.subject, int(self.milestone), self.sequence, self.occurred_at, self.quantity


@dataclass(frozen=True)
class Vote:
    """`signer` vouches for the observations whose bits are set in `mask`; `evidence` is 32 bytes.

    `signature` is r, s and v in 65 bytes, or empty where the signer is a contract that has approved the digest.
    """

    signer: str
    mask: int
    evidence: bytes
    signature: bytes

    def packed(self) -> tuple[int, bytes, bytes, bytes]:
        """As the contract takes it: the signature in its compact form (ERC-2098), from which it finds the signer; or 0
        and the address of a contract that has approved.

        Raises `ValueError` for a signature of another length, or with another v than 27 or 28.
        """
        if not self.signature:
            return self.mask, self.evidence, bytes(32), bytes.fromhex(self.signer[2:]).rjust(32, b"\0")
        return self.mask, self.evidence, *compact_signature(self.signer, self.signature)


def attestation_typed_data(
    chain_id: int, oracle_address: str, observations: Sequence[Observation], mask: int, evidence: bytes
) -> dict[str, Any]:
    """EIP-712 typed data, as `eth_account.messages.encode_typed_data(full_message=...)` and wallets take them."""
    message = {
        "observations": [
            {
                "subject": o.subject,
                "milestone": int(o.milestone),
                "sequence": o.sequence,
                "occurredAt": o.occurred_at,
                "quantity": o.quantity,
            }
            for o in observations
        ],
        "mask": mask,
        "evidence": evidence,
    }
    return typed_data(_CONTRACT, chain_id, oracle_address, _TYPES, "Attestation", message)


def attestation_digest(
    chain_id: int, oracle_address: str, observations: Sequence[Observation], mask: int, evidence: bytes
) -> bytes:
    """The 32 bytes that are signed; equal to the contract's `attestationDigest`."""
    items = [
        struct_hash(_OBSERVATION, [o.subject, int(o.milestone), o.sequence, o.occurred_at, o.quantity])
        for o in observations
    ]
    return digest_of(
        _CONTRACT, chain_id, oracle_address, struct_hash(_ATTESTATION, [array_hash(items), mask, evidence])
    )
