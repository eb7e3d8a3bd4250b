"""Messages that cannot be read are kept with their reason, so that whoever sends them can mend them; but not all.

The first line of a kept file is the topic. One that is put back into the inbox (`quarantine retry`) is read anew.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

from oracles.mqtt.figures import Complaints
from oracles.sources.directory import REASON_SUFFIX
from oracles.sources.drop import MARK

SUFFIX: Final = ".payload"
MOST_KEPT_BYTES: Final = 65_536
MOST_TOPIC_SIGNS: Final = 200


@dataclass
class Refused:
    """`limit` messages of one source are kept, each cut at `MOST_KEPT_BYTES`; the same payload is kept once."""

    folder: Path
    source: str
    limit: int
    complaints: Complaints

    def keep(self, topic: str, payload: bytes, kind: str, why: str) -> None:
        """On disk when it returns. Raises OSError."""
        name = f"{self.source}{MARK}{sha256(payload).hexdigest()[:32]}{SUFFIX}"
        kept = self._keep(name, topic, payload, why)
        self.complaints.say(
            "message refused",
            kind,
            source=self.source,
            topic=topic[:MOST_TOPIC_SIGNS],
            reason=why[:MOST_TOPIC_SIGNS],
            file=name if kept else None,
        )

    def _keep(self, name: str, topic: str, payload: bytes, why: str) -> bool:
        self.folder.mkdir(parents=True, exist_ok=True)
        if (self.folder / name).exists():
            return True
        if sum(1 for _ in self.folder.glob(f"{self.source}{MARK}*{SUFFIX}")) >= self.limit:
            return False
        cut = "" if len(payload) <= MOST_KEPT_BYTES else f"\nThe first {MOST_KEPT_BYTES} of {len(payload)} bytes."
        reason = f"Topic {topic[:MOST_TOPIC_SIGNS]!r}: {why[:2000]}{cut}\n"
        # The reason first: a file in quarantine always has one, whenever the process dies.
        _write(self.folder / f"{name}{REASON_SUFFIX}", reason.encode("utf-8", "replace"))
        _write(self.folder / name, _line(topic) + payload[:MOST_KEPT_BYTES])
        return True

    def put_back(self, inbox: Path) -> Iterator[tuple[Path, str, bytes]]:
        """Files of this source that an operator put into the inbox, with topic and payload. Raises OSError."""
        for path in sorted(inbox.glob(f"{self.source}{MARK}*{SUFFIX}")):
            topic, _, payload = path.read_bytes().partition(b"\n")
            # An empty file holds the name for one that is about to come.
            if topic or payload:
                yield path, topic.decode("utf-8", "replace"), payload


def _line(topic: str) -> bytes:
    return topic.replace("\n", " ").encode("utf-8", "replace") + b"\n"


def _write(path: Path, data: bytes) -> None:
    unfinished = path.with_name(f".{path.name}.part")
    with unfinished.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)
