"""A key in a Web3 keystore (version 3), with its passphrase in a file beside it."""

from __future__ import annotations

import json
import secrets
from pathlib import Path
from typing import Final

import structlog
from eth_account import Account
from eth_utils.address import to_checksum_address

from oracles.errors import KeystoreUnreadable
from oracles.keys.files import open_to_others, write_secret
from oracles.keys.key import LocalKey

log = structlog.get_logger("oracles")

SCRYPT_N: Final = 2**18
"""The cost that the format's own wallets take, about a second."""
PASSPHRASE_BYTES: Final = 32


def open_keystore(keystore: Path, passphrase_file: Path) -> LocalKey:
    """Raises KeystoreUnreadable, which never carries what was in the files. Files that others may read are said."""
    try:
        passphrase = passphrase_file.read_text(encoding="utf-8").strip()
        secret = Account.decrypt(json.loads(keystore.read_text(encoding="utf-8")), passphrase)
        problems = {path: open_to_others(path) for path in (keystore, passphrase_file)}
    except OSError as error:
        raise KeystoreUnreadable(Path(error.filename), f"cannot be read: {error.strerror}") from error
    except (ValueError, KeyError, TypeError) as error:
        # Without `from`: the cause may quote key material.
        why = "the passphrase does not open it" if "MAC" in str(error) else "is not a Web3 keystore (version 3)"
        raise KeystoreUnreadable(keystore, why) from None
    for path, problem in problems.items():
        if problem is not None:
            log.warning("key file open to others", file=str(path), reason=problem, operator_action_required=True)
    return LocalKey(Account.from_key(secret))


def make_keystore(keystore: Path, passphrase_file: Path) -> str:
    """A random key in a new keystore, and a random passphrase in a new file, both 0600. Returns the address.

    Raises FileExistsError where either is there: a key is never overwritten.
    """
    for path in (keystore, passphrase_file):
        if path.exists():
            raise FileExistsError(17, "is there already, and a key is never overwritten", str(path))
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    passphrase = secrets.token_hex(PASSPHRASE_BYTES)
    account = Account.create(extra_entropy=secrets.token_hex(32))
    # The passphrase first: a keystore without it would be a key that nobody can open.
    write_secret(passphrase_file, passphrase + "\n")
    write_secret(keystore, json.dumps(account.encrypt(passphrase, kdf="scrypt", iterations=SCRYPT_N)))
    return str(account.address)


def account_of(keystore: Path | None) -> str | None:
    """The address that a keystore names in plain, without opening it; None where it names none."""
    if keystore is None or not keystore.is_file():
        return None
    try:
        address = json.loads(keystore.read_text(encoding="utf-8")).get("address")
        return to_checksum_address(address) if address else None
    except (ValueError, AttributeError, OSError) as error:
        raise KeystoreUnreadable(keystore, "is not a Web3 keystore (version 3)") from error
