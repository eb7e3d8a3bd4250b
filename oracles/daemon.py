"""The cycle: intake, then whatever the network allows, each task small and each step on disk before the next."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from chain_node.references import NetworkKey
from oracles.capture.capturing import Capturing
from oracles.capture.store import CaptureStore
from oracles.cargo import Manifest
from oracles.cargo.bundles import BundleCargo
from oracles.cargo.reports import ReportCargo
from oracles.cargo.retractions import RetractionCargo
from oracles.cargo.votes import VoteCargo
from oracles.chain import Head, NodeChain
from oracles.checkpoints import Checkpoint, go_on
from oracles.confirming import Confirming
from oracles.deciding import Deciding, status_counts
from oracles.errors import DatabaseOfOtherNetwork
from oracles.exchange import Exchange
from oracles.heartbeats import Heartbeats
from oracles.intake import Intake
from oracles.judging import Judge
from oracles.keys.errors import SignerAway
from oracles.keys.pausing import SignerPause
from oracles.link import Link
from oracles.measuring import Measuring
from oracles.metrics import Metrics
from oracles.operating.guarding import PAUSE_SECONDS, Guard
from oracles.operating.health import Health, Trouble
from oracles.operating.replaying import take_up_archived
from oracles.operating.standing import Standing
from oracles.outbox import Outbox
from oracles.protection.guard import open_protection
from oracles.protection.store import ProtectionStore
from oracles.reading import reader
from oracles.relay.ends import RelayEnds
from oracles.relay.gathering import Gathering
from oracles.relay.voting import ListVoting
from oracles.relaying import Relaying
from oracles.reorganising import Reorganising
from oracles.retracting import Retracting
from oracles.settings import NodeSettings
from oracles.signing import Signer
from oracles.sources.directory import Directory
from oracles.store.database import Database
from oracles.store.models import EventStatus, NetworkRow
from oracles.storing import Storing
from oracles.voting import Voting

log = structlog.get_logger("oracles")


@dataclass
class Work:
    """The tasks that need a network, bound to one connection. Without a key (dry run) those that send are missing."""

    chain: NodeChain
    judge: Judge
    deciding: Deciding
    measuring: Measuring
    heartbeats: Heartbeats
    relaying: Relaying | None
    retracting: Retracting | None
    voting: Voting | None
    outbox: Outbox | None
    confirming: Confirming | None
    lists: ListVoting | None
    gathering: Gathering | None
    standing: Standing
    reorganising: Reorganising
    scanned: int
    confirmed: int = -1


class Node:
    """One oracle node. Not safe to share between threads: one thread does everything, in order."""

    def __init__(
        self,
        settings: NodeSettings,
        database: Database,
        key: NetworkKey,
        signer: Signer | None,
        connect: Callable[[], NodeChain],
        *,
        dry: bool = False,
        checkpoint: Checkpoint = go_on,
        metrics: Metrics | None = None,
        clock: Callable[[], float] = time.monotonic,
        capture: CaptureStore | None = None,
        relays: RelayEnds | None = None,
        health: Health | None = None,
    ) -> None:
        """With `capture` it also takes what comes in over HTTP; with `relays` it uses relays, or is one. Raises
        RulesInvalid."""
        self._settings, self._database, self._key, self._signer = settings, database, key, signer
        self._dry, self._checkpoint, self._clock = dry, checkpoint, clock
        self._rules = settings.rulebook()
        self.metrics = metrics or Metrics()
        self.health = health or Health(clock)
        room = (settings.inbox.parent,) if dry else (settings.inbox.parent, settings.database.parent)
        self._guard = Guard(self.health, database, room, settings.disk_reserve_bytes, clock, dry)
        self._link = Link(connect, self.metrics, clock)
        directory = Directory(
            settings.inbox,
            settings.archive,
            settings.quarantine,
            settings.settle_seconds,
            clock,
            dry=dry,
            tables=bool(settings.csv),
        )
        self._directory = directory
        self._exchange = None if settings.exchange is None else Exchange(settings.exchange)
        storing = Storing(database, key, self._rules, checkpoint, self.metrics, settings.retracts)
        self._storing = storing
        limit_bytes = settings.file_limit_bytes
        self._intake = Intake(database, directory, storing, limit_bytes, checkpoint, reader(settings), clock)
        self._capturing = None if capture is None else Capturing(capture, storing, directory)
        self._mail, self._desk = (relays.mail, relays.desk) if relays else (None, None)
        # What relays and nodes know of each other outlives a network that is away for a while.
        self._lists: ListVoting | None = None
        self._gathering: Gathering | None = None
        self._protection: ProtectionStore | None = None
        self._signer_pause = SignerPause(clock)
        self._work: Work | None = None
        self._next_look = self._next_retry = 0.0

    def prepare(self) -> None:
        self._database.prepare()
        if self._signer is not None and not self._dry:
            self._protection = open_protection(self._settings.protection_file, self._database)
        self._directory.prepare()
        if self._exchange is not None:
            self._exchange.prepare()
        self._intake.settle_moved()
        if not self._dry:
            take_up_archived(self._settings, self._database, self._storing)

    def run(self, stopping: Callable[[], bool], sleep: Callable[[float], object] = time.sleep) -> None:
        """Until `stopping`. Raises OperatorActionRequired or OracleError where going on would make no sense."""
        while not (prepared := self._guard.attempt(self.prepare)) and not stopping():
            sleep(PAUSE_SECONDS)
        while not stopping():
            if self._guard.turn(self.cycle):
                sleep(self._settings.poll_interval_seconds)
            else:
                # As after a start: what is on disk counts, not what this process remembers.
                self._work = self._lists = self._gathering = None
                sleep(PAUSE_SECONDS)
        if prepared:
            self._guard.stopped()

    def cycle(self) -> None:
        """One turn. A network that is away keeps nothing from being taken in; a disk without room does."""
        taken = self._take() if self._guard.has_room() else 0
        if self._link.may_try and (taken or self._rings or self._clock() >= self._next_look):
            self._talk_safely()
        self._intake.file_away()
        if self._capturing is not None:
            self._capturing.file_away()

    @property
    def _rings(self) -> bool:
        """Whether a relay has something for this node, or somebody something for its relay."""
        return (self._mail is not None and self._mail.rings) or (self._desk is not None and self._desk.rang.is_set())

    def _take(self) -> int:
        return self._intake.run() + (self._capturing.run() if self._capturing is not None else 0)

    def _talk_safely(self) -> None:
        if not self._link.talk(self._talk, self.health):
            self._work = None

    def _talk(self) -> None:
        work = self._work or self._connected()
        head = work.chain.head()
        if work.reorganising.run(head):
            # Whatever was read of the blocks that are gone is read anew.
            self._work = None
            work = self._connected()
        work.standing.watch(head)
        # First what the blocks linked: a paper that waited for it may speak of the same fact as one that is new.
        self._notice(work, head)
        busy = work.deciding.run(head) + self._sign_and_send(work, head)
        work.heartbeats.run(head)
        self._confirm(work, head)
        tasks = (work.deciding, work.outbox, work.lists, work.gathering)
        waits = any(task is not None and task.waits for task in tasks)
        # While something is under way each turn looks again; else now and then.
        self._next_look = self._clock() + (0 if busy or waits else self._settings.head_interval_seconds)
        self.metrics.head.set(head.number)

    def _sign_and_send(self, work: Work, head: Head) -> int:
        """What needs the key, while it answers. Number of things done or under way."""
        if not self._signer_pause.may_try:
            return 0
        busy = 0
        try:
            busy += work.measuring.run(head)
            if work.relaying is not None:
                busy += work.relaying.run(head)
            if work.retracting is not None:
                busy += work.retracting.run(head)
            if work.gathering is not None:
                busy += work.gathering.run(head)
            if work.lists is not None:
                busy += work.lists.run(head)
            if work.voting is not None and work.outbox is not None:
                work.voting.run()
                busy += work.outbox.run()
        except SignerAway as error:
            self._signer_pause.failed(error)
            self.health.say(Trouble.KEY_UNUSABLE, str(error))
        else:
            self._signer_pause.worked()
            self.health.clear(Trouble.KEY_UNUSABLE)
        return busy

    def _connected(self) -> Work:
        """Opens the network and builds the tasks on it; what waits is asked about again."""
        chain = self._link.open()
        self._check_network(chain)
        account = self._signer.address if self._signer else None
        judge = Judge(chain, self._key, account, self._settings.organisation, self._rules)
        deciding = Deciding(
            self._database, judge, self._checkpoint, self.metrics, self._dry, self._settings.consider_seconds
        )
        deciding.begin()
        head = chain.head()
        kind = self._signer.kind if self._signer else None
        place = {"network": chain.name, "chain_id": chain.chain_id, "block": head.number}
        log.info("network", **place, account=account, key=kind)
        measuring = Measuring(
            self._database,
            chain,
            judge,
            self._signer,
            self._protection,
            self._exchange,
            self._checkpoint,
            self.metrics,
        )
        heartbeats = Heartbeats(self._database, judge, self.metrics)
        relaying, retracting = self._relaying(chain, judge), self._retracting(chain)
        lists, gathering = self._list_voting(chain, judge), self._gathering_on(chain)
        sending = self._sending(chain, lists)
        work = (judge, deciding, measuring, heartbeats, relaying, retracting, *sending, lists, gathering)
        confirming = sending[-1]
        manifest = None if confirming is None else confirming.manifest
        reorganising = Reorganising(self._database, chain, manifest, self._checkpoint)
        self._work = Work(chain, *work, self._standing(chain, account, head), reorganising, head.number)
        # Before anything is sent again: it may have got into a block while this process was away.
        self._confirm(self._work, head)
        return self._work

    def _standing(self, chain: NodeChain, account: str | None, head: Head) -> Standing:
        settings = self._settings
        standing = Standing(chain, self.health, account, settings.organisation, settings.clock_tolerance_seconds)
        standing.look(head)
        return standing

    def _relaying(self, chain: NodeChain, judge: Judge) -> Relaying | None:
        if self._exchange is None or self._signer is None or self._dry or not self._settings.relays:
            return None
        wait, account = self._settings.gather_seconds, self._signer.address
        return Relaying(self._database, chain, judge, self._exchange, account, wait, self._checkpoint, self._clock)

    def _list_voting(self, chain: NodeChain, judge: Judge) -> ListVoting | None:
        settings = self._settings
        if self._mail is None or self._signer is None or settings.bundling is None or self._protection is None:
            return None
        if self._lists is None:
            self._lists = ListVoting(
                self._database,
                chain,
                judge,
                self._signer,
                self._protection,
                self._mail,
                settings.bundling,
                settings.confirmations,
                self._checkpoint,
                self.metrics,
                self._clock,
            )
        self._lists.chain, self._lists.judge = chain, judge
        return self._lists

    def _gathering_on(self, chain: NodeChain) -> Gathering | None:
        if self._desk is None or self._signer is None or self._settings.relay is None or self._dry:
            return None
        if self._gathering is None:
            self._gathering = Gathering(
                self._desk,
                self._database,
                chain,
                self._signer.address,
                self._settings.relay,
                self._checkpoint,
                self.metrics,
                self._clock,
            )
        self._gathering.chain = chain
        return self._gathering

    def _retracting(self, chain: NodeChain) -> Retracting | None:
        if self._signer is None or self._dry:
            return None
        return Retracting(self._database, chain, self._signer.address, self._checkpoint, self.metrics)

    def _sending(
        self, chain: NodeChain, lists: ListVoting | None
    ) -> tuple[Voting | None, Outbox | None, Confirming | None]:
        if self._dry or self._signer is None or self._protection is None:
            return None, None, None
        settings = self._settings
        kinds = (ReportCargo, RetractionCargo, BundleCargo, VoteCargo)
        manifest = Manifest([kind(chain, self.metrics) for kind in kinds])
        voting = Voting(self._database, chain, self._signer, self._protection, settings.batch_limit, self._checkpoint)
        if lists is not None:
            voting.spared, voting.adopts = lists.spared, lists.adopts
        return (
            voting,
            Outbox(
                self._database,
                chain,
                self._signer,
                manifest,
                settings.gas_margin_bps,
                settings.gas_reserve,
                settings.resend_seconds,
                self._checkpoint,
                self._clock,
            ),
            Confirming(self._database, chain, manifest, settings.confirmations, self._checkpoint),
        )

    def _check_network(self, chain: NodeChain) -> None:
        """A database remembers its network for good. Raises DatabaseOfOtherNetwork."""
        found = NetworkRow(chain_id=chain.chain_id, oracle_address=chain.oracle_address)
        with self._database.session() as session:
            known = session.get(NetworkRow, 1)
            if known is None:
                session.add(found)
            elif (known.chain_id, known.oracle_address) != (found.chain_id, found.oracle_address):
                raise DatabaseOfOtherNetwork(self._database.path, _place(known), _place(found))

    def _confirm(self, work: Work, head: Head) -> None:
        """Once a block: what is in none of the blocks up to this head will be in a later one."""
        if work.confirming is not None and head.number != work.confirmed:
            work.confirming.run(head)
            if work.lists is not None:
                work.lists.settle(head)
            work.confirmed = head.number

    def _notice(self, work: Work, head: Head) -> None:
        """Wakes waiting events that the new blocks may concern; all of them now and then, in case one slipped by."""
        references: list[str] = []
        if head.number > work.scanned:
            changes = work.chain.changes(work.scanned + 1, head.number)
            work.scanned = head.number
            references = [reference.hex() for reference in changes.references]
            if changes.rules:
                work.judge.forget()
                work.deciding.wake_all()
                work.standing.look(head)
        elif head.number < work.scanned:
            work.scanned = head.number
        work.deciding.wake(references, head)
        if self._clock() >= self._next_retry:
            self._next_retry = self._clock() + self._settings.retry_seconds
            work.judge.forget()
            work.deciding.wake_all()
            work.standing.look(head)
            self._gauge()

    def _gauge(self) -> None:
        counts = status_counts(self._database)
        self.metrics.waiting.set(counts.get(EventStatus.WAITING, 0))
        self.metrics.held.set(counts.get(EventStatus.HELD, 0))


def _place(row: NetworkRow) -> str:
    return f"chain {row.chain_id}, oracle {row.oracle_address}"
