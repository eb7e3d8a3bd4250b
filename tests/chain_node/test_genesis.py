from __future__ import annotations

import json

import pytest
import rlp  # type: ignore[import-untyped]
from eth_account import Account
from hypothesis import given
from hypothesis import strategies as st

from chain_node.genesis import MOST_VALIDATORS, GenesisInvalid, istanbul_extra, kaia_genesis, qbft_genesis
from chain_node.interface import checksum

CHAIN_ID = 412347
MOMENT = 1_790_000_000


def addresses(count: int) -> list[str]:
    return [Account.create().address for _ in range(count)]


def test_network_without_validators_is_refused() -> None:
    with pytest.raises(GenesisInvalid, match=f"0 validators: from 1 to {MOST_VALIDATORS} are possible"):
        kaia_genesis(CHAIN_ID, [], MOMENT)


def test_more_validators_than_vote_together_are_refused() -> None:
    with pytest.raises(GenesisInvalid, match=f"{MOST_VALIDATORS + 1} validators"):
        kaia_genesis(CHAIN_ID, addresses(MOST_VALIDATORS + 1), MOMENT)


def test_all_that_is_wrong_is_said_at_once() -> None:
    twice = addresses(1)[0]

    with pytest.raises(GenesisInvalid) as refused:
        kaia_genesis(0, [twice, twice.lower(), "0x12"], -1)

    assert refused.value.problems == [
        "chain id 0: from 1 to 2^53 are possible",
        "timestamp -1: before 1970",
        "'0x12' is no address",
        f"{twice} is named twice",
    ]


def test_genesis_gives_validators_a_chain_without_fees_that_they_govern_by_votes() -> None:
    validators = addresses(4)

    genesis = kaia_genesis(CHAIN_ID, validators, MOMENT)

    config = genesis["config"]
    assert config["chainId"] == CHAIN_ID
    assert [config[name] for name in config if name.endswith("CompatibleBlock")] == [0] * 7
    assert config["cancunCompatibleBlock"] == 0
    assert config["unitPrice"] == 0
    assert config["governance"]["governanceMode"] == "ballot"
    assert config["governance"]["kip71"]["lowerboundbasefee"] == config["governance"]["kip71"]["upperboundbasefee"] == 0
    assert config["governance"]["reward"]["mintingAmount"] == 0
    assert genesis["alloc"] == {}
    assert int(genesis["timestamp"], 16) == MOMENT
    assert json.loads(json.dumps(genesis)) == genesis


def test_same_validators_make_the_same_genesis() -> None:
    validators = addresses(4)

    spelled_otherwise = [address.lower() for address in validators]

    assert kaia_genesis(CHAIN_ID, validators, MOMENT) == kaia_genesis(CHAIN_ID, spelled_otherwise, MOMENT)


@given(st.lists(st.binary(min_size=20, max_size=20), min_size=1, max_size=MOST_VALIDATORS, unique=True))
def test_extra_data_carries_exactly_the_validators(accounts: list[bytes]) -> None:
    extra = istanbul_extra([checksum("0x" + account.hex()) for account in accounts])

    validators, seal, votes = rlp.decode(extra[32:])
    assert extra[:32] == bytes(32)
    assert validators == accounts
    assert (seal, votes) == (bytes(65), [])


# QBFT


def test_qbft_without_validators_or_with_one_twice_is_refused() -> None:
    twice = addresses(1)[0]

    with pytest.raises(GenesisInvalid, match="0 validators: at least 1 is needed"):
        qbft_genesis(CHAIN_ID, [], 1)
    with pytest.raises(GenesisInvalid, match=f"{twice} is named twice"):
        qbft_genesis(CHAIN_ID, [twice, twice], 1)


def test_qbft_takes_more_validators_than_kaia_lets_vote_together() -> None:
    genesis = qbft_genesis(CHAIN_ID, addresses(MOST_VALIDATORS + 1), 2)

    assert len(rlp.decode(bytes.fromhex(genesis["extraData"][2:]))[1]) == MOST_VALIDATORS + 1
    assert genesis["config"]["qbft"]["blockperiodseconds"] == 2
