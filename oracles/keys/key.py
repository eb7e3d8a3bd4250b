"""What the node asks of its key, wherever it lies, and what every answer must stand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Protocol

import coincurve
from eth_account import Account
from eth_account.signers.local import LocalAccount
from eth_keys.constants import SECPK1_N
from eth_keys.exceptions import BadSignature
from eth_typing import Hash32
from eth_utils.exceptions import ValidationError

from chain_node.client import SignedTransaction
from chain_node.client.signing import Fields

SIGNATURE_BYTES: Final = 65
HALF_ORDER: Final = SECPK1_N // 2
V_OF_EVEN: Final = 27


@dataclass(frozen=True)
class Message:
    """EIP-712: the 32 bytes that are signed, and on demand the whole that they stand for, for a signer that looks at
    what it signs."""

    digest: bytes
    typed_data: Callable[[], dict[str, Any]]


class Key(Protocol):
    """One account. Signatures are r, s and v in 65 bytes, s low, v 27 or 28.

    Raises SignerAway where a later attempt may succeed, SignerRefused where a person must act.
    """

    kind: str
    address: str

    def sign(self, message: Message) -> bytes: ...
    def transaction(self, fields: Fields) -> SignedTransaction: ...
    def close(self) -> None: ...


class LocalKey:
    """A key in this process. Digests go straight to libsecp256k1: the same signature (RFC 6979, low s) as eth-account
    makes of them, in a sixth of the time."""

    kind = "keystore"

    def __init__(self, account: LocalAccount) -> None:
        self._account = account
        self._secret = coincurve.PrivateKey(bytes(account.key))
        self.address: str = account.address

    def sign(self, message: Message) -> bytes:
        signature: bytes = self._secret.sign_recoverable(message.digest, hasher=None)
        return signature[:64] + bytes([V_OF_EVEN + signature[64]])

    def transaction(self, fields: Fields) -> SignedTransaction:
        signed = self._account.sign_transaction(dict(fields))
        return SignedTransaction(raw=bytes(signed.raw_transaction), hash=bytes(signed.hash))

    def close(self) -> None:
        """Nothing to let go of."""


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
