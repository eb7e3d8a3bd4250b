"""Everything one gateway process holds, put together once."""

from dataclasses import dataclass
from typing import cast

from fastapi import Request

from api.auth.principal import Principal
from api.auth.tokens import Tokens, load_or_make_key
from api.chain_link import ChainLink
from api.db import Database
from api.errors import Unauthenticated
from api.idempotency import Answers, forget_old
from api.indexer.follower import Follower
from api.loops import Loop
from api.metrics import Metrics
from api.settings import Settings
from api.signers import Signers
from api.transactions.healing import Healer
from api.transactions.sender import Sender
from api.transactions.service import Transactions
from api.transactions.settling import Settling

# Without a wake-up the sender looks for what another process stored, or left behind.
_SENDER_INTERVAL_SECONDS = 0.25


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
    follower: Follower
    loops: tuple[Loop, ...]
    metrics: Metrics

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

    def start(self) -> None:
        self.database.run(forget_old)
        for loop in self.loops:
            loop.start()

    def stop(self) -> None:
        for loop in self.loops:
            loop.stop()
        self.database.close()


def gateway_of(request: Request) -> Gateway:
    """The gateway that serves the request."""
    return cast(Gateway, request.app.state.gateway)


def build_gateway(settings: Settings) -> Gateway:
    """Puts the parts together. Makes the keys of the first start; connects to nothing yet."""
    settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    metrics, database, link = Metrics(), Database(settings.database_url), ChainLink(settings)
    signers = Signers(settings.keys_dir, settings.keystores_dir)
    settling = Settling(database)
    sender = Sender(database, link, signers, settings, metrics)
    healer = Healer(database, link, sender, settings, metrics)
    follower = Follower(database, link, settling, settings, metrics)

    def send_and_heal() -> bool:
        more = sender.step()
        healer.step()
        return more

    sending = Loop("sender", send_and_heal, _SENDER_INTERVAL_SECONDS, metrics.loop_failures)
    following = Loop("indexer", follower.step, settings.poll_interval_seconds, metrics.loop_failures)
    tokens = Tokens(
        load_or_make_key(settings.token_key_file),
        issuer=settings.issuer,
        audience=settings.audience,
        lifetime_seconds=settings.token_lifetime_seconds,
    )
    return Gateway(
        settings=settings,
        database=database,
        link=link,
        signers=signers,
        tokens=tokens,
        answers=Answers(settings.data_dir / "answers.key"),
        settling=settling,
        transactions=Transactions(
            database, link, signers, settling, gas_limit=settings.transaction_gas_limit, wake=sending.wake
        ),
        follower=follower,
        loops=(sending, following),
        metrics=metrics,
    )
