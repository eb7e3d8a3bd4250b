"""What remote signers want to be asked, and how they answer. Pure: Python values to JSON ones and back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from chain_node.client.signing import Fields
from chain_node.remote_signer.settings import Dialect

QUANTITIES: Final = ("nonce", "gas", "maxFeePerGas", "maxPriorityFeePerGas", "value", "chainId")
TYPED_DATA_METHODS: Final = {
    Dialect.WEB3SIGNER: "eth_signTypedData",
    Dialect.CLEF: "account_signTypedData",
    Dialect.ETH: "eth_signTypedData_v4",
}
TRANSACTION_METHODS: Final = {
    Dialect.WEB3SIGNER: "eth_signTransaction",
    Dialect.CLEF: "account_signTransaction",
    Dialect.ETH: "eth_signTransaction",
}
MESSAGE: Final = "message"


def typed_data_request(dialect: Dialect, address: str, typed_data: Mapping[str, Any]) -> tuple[str, list[Any]]:
    """Method and parameters. The message goes whole, so that the signer can show and check what it signs."""
    # Numbers of a message as text: a signer that reads JSON numbers as floating point would sign others.
    plain = {**typed_data, MESSAGE: _plain(typed_data[MESSAGE])}
    return TYPED_DATA_METHODS[dialect], [address, json.dumps(plain) if dialect is Dialect.WEB3SIGNER else plain]


def transaction_request(dialect: Dialect, address: str, fields: Fields) -> tuple[str, list[Any]]:
    """Method and parameters. The fees are named though they are zero: they make it an EIP-1559 transaction."""
    transaction = {name: hex(fields[name]) for name in QUANTITIES}
    return TRANSACTION_METHODS[dialect], [
        transaction | {"from": address, "to": fields["to"], "data": _hex(fields["data"])}
    ]


def bytes_in(result: Any) -> bytes | None:
    """The bytes that an answer has as hexadecimal text, alone or, as Clef has it, as `raw`; None where it has none."""
    text = result.get("raw") if isinstance(result, dict) else result
    if not isinstance(text, str) or not text.startswith("0x"):
        return None
    try:
        return bytes.fromhex(text[2:])
    except ValueError:
        return None


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, bytes):
        return _hex(value)
    return str(value) if isinstance(value, int) else value


def _hex(data: bytes) -> str:
    return "0x" + bytes(data).hex()
