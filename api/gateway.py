"""Everything one gateway process holds, put together once in main."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from fastapi import Request

from api.auth.principal import Principal
from api.auth.tokens import Tokens
from api.chain_link import ChainLink
from api.db import Database
from api.errors import Unauthenticated
from api.idempotency import Answers
from api.settings import Settings
from api.signers import Signers
from api.transactions.service import Transactions
from api.transactions.settling import Settling

if TYPE_CHECKING:
    from api.metrics import Metrics


@dataclass(frozen=True)
class Gateway:
    settings: Settings
    database: Database
    link: ChainLink
    signers: Signers
    tokens: Tokens
    answers: Answers
    settling: Settling
    transactions: Transactions
    metrics: "Metrics"

    def principal(self, request: Request) -> Principal:
        """Whom the request's bearer token speaks for; Unauthenticated without one that counts."""
        known = getattr(request.state, "principal", None)
        if known is None:
            scheme, _, token = request.headers.get("authorization", "").partition(" ")
            if scheme.lower() != "bearer" or not token.strip():
                raise Unauthenticated("token-missing", "Send an access token: Authorization: Bearer ....")
            known = self.tokens.principal(token.strip())
            request.state.principal = known
        return cast(Principal, known)


def gateway_of(request: Request) -> Gateway:
    """The gateway that serves the request."""
    return cast(Gateway, request.app.state.gateway)
