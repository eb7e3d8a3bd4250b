"""What a key is asked to sign beside transactions, and what every signature must stand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from eth_account import Account
from eth_keys.constants import SECPK1_N
from eth_keys.exceptions import BadSignature
from eth_typing import Hash32
from eth_utils.exceptions import ValidationError

SIGNATURE_BYTES: Final = 65
HALF_ORDER: Final = SECPK1_N // 2


@dataclass(frozen=True)
class Message:
    """EIP-712: the 32 bytes that are signed, and on demand the whole that they stand for, for a signer that looks at
    what it signs."""

    digest: bytes
    typed_data: Callable[[], dict[str, Any]]


def flaw(signature: bytes, digest: bytes, address: str) -> str | None:
    """Why a signature is not the address' one over the digest, in the form that contracts take; None where it is."""
    if len(signature) != SIGNATURE_BYTES or signature[64] not in (27, 28):
        return "it is not r, s and v (27 or 28) in 65 bytes"
    if int.from_bytes(signature[32:64]) > HALF_ORDER:
        return "its s is in the upper half, which the contracts refuse"
    found = signer_of(signature, digest)
    return None if found == address else f"it is of {found or 'nobody'}"


def signer_of(signature: bytes, digest: bytes) -> str | None:
    """The address whose key made the signature; None where it is none."""
    try:
        return str(Account._recover_hash(Hash32(digest), signature=signature))
    except (BadSignature, ValidationError, ValueError):
        return None
