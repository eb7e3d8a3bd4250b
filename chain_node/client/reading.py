"""What a witness of a feed signs: EIP-712 typed data of one value, and the reports that carry the readings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from eth_abi.abi import encode
from eth_utils.crypto import keccak

from chain_node.client.typed_data import compact_signature, digest_of, struct_hash, type_hash, typed_data
from chain_node.vocabulary import FeedKind

_TYPES: Final = {
    "Reading": [
        {"name": "feed", "type": "bytes32"},
        {"name": "round", "type": "uint64"},
        {"name": "version", "type": "uint32"},
        {"name": "value", "type": "int256"},
        {"name": "observedAt", "type": "uint64"},
    ],
}
_CONTRACT: Final = "FeedOracle"
_READING: Final = type_hash(_TYPES, "Reading")


@dataclass(frozen=True)
class Reading:
    """What one organisation has measured or seen, in the feed's unit and decimals; `observed_at` in Unix seconds.

    `signature` is r, s and v in 65 bytes, or empty where the signer is a contract that has approved the digest.
    """

    signer: str
    value: int
    observed_at: int
    signature: bytes

    def packed(self) -> tuple[str, int, int, bytes, bytes]:
        """As the contract takes it. Raises `ValueError` as `compact_signature` does."""
        return self.signer, self.value, self.observed_at, *compact_signature(self.signer, self.signature)


@dataclass(frozen=True)
class Report:
    """The readings that shall become a feed's next value. `subject` is 32 zero bytes of a price or a rate."""

    policy_id: bytes
    subject: bytes
    round: int
    readings: Sequence[Reading]

    def packed(self) -> tuple[bytes, bytes, int, list[tuple[str, int, int, bytes, bytes]]]:
        """As the contract takes it."""
        return self.policy_id, self.subject, self.round, [reading.packed() for reading in self.readings]


def condition_policy(kind: FeedKind) -> bytes:
    """The policy of a kind of condition, which serves every consignment."""
    return int(kind).to_bytes(32)


def condition_feed(kind: FeedKind, subject: bytes) -> bytes:
    """The feed of a consignment's condition; equal to the contract's `conditionFeedOf`."""
    return bytes(keccak(encode(["uint8", "bytes32"], [int(kind), subject])))


def rate_feed(base: str, quote: str) -> bytes:
    """The feed, and policy, of a base currency in a quote currency (ISO 4217); the contract's `rateFeedOf`."""
    codes = [base.encode(), quote.encode()]
    return bytes(keccak(encode(["uint8", "bytes3", "bytes3"], [int(FeedKind.FX), *codes])))


def price_feed(name: str, unit: str, currency: str) -> bytes:
    """The feed, and policy, that our networks give the price of goods of that name in a currency, per unit (Rec 20)."""
    codes = [unit.encode(), currency.encode()]
    return bytes(keccak(encode(["uint8", "string", "bytes3", "bytes3"], [int(FeedKind.PRICE), name, *codes])))


def reading_typed_data(
    chain_id: int, oracle_address: str, *, feed: bytes, round: int, version: int, value: int, observed_at: int
) -> dict[str, Any]:
    """EIP-712 typed data. `version` is the policy's: a changed policy voids what was signed for the one before."""
    message = {"feed": feed, "round": round, "version": version, "value": value, "observedAt": observed_at}
    return typed_data(_CONTRACT, chain_id, oracle_address, _TYPES, "Reading", message)


def reading_digest(
    chain_id: int, oracle_address: str, *, feed: bytes, round: int, version: int, value: int, observed_at: int
) -> bytes:
    """The 32 bytes that are signed; equal to the contract's `readingDigest`."""
    return digest_of(
        _CONTRACT, chain_id, oracle_address, struct_hash(_READING, [feed, round, version, value, observed_at])
    )
