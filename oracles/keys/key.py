"""What the node asks of its key, wherever it lies, and what every answer must stand."""

from __future__ import annotations

from typing import Final, Protocol

import coincurve
from eth_account.signers.local import LocalAccount

from chain_node.client import SignedTransaction
from chain_node.client.signing import Fields
from chain_node.remote_signer.messages import HALF_ORDER, Message, flaw, signer_of

__all__ = ["HALF_ORDER", "Key", "LocalKey", "Message", "flaw", "signer_of"]

V_OF_EVEN: Final = 27


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
