"""Day counts and calendar of the contracts against the standard library's, on a hundred thousand moments."""

from __future__ import annotations

import random
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pytest
import solcx
from eth_account import Account
from support.network import RunningNetwork

from chain_node.client import DayCount, sign_transaction
from chain_node.compile import ROOT, CompilerSettings
from chain_node.interface import Interface
from model.calendar360 import DAY, clock

pytestmark = [pytest.mark.node, pytest.mark.xdist_group("model-clock")]

MOMENTS = 100_000
BATCH = 4_000
EPOCH = date(1970, 1, 1)
LAST = date(2420, 12, 31)
SEED = 20_260_504
NAME = "tests/model/ClockHarness.sol"


@dataclass(frozen=True)
class Clock:
    """The library, deployed behind functions that take arrays."""

    network: RunningNetwork
    interface: Interface
    address: str

    def ask(self, function: str, items: list[int], *values: Any) -> Iterator[Any]:
        for start in range(0, len(items), BATCH):
            data = self.interface.functions[function].encode(*values, items[start : start + BATCH])
            answer = self.network.chain.node.call(self.address, data, None, "latest")
            yield from self.interface.functions[function].decode(answer)[0]


@pytest.fixture(scope="module")
def harness(anvil_network: RunningNetwork) -> Clock:
    outputs = {NAME: ["ClockHarness"]}
    paths = (NAME, "contracts/libraries/DayCounts.sol", "contracts/types/Rates.sol")
    sources = {path: {"content": (ROOT / path).read_text(encoding="utf-8")} for path in paths}
    settings = CompilerSettings.read().standard_json(outputs)
    request = {"language": "Solidity", "sources": sources, "settings": settings}
    compiled = solcx.compile_standard(request, base_path=ROOT, solc_binary=ROOT / "chain_node" / "solc" / "solc")
    built = compiled["contracts"][NAME]["ClockHarness"]
    chain, account = anvil_network.chain, Account.create()
    code = bytes.fromhex(built["evm"]["bytecode"]["object"])
    signed = sign_transaction(account, to=None, data=code, nonce=0, gas=3_000_000, chain_id=chain.chain_id)
    chain.send_raw(signed.raw)
    chain.node.request("evm_mine")
    receipt = chain.receipt(signed.hash)
    assert receipt is not None
    assert receipt.contract_address is not None
    return Clock(anvil_network, Interface.parse("ClockHarness", built["abi"]), receipt.contract_address)


def special_days() -> list[int]:
    """Month ends, half-years and the days around them, of leap years and others, those of centuries too."""
    years = (1970, 1999, 2000, 2023, 2024, 2025, 2026, 2027, 2028, 2096, 2100, 2104, 2200, 2300, 2400)
    ends = [date(year, month, monthrange(year, month)[1]) for year in years for month in range(1, 13)]
    days = {(end - EPOCH).days + around for end in ends for around in (-2, -1, 0, 1)}
    return sorted(days)


def moments() -> list[int]:
    chance = random.Random(SEED)
    last = (LAST - EPOCH).days
    special = [day * DAY + second for day in special_days() for second in (0, 1, DAY // 2 + 1, DAY - 1)]
    return special + [chance.randrange(last * DAY) for _ in range(MOMENTS - len(special))]


@pytest.mark.parametrize("day_count", DayCount)
def test_clock_is_the_references_at_a_hundred_thousand_moments(harness: Clock, day_count: DayCount) -> None:
    asked = moments()
    assert len(asked) == MOMENTS

    told = harness.ask("clocks", asked, int(day_count))

    wrong = [
        (at, theirs, clock(day_count, at))
        for at, theirs in zip(asked, told, strict=True)
        if theirs != clock(day_count, at)
    ]
    assert wrong == []


def test_calendar_is_the_standard_librarys_on_every_day_of_four_centuries(harness: Clock) -> None:
    days = [*range((LAST - EPOCH).days)]
    assert len(days) > MOMENTS

    told = harness.ask("dates", days)

    def expected(day: int) -> list[int]:
        its = EPOCH + timedelta(days=day)
        return [its.year, its.month, its.day, monthrange(its.year, its.month)[1]]

    wrong = [(day, its) for day, its in zip(days, told, strict=True) if list(its) != expected(day)]
    assert wrong == []


@pytest.mark.parametrize(
    ("since", "until", "days"),
    [
        (date(2024, 2, 28), date(2024, 3, 1), 3),
        (date(2024, 2, 29), date(2024, 3, 31), 31),
        (date(2025, 1, 31), date(2025, 2, 28), 28),
        (date(2025, 6, 30), date(2025, 12, 31), 180),
        (date(2025, 12, 31), date(2026, 6, 30), 180),
        (date(2025, 8, 30), date(2025, 8, 31), 0),
        (date(2023, 2, 28), date(2024, 2, 29), 361),
        (date(2026, 5, 4), date(2027, 5, 4), 360),
    ],
)
def test_days_by_30e_360_are_those_counted_by_hand(harness: Clock, since: date, until: date, days: int) -> None:
    asked = [(day - EPOCH).days * DAY for day in (since, until)]

    begun, over = harness.ask("clocks", asked, int(DayCount.THIRTY360))

    assert over - begun == days * DAY
