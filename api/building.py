"""Puts one gateway process together, room by room."""

from collections.abc import Callable
from dataclasses import dataclass

from api.auth.issuers import LOOK_SECONDS, Issuers
from api.auth.keys import REFRESH_SECONDS, KeyRing
from api.auth.tokens import Tokens
from api.chain_link import ChainLink
from api.checkpoints import Checkpoint, go_on
from api.committing import Committer
from api.compliance.audit.trail import Linker
from api.compliance.watching import compliance_loops
from api.db import Database
from api.documents.watching import document_loops
from api.endpoints import EndpointFigures, recorded_blocks
from api.events.feed import Feed
from api.events.notes import Notary
from api.gateway import Gateway
from api.idempotency import FORGET_EVERY_SECONDS, Answers, forget_old
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
class _Ground:
    """What every room stands on."""

    settings: Settings
    at: Checkpoint
    metrics: Metrics
    database: Database
    link: ChainLink
    signers: Signers
    settling: Settling
    turns: Turns
    notices: Notices
    vault: Vault
    outgoing: Outgoing

    def loop(self, name: str, step: Callable[[], bool], seconds: float, gather_seconds: float = 0.0) -> Loop:
        return Loop(name, step, seconds, self.metrics.loop_failures, gather_seconds)


def build_gateway(settings: Settings, at: Checkpoint = go_on) -> Gateway:
    """Puts the parts together. Makes the keys of the first start; connects to nothing yet. SettingsInvalid where it is
    to simulate on a network that is no sandbox, or a remote signer's files cannot be used.

    `at` is called at each checkpoint of the transaction manager and the indexer.
    """
    settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    its = _ground(settings, at)
    sender, healer, senders = _sending(its)
    transactions = _transactions(its, senders)
    follower = Follower(its.database, its.link, its.settling, settings, its.metrics, its.turns, its.notices, at)
    following = its.loop("indexer", follower.step, settings.poll_interval_seconds)
    keys, tokens, guarding = _guarding(its)
    feed, deliverer, telling = _telling(its)
    usage = UsageCounter(its.database)
    storing = its.loop("usage", usage.store, STORED_EVERY_SECONDS)
    forgetting = its.loop("answers", lambda: bool(its.database.run(forget_old)), FORGET_EVERY_SECONDS)
    acting = _acting(its, transactions)
    return Gateway(
        settings=settings,
        database=its.database,
        link=its.link,
        signers=its.signers,
        tokens=tokens,
        keys=keys,
        vault=its.vault,
        outgoing=its.outgoing,
        answers=Answers(its.vault.kept_key(settings.data_dir / "answers.key", "stored answers")),
        settling=its.settling,
        transactions=transactions,
        committer=Committer(its.database, transactions.store),
        sender=sender,
        healer=healer,
        follower=follower,
        feed=feed,
        webhooks=Webhooks(its.vault, its.outgoing, settings.webhooks),
        deliverer=deliverer,
        loops=(senders[0], following, *telling, *guarding, storing, forgetting, *senders[1:], *_looking(its), *acting),
        metrics=its.metrics,
        limit=OrganisationLimit(settings.limits),
        failed_proofs=Buckets(FAILED_PROOFS_PER_SECOND, FAILED_PROOFS_BURST),
        usage=usage,
        turns=its.turns,
        notices=its.notices,
    )


def _ground(settings: Settings, at: Checkpoint) -> _Ground:
    metrics, database = Metrics(), Database(settings.database_url)
    depth = settings.endpoints.final_depth_blocks
    link = ChainLink(settings, lambda: recorded_blocks(database.engine, depth))
    require_sandbox(settings, link.addresses)
    assert settings.passphrase_file is not None  # filled in when the settings are read
    its = _Ground(
        settings=settings,
        at=at,
        metrics=metrics,
        database=database,
        link=link,
        signers=Signers(settings.keys_dir, settings.keystores_dir, _remote_accounts(settings)),
        settling=Settling(database),
        turns=Turns(database),
        notices=Notices(database, metrics),
        vault=Vault(settings.passphrase_file),
        outgoing=Outgoing(settings.outgoing),
    )
    its.notices.on(BLOCK, its.settling.check)
    return its


def _remote_accounts(settings: Settings) -> RemoteAccounts:
    try:
        return RemoteAccounts(settings.remote_signers)
    except SecretFileUnusable as error:
        raise SettingsInvalid("remote_signers", [str(error)]) from error


# Transactions


def _sending(its: _Ground) -> tuple[Sender, Healer, list[Loop]]:
    """What sends for all accounts but those of remote signers, its loop, and one for each of these."""
    sender, healer, loop = _sending_by(its, "")
    return sender, healer, [loop, *(_sending_by(its, place)[2] for place in its.signers.remote.places)]


def _sending_by(its: _Ground, place: str) -> tuple[Sender, Healer, Loop]:
    """What sends for the accounts of one remote signer; for all others where `place` is empty."""
    shared = its.settings, its.metrics, its.turns
    sender = Sender(its.database, its.link, its.signers, *shared, its.notices, its.at, place)
    healer = Healer(its.database, its.link, sender, *shared, its.at)

    def send_and_heal() -> bool:
        more = sender.step()
        healer.step()
        return more

    loop = its.loop(f"sender {place}".strip(), send_and_heal, _SENDER_INTERVAL_SECONDS, _GATHER_SECONDS)
    return sender, healer, loop


def _transactions(its: _Ground, senders: list[Loop]) -> Transactions:
    def wake_senders() -> None:
        for loop in senders:
            loop.wake()

    its.notices.on(LANE, wake_senders)
    return Transactions(
        its.database,
        its.link,
        its.signers,
        its.settling,
        gas_limit=its.settings.transaction_gas_limit,
        wake=wake_senders,
        at=its.at,
        fee_per_gas=its.settings.max_fee_per_gas,
    )


# Who may ask, who is told, what is looked at, what is done without being asked


def _guarding(its: _Ground) -> tuple[KeyRing, Tokens, list[Loop]]:
    asked = its.settings
    lifetime = asked.token_lifetime_seconds
    keys = KeyRing(its.database, its.vault, token_lifetime_seconds=lifetime, old_key_file=asked.token_key_file)
    issuers = Issuers(asked.issuers, its.outgoing)
    tokens = Tokens(keys, issuer=asked.issuer, audience=asked.audience, lifetime_seconds=lifetime, others=issuers)
    loops = [its.loop("keys", keys.refresh, REFRESH_SECONDS)]
    if issuers:
        loops.append(its.loop("issuers", issuers.step, LOOK_SECONDS))
    return keys, tokens, loops


def _telling(its: _Ground) -> tuple[Feed, Deliverer, list[Loop]]:
    events, webhooks = its.settings.events, its.settings.webhooks
    feed = Feed(its.database, events)
    feeding = its.loop("events", feed.step, events.poll_interval_seconds)
    deliverer = Deliverer(its.database, its.vault, its.outgoing, webhooks, its.metrics)
    delivering = its.loop("webhooks", deliverer.step, webhooks.poll_interval_seconds)
    deliverer.wake = delivering.wake
    noting = its.loop("notes", Notary(its.database).step, events.poll_interval_seconds)
    listening = its.loop("listener", its.notices.step, _LISTENER_INTERVAL_SECONDS)
    its.notices.on(BLOCK, feeding.wake)
    its.notices.on(BLOCK, delivering.wake)
    return feed, deliverer, [feeding, delivering, listening, noting]


def _looking(its: _Ground) -> list[Loop]:
    loops = [its.loop("auditor", Linker(its.database).step, _LINKER_INTERVAL_SECONDS)]
    loops += compliance_loops(its.database, its.settings, pool_ids(its.link.addresses), its.metrics)
    if its.link.watch is not None:
        its.metrics.registry.register(EndpointFigures(its.link.watch))
        loops.append(its.loop("endpoints", its.link.watch.look, its.settings.endpoints.look_seconds))
    return loops


def _acting(its: _Ground, transactions: Transactions) -> list[Loop]:
    # Here, since it acts as requests do, whose modules ask for the gateway.
    from api.banking.issuing import Issuing

    granting, sweeping = document_loops(its.database, its.settings, its.link, its.metrics)
    issuing = Issuing(its.database, its.link, transactions, its.turns, its.settings.network_key_file)
    banking = its.loop("banking", issuing.step, its.settings.banking.poll_interval_seconds)
    its.notices.on(BLOCK, granting.wake)
    its.notices.on(BLOCK, banking.wake)
    loops = [granting, sweeping, banking]
    if its.settings.sandbox.enabled:
        admitting = Admission(its.database, its.link, transactions, its.signers)
        loops.append(its.loop("sandbox", admitting.step, _SANDBOX_INTERVAL_SECONDS))
    return loops
