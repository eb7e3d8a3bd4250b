"""Hyperledger Besu.

Its layered pool refuses nonces more than 200 ahead unless it is told otherwise. It takes a transaction that its sender
cannot pay for, never mines it, and counts it among the pending: only another with the same nonce gets rid of it. The
extra data of its headers is longer than Ethereum's 32 bytes (QBFT keeps the validators' seals there): we read headers
as they are, without web3's check of it."""

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
    name="besu",
    refusals={
        NonceTooLow: (r"nonce[ _]too[ _]low", r"nonce below"),
        AlreadyKnown: (r"known transaction",),
        UnderpricedReplacement: (r"replacement.*underpriced",),
        NonceTooHigh: (r"nonce[ _]too[ _]high", r"too distant", r"nonce_gap"),
        GasTooLittle: (r"intrinsic gas",),
        GasTooMuch: (r"exceeds (the )?block gas limit", r"gas limit exceeded"),
        FundsMissing: (r"upfront cost exceeds",),
        PoolFull: (r"pool is full", r"txpool.*full", r"pool_full"),
    },
    block_missing=(r"block not found", r"world state unavailable"),
)
