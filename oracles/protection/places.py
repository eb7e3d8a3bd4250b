"""Which network a protection store speaks of: the contracts that would count what was signed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from chain_node.client import AddressBook
from oracles.network import FEEDS, ORACLE


@dataclass(frozen=True)
class Place:
    network: str
    chain_id: int
    oracle: str
    feed_oracle: str

    @classmethod
    def of(cls, deployments: Path) -> Place:
        """Raises DeploymentsInvalid, ContractUnknown."""
        book = AddressBook.load(deployments)
        return cls(book.network, book.chain_id, str(book.address(ORACLE)), str(book.address(FEEDS)))

    def __str__(self) -> str:
        return f"{self.network} (chain {self.chain_id}, oracle {self.oracle}, feeds {self.feed_oracle})"
