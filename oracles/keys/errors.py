"""What can go wrong with a key. No text has a passphrase, a PIN, a token or key material in it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from chain_node.remote_signer.errors import SecretFileUnusable, SignerAway, SignerRefused
from oracles.errors import OracleError

__all__ = ["KeyUnusable", "SignerAway", "SignerRefused", "opening_files"]


class KeyUnusable(OracleError):
    """The key that the settings name cannot be opened, or is not what they say."""

    def __init__(self, where: str, why: str) -> None:
        super().__init__(f"{where}: {why}")
        self.where, self.why = where, why


@contextmanager
def opening_files() -> Iterator[None]:
    """Tells of a secret file that cannot be used as of a key that cannot."""
    try:
        yield
    except SecretFileUnusable as error:
        raise KeyUnusable(error.where, error.why) from error
