"""Geth, and what descends from it: Quorum, Erigon and hosted nodes use its words."""

from typing import Final

from chain_node.client.dialects.dialect import Dialect
from chain_node.errors import (
    AlreadyKnown,
    FundsMissing,
    GasTooLittle,
    GasTooMuch,
    NonceTooHigh,
    NonceTooLow,
    PoolFull,
    UnderpricedReplacement,
)

DIALECT: Final = Dialect(
    name="geth",
    refusals={
        NonceTooLow: (r"nonce too low",),
        AlreadyKnown: (r"already known", r"known transaction"),
        UnderpricedReplacement: (r"replacement transaction underpriced",),
        NonceTooHigh: (r"nonce too high",),
        GasTooLittle: (r"intrinsic gas", r"gas floor"),
        GasTooMuch: (r"exceeds block gas limit",),
        FundsMissing: (r"insufficient funds",),
        PoolFull: (r"txpool is full",),
    },
    block_missing=(r"header not found", r"missing trie node", r"unknown block"),
)
