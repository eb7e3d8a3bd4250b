"""What our EIP-712 messages share: the domain of a contract, the envelope, the digest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from eth_account.messages import _hash_eip191_message, encode_typed_data

_SIGNATURE_BYTES: Final = 65
Types = Mapping[str, list[dict[str, str]]]

_DOMAIN_TYPE: Final = [
    {"name": "name", "type": "string"},
    {"name": "version", "type": "string"},
    {"name": "chainId", "type": "uint256"},
    {"name": "verifyingContract", "type": "address"},
]


def typed_data(
    contract: str, chain_id: int, address: str, types: Types, primary_type: str, message: Mapping[str, Any]
) -> dict[str, Any]:
    """EIP-712 typed data of version 1 of one of our contracts, as `encode_typed_data(full_message=...)` takes it."""
    return {
        "types": {"EIP712Domain": _DOMAIN_TYPE, **types},
        "primaryType": primary_type,
        "domain": {
            "name": f"Portolan {contract}",
            "version": "1",
            "chainId": chain_id,
            "verifyingContract": address,
        },
        "message": dict(message),
    }


def digest(full_message: dict[str, Any]) -> bytes:
    """The 32 bytes that are signed."""
    return bytes(_hash_eip191_message(encode_typed_data(full_message=full_message)))


def compact_signature(signer: str, signature: bytes) -> tuple[bytes, bytes]:
    """r and vs (ERC-2098) of r, s and v in 65 bytes; zeros for none, where a contract has approved the digest.

    Raises `ValueError` for a signature of another length, or with another v than 27 or 28.
    """
    if not signature:
        return bytes(32), bytes(32)
    if len(signature) != _SIGNATURE_BYTES or signature[-1] not in (27, 28):
        raise ValueError(f"a signature of {signer} is not r, s and v (27 or 28): {signature.hex()}")
    r, s, odd = signature[:32], int.from_bytes(signature[32:64]), signature[-1] == 28
    return r, (s | odd << 255).to_bytes(32)
