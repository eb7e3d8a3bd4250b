"""What can go wrong with a signer. No text has a passphrase, a token or key material in it."""

from __future__ import annotations

from chain_node.errors import OperatorActionRequired, RetryableError


class SecretFileUnusable(OperatorActionRequired):
    """A certificate, key or token that the settings name cannot be used."""

    def __init__(self, where: str, why: str) -> None:
        super().__init__(f"{where}: {why}")
        self.where, self.why = where, why


class SignerAway(RetryableError):
    """The signer, or the token, does not answer; nothing is known to be wrong with it."""

    def __init__(self, where: str, why: str) -> None:
        super().__init__(f"the signer at {where} does not answer: {why}")
        self.where, self.why = where, why


class SignerRefused(OperatorActionRequired):
    """The signer answered, but not with a signature of the key over what was asked."""

    def __init__(self, where: str, why: str) -> None:
        super().__init__(f"the signer at {where} gave no signature that can be used: {why}")
        self.where, self.why = where, why


class SignerDeclined(SignerRefused):
    """The signer said no to this very question; `said` are its words, short and printable."""

    def __init__(self, where: str, method: str, said: str) -> None:
        super().__init__(where, f"it refused {method}: {said}")
        self.said = said
