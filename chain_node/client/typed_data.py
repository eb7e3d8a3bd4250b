"""What our EIP-712 messages share: the domain of a contract, the envelope, the digest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from eth_account.messages import _hash_eip191_message, encode_typed_data

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
