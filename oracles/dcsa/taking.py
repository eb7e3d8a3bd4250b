"""From a carrier's message to the inbox: on disk before anybody is told, and not stored again where it was read."""

from __future__ import annotations

import threading
from collections.abc import Collection
from dataclasses import dataclass, field
from hashlib import sha256

from sqlmodel import select

from oracles.sources.drop import Drop
from oracles.store.database import Database
from oracles.store.models import DocumentRow
from standards.dcsa import DcsaInvalid, Version, parse_events, split_events
from standards.errors import StandardsError

SUFFIX = ".json"


@dataclass
class Taking:
    """Several threads may take at once."""

    database: Database
    drop: Drop
    versions: Collection[Version]
    limit_bytes: int
    sender: str = ""
    """Which carrier: what one tells, no other takes back."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, data: bytes) -> int:
        """Number of files laid into the inbox, all on disk when this returns. Raises OSError.

        A message with a bad event among good ones becomes a file for each, so that the bad one alone is set aside.
        """
        return sum(self._put(part) for part in self._parts(data))

    def _parts(self, data: bytes) -> list[bytes]:
        try:
            return [data] if parse_events(data, self.limit_bytes, self.versions) else []
        except DcsaInvalid:
            return split_events(data, self.limit_bytes)
        except StandardsError:
            # Not even JSON: the inbox sets it aside whole, with its reason.
            return [data]

    def _put(self, data: bytes) -> bool:
        if self._was_read(sha256(data).hexdigest()):
            return False
        with self._lock:
            self.drop.put(data, SUFFIX, self.sender)
        return True

    def _was_read(self, digest: str) -> bool:
        """What was set aside may be sent again: the settings may have changed since."""
        with self.database.session() as session:
            read = select(DocumentRow.id).where(DocumentRow.sha256 == digest, DocumentRow.reason == "")
            return session.exec(read).first() is not None
