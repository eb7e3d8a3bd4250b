"""The node's key: opens the keystore once, signs votes and the transactions that carry them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from eth_account import Account
from eth_account.signers.local import LocalAccount
from eth_typing import Hash32
from eth_utils.address import to_checksum_address

from chain_node.client import Call, Observation, SignedTransaction, attestation_digest, reading_digest, sign_call
from oracles.chain import SignedVote
from oracles.errors import KeystoreUnreadable
from oracles.relay.messages import offer_digest


class Signer:
    """One account. Gas costs nothing on a permissioned network, so fees are zero."""

    def __init__(self, account: LocalAccount) -> None:
        self._account = account
        self.address: str = account.address

    @classmethod
    def open(cls, keystore: Path, passphrase_file: Path) -> Signer:
        """Raises KeystoreUnreadable, which never carries what was in the files."""
        try:
            passphrase = passphrase_file.read_text(encoding="utf-8").strip()
            secret = Account.decrypt(json.loads(keystore.read_text(encoding="utf-8")), passphrase)
        except OSError as error:
            raise KeystoreUnreadable(Path(error.filename), f"cannot be read: {error.strerror}") from error
        except (ValueError, KeyError, TypeError) as error:
            # Without `from`: the cause may quote key material.
            why = "the passphrase does not open it" if "MAC" in str(error) else "is not a Web3 keystore (version 3)"
            raise KeystoreUnreadable(keystore, why) from None
        return cls(Account.from_key(secret))

    def vote(
        self, chain_id: int, oracle_address: str, observations: Sequence[Observation], evidence: bytes
    ) -> SignedVote:
        """Vouches for all of the observations."""
        return self.vote_on(chain_id, oracle_address, observations, (1 << len(observations)) - 1, evidence)

    def vote_on(
        self, chain_id: int, oracle_address: str, observations: Sequence[Observation], mask: int, evidence: bytes
    ) -> SignedVote:
        """Vouches for those of the observations that the mask marks."""
        digest = attestation_digest(chain_id, oracle_address, observations, mask, evidence)
        signature = bytes(self._account.unsafe_sign_hash(Hash32(digest)).signature)
        return SignedVote(observations, mask, evidence, signature, self.address)

    def reading(
        self, chain_id: int, feed_oracle_address: str, *, feed: bytes, round: int, version: int, value: int, at: int
    ) -> bytes:
        """Vouches for one value of a feed, seen at `at` (Unix seconds), for one round under one policy."""
        digest = reading_digest(
            chain_id, feed_oracle_address, feed=feed, round=round, version=version, value=value, observed_at=at
        )
        return bytes(self._account.unsafe_sign_hash(Hash32(digest)).signature)

    def offer(self, chain_id: int, oracle_address: str, observations: Sequence[Observation], expires_at: int) -> bytes:
        """Tells a relay what this node has decided on: no vote, and good until `expires_at` (Unix seconds)."""
        digest = offer_digest(chain_id, oracle_address, observations, expires_at)
        return bytes(self._account.unsafe_sign_hash(Hash32(digest)).signature)

    def transaction(self, call: Call, nonce: int, gas: int, chain_id: int) -> SignedTransaction:
        return sign_call(self._account, call, nonce=nonce, gas=gas, chain_id=chain_id)


def account_of(keystore: Path | None) -> str | None:
    """The address that a keystore names in plain, without opening it; None where it names none."""
    if keystore is None or not keystore.is_file():
        return None
    try:
        address = json.loads(keystore.read_text(encoding="utf-8")).get("address")
        return to_checksum_address(address) if address else None
    except (ValueError, AttributeError, OSError) as error:
        raise KeystoreUnreadable(keystore, "is not a Web3 keystore (version 3)") from error
