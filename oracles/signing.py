"""What the node signs: votes, readings and the transactions that carry them, with whichever key it has."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from eth_account.signers.local import LocalAccount

from chain_node.client import (
    Call,
    Observation,
    SignedTransaction,
    attestation_digest,
    attestation_typed_data,
    call_fields,
    reading_digest,
    reading_typed_data,
)
from chain_node.client.admission import AdmissionRequest
from oracles.chain import SignedVote
from oracles.keys.key import Key, LocalKey, Message
from oracles.keys.keystore import account_of, open_keystore
from oracles.relay.messages import offer_digest, offer_typed_data

__all__ = ["Signer", "account_of"]


class Signer:
    """One account. Gas costs nothing on a permissioned network, so fees are zero.

    Every method may raise SignerAway (retryable) and SignerRefused (operator) where the key is not in this process.
    """

    def __init__(self, key: Key | LocalAccount) -> None:
        """An account stands for a key in this process."""
        self._key: Key = LocalKey(key) if isinstance(key, LocalAccount) else key
        self.address: str = self._key.address
        self.kind: str = self._key.kind

    @classmethod
    def open(cls, keystore: Path, passphrase_file: Path) -> Signer:
        """Raises KeystoreUnreadable, which never carries what was in the files."""
        return cls(open_keystore(keystore, passphrase_file))

    def vote(
        self, chain_id: int, oracle_address: str, observations: Sequence[Observation], evidence: bytes
    ) -> SignedVote:
        """Vouches for all of the observations. The protection store must have allowed them before."""
        return self.vote_on(chain_id, oracle_address, observations, (1 << len(observations)) - 1, evidence)

    def vote_on(
        self, chain_id: int, oracle_address: str, observations: Sequence[Observation], mask: int, evidence: bytes
    ) -> SignedVote:
        """Vouches for those of the observations that the mask marks, which the protection store must have allowed."""
        content = (chain_id, oracle_address, observations, mask, evidence)
        message = Message(attestation_digest(*content), partial(attestation_typed_data, *content))
        return SignedVote(observations, mask, evidence, self._key.sign(message), self.address)

    def reading(
        self, chain_id: int, feed_oracle_address: str, *, feed: bytes, round: int, version: int, value: int, at: int
    ) -> bytes:
        """Vouches for one value of a feed, seen at `at` (Unix seconds), for one round under one policy. The protection
        store must have allowed it before."""
        content = {"feed": feed, "round": round, "version": version, "value": value, "observed_at": at}
        digest = reading_digest(chain_id, feed_oracle_address, **content)  # type: ignore[arg-type]
        typed_data = partial(reading_typed_data, chain_id, feed_oracle_address, **content)  # type: ignore[arg-type]
        return self._key.sign(Message(digest, typed_data))

    def admission(self, request: AdmissionRequest) -> bytes:
        """Proves to a network's registrar that the request's account is this key's."""
        return self._key.sign(Message(request.digest, lambda: request.typed_data))

    def offer(self, chain_id: int, oracle_address: str, observations: Sequence[Observation], expires_at: int) -> bytes:
        """Tells a relay what this node has decided on: no vote, and good until `expires_at` (Unix seconds)."""
        content = (chain_id, oracle_address, observations, expires_at)
        return self._key.sign(Message(offer_digest(*content), partial(offer_typed_data, *content)))

    def transaction(self, call: Call, nonce: int, gas: int, chain_id: int) -> SignedTransaction:
        return self._key.transaction(call_fields(call, nonce=nonce, gas=gas, chain_id=chain_id))

    def close(self) -> None:
        self._key.close()
