"""What a witness signs: EIP-712 typed data of a list of observations, and the votes that carry the signatures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from eth_account.messages import _hash_eip191_message, encode_typed_data

_TYPES: Final = {
    "EIP712Domain": [
        {"name": "name", "type": "string"},
        {"name": "version", "type": "string"},
        {"name": "chainId", "type": "uint256"},
        {"name": "verifyingContract", "type": "address"},
    ],
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


@dataclass(frozen=True)
class Observation:
    """It happened, no later than `occurred_at` (Unix seconds), with at least `quantity` (thousandths; 0 unmeasured)."""

    subject: bytes
    milestone: int
    sequence: int
    occurred_at: int
    quantity: int


@dataclass(frozen=True)
class Vote:
    """`signer` vouches for the observations whose bits are set in `mask`; `evidence` is 32 bytes."""

    signer: str
    mask: int
    evidence: bytes
    signature: bytes


def attestation_typed_data(
    chain_id: int, oracle_address: str, observations: Sequence[Observation], mask: int, evidence: bytes
) -> dict[str, Any]:
    """EIP-712 typed data, as `eth_account.messages.encode_typed_data(full_message=...)` and wallets take them."""
    return {
        "types": _TYPES,
        "primaryType": "Attestation",
        "domain": {
            "name": "Portolan MilestoneOracle",
            "version": "1",
            "chainId": chain_id,
            "verifyingContract": oracle_address,
        },
        "message": {
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
        },
    }


def attestation_digest(
    chain_id: int, oracle_address: str, observations: Sequence[Observation], mask: int, evidence: bytes
) -> bytes:
    """The 32 bytes that are signed; equal to the contract's `attestationDigest`."""
    typed_data = attestation_typed_data(chain_id, oracle_address, observations, mask, evidence)
    return bytes(_hash_eip191_message(encode_typed_data(full_message=typed_data)))
