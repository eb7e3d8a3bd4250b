"""What the gateway keeps secret at rest: keys sealed under a passphrase file, as its keystores are.

The file is made at first start (0600). Gateways that share a database share this file, too. Kept on other storage than
the database (a tmpfs, a credential of systemd), it makes a stolen disk or back-up worthless.
"""

import hashlib
import os
import secrets
from functools import cached_property
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from api.errors import GatewayError
from api.signers import write_private

_MAGIC: Final = b"portolan-sealed-1\n"
_NONCE_BYTES: Final = 12
_PLAIN_KEY_BYTES: Final = 32


class VaultLocked(GatewayError):
    """Something was sealed under another passphrase, or was changed since."""

    status = 500
    title = "A key cannot be opened"

    def __init__(self, what: str) -> None:
        super().__init__("vault-locked", f"{what} does not open with the gateway's passphrase file.")


class Vault:
    """Seals and opens what is secret; a key of its own for each purpose. Safe to share among threads."""

    def __init__(self, passphrase_file: Path) -> None:
        self._file = passphrase_file

    def key(self, purpose: str) -> bytes:
        """32 bytes that are always the same for one passphrase and purpose."""
        return HKDFExpand(SHA256(), 32, b"portolan gateway: " + purpose.encode()).derive(self._stretched)

    def seal(self, purpose: str, content: bytes, about: str) -> bytes:
        """`content` so that it opens only for the same purpose, and as what it is `about`."""
        nonce = os.urandom(_NONCE_BYTES)
        return _MAGIC + nonce + AESGCM(self.key(purpose)).encrypt(nonce, content, about.encode())

    def open(self, purpose: str, sealed: bytes, about: str) -> bytes:
        """What was sealed; VaultLocked where the passphrase, the purpose or the subject is another."""
        nonce, rest = sealed.removeprefix(_MAGIC)[:_NONCE_BYTES], sealed.removeprefix(_MAGIC)[_NONCE_BYTES:]
        try:
            return AESGCM(self.key(purpose)).decrypt(nonce, rest, about.encode())
        except (InvalidTag, ValueError):
            raise VaultLocked(about) from None

    def kept_key(self, path: Path, purpose: str) -> bytes:
        """The key that an earlier version left at `path`, sealed there from now on; the purpose's own where none is."""
        if not path.exists():
            return self.key(purpose)
        content = path.read_bytes()
        if content.startswith(_MAGIC):
            return self.open(purpose, content, path.name)
        if len(content) != _PLAIN_KEY_BYTES:
            raise VaultLocked(path.name)
        fresh = path.with_name(f".{path.name}.{os.getpid()}.sealed")
        write_private(fresh, self.seal(purpose, content, path.name))
        fresh.replace(path)
        return content

    @cached_property
    def _stretched(self) -> bytes:
        if not self._file.exists():
            write_private(self._file, secrets.token_hex(32).encode())
        passphrase = self._file.read_bytes().strip()
        return hashlib.scrypt(passphrase, salt=b"portolan gateway", n=2**14, r=8, p=1, maxmem=2**26, dklen=32)
