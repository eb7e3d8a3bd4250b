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


QBFT_BLOCK_GAS_LIMIT: Final = 30_000_000
"""537M gave gaps of 18 s under load."""
QBFT_REQUEST_TIMEOUT_SECONDS: Final = 4
_QBFT_EPOCH_BLOCKS: Final = 30_000
_BFT_DIGEST: Final = "0x63746963616c2062797a616e74696e65206661756c7420746f6c6572616e6365"
"""What a BFT block has instead of a proof of work."""
_QBFT_FORKS: Final = (
    "homesteadBlock",
    "eip150Block",
    "eip155Block",
    "eip158Block",
    "byzantiumBlock",
    "constantinopleBlock",
    "petersburgBlock",
    "istanbulBlock",
    "berlinBlock",
    "londonBlock",
    "shanghaiTime",
    "cancunTime",
)


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
    accounts = _check(chain_id, validators, timestamp, MOST_VALIDATORS)
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


def qbft_genesis(chain_id: int, validators: Sequence[str], block_seconds: int) -> dict[str, Any]:
    """For Besu's QBFT, with the figures measured on Besu 26.8: the EVM as of Cancun from the first block on, no fees,
    no coins; more than half of the validators must vote one in or out.

    Raises `GenesisInvalid` with all that is wrong.
    """
    accounts = _check(chain_id, validators, 0, None)
    qbft = {
        "blockperiodseconds": block_seconds,
        "epochlength": _QBFT_EPOCH_BLOCKS,
        "requesttimeoutseconds": QBFT_REQUEST_TIMEOUT_SECONDS,
    }
    return {
        "config": {"chainId": chain_id, **dict.fromkeys(_QBFT_FORKS, 0), "zeroBaseFee": True, "qbft": qbft},
        "nonce": "0x0",
        "timestamp": "0x0",
        "gasLimit": hex(QBFT_BLOCK_GAS_LIMIT),
        "difficulty": "0x1",
        "mixHash": _BFT_DIGEST,
        "coinbase": _NOBODY,
        "extraData": "0x" + qbft_extra(accounts).hex(),
        "alloc": {},
    }


def qbft_extra(validators: Sequence[str]) -> bytes:
    """QBFT's: 32 bytes of vanity, the validators in ascending order, no vote, round 0, no seals."""
    addresses = sorted(bytes.fromhex(address[2:]) for address in validators)
    return bytes(rlp.encode([bytes(_VANITY_BYTES), addresses, [], b"", []]))


def istanbul_extra(validators: Sequence[ChecksumAddress]) -> bytes:
    """Who may propose and vote from the first block on, as Istanbul BFT reads it: 32 bytes of nothing, then the list
    with an empty seal and no votes."""
    addresses = [bytes.fromhex(address[2:]) for address in validators]
    return bytes(_VANITY_BYTES) + bytes(rlp.encode([addresses, bytes(_SEAL_BYTES), []]))


def _check(chain_id: int, validators: Sequence[str], timestamp: int, most: int | None) -> list[ChecksumAddress]:
    problems, accounts = [], []
    if not 1 <= chain_id <= 2**53:
        problems.append(f"chain id {chain_id}: from 1 to 2^53 are possible")
    if timestamp < 0:
        problems.append(f"timestamp {timestamp}: before 1970")
    if not validators or (most is not None and len(validators) > most):
        possible = "at least 1 is needed" if most is None else f"from 1 to {most} are possible"
        problems.append(f"{len(validators)} validators: {possible}")
    for address in validators:
        try:
            accounts.append(checksum(address))
        except ValueError:
            problems.append(f"{address!r} is no address")
    problems += [f"{address} is named twice" for address in sorted(set(accounts)) if accounts.count(address) > 1]
    if problems:
        raise GenesisInvalid(problems)
    return accounts
