"""How sources other than files hand over what they received: as a whole file in the inbox.

What a web hook, a poller or a broker brings is written beside the inbox, brought to the disk and renamed into it. Only
then its sender is told that it was taken: from there on the way is that of any file, so nothing is lost and, because a
document is named by its own bytes, nothing is taken twice.
"""

from __future__ import annotations

import os
import re
import threading
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

from oracles.checkpoints import Checkpoint, Point, go_on

_PLACING: Final = threading.Lock()
"""Two that bring the same bytes at once would write one unfinished file. An inbox is one process's alone."""

MARK: Final = "~"
"""Ends the name of the source in a file's name."""
INBOX: Final = "inbox"
_SENDER: Final = re.compile(r"([0-9a-f]{8})-[0-9a-f]{32}\b")


@dataclass(frozen=True)
class Drop:
    """`source` is a short word of small letters, which metrics and log lines have as the document's source."""

    inbox: Path
    source: str
    checkpoint: Checkpoint = go_on

    def put(self, data: bytes, suffix: str, sender: str = "") -> str:
        """The name of the file, which is on disk when this returns. `suffix` as in `.json`. Where a source has several
        senders the name tells them apart. Raises OSError."""
        tag = f"{tag_of(sender)}-" if sender else ""
        name = f"{self.source}{MARK}{tag}{sha256(data).hexdigest()[:32]}{suffix}"
        with _PLACING:
            self._place(data, name)
        return name

    def _place(self, data: bytes, name: str) -> None:
        unfinished = self.inbox / f".{name}.part"
        with unfinished.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        self.checkpoint(Point.DROP_WRITTEN)
        unfinished.replace(self.inbox / name)
        _sync_folder(self.inbox)
        self.checkpoint(Point.DROP_PLACED)


def source_of(name: str) -> str:
    """The source of a document by its name: the inbox's own files have none in theirs."""
    source, mark, _ = name.partition(MARK)
    return source if mark else INBOX


def tag_of(sender: str) -> str:
    """A sender in a file's name."""
    return sha256(sender.encode()).hexdigest()[:8]


def sender_tag(name: str) -> str:
    """The sender's tag in the name of a document; empty where it has none."""
    found = _SENDER.match(name.partition(MARK)[2])
    return found[1] if found else ""


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
