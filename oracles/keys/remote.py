"""A key behind a remote signer (JSON-RPC), as Web3Signer and Clef are. Its answers are taken from nobody on trust."""

from __future__ import annotations

from typing import Any, Final

from eth_account.typed_transactions.typed_transaction import TypedTransaction
from hexbytes import HexBytes

from chain_node.client import SignedTransaction, transaction_digest, with_signature
from chain_node.client.signing import Fields
from oracles.keys.dialects import bytes_in, transaction_request, typed_data_request
from oracles.keys.errors import SignerRefused
from oracles.keys.key import Message, flaw
from oracles.keys.settings import RemoteKeySettings
from oracles.keys.transports import Transport, transport

LONGEST_QUOTE: Final = 200
UNREADABLE: Final = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError)
"""What eth-account raises on bytes that are no transaction."""


class RemoteKey:
    """Asks once a signature; whether to ask again is the caller's to decide."""

    kind = "remote"

    def __init__(self, settings: RemoteKeySettings) -> None:
        """Asks nothing yet. Raises KeyUnusable where a certificate or token cannot be read."""
        self._settings, self.address = settings, settings.address
        self._transport: Transport = transport(settings)
        self._asked = 0

    def sign(self, message: Message) -> bytes:
        method, parameters = typed_data_request(self._settings.dialect, self.address, message.typed_data())
        signature = self._bytes(method, parameters)
        if len(signature) == 65 and signature[64] in (0, 1):
            signature = signature[:64] + bytes((signature[64] + 27,))
        problem = flaw(signature, message.digest, self.address)
        if problem is not None:
            raise SignerRefused(self._settings.url, f"its answer to {method}: {problem}, expected {self.address}")
        return signature

    def transaction(self, fields: Fields) -> SignedTransaction:
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
        self._asked += 1
        question = {"jsonrpc": "2.0", "id": self._asked, "method": method, "params": parameters}
        answer = self._transport.ask(question)
        if not isinstance(answer, dict):
            raise SignerRefused(self._settings.url, f"its answer to {method} is no JSON-RPC")
        if answer.get("error") is not None:
            raise SignerRefused(self._settings.url, f"it refused {method}: {_quoted(answer['error'])}")
        found = bytes_in(answer.get("result")) if answer.get("id") == self._asked else None
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
