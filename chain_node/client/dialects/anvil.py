"""Foundry's anvil. It may answer for a block with the state of the one that it is just adding."""

from typing import Final

from chain_node.client.dialects.dialect import Dialect
from chain_node.errors import (
    AlreadyKnown,
    FundsMissing,
    GasTooLittle,
    GasTooMuch,
    NonceTooHigh,
    NonceTooLow,
    UnderpricedReplacement,
)

DIALECT: Final = Dialect(
    name="anvil",
    refusals={
        NonceTooLow: (r"nonce too low", r"nonce is too low"),
        AlreadyKnown: (r"already imported",),
        UnderpricedReplacement: (r"replacement transaction underpriced",),
        NonceTooHigh: (r"nonce too high",),
        GasTooLittle: (r"intrinsic gas", r"out of gas: gas required"),
        GasTooMuch: (r"gas too high", r"gas limit too high", r"exceeds (the )?block gas limit"),
        FundsMissing: (r"insufficient funds",),
    },
    block_missing=(r"BlockOutOfRange", r"block height"),
)
