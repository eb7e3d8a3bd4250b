"""Accounts whose keys lie at an organisation's signer: `remote:<place>:<account>`, the place as the settings name it.

What the signer answers is the very transaction that was asked for, or it is refused (`chain_node.remote_signer`). A
signer that did not answer is left alone for a moment: meanwhile everybody is told at once that it is away, and one
question at a time finds out whether it is back.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, Final

from eth_utils.address import is_checksum_address

from api.errors import Forbidden, GatewayError, NotFound, Unavailable
from api.remote_signer_settings import RemoteSignerPlace
from chain_node.client import SignedTransaction
from chain_node.client.signing import Fields, transaction_digest
from chain_node.remote_signer.errors import SignerAway, SignerDeclined, SignerRefused
from chain_node.remote_signer.messages import Message
from chain_node.remote_signer.signer import RemoteSigner
from chain_node.remote_signer.transports import Transport, transport

REMOTE: Final = "remote:"
"""Before place and account: the signer is asked for each signature."""
_LEFT_ALONE_SECONDS: Final = 1.0
_MOST_KEPT: Final = 256


def remote_name(place: str, account: str) -> str:
    """What the gateway calls that signer."""
    return f"{REMOTE}{place}:{account}"


def place_of(signer: str) -> str:
    """Where the key of a signer lies; empty where it is none of a remote signer."""
    return signer.removeprefix(REMOTE).partition(":")[0] if signer.startswith(REMOTE) else ""


def account_in(signer: str) -> str:
    """The account that a remote signer's name says."""
    return signer.rpartition(":")[2]


class RemoteAccount:
    """One account at a remote signer. Safe to share among threads.

    A transaction that was signed is kept for a while: it is asked for before its intent is stored, and once more when
    it gets its nonce, which is nearly always the one that was foreseen.
    """

    def __init__(self, place: str, key: RemoteSigner) -> None:
        self.place, self.address, self._key = place, key.address, key
        self._kept: OrderedDict[bytes, SignedTransaction] = OrderedDict()
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return f"RemoteAccount({self.place}, {self.address})"

    def transaction(self, fields: Fields) -> SignedTransaction:
        """Raises SignerAway, SignerRefused."""
        digest = transaction_digest(fields)
        with self._lock:
            kept = self._kept.get(digest)
        if kept is not None:
            return kept
        signed = self._key.transaction(fields)
        with self._lock:
            self._kept[digest] = signed
            while len(self._kept) > _MOST_KEPT:
                self._kept.popitem(last=False)
        return signed

    def sign(self, message: Message) -> bytes:
        """Raises SignerAway, SignerRefused."""
        return self._key.sign(message)

    def told(self, error: SignerAway | SignerRefused) -> GatewayError:
        """What went wrong at the signer, in business terms."""
        named = {"signer": self.place, "account": self.address}
        if isinstance(error, SignerAway):
            detail = f"The signer {self.place} does not answer; nothing was changed. Try again later."
            return Unavailable("signer-unavailable", detail, **named)
        if isinstance(error, SignerDeclined):
            detail = f"The signer {self.place} refused to sign: {error.said}. Nothing was changed."
            return Forbidden("signer-refused", detail, **named)
        detail = f"The signer {self.place} answered something else than what it was to sign; nothing was changed."
        return Unavailable("signer-unusable", detail, **named)


class RemoteAccounts:
    """The accounts at all places of the settings, by their names. Asks nothing until a signature is wanted."""

    def __init__(self, places: Mapping[str, RemoteSignerPlace]) -> None:
        """SecretFileUnusable where a certificate or token cannot be used."""
        self.places = dict(places)
        self._through = {name: _Patient(its.url, its.timeout_seconds, transport(its)) for name, its in places.items()}
        self._known: dict[str, RemoteAccount] = {}
        self._lock = threading.Lock()

    def get(self, signer: str) -> RemoteAccount:
        """The account of that name; Unavailable where the settings do not have its place."""
        with self._lock:
            known = self._known.get(signer)
            if known is None:
                known = self._known[signer] = self._made(signer)
            return known

    def _made(self, signer: str) -> RemoteAccount:
        place, account = place_of(signer), account_in(signer)
        if not is_checksum_address(account):
            raise NotFound("signer-unknown", f"There is no signer {signer}.", signer=signer)
        if place not in self.places:
            detail = f"This gateway's settings do not say where the signer {place} is; nothing was changed."
            raise Unavailable("signer-unconfigured", detail, signer=place, account=account)
        return RemoteAccount(place, RemoteSigner(self.places[place], account, self._through[place]))

    def close(self) -> None:
        for each in self._through.values():
            each.close()


class _Patient:
    """A transport that does not keep many waiting for a signer that is away."""

    def __init__(self, url: str, timeout_seconds: float, through: Transport) -> None:
        self._url, self._timeout_seconds, self._through = url, timeout_seconds, through
        self._lock = threading.Lock()
        self._away_until: float | None = None

    def ask(self, question: dict[str, Any]) -> Any:
        self._require_turn()
        try:
            answer = self._through.ask(question)
        except SignerAway:
            self._found(time.monotonic() + _LEFT_ALONE_SECONDS)
            raise
        except SignerRefused:
            self._found(None)
            raise
        self._found(None)
        return answer

    def close(self) -> None:
        self._through.close()

    def _require_turn(self) -> None:
        now = time.monotonic()
        with self._lock:
            if self._away_until is None:
                return
            if now < self._away_until:
                raise SignerAway(self._url, "it did not answer a moment ago")
            # This one asks; the others wait for what it finds.
            self._away_until = now + self._timeout_seconds + _LEFT_ALONE_SECONDS

    def _found(self, away_until: float | None) -> None:
        with self._lock:
            self._away_until = away_until
