"""Files that hold secrets: how they are read and made."""

from __future__ import annotations

import os
from pathlib import Path

from chain_node.remote_signer import files
from chain_node.remote_signer.files import open_to_others
from oracles.keys.errors import opening_files

__all__ = ["open_to_others", "secret_in", "write_secret"]


def secret_in(path: Path) -> str:
    """The one line of a file that only its owner may read. Raises KeyUnusable, which never has the line in it."""
    with opening_files():
        return files.secret_in(path)


def write_secret(path: Path, text: str) -> None:
    """A new file that only its owner may read, on the disk when this returns. Raises FileExistsError."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
