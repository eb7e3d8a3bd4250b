"""Watches that final blocks stay: the hash of each block, as each validator tells it, sampled all the time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from chain_node.client import Block
from chain_node.client.node import Node
from chain_node.errors import ChainError

LOOK_SECONDS: Final = 0.5
AT_ONCE: Final = 200
ASKED_SECONDS: Final = 5.0
"""At a look; what did not come then comes at the next."""
PATIENT_SECONDS: Final = 60.0
"""Where a case asks: that a busy machine's validator is slow must not look as if it were dead."""


class FinalityWatch:
    """`urls` are the validators' addresses by their numbers. One that does not answer is asked again at the next look.

    A block that a validator has shown is final, whatever becomes of that validator afterwards."""

    def __init__(self, urls: Mapping[int, str]) -> None:
        self._nodes = {number: Node(url, timeout_seconds=ASKED_SECONDS) for number, url in urls.items()}
        self._patient = {number: Node(url, timeout_seconds=PATIENT_SECONDS) for number, url in urls.items()}
        self._hashes: dict[int, bytes] = {}
        self._makers: set[str] = set()
        self._first_told: dict[int, int] = {}
        self._seen: dict[int, int] = dict.fromkeys(urls, -1)
        self._lock, self._ended = threading.Lock(), threading.Event()
        self._thread = threading.Thread(target=self._watch, name="finality", daemon=True)
        self.problems: list[str] = []

    def __enter__(self) -> FinalityWatch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()
        for node in (*self._nodes.values(), *self._patient.values()):
            node.close()

    @property
    def known(self) -> int:
        """How many blocks anybody has shown."""
        with self._lock:
            return len(self._hashes)

    def makers(self) -> set[str]:
        """The addresses of all who have made a block that anybody has shown; the first block nobody has made."""
        with self._lock:
            return set(self._makers)

    def height(self, number: int) -> int:
        """-1 where it does not answer."""
        try:
            return self._patient[number].block_number()
        except ChainError:
            return -1

    def ask(self, number: int, method: str, *params: Any) -> Any:
        return self._patient[number].request(method, *params)

    def block(self, number: int, at: int) -> Block:
        return self._patient[number].block(at)

    def await_all(self, patience_seconds: float) -> None:
        """Until every validator has every block that any has shown. Raises `AssertionError`."""
        wanted = self.known - 1
        deadline = time.monotonic() + patience_seconds
        while (heights := {number: self.height(number) for number in self._nodes}) and min(heights.values()) < wanted:
            assert time.monotonic() < deadline, f"block {wanted} is not everywhere; heights {heights}"
            time.sleep(LOOK_SECONDS)

    def holes(self, number: int, until: int) -> list[int]:
        """Blocks before that one that the validator lacks."""
        missing = []
        for start in range(0, until, AT_ONCE):
            asked = range(start, min(until, start + AT_ONCE))
            told = self._patient[number].try_batch([("eth_getBlockByNumber", (hex(at), False)) for at in asked])
            missing += [at for at, its in zip(asked, told, strict=True) if not isinstance(its, dict)]
        return missing

    def check(self) -> int:
        """Reads every block of every validator again, from the first on; the number of blocks that all of them have.
        Raises `AssertionError` for any that is another than was shown once."""
        heights = {number: node.block_number() for number, node in self._patient.items()}
        for number, node in self._patient.items():
            self._read(number, node, 0, heights[number])
            holes = self.holes(number, heights[number] + 1)
            assert not holes, f"validator {number} lacks blocks {holes[:10]}"
        assert not self.problems, self.problems
        return min(heights.values()) + 1

    def _watch(self) -> None:
        while not self._ended.wait(LOOK_SECONDS):
            for number, node in self._nodes.items():
                self._quietly(lambda: self._look(number, node))  # noqa: B023 - called here

    def _look(self, number: int, node: Node) -> None:
        height = node.block_number()
        self._read(number, node, min(self._seen[number], height) + 1, height)
        self._seen[number] = height

    def _quietly(self, look: Callable[[], None]) -> None:
        """Validators are dead, cut off and wiped here: what they do not say now they say later."""
        try:
            look()
        except ChainError:
            return

    def _read(self, number: int, node: Node, first: int, last: int) -> None:
        for start in range(first, last + 1, AT_ONCE):
            asked = range(start, min(last, start + AT_ONCE - 1) + 1)
            told = node.batch([("eth_getBlockByNumber", (hex(at), False)) for at in asked])
            for at, block in zip(asked, told, strict=True):
                if block is not None:
                    self._note(number, at, bytes.fromhex(block["hash"][2:]), block["miner"].lower())

    def _note(self, number: int, at: int, told: bytes, maker: str) -> None:
        with self._lock:
            self._makers |= {maker} if at else set()
            first = self._hashes.setdefault(at, told)
            whose = self._first_told.setdefault(at, number)
            if first != told:
                was, now = first.hex()[:16], told.hex()[:16]
                self.problems.append(f"block {at} was {was} (validator {whose}) and is {now} (validator {number})")
