"""What our EIP-712 messages share: the domain of a contract, the envelope, the digest.

`typed_data` and `digest` go the general way, which wallets take too. What a node signs all day long is a few words of
32 bytes: `digest_of` hashes those at a twentieth of the cost, and tests hold the two to each other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

from eth_account.messages import _hash_eip191_message, encode_typed_data
from eth_hash.auto import keccak

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


def type_hash(types: Types, primary_type: str, *used: str) -> bytes:
    """The hash of a type's text; `used` are the types that its fields have, in alphabetical order."""
    texts = (f"{name}({','.join(map(_field, types[name]))})" for name in (primary_type, *used))
    return keccak("".join(texts).encode())


def struct_hash(of_type: bytes, words: Iterable[int | bytes]) -> bytes:
    """The hash of a message whose fields are each one word. Raises OverflowError, ValueError for what is none."""
    return keccak(of_type + b"".join(map(_word, words)))


def array_hash(hashes: Sequence[bytes]) -> bytes:
    """The word that stands for a list of structs."""
    return keccak(b"".join(hashes))


def digest_of(contract: str, chain_id: int, address: str, hashed: bytes) -> bytes:
    """The 32 bytes that are signed, of a message with this struct hash."""
    return keccak(b"\x19\x01" + _domain_separator(contract, chain_id, address) + hashed)


@lru_cache(maxsize=64)
def _domain_separator(contract: str, chain_id: int, address: str) -> bytes:
    of_type = type_hash({"EIP712Domain": _DOMAIN_TYPE}, "EIP712Domain")
    name, version = keccak(f"Portolan {contract}".encode()), keccak(b"1")
    return struct_hash(of_type, [name, version, chain_id, int(address, 16)])


def _field(its: Mapping[str, str]) -> str:
    return f"{its['type']} {its['name']}"


def _word(value: int | bytes) -> bytes:
    if isinstance(value, int):
        return value.to_bytes(32, signed=value < 0)
    if len(value) != 32:
        raise ValueError(f"a word has 32 bytes, not {len(value)}")
    return value


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
