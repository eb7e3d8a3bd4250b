"""Kaia. Its nodes have no `safe` and `finalized` blocks: with Istanbul BFT a block is final once it is there. A block's
`gasLimit` reads 999999999999, whatever fits into it; what bounds a block is computation, which no header tells."""

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
    name="kaia",
    refusals={
        NonceTooLow: (r"nonce too low",),
        AlreadyKnown: (r"known transaction",),
        UnderpricedReplacement: (r"replacement transaction underpriced", r"another tx which has the same nonce"),
        NonceTooHigh: (r"nonce too high",),
        GasTooLittle: (r"intrinsic gas",),
        GasTooMuch: (r"exceeds block gas limit",),
        FundsMissing: (r"insufficient funds",),
        PoolFull: (r"txpool is full",),
    },
    block_missing=(r"header not found", r"block does not exist", r"missing trie node"),
)
