"""Which failures pass by themselves once somebody made room: the node then waits and goes on instead of stopping."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Final

from sqlalchemy.exc import DBAPIError

from oracles.operating.health import Trouble

_NO_ROOM: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_FULL: Final = "SQLITE_FULL"
_WRITE_FAILED: Final = ("SQLITE_IOERR",)
_HELD: Final = ("SQLITE_BUSY", "SQLITE_LOCKED")


def obstacle_of(error: Exception) -> tuple[Trouble, str] | None:
    """What it is and a sentence on it; None for any other failure, with which going on would make no sense."""
    if isinstance(error, OSError) and error.errno in _NO_ROOM:
        where = f"{error.filename}: " if error.filename else ""
        return Trouble.DISK_FULL, f"{where}{os.strerror(error.errno)}"
    # The protection store speaks SQLite without SQLAlchemy, and words its own errors.
    cause = error.orig if isinstance(error, DBAPIError) else error.__cause__ or error
    name = getattr(cause, "sqlite_errorname", "")
    if name == _FULL or name.startswith(_WRITE_FAILED):
        # A full file system shows as an I/O error where SQLite extends its shared memory.
        return Trouble.DISK_FULL, f"the database cannot be written: {cause}"
    if name.startswith(_HELD):
        return Trouble.DATABASE_LOCKED, f"another program holds the database: {cause}"
    return None


def short_of_room(folders: tuple[Path, ...], reserve_bytes: int) -> str | None:
    """A sentence on the first folder whose file system has less room than the reserve; None where all have more."""
    for folder in folders:
        free = free_bytes(folder)
        if free < reserve_bytes:
            return f"{folder}: {free} bytes are free, {reserve_bytes} must be (setting 'disk_reserve_bytes')"
    return None


def free_bytes(folder: Path) -> int:
    """Room that an ordinary process has there. Raises OSError."""
    status = os.statvfs(folder)
    return status.f_bavail * status.f_frsize
