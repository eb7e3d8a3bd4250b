"""Gateways with databases of their own that send for the same accounts agree on nonces, in a folder that they share.

After an upgrade of the contracts one gateway serves the old version and another the new one, for the same
organisations. Left to themselves both would give the same nonces. The chain takes one transaction of each, and the
healer sends the other anew, once; but what followed it in its lane went ahead of it, such as a payment ahead of the
approval that it needs.

Of each account the folder has a file with the nonce that follows all that were given, by whomever. Who holds its lock
alone gives nonces, and the file says so before the database does: a process that is killed between the two leaves
nonces out, and never gives one that another has.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from api.chain_link import ChainLink
from api.errors import GatewayError

_POLL_SECONDS: Final = 0.005
_LONGEST_WAIT_SECONDS: Final = 0.25
"""Another gateway has a lane for the time of one broadcast; who does not get it looks again with the next turn."""
_DIGITS: Final = 20


class LaneFileUnusable(GatewayError):
    """It would have to be guessed which nonces others gave."""

    status = 500
    title = "A shared lane cannot be used"

    def __init__(self, path: Path, why: str) -> None:
        super().__init__("lane-file-unusable", f"The lane's file {path} cannot be used: {why}.")


@dataclass(frozen=True)
class Shared:
    """An account's lane while its lock is held. Without a folder nothing is shared, and `next_nonce` is 0."""

    next_nonce: int = 0
    descriptor: int | None = None

    def reserve(self, next_nonce: int) -> None:
        """Says that all nonces below are given. Before the database commits them."""
        if self.descriptor is not None:
            os.pwrite(self.descriptor, f"{next_nonce:0{_DIGITS}d}\n".encode(), 0)
            os.fsync(self.descriptor)


class SharedLanes:
    """The folder; None where nobody else sends for this gateway's accounts."""

    def __init__(self, folder: Path | None, link: ChainLink) -> None:
        self._folder = folder
        self._link = link
        self._chain = ""

    @property
    def are_shared(self) -> bool:
        return self._folder is not None

    @contextmanager
    def taken(self, sender: str) -> Iterator[Shared | None]:
        """The lane until the end of the block; None where another gateway has it. LaneFileUnusable where nobody can
        tell what it says."""
        if self._folder is None:
            yield Shared()
            return
        path = self._path(self._folder, sender)
        descriptor = _opened(path)
        try:
            yield Shared(_read(path, descriptor), descriptor) if _locked(descriptor) else None
        finally:
            os.close(descriptor)

    def _path(self, folder: Path, sender: str) -> Path:
        """Named by the chain's first block, too: on a chain that was begun anew nonces begin at 0."""
        if not self._chain:
            self._chain = self._link.chain().block(0).hash.hex()[:16]
        return folder / f"{self._chain}-{sender.lower()}"


def _opened(path: Path) -> int:
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        return os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise LaneFileUnusable(path, error.strerror or str(error)) from error


def _locked(descriptor: int) -> bool:
    deadline = time.monotonic() + _LONGEST_WAIT_SECONDS
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                return False
            time.sleep(_POLL_SECONDS)
        else:
            return True


def _read(path: Path, descriptor: int) -> int:
    text = os.pread(descriptor, 64, 0).decode("ascii", "replace").strip()
    if not text:
        return 0
    if len(text) != _DIGITS or not text.isdecimal():
        raise LaneFileUnusable(path, "it does not hold a nonce")
    return int(text)
