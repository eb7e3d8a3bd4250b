"""A key behind a remote signer. Its answers are taken from nobody on trust."""

from __future__ import annotations

import itertools
from typing import Any, Final

from eth_account.typed_transactions.typed_transaction import TypedTransaction
from hexbytes import HexBytes

from chain_node.client.signing import Fields, transaction_digest, with_signature
from chain_node.client.values import SignedTransaction
from chain_node.remote_signer.dialects import bytes_in, transaction_request, typed_data_request
from chain_node.remote_signer.errors import SignerDeclined, SignerRefused
from chain_node.remote_signer.messages import Message, flaw
from chain_node.remote_signer.settings import RemoteSignerSettings
from chain_node.remote_signer.transports import Transport, transport

LONGEST_QUOTE: Final = 200
UNREADABLE: Final = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError)
"""What eth-account raises on bytes that are no transaction."""


class RemoteSigner:
    """One account. Asks once a signature; whether to ask again is the caller's to decide. Safe to share among threads
    over HTTP and over a socket."""

    def __init__(self, settings: RemoteSignerSettings, address: str, through: Transport | None = None) -> None:
        """Asks nothing yet. Raises SecretFileUnusable where a certificate or token cannot be read. `through` is a
        transport of these settings that several accounts share."""
        self._settings, self.address = settings, address
        self._transport: Transport = transport(settings) if through is None else through
        self._numbers = itertools.count(1)

    def sign(self, message: Message) -> bytes:
        """r, s and v (27 or 28) over the message's digest. Raises SignerAway, SignerRefused."""
        method, parameters = typed_data_request(self._settings.dialect, self.address, message.typed_data())
        signature = self._bytes(method, parameters)
        if len(signature) == 65 and signature[64] in (0, 1):
            signature = signature[:64] + bytes((signature[64] + 27,))
        problem = flaw(signature, message.digest, self.address)
        if problem is not None:
            raise SignerRefused(self._settings.url, f"its answer to {method}: {problem}, expected {self.address}")
        return signature

    def transaction(self, fields: Fields) -> SignedTransaction:
        """The very transaction that was asked for, signed. Raises SignerAway, SignerRefused."""
        method, parameters = transaction_request(self._settings.dialect, self.address, fields)
        raw = self._bytes(method, parameters)
        signature = _signature_in(raw)
        if signature is None:
            raise SignerRefused(self._settings.url, f"its answer to {method} is no EIP-1559 transaction")
        problem = flaw(signature, transaction_digest(fields), self.address)
        # Put together here from what was asked: whatever else the signer may have changed is not in it.
        if problem is not None or (signed := with_signature(fields, signature)).raw != raw:
            text = f"its answer to {method} is not what was asked for, signed by {self.address}"
            raise SignerRefused(self._settings.url, f"{text}: {problem}" if problem else text)
        return signed

    def close(self) -> None:
        self._transport.close()

    def _bytes(self, method: str, parameters: list[Any]) -> bytes:
        number = next(self._numbers)
        answer = self._transport.ask({"jsonrpc": "2.0", "id": number, "method": method, "params": parameters})
        if not isinstance(answer, dict):
            raise SignerRefused(self._settings.url, f"its answer to {method} is no JSON-RPC")
        if answer.get("error") is not None:
            raise SignerDeclined(self._settings.url, method, _quoted(answer["error"]))
        found = bytes_in(answer.get("result")) if answer.get("id") == number else None
        if found is None:
            raise SignerRefused(self._settings.url, f"its answer to {method} has no signature for this question")
        return found


def _signature_in(raw: bytes) -> bytes | None:
    """The signature of an EIP-1559 transaction; None where the bytes are none."""
    try:
        if raw[:1] != b"\x02":
            return None
        its = TypedTransaction.from_bytes(HexBytes(raw)).as_dict()
        return int(its["r"]).to_bytes(32) + int(its["s"]).to_bytes(32) + bytes((27 + int(its["v"]),))
    except UNREADABLE:
        return None


def _quoted(error: Any) -> str:
    """The signer's own words, short and printable. Its `data`, which may be anything, is left out."""
    words = error.get("message") if isinstance(error, dict) else None
    text = "".join(letter if letter.isprintable() else " " for letter in str(words or "without saying why"))
    return text[:LONGEST_QUOTE]
