"""What a chain tells of itself, as plain values. Hashes are 32 bytes, times are seconds since 1970."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from eth_typing import ChecksumAddress

BlockTag = int | str
"""A block number, or `latest`, `pending`, `finalized`, `safe`, `earliest`."""


@dataclass(frozen=True)
class Call:
    """What a transaction does: where it goes and with which data. `function` reads like `ReceivableToken.register`."""

    to: ChecksumAddress
    data: bytes = field(repr=False)
    function: str

    @property
    def contract(self) -> str:
        return self.function.partition(".")[0]


@dataclass(frozen=True)
class ReadCall:
    """A call of one of our contracts with its arguments by name, in our words. `writes` unless it is a view."""

    call: Call
    arguments: dict[str, Any]
    writes: bool


@dataclass(frozen=True)
class Block:
    number: int
    hash: bytes
    parent_hash: bytes
    timestamp: int
    transaction_hashes: tuple[bytes, ...] = field(repr=False)


@dataclass(frozen=True)
class Log:
    address: ChecksumAddress
    topics: tuple[bytes, ...]
    data: bytes
    block_number: int
    block_hash: bytes
    transaction_hash: bytes
    log_index: int


@dataclass(frozen=True)
class Receipt:
    """What became of a transaction. `contract_address` only where it created one."""

    transaction_hash: bytes
    transaction_index: int
    block_number: int
    block_hash: bytes
    succeeded: bool
    gas_used: int
    sender: ChecksumAddress
    to: ChecksumAddress | None
    contract_address: ChecksumAddress | None
    logs: tuple[Log, ...] = field(repr=False)


@dataclass(frozen=True)
class Event:
    """A log that one of our contracts wrote. `contract` is its deployed name, e.g. `CashToken:EUR`.

    `arguments` are by their Solidity names (`faceValue`); currencies and LEIs as text, enums as ours, ids as `int`,
    hashes as `bytes`, structs as dictionaries.
    """

    contract: str
    name: str
    arguments: dict[str, Any]
    address: ChecksumAddress
    block_number: int
    block_hash: bytes
    transaction_hash: bytes
    log_index: int


@dataclass(frozen=True)
class SignedTransaction:
    """Ready to send. The hash is known before anybody has seen it."""

    raw: bytes = field(repr=False)
    hash: bytes
