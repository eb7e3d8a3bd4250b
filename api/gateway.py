"""Everything one gateway process holds, put together once."""

from dataclasses import dataclass
from typing import cast

from fastapi import Request

from api.auth.issuers import LOOK_SECONDS, Issuers
from api.auth.keys import REFRESH_SECONDS, KeyRing
from api.auth.principal import Principal
from api.auth.tokens import Tokens
from api.chain_link import ChainLink
from api.checkpoints import Checkpoint, go_on
from api.committing import Committer
from api.compliance.audit.trail import Linker
from api.compliance.watching import compliance_loops
from api.db import Database
from api.documents.watching import document_loops
from api.endpoints import EndpointFigures, recorded_blocks
from api.errors import Unauthenticated
from api.events.feed import Feed
from api.events.notes import Notary
from api.idempotency import Answers, forget_old
from api.indexer.follower import Follower
from api.limits import FAILED_PROOFS_BURST, FAILED_PROOFS_PER_SECOND, Buckets, OrganisationLimit
from api.loops import Loop
from api.metrics import Metrics
from api.notices import BLOCK, LANE, Notices
from api.outgoing import Outgoing
from api.pools.syndicates import pool_ids
from api.remote_signing import RemoteAccounts
from api.sandbox.witnesses import Admission, require_sandbox
from api.settings import Settings, SettingsInvalid
from api.signers import Signers
from api.transactions.healing import Healer
from api.transactions.sender import Sender
from api.transactions.service import Transactions
from api.transactions.settling import Settling
from api.turns import Turns
from api.usage.counting import STORED_EVERY_SECONDS, UsageCounter
from api.vault import Vault
from api.webhooks.deliverer import Deliverer
from api.webhooks.service import Webhooks
from chain_node.remote_signer.errors import SecretFileUnusable

# Without a wake-up the sender looks for what another process stored, or left behind.
_SENDER_INTERVAL_SECONDS = 0.25
# How long an entry of the audit trail waits for its place in the chain.
_LINKER_INTERVAL_SECONDS = 0.25
_SANDBOX_INTERVAL_SECONDS = 0.5
# How long an intent waits for others, so that one request brings them all to the node.
_GATHER_SECONDS = 0.02
# Between two attempts on a database that has no notices.
_LISTENER_INTERVAL_SECONDS = 30.0


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
            request.state.principal = known
            left, request.state.limit_headers = self.limit.take(known.lei or known.client_id)
            if left is not None and not left.taken:
                raise self.limit.refusal(left)
        return cast(Principal, known)

    def start(self) -> None:
        self.database.run(forget_old)
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


def _remote_accounts(settings: Settings) -> RemoteAccounts:
    try:
        return RemoteAccounts(settings.remote_signers)
    except SecretFileUnusable as error:
        raise SettingsInvalid("remote_signers", [str(error)]) from error


def build_gateway(settings: Settings, at: Checkpoint = go_on) -> Gateway:
    """Puts the parts together. Makes the keys of the first start; connects to nothing yet. SettingsInvalid where it is
    to simulate on a network that is no sandbox, or a remote signer's files cannot be used.

    `at` is called at each checkpoint of the transaction manager and the indexer.
    """
    settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    metrics, database = Metrics(), Database(settings.database_url)
    depth = settings.endpoints.final_depth_blocks
    link = ChainLink(settings, lambda: recorded_blocks(database.engine, depth))
    require_sandbox(settings, link.addresses)
    signers = Signers(settings.keys_dir, settings.keystores_dir, _remote_accounts(settings))
    settling, turns, notices = Settling(database), Turns(database), Notices(database, metrics)
    follower = Follower(database, link, settling, settings, metrics, turns, notices, at)

    def sending_by(place: str) -> tuple[Sender, Healer, Loop]:
        """What sends for the accounts of one remote signer; for all others where `place` is empty."""
        sender = Sender(database, link, signers, settings, metrics, turns, notices, at, place)
        healer = Healer(database, link, sender, settings, metrics, turns, at)

        def send_and_heal() -> bool:
            more = sender.step()
            healer.step()
            return more

        loop = Loop(
            f"sender {place}".strip(),
            send_and_heal,
            _SENDER_INTERVAL_SECONDS,
            metrics.loop_failures,
            gather_seconds=_GATHER_SECONDS,
        )
        return sender, healer, loop

    sender, healer, sending = sending_by("")
    senders = [sending, *(sending_by(place)[2] for place in signers.remote.places)]

    def wake_senders() -> None:
        for loop in senders:
            loop.wake()

    following = Loop("indexer", follower.step, settings.poll_interval_seconds, metrics.loop_failures)
    linking = Loop("auditor", Linker(database).step, _LINKER_INTERVAL_SECONDS, metrics.loop_failures)
    transactions = Transactions(
        database,
        link,
        signers,
        settling,
        gas_limit=settings.transaction_gas_limit,
        wake=wake_senders,
        at=at,
        fee_per_gas=settings.max_fee_per_gas,
    )
    assert settings.passphrase_file is not None  # filled in when the settings are read
    vault = Vault(settings.passphrase_file)
    keys = KeyRing(
        database,
        vault,
        token_lifetime_seconds=settings.token_lifetime_seconds,
        old_key_file=settings.token_key_file,
    )
    usage = UsageCounter(database)
    storing = Loop("usage", usage.store, STORED_EVERY_SECONDS, metrics.loop_failures)
    watching = Loop("keys", keys.refresh, REFRESH_SECONDS, metrics.loop_failures)
    outgoing = Outgoing(settings.outgoing)
    feed = Feed(database, settings.events)
    feeding = Loop("events", feed.step, settings.events.poll_interval_seconds, metrics.loop_failures)
    notices.on(BLOCK, feeding.wake)
    noting = Loop("notes", Notary(database).step, settings.events.poll_interval_seconds, metrics.loop_failures)
    deliverer = Deliverer(database, vault, outgoing, settings.webhooks, metrics)
    delivering = Loop("webhooks", deliverer.step, settings.webhooks.poll_interval_seconds, metrics.loop_failures)
    deliverer.wake = delivering.wake
    issuers = Issuers(settings.issuers, outgoing)
    asking = Loop("issuers", issuers.step, LOOK_SECONDS, metrics.loop_failures)
    listening = Loop("listener", notices.step, _LISTENER_INTERVAL_SECONDS, metrics.loop_failures)
    notices.on(BLOCK, settling.check)
    notices.on(BLOCK, delivering.wake)
    notices.on(LANE, wake_senders)
    loops = [sending, following, feeding, delivering, listening, watching, storing, *((asking,) if issuers else ())]
    loops += [*senders[1:], noting, linking, *compliance_loops(database, settings, pool_ids(link.addresses), metrics)]
    granting, sweeping = document_loops(database, settings, link, metrics)
    notices.on(BLOCK, granting.wake)
    loops += [granting, sweeping]
    # Here, since it acts as requests do, whose modules ask for the gateway.
    from api.banking.issuing import Issuing

    issuing = Issuing(database, link, transactions, turns, settings.network_key_file)
    banking = Loop("banking", issuing.step, settings.banking.poll_interval_seconds, metrics.loop_failures)
    notices.on(BLOCK, banking.wake)
    loops.append(banking)
    if link.watch is not None:
        metrics.registry.register(EndpointFigures(link.watch))
        looking = Loop("endpoints", link.watch.look, settings.endpoints.look_seconds, metrics.loop_failures)
        loops.append(looking)
    if settings.sandbox.enabled:
        admitting = Admission(database, link, transactions, signers)
        loops.append(Loop("sandbox", admitting.step, _SANDBOX_INTERVAL_SECONDS, metrics.loop_failures))
    tokens = Tokens(
        keys,
        issuer=settings.issuer,
        audience=settings.audience,
        lifetime_seconds=settings.token_lifetime_seconds,
        others=issuers,
    )
    return Gateway(
        settings=settings,
        database=database,
        link=link,
        signers=signers,
        tokens=tokens,
        keys=keys,
        vault=vault,
        outgoing=outgoing,
        answers=Answers(vault.kept_key(settings.data_dir / "answers.key", "stored answers")),
        settling=settling,
        transactions=transactions,
        committer=Committer(database, transactions.store),
        sender=sender,
        healer=healer,
        follower=follower,
        feed=feed,
        webhooks=Webhooks(vault, outgoing, settings.webhooks),
        deliverer=deliverer,
        loops=tuple(loops),
        metrics=metrics,
        limit=OrganisationLimit(settings.limits),
        failed_proofs=Buckets(FAILED_PROOFS_PER_SECOND, FAILED_PROOFS_BURST),
        usage=usage,
        turns=turns,
        notices=notices,
    )
