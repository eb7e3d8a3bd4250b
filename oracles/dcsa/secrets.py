"""Secrets of carriers: each in a file that only the node's account can read, read again whenever it is needed."""

from __future__ import annotations

import binascii
import os
import stat
from base64 import b64decode
from pathlib import Path
from typing import Final

from oracles.errors import OracleError

LONGEST: Final = 8_192
LEAST_KEY_BYTES: Final = 16
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


class SecretUnusable(OracleError):
    """A file of a secret that cannot be used. Never carries what is in it."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(f"{path}: {why}")
        self.path = path


def read_secret(path: Path) -> str:
    """The one line of the file. Raises SecretUnusable."""
    try:
        with path.open("rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise SecretUnusable(path, "is no file")
            if status.st_mode & _OTHERS:
                raise SecretUnusable(path, f"others may read it ({stat.S_IMODE(status.st_mode):o}): chmod 600")
            text = file.read(LONGEST + 1).decode("ascii").strip()
    except OSError as error:
        raise SecretUnusable(path, f"cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise SecretUnusable(path, "holds other signs than ASCII") from error
    if not text or len(text) > LONGEST or not text.isprintable() or " " in text:
        raise SecretUnusable(path, "must hold one line, without spaces")
    return text


def read_signing_key(path: Path) -> bytes:
    """The key of a subscription: what the Base64 text stands for. Raises SecretUnusable."""
    try:
        key = b64decode(read_secret(path), validate=True)
    except binascii.Error:
        # Without its cause, which could quote the secret.
        raise SecretUnusable(path, "is not Base64") from None
    if len(key) < LEAST_KEY_BYTES:
        raise SecretUnusable(path, f"has {len(key)} bytes; a secret has {LEAST_KEY_BYTES} or more")
    return key
