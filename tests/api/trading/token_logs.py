"""Statements by a model of their own: the cash token's raw logs, asked for by `eth_getLogs`, with nothing of the
gateway's."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from eth_utils import keccak
from trading import Trading


def topic(event: str) -> str:
    return "0x" + keccak(text=event).hex()


TRANSFER = topic("Transfer(address,address,uint256)")
Told = tuple[int, list[tuple[Any, ...]], int]
"""Opening; of each movement block, transaction, time, amount and the balance after it; closing."""


@dataclass(frozen=True)
class Moved:
    block: int
    log: int
    transaction: str
    giver: str
    taker: str
    amount: int


def _moved(log: Mapping[str, Any]) -> Moved:
    giver, taker = ("0x" + side[-40:] for side in log["topics"][1:])
    place = int(log["blockNumber"], 16), int(log["logIndex"], 16), log["transactionHash"]
    return Moved(*place, giver, taker, int(log["data"], 16))


def _start(of: date) -> int:
    return int(datetime(of.year, of.month, of.day, tzinfo=UTC).timestamp())


class Model:
    """What the token's logs come to."""

    def __init__(self, trading: Trading, currency: str = "EUR") -> None:
        self._node = trading.chain.node
        token = trading.chain.addresses.address(f"CashToken:{currency}")
        query = {"address": token, "topics": [TRANSFER], "fromBlock": "0x0", "toBlock": "latest"}
        self.moved = [_moved(each) for each in self._node.request("eth_getLogs", query)]
        self._times: dict[int, int] = {}

    def _time_of(self, block: int) -> int:
        if block not in self._times:
            told = self._node.request("eth_getBlockByNumber", hex(block), False)
            self._times[block] = int(told["timestamp"], 16)
        return self._times[block]

    def statement(self, account: str, since: date, until: date) -> Told:
        start, end = _start(since), _start(until + timedelta(days=1))
        opening, balance, found = 0, 0, []
        for each in self.moved:
            at = self._time_of(each.block)
            for side, sign in ((each.giver, -1), (each.taker, 1)):
                if side == account.lower() and at < end:
                    balance += sign * each.amount
                    opening = balance if at < start else opening
                    if at >= start:
                        found.append((each.block, each.transaction, at, sign * each.amount, balance))
        return opening, found, balance


def compared(told: Mapping[str, Any]) -> Told:
    """A statement's answer in the model's terms."""
    found = [
        (
            line["block_number"],
            line["transaction_hash"],
            int(datetime.fromisoformat(line["at"]).timestamp()),
            int(line["amount"]["amount"]),
            int(line["balance"]["amount"]),
        )
        for line in told["movements"]
    ]
    return int(told["opening"]["amount"]["amount"]), found, int(told["closing"]["amount"]["amount"])
