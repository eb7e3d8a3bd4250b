"""Signs transactions. eth-account takes coincurve where it is installed, about eight times faster than without.

A key that is not in this process (a remote signer, a hardware module) takes the same fields as a mapping, signs their
digest, and the signature is put in afterwards.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from eth_account.signers.local import LocalAccount
from eth_account.typed_transactions.typed_transaction import TypedTransaction
from eth_utils.crypto import keccak

from chain_node.client.values import Call, SignedTransaction

Fields = Mapping[str, Any]
"""An EIP-1559 transaction by its JSON-RPC names, numbers and bytes as such, without a signature."""


def sign_call(
    account: LocalAccount,
    call: Call,
    *,
    nonce: int,
    gas: int,
    chain_id: int,
    max_fee_per_gas: int = 0,
    max_priority_fee_per_gas: int = 0,
) -> SignedTransaction:
    """An EIP-1559 transaction that makes the call. Fees are wei per gas; zero on a permissioned network."""
    return sign_transaction(
        account,
        to=call.to,
        data=call.data,
        nonce=nonce,
        gas=gas,
        chain_id=chain_id,
        max_fee_per_gas=max_fee_per_gas,
        max_priority_fee_per_gas=max_priority_fee_per_gas,
    )


def sign_transaction(
    account: LocalAccount,
    *,
    to: str | None,
    data: bytes,
    nonce: int,
    gas: int,
    chain_id: int,
    max_fee_per_gas: int = 0,
    max_priority_fee_per_gas: int = 0,
) -> SignedTransaction:
    """As `sign_call`; `to` None creates a contract."""
    fields = _fields(to, data, nonce, gas, chain_id, max_fee_per_gas, max_priority_fee_per_gas)
    signed = account.sign_transaction(fields)
    return SignedTransaction(raw=bytes(signed.raw_transaction), hash=bytes(signed.hash))


def call_fields(call: Call, *, nonce: int, gas: int, chain_id: int) -> Fields:
    """The transaction that makes the call, to be signed elsewhere; its fees are zero."""
    return _fields(call.to, call.data, nonce, gas, chain_id, 0, 0)


def transaction_fields(to: str, data: bytes, *, nonce: int, gas: int, chain_id: int, fee_per_gas: int) -> Fields:
    """A transaction without value, to be signed elsewhere. The fee, in wei, is both limit and tip."""
    return _fields(to, data, nonce, gas, chain_id, fee_per_gas, fee_per_gas)


def transaction_digest(fields: Fields) -> bytes:
    """The 32 bytes that are signed."""
    return bytes(TypedTransaction.from_dict(dict(fields)).hash())


def with_signature(fields: Fields, signature: bytes) -> SignedTransaction:
    """The transaction with its signature (r, s and v in 65 bytes, v 27 or 28) put in."""
    r, s = int.from_bytes(signature[:32]), int.from_bytes(signature[32:64])
    signed = TypedTransaction.from_dict({**fields, "r": r, "s": s, "v": signature[64] - 27})
    raw = bytes(signed.encode())
    return SignedTransaction(raw=raw, hash=bytes(keccak(raw)))


def _fields(
    to: str | None, data: bytes, nonce: int, gas: int, chain_id: int, max_fee: int, max_priority_fee: int
) -> dict[str, Any]:
    transaction: dict[str, Any] = {
        "type": 2,
        "chainId": chain_id,
        "nonce": nonce,
        "gas": gas,
        "maxFeePerGas": max_fee,
        "maxPriorityFeePerGas": max_priority_fee,
        "value": 0,
        "data": data,
        "accessList": [],
    }
    if to is not None:
        transaction["to"] = to
    return transaction
