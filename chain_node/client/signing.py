"""Signs transactions. eth-account takes coincurve where it is installed, about eight times faster than without."""

from __future__ import annotations

from typing import Any

from eth_account.signers.local import LocalAccount

from chain_node.client.values import Call, SignedTransaction


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
    transaction: dict[str, Any] = {
        "type": 2,
        "chainId": chain_id,
        "nonce": nonce,
        "gas": gas,
        "maxFeePerGas": max_fee_per_gas,
        "maxPriorityFeePerGas": max_priority_fee_per_gas,
        "value": 0,
        "data": data,
        "accessList": [],
    }
    if to is not None:
        transaction["to"] = to
    signed = account.sign_transaction(transaction)
    return SignedTransaction(raw=bytes(signed.raw_transaction), hash=bytes(signed.hash))
