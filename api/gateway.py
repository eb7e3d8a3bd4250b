"""Everything one gateway process holds, put together once."""

from dataclasses import dataclass
from typing import cast

from fastapi import Request

from api.auth.keys import KeyRing
from api.auth.principal import Principal
from api.auth.tokens import Tokens
from api.chain_link import ChainLink
from api.committing import Committer
from api.db import Database
from api.errors import Unauthenticated, Unavailable
from api.events.feed import Feed
from api.idempotency import Answers
from api.indexer.follower import Follower
from api.limits import Buckets, OrganisationLimit
from api.loops import Loop
from api.metrics import Metrics
from api.notices import Notices
from api.outgoing import Outgoing
from api.settings import Settings
from api.signers import Signers
from api.transactions.healing import Healer
from api.transactions.sender import Sender
from api.transactions.service import Transactions
from api.transactions.settling import Settling
from api.turns import Turns
from api.usage.counting import UsageCounter
from api.vault import Vault
from api.webhooks.deliverer import Deliverer
from api.webhooks.service import Webhooks


@dataclass(frozen=True)
class Gateway:
    settings: Settings
    database: Database
    link: ChainLink
    signers: Signers
    tokens: Tokens
    keys: KeyRing
    vault: Vault
    outgoing: Outgoing
    answers: Answers
    settling: Settling
    transactions: Transactions
    committer: Committer
    sender: Sender
    healer: Healer
    follower: Follower
    feed: Feed
    webhooks: Webhooks
    deliverer: Deliverer
    loops: tuple[Loop, ...]
    metrics: Metrics
    limit: OrganisationLimit
    failed_proofs: Buckets
    usage: UsageCounter
    turns: Turns
    notices: Notices

    def principal(self, request: Request) -> Principal:
        """Whom the request's bearer token speaks for; Unauthenticated without one that counts.

        It is taken from what its organisation may ask: TooManyRequests beyond that."""
        known = getattr(request.state, "principal", None)
        if known is None:
            scheme, _, token = request.headers.get("authorization", "").partition(" ")
            if scheme.lower() != "bearer" or not token.strip():
                raise Unauthenticated("token-missing", "Send an access token: Authorization: Bearer ....")
            known = self.tokens.principal(token.strip())
            request.state.principal, request.state.token = known, token.strip()
            left, request.state.limit_headers = self.limit.take(known.lei or known.client_id)
            if left is not None and not left.taken:
                raise self.limit.refusal(left)
        return cast(Principal, known)

    def still_speaks(self, request: Request) -> bool:
        """Whether the token that `principal` has found good still counts; this takes nothing from the limit."""
        try:
            return bool(self.tokens.principal(request.state.token) == request.state.principal)
        except (Unauthenticated, Unavailable):
            return False

    def start(self) -> None:
        self.keys.refresh()
        for loop in self.loops:
            loop.start()

    def stop(self) -> None:
        for loop in self.loops:
            loop.stop()
        self.usage.store()
        self.close()

    def close(self) -> None:
        """Of a gateway whose loops do not run."""
        self.committer.close()
        self.feed.stop()
        self.deliverer.close()
        self.follower.give_up()
        self.notices.close()
        self.signers.remote.close()
        self.link.close()
        self.database.close()


def gateway_of(request: Request) -> Gateway:
    """The gateway that serves the request."""
    return cast(Gateway, request.app.state.gateway)
