"""The keys the gateway signs with: decrypted once, kept in memory, never shown.

`office:registrar` is a keystore of the operator's keys directory, `org:<LEI>` one of the gateway's own. The name of an
account whose key lies at a remote signer says where, see `api.remote_signing`.
"""

import json
import os
import secrets
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from coincurve import PrivateKey
from eth_keyfile.keyfile import create_keyfile_json, decode_keyfile_json
from eth_typing import ChecksumAddress
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from api.errors import GatewayError, NotFound
from api.remote_signing import REMOTE, RemoteAccount, RemoteAccounts, account_in

# The passphrase is 32 random bytes: stretching it further would only slow the gateway's start.
_SCRYPT_ROUNDS = 4096
_PASSPHRASE = "passphrase"  # noqa: S105  # nosec B105 # a file's name
OUTSIDE = "account:"
"""Before an address: the signer is whoever has that account's key, and not the gateway."""


class KeystoreUnusable(GatewayError):
    status = 500
    title = "A keystore cannot be used"


class Signer:
    """One account's key."""

    def __init__(self, name: str, key: bytes) -> None:
        self.name = name
        self._key = PrivateKey(key)
        public = self._key.public_key.format(compressed=False)
        self.address: ChecksumAddress = to_checksum_address(keccak(public[1:])[-20:])

    def __repr__(self) -> str:
        return f"Signer({self.name}, {self.address})"

    def sign(self, digest: bytes) -> tuple[int, int, int]:
        """(y parity, r, s) over 32 bytes; the same digest always gets the same signature (RFC 6979)."""
        signature = self._key.sign_recoverable(digest, hasher=None)
        return signature[64], int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:64], "big")


def write_private(path: Path, content: bytes) -> None:
    """Writes a file that only we may read and that is either there as a whole or not at all; an existing one stays."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    with suppress(FileExistsError):
        os.link(fresh, path)
    fresh.unlink()


class Signers:
    """Finds signers by name."""

    def __init__(self, offices_dir: Path, organisations_dir: Path, remote: RemoteAccounts | None = None) -> None:
        self.remote = RemoteAccounts({}) if remote is None else remote
        self._places = {"office": offices_dir, "org": organisations_dir}
        self._known: dict[str, Signer] = {}
        self._lock = threading.Lock()

    def get(self, name: str) -> Signer:
        """The signer of that name; NotFound where the gateway keeps no such key."""
        signer = self._known.get(name)
        return signer if signer is not None else self._once(name, lambda: self._load(name))

    def sending(self, name: str) -> Signer | RemoteAccount:
        """Who signs transactions under that name; NotFound, or Unavailable where a place is not in the settings."""
        return self.remote.get(name) if name.startswith(REMOTE) else self.get(name)

    def address(self, name: str) -> ChecksumAddress:
        """The account that it signs for, also where the gateway does not have the key."""
        if name.startswith(OUTSIDE):
            return to_checksum_address(name.removeprefix(OUTSIDE))
        if name.startswith(REMOTE):
            return to_checksum_address(account_in(name))
        return self.get(name).address

    def has(self, name: str) -> bool:
        return name in self._known or self._path(name).is_file()

    def create_organisation(self, lei: str) -> Signer:
        """Makes and stores an organisation's key; the one that is there already where there is one."""
        name = f"org:{lei}"
        if not self.has(name):
            key = secrets.token_bytes(32)
            keystore = create_keyfile_json(
                key, self._passphrase(self._places["org"], make=True), kdf="scrypt", iterations=_SCRYPT_ROUNDS
            )
            write_private(self._path(name), json.dumps(keystore).encode())
        return self.get(name)

    def _once(self, name: str, load: Callable[[], Signer]) -> Signer:
        with self._lock:
            if name not in self._known:
                self._known[name] = load()
            return self._known[name]

    def _path(self, name: str) -> Path:
        place, _, file = name.partition(":")
        if place not in self._places or not file.replace("-", "").isalnum():
            raise NotFound("signer-unknown", f"There is no signer {name}.", signer=name)
        return self._places[place] / f"{file}.json"

    def _load(self, name: str) -> Signer:
        path = self._path(name)
        if not path.is_file():
            raise NotFound("signer-unknown", f"The gateway keeps no key for {name}.", signer=name)
        try:
            key = decode_keyfile_json(json.loads(path.read_bytes()), self._passphrase(path.parent))
        except (OSError, ValueError, KeyError, TypeError) as error:
            detail = f"The keystore {path.name} cannot be opened with its passphrase ({type(error).__name__})."
            raise KeystoreUnusable("keystore-unusable", detail, signer=name) from None
        return Signer(name, key)

    @staticmethod
    def _passphrase(place: Path, make: bool = False) -> str:
        path = place / _PASSPHRASE
        if make and not path.is_file():
            write_private(path, secrets.token_hex(32).encode())
        return path.read_text(encoding="ascii").strip()
