"""The secrets of a network: its shared key, and a keystore for each office of its operator. Made at launch, kept in the
network's data directory (0700, files 0600), never in the repository, never in a log.

Keystores are Web3 V3 with scrypt. Its cost is set low (n = 4096): the passphrase is 256 random bits, which no search
finds at any cost, and it lies beside the keystores, so that only the file permissions protect both.
"""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from eth_account import Account
from eth_account.signers.local import LocalAccount
from eth_keys.datatypes import PrivateKey
from eth_typing import ChecksumAddress
from eth_utils.exceptions import ValidationError

from chain_node.interface import checksum
from chain_node.references import KEY_BYTES, NetworkKey

OFFICE_KEYS: Final = (
    "deployer",
    "governor",
    "guardian",
    "registrar",
    "credit-officer",
    "cash-issuer",
    "servicer",
    "arbiter",
)
_SCRYPT_N: Final = 4096


class KeysInvalid(Exception):
    """A key file is missing or cannot be used; the message names it and never its content."""


@dataclass(frozen=True)
class KeyRing:
    """The keys in one network's data directory."""

    data_dir: Path

    @classmethod
    def make(cls, data_dir: Path) -> KeyRing:
        """Makes what is missing and leaves what is there: safe to repeat, and to resume after a kill."""
        keys = data_dir / "keys"
        for folder in (data_dir, keys):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            folder.chmod(0o700)
        ring = cls(data_dir)
        _write_once(ring.passphrase_path, secrets.token_hex(32))
        _write_once(ring.network_key_path, secrets.token_hex(KEY_BYTES))
        passphrase = ring._passphrase()
        for name in OFFICE_KEYS:
            if not ring.keystore_path(name).exists():
                _write_once(ring.keystore_path(name), json.dumps(new_keystore(passphrase)))
        return ring

    @property
    def passphrase_path(self) -> Path:
        return self.data_dir / "keys" / "passphrase"

    @property
    def network_key_path(self) -> Path:
        return self.data_dir / "network.key"

    def keystore_path(self, name: str) -> Path:
        return self.data_dir / "keys" / f"{name}.json"

    def network_key(self) -> NetworkKey:
        return NetworkKey.load(self.network_key_path)

    def address(self, name: str) -> ChecksumAddress:
        """The account of an office, read without opening its key."""
        return address_of(self.keystore_path(name))

    def account(self, name: str) -> LocalAccount:
        """Opens an office's key."""
        keystore = _read_keystore(self.keystore_path(name))
        try:
            account: LocalAccount = Account.from_key(Account.decrypt(keystore, self._passphrase()))
        except ValueError as error:
            raise KeysInvalid(f"{self.keystore_path(name)}: cannot be opened with {self.passphrase_path}") from error
        return account

    def _passphrase(self) -> str:
        try:
            return self.passphrase_path.read_text(encoding="ascii").strip()
        except OSError as error:
            raise KeysInvalid(f"{self.passphrase_path}: cannot be read: {error.strerror}") from error


def new_keystore(passphrase: str) -> dict[str, Any]:
    """A fresh key, encrypted. Its randomness is the operating system's, mixed with a second draw of it."""
    account = Account.create(extra_entropy=secrets.token_hex(32))
    keystore: dict[str, Any] = account.encrypt(passphrase, kdf="scrypt", iterations=_SCRYPT_N)
    return keystore


def make_keystore(folder: Path) -> ChecksumAddress:
    """A key for one program, `key.json` and `passphrase` in `folder`; what is there stays. Returns its address."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    passphrase_path, keystore_path = folder / "passphrase", folder / "key.json"
    _write_once(passphrase_path, secrets.token_hex(32))
    if not keystore_path.exists():
        passphrase = passphrase_path.read_text(encoding="ascii").strip()
        _write_once(keystore_path, json.dumps(new_keystore(passphrase)))
    return address_of(keystore_path)


@dataclass(frozen=True)
class NodeIdentity:
    """What others know a node of the chain by: its account and its public key (128 hex digits)."""

    address: ChecksumAddress
    public_key: str


def make_node_key(path: Path) -> NodeIdentity:
    """A key for one node of the chain; one that is there stays. It is written as 64 plain hex digits, for its owner's
    eyes alone, since nodes read nothing else. Raises `KeysInvalid`."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    _write_once(path, Account.create(extra_entropy=secrets.token_hex(32)).key.hex())
    try:
        key = PrivateKey(bytes.fromhex(path.read_text(encoding="ascii").strip()))
    except OSError as error:
        raise KeysInvalid(f"{path}: cannot be read: {error.strerror}") from error
    except (ValueError, ValidationError):  # not `from` it: its words may quote the key
        raise KeysInvalid(f"{path}: not the key of a node") from None
    return NodeIdentity(checksum(key.public_key.to_address()), key.public_key.to_hex()[2:])


def address_of(keystore_path: Path) -> ChecksumAddress:
    """The account of a keystore, read without opening its key."""
    return checksum("0x" + str(_read_keystore(keystore_path)["address"]).removeprefix("0x"))


def _read_keystore(path: Path) -> dict[str, Any]:
    try:
        keystore: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise KeysInvalid(f"{path}: cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise KeysInvalid(f"{path}: not a keystore") from error
    return keystore


def _write_once(path: Path, text: str) -> None:
    """Creates a file that only its owner may read, whole or not at all; one that exists stays as it is."""
    if path.exists():
        return
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text + "\n")
        file.flush()
        os.fsync(file.fileno())
    unfinished.rename(path)
