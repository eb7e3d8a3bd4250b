"""Files that hold secrets: whether they are their owner's alone."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Final

from chain_node.remote_signer.errors import SecretFileUnusable

OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


def open_to_others(path: Path) -> str | None:
    """What is wrong with the file's mode, as a sentence; None where its owner alone may use it."""
    mode = stat.S_IMODE(path.stat().st_mode)
    return f"others on this machine may use it (mode {mode:04o}, expected 0600)" if mode & OTHERS else None


def secret_in(path: Path) -> str:
    """The line of a file that only its owner may read. Raises SecretFileUnusable, which never has the line in it."""
    try:
        problem = open_to_others(path)
        text = path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise SecretFileUnusable(str(path), f"cannot be read: {error.strerror}") from error
    except UnicodeDecodeError:
        raise SecretFileUnusable(str(path), "is not text") from None
    if problem is not None:
        raise SecretFileUnusable(str(path), problem)
    if not text or not text.isprintable():
        raise SecretFileUnusable(str(path), "must be one line of text")
    return text
