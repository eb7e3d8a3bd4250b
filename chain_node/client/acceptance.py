"""What a debtor signs to accept an invoice: EIP-712 typed data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from chain_node.client.typed_data import digest, typed_data

_TYPES: Final = {
    "Acceptance": [
        {"name": "id", "type": "uint256"},
        {"name": "faceValue", "type": "uint256"},
        {"name": "quantity", "type": "uint256"},
        {"name": "dueDate", "type": "uint256"},
        {"name": "waiveSetOff", "type": "bool"},
        {"name": "signer", "type": "address"},
        {"name": "deadline", "type": "uint256"},
    ],
}


@dataclass(frozen=True)
class Acceptance:
    """The terms that the debtor repeats; `deadline` (Unix seconds) is the last moment at which its signature counts."""

    id: int
    face_value: int
    quantity: int
    due_date: int
    waive_set_off: bool
    signer: str
    deadline: int


def acceptance_typed_data(chain_id: int, token_address: str, acceptance: Acceptance) -> dict[str, Any]:
    """EIP-712 typed data, as `eth_account.messages.encode_typed_data(full_message=...)` and wallets take them."""
    message = {
        "id": acceptance.id,
        "faceValue": acceptance.face_value,
        "quantity": acceptance.quantity,
        "dueDate": acceptance.due_date,
        "waiveSetOff": acceptance.waive_set_off,
        "signer": acceptance.signer,
        "deadline": acceptance.deadline,
    }
    return typed_data("ReceivableToken", chain_id, token_address, _TYPES, "Acceptance", message)


def acceptance_digest(chain_id: int, token_address: str, acceptance: Acceptance) -> bytes:
    """The 32 bytes that are signed; equal to the contract's `acceptanceDigest`."""
    return digest(acceptance_typed_data(chain_id, token_address, acceptance))
