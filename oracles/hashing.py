"""The event hashes of a file, for the command line."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

from oracles.adapters import read_document
from oracles.errors import DocumentRefused
from standards.dcsa import Version
from standards.detect import detect
from standards.epcis import event_hashes
from standards.errors import StandardsError

LIMIT_BYTES: Final = 64 * 1024 * 1024
STANDARD_INPUT: Final = Path("-")


def hashes_of(path: Path) -> list[str]:
    """CBV 2.0 hashes in the order of the file. Asks of EPCIS only what a hash needs. Raises DocumentRefused."""
    data = file_bytes(path)
    try:
        if detect(data, LIMIT_BYTES) == "epcis":
            return event_hashes(data, LIMIT_BYTES)
    except StandardsError as error:
        raise DocumentRefused(str(path), str(error)) from error
    return [event.event_hash for event in read_document(str(path), data, LIMIT_BYTES, tuple(Version)).events]


def file_bytes(path: Path) -> bytes:
    """The whole file, or the standard input for `-`. Raises DocumentRefused, also beyond LIMIT_BYTES.

    The size is not asked beforehand: that of a device or a pipe says nothing.
    """
    try:
        data = _beginning(path, LIMIT_BYTES + 1)
    except OSError as error:
        raise DocumentRefused(str(path), f"cannot be read: {error.strerror}") from error
    if len(data) > LIMIT_BYTES:
        raise DocumentRefused(str(path), f"more than the {LIMIT_BYTES} bytes allowed")
    return data


def _beginning(path: Path, most_bytes: int) -> bytes:
    if path == STANDARD_INPUT:
        return sys.stdin.buffer.read(most_bytes)
    with path.open("rb") as file:
        return file.read(most_bytes)
