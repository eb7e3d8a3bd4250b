"""What an engine's module fills in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chain_node.errors import TransactionRefused


@dataclass(frozen=True)
class Dialect:
    """One engine's ways. Patterns are regular expressions, searched for whatever their case.

    `client_names`: how `web3_clientVersion` begins, in small letters. `has_final_tags`: whether it answers for the
    blocks `safe` and `finalized`. `tells_block_gas`: whether a block's `gasLimit` is what fits into it.
    """

    name: str
    client_names: Sequence[str]
    refusals: Mapping[type[TransactionRefused], Sequence[str]]
    block_missing: Sequence[str]
    has_final_tags: bool = True
    tells_block_gas: bool = True
