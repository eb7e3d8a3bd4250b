"""The event hashes of a file, for the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from oracles.adapters import read_document
from oracles.errors import DocumentRefused
from standards.detect import detect
from standards.epcis import event_hashes
from standards.errors import StandardsError

LIMIT_BYTES: Final = 64 * 1024 * 1024


def hashes_of(path: Path) -> list[str]:
    """CBV 2.0 hashes in the order of the file. Asks of EPCIS only what a hash needs. Raises DocumentRefused."""
    data = file_bytes(path)
    try:
        if detect(data) == "epcis":
            return event_hashes(data, LIMIT_BYTES)
    except StandardsError as error:
        raise DocumentRefused(str(path), str(error)) from error
    return [event.event_hash for event in read_document(str(path), data, LIMIT_BYTES).events]


def file_bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise DocumentRefused(str(path), f"cannot be read: {error.strerror}") from error
