"""The first block of a network of validators: who they are, and rules that never change afterwards without their vote.

It holds no secret and says the same for the same validators, so that each member can make it and compare.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import rlp  # type: ignore[import-untyped]
from eth_typing import ChecksumAddress

from chain_node.interface import checksum

MOST_VALIDATORS: Final = 21
"""All of them then vote on each block; beyond it Kaia draws a committee."""
_VANITY_BYTES: Final = 32
_SEAL_BYTES: Final = 65
_FORKS: Final = (
    "istanbulCompatibleBlock",
    "londonCompatibleBlock",
    "ethTxTypeCompatibleBlock",
    "magmaCompatibleBlock",
    "koreCompatibleBlock",
    "shanghaiCompatibleBlock",
    "cancunCompatibleBlock",
)
_EPOCH_BLOCKS: Final = 3_600
_NOBODY: Final = "0x" + "00" * 20
# Without fees the target and the denominator move nothing; the denominator must not be 0.
_NO_FEES: Final = {
    "lowerboundbasefee": 0,
    "upperboundbasefee": 0,
    "gastarget": 30_000_000,
    "maxblockgasusedforbasefee": 60_000_000,
    "basefeedenominator": 20,
}
_NO_REWARDS: Final = {
    "mintingAmount": 0,
    "ratio": "100/0/0",
    "useGiniCoeff": False,
    "deferredTxFee": True,
    "stakingUpdateInterval": 86_400,
    "proposerUpdateInterval": 3_600,
    "minimumStake": 0,
}


class GenesisInvalid(Exception):
    """There can be no network like this; `problems` has a line for each thing wrong."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


def kaia_genesis(chain_id: int, validators: Sequence[str], timestamp: int) -> dict[str, Any]:
    """For Kaia's Istanbul BFT: the EVM as of Cancun from the first block on, no fees, no rewards, no coins; validators
    take turns, and more than half of them must vote one in or out.

    `timestamp` in Unix seconds. Raises `GenesisInvalid` with all that is wrong.
    """
    accounts = _check(chain_id, validators, timestamp)
    return {
        "config": {
            "chainId": chain_id,
            **dict.fromkeys(_FORKS, 0),
            "istanbul": {"epoch": _EPOCH_BLOCKS, "policy": 0, "sub": MOST_VALIDATORS},
            "unitPrice": 0,
            "deriveShaImpl": 0,
            "governance": {
                "governingNode": _NOBODY,
                # Under `none` one validator alone could admit anyone.
                "governanceMode": "ballot",
                "govParamContract": _NOBODY,
                "reward": _NO_REWARDS,
                "kip71": _NO_FEES,
            },
        },
        "timestamp": hex(timestamp),
        "extraData": "0x" + istanbul_extra(accounts).hex(),
        "blockScore": "0x1",
        "alloc": {},
    }


def istanbul_extra(validators: Sequence[ChecksumAddress]) -> bytes:
    """Who may propose and vote from the first block on, as Istanbul BFT reads it: 32 bytes of nothing, then the list
    with an empty seal and no votes."""
    addresses = [bytes.fromhex(address[2:]) for address in validators]
    return bytes(_VANITY_BYTES) + bytes(rlp.encode([addresses, bytes(_SEAL_BYTES), []]))


def _check(chain_id: int, validators: Sequence[str], timestamp: int) -> list[ChecksumAddress]:
    problems, accounts = [], []
    if not 1 <= chain_id <= 2**53:
        problems.append(f"chain id {chain_id}: from 1 to 2^53 are possible")
    if timestamp < 0:
        problems.append(f"timestamp {timestamp}: before 1970")
    if not 1 <= len(validators) <= MOST_VALIDATORS:
        problems.append(f"{len(validators)} validators: from 1 to {MOST_VALIDATORS} are possible")
    for address in validators:
        try:
            accounts.append(checksum(address))
        except ValueError:
            problems.append(f"{address!r} is no address")
    problems += [f"{address} is named twice" for address in sorted(set(accounts)) if accounts.count(address) > 1]
    if problems:
        raise GenesisInvalid(problems)
    return accounts
