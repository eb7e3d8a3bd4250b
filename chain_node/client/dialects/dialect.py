"""What an engine's module fills in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chain_node.errors import TransactionRefused


@dataclass(frozen=True)
class Dialect:
    """One engine's words, as regular expressions that are searched for whatever their case."""

    name: str
    refusals: Mapping[type[TransactionRefused], Sequence[str]]
    block_missing: Sequence[str]
