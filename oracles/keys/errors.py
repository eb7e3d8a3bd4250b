"""What can go wrong with a key. No text has a passphrase, a PIN, a token or key material in it."""

from __future__ import annotations

from chain_node.errors import OperatorActionRequired, RetryableError
from oracles.errors import OracleError


class KeyUnusable(OracleError):
    """The key that the settings name cannot be opened, or is not what they say."""

    def __init__(self, where: str, why: str) -> None:
        super().__init__(f"{where}: {why}")
        self.where, self.why = where, why


class SignerAway(RetryableError):
    """The signer, or the token, does not answer; nothing is known to be wrong with it."""

    def __init__(self, where: str, why: str) -> None:
        super().__init__(f"the signer at {where} does not answer: {why}")
        self.where, self.why = where, why


class SignerRefused(OperatorActionRequired):
    """The signer answered, but not with a signature of the node's key."""

    def __init__(self, where: str, why: str) -> None:
        super().__init__(f"the signer at {where} gave no signature that can be used: {why}")
        self.where, self.why = where, why
