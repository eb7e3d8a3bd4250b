"""Files that hold secrets: who may read them, and how they are made."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Final

from oracles.keys.errors import KeyUnusable

OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


def open_to_others(path: Path) -> str | None:
    """What is wrong with the file's mode, as a sentence; None where its owner alone may use it."""
    mode = stat.S_IMODE(path.stat().st_mode)
    return f"others on this machine may use it (mode {mode:04o}, expected 0600)" if mode & OTHERS else None


def secret_in(path: Path) -> str:
    """The one line of a file that only its owner may read. Raises KeyUnusable, which never has the line in it."""
    try:
        problem = open_to_others(path)
        text = path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise KeyUnusable(str(path), f"cannot be read: {error.strerror}") from error
    except UnicodeDecodeError:
        raise KeyUnusable(str(path), "is not text") from None
    if problem is not None:
        raise KeyUnusable(str(path), problem)
    if not text or not text.isprintable():
        raise KeyUnusable(str(path), "must be one line of text")
    return text


def write_secret(path: Path, text: str) -> None:
    """A new file that only its owner may read, on the disk when this returns. Raises FileExistsError."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
