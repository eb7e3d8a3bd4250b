"""The key that a node's settings name."""

from __future__ import annotations

from oracles.errors import SettingsInvalid
from oracles.keys.key import Key
from oracles.keys.keystore import account_of, open_keystore
from oracles.settings import NodeSettings


def open_key(settings: NodeSettings) -> Key:
    """Raises KeystoreUnreadable, KeyUnusable; SignerAway where a token does not answer."""
    key = settings.key
    if key is not None and key.remote is not None:
        # Only a node with a remote signer waits for an HTTP client to load, only one with a token for its library.
        from oracles.keys.remote import RemoteKey

        return RemoteKey(key.remote)
    if key is not None and key.pkcs11 is not None:
        from oracles.keys.pkcs11 import Pkcs11Key

        return Pkcs11Key(key.pkcs11)
    if settings.keystore is None or settings.passphrase_file is None:
        raise SettingsInvalid(settings.inbox, ["settings 'keystore' and 'passphrase_file' are missing"])
    return open_keystore(settings.keystore, settings.passphrase_file)


def named_account(settings: NodeSettings) -> str | None:
    """The address as far as the settings and plain files tell it, without opening anything."""
    key = settings.key
    if key is not None and key.remote is not None:
        return key.remote.address
    if key is not None and key.pkcs11 is not None:
        return key.pkcs11.address
    return account_of(settings.keystore)
