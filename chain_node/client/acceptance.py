"""What a debtor signs to accept an invoice: EIP-712 typed data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from eth_account.messages import _hash_eip191_message, encode_typed_data

_TYPES: Final = {
    "EIP712Domain": [
        {"name": "name", "type": "string"},
        {"name": "version", "type": "string"},
        {"name": "chainId", "type": "uint256"},
        {"name": "verifyingContract", "type": "address"},
    ],
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
    return {
        "types": _TYPES,
        "primaryType": "Acceptance",
        "domain": {
            "name": "Portolan ReceivableToken",
            "version": "1",
            "chainId": chain_id,
            "verifyingContract": token_address,
        },
        "message": {
            "id": acceptance.id,
            "faceValue": acceptance.face_value,
            "quantity": acceptance.quantity,
            "dueDate": acceptance.due_date,
            "waiveSetOff": acceptance.waive_set_off,
            "signer": acceptance.signer,
            "deadline": acceptance.deadline,
        },
    }


def acceptance_digest(chain_id: int, token_address: str, acceptance: Acceptance) -> bytes:
    """The 32 bytes that are signed; equal to the contract's `acceptanceDigest`."""
    typed_data = acceptance_typed_data(chain_id, token_address, acceptance)
    return bytes(_hash_eip191_message(encode_typed_data(full_message=typed_data)))
