"""A relay without a node: its settings, and its turn. It needs an account for transactions and no papers."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import ClassVar

import structlog

from chain_node.client import AddressBook
from oracles.cargo import Manifest
from oracles.cargo.bundles import BundleCargo
from oracles.chain import Head, NodeChain
from oracles.checkpoints import Checkpoint
from oracles.confirming import Confirming
from oracles.endpoints import EndpointFigures, watched
from oracles.errors import DatabaseOfOtherNetwork
from oracles.http.server import serving
from oracles.http.settings import HttpSettings
from oracles.link import Link
from oracles.metrics import Metrics
from oracles.network import connector
from oracles.operating.collecting import HealthCollected
from oracles.operating.health import Health
from oracles.operating.monitor import monitored
from oracles.outbox import Outbox
from oracles.relay.app import relay_interface
from oracles.relay.desk import Desk
from oracles.relay.ends import new_desk
from oracles.relay.gathering import Gathering
from oracles.relay.settings import RelaySettings
from oracles.sending_settings import SendingSettings
from oracles.setting_tables import Table, missing_files
from oracles.settings import load_table
from oracles.signing import Signer
from oracles.store.database import Database
from oracles.store.models import NetworkRow

log = structlog.get_logger("oracles")


class LoneRelaySettings(SendingSettings):
    """Every setting of a relay that runs alone."""

    paths: ClassVar = frozenset({"deployments", "keystore", "passphrase_file", "database"})
    needed: ClassVar = paths - {"database"}

    keystore: Path
    """Of the account that sends the bundles; it need not be admitted to anything."""
    passphrase_file: Path
    http: HttpSettings
    relay: RelaySettings = RelaySettings()


def load_relay(path: Path) -> LoneRelaySettings:
    """Raises SettingsInvalid with all problems at once."""

    def problems(table: Table) -> Sequence[str]:
        return list(missing_files(LoneRelaySettings, table))

    return load_table(LoneRelaySettings, path, problems)


class LoneRelay:
    """One relay. Not safe to share between threads, but for its desk."""

    def __init__(
        self,
        settings: LoneRelaySettings,
        database: Database,
        signer: Signer,
        desk: Desk,
        connect: Callable[[], NodeChain],
        checkpoint: Checkpoint,
        metrics: Metrics,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings, self._database, self._signer, self._desk = settings, database, signer, desk
        self._checkpoint, self._metrics, self._clock = checkpoint, metrics, clock
        self.health = Health(clock)
        self._link = Link(connect, metrics, clock)
        self._gathering: Gathering | None = None
        self._outbox: Outbox | None = None
        self._confirming: Confirming | None = None
        self._next_look = 0.0
        self._confirmed: Head | None = None

    def run(self, stopping: Callable[[], bool], sleep: Callable[[float], object]) -> None:
        """Until `stopping`. Raises what an operator must mend."""
        while not stopping():
            self.cycle()
            sleep(self._settings.poll_interval_seconds)

    def cycle(self) -> None:
        """One turn, where there is anything to do."""
        self.health.turned()
        if not self._link.may_try or not (self._desk.rang.is_set() or self._clock() >= self._next_look):
            return
        if not self._link.talk(self._turn, self.health):
            self._outbox = None

    def _turn(self) -> None:
        chain = self._link.open()
        if self._outbox is None:
            self._connect(chain)
        assert self._gathering is not None
        assert self._outbox is not None
        head = chain.head()
        busy = self._gathering.run(head) + self._outbox.run() + self._confirm(head)
        waits = busy or self._gathering.waits or self._outbox.waits
        self._next_look = self._clock() + (0 if waits else self._settings.head_interval_seconds)
        self._metrics.head.set(head.number)

    def _confirm(self, head: Head) -> int:
        """A block tells once what became of what was sent before it."""
        if self._confirming is None or head == self._confirmed:
            return 0
        self._confirmed = head
        return self._confirming.run(head)

    def _connect(self, chain: NodeChain) -> None:
        """Binds the tasks to a new connection; what the relay was told outlives it."""
        settings = self._settings
        self._check_network(chain)
        if self._gathering is None:
            self._gathering = Gathering(
                self._desk,
                self._database,
                chain,
                self._signer.address,
                settings.relay,
                self._checkpoint,
                self._metrics,
                self._clock,
            )
        self._gathering.chain = chain
        manifest = Manifest((BundleCargo(chain, self._metrics),))
        self._outbox = Outbox(
            self._database,
            chain,
            self._signer,
            manifest,
            settings.gas_margin_bps,
            settings.gas_reserve,
            settings.resend_seconds,
            self._checkpoint,
            self._clock,
        )
        self._confirming = Confirming(self._database, chain, manifest, settings.confirmations, self._checkpoint)
        self._confirmed = None
        head: Head = chain.head()
        account = self._signer.address
        log.info("network", network=chain.name, chain_id=chain.chain_id, block=head.number, account=account)

    def _check_network(self, chain: NodeChain) -> None:
        found = NetworkRow(chain_id=chain.chain_id, oracle_address=chain.oracle_address)
        with self._database.session() as session:
            known = session.get(NetworkRow, 1)
            if known is None:
                session.add(found)
            elif (known.chain_id, known.oracle_address) != (found.chain_id, found.oracle_address):
                places = (f"chain {its.chain_id}, oracle {its.oracle_address}" for its in (known, found))
                raise DatabaseOfOtherNetwork(self._database.path, *places)


def serve_relay(
    settings: LoneRelaySettings,
    checkpoint: Checkpoint,
    stopping: Callable[[], bool],
    sleep: Callable[[float], object],
) -> None:
    """Listens and works until `stopping`. Raises what an operator must mend."""
    database, metrics = Database(settings.database), Metrics()
    database.prepare()
    signer = Signer.open(settings.keystore, settings.passphrase_file)
    desk = new_desk(AddressBook.load(settings.deployments))
    port = settings.metrics_port
    try:
        with ExitStack() as stack:
            watch = stack.enter_context(watched(settings, database))
            connect = connector(settings.rpc_url, settings.deployments, settings.rpc_timeout_seconds, watch)
            relay = LoneRelay(settings, database, signer, desk, connect, checkpoint, metrics)
            metrics.registry.register(HealthCollected(relay.health))
            if watch is not None:
                metrics.registry.register(EndpointFigures(watch))
            if port is not None:
                stack.enter_context(monitored(port, metrics.registry, relay.health))
            stack.enter_context(serving(settings.http, [relay_interface(desk)], metrics))
            # What is there by now stays. Full collections of garbage hold up every thread, and need not look at it.
            gc.collect()
            gc.freeze()
            try:
                relay.run(stopping, sleep)
            finally:
                desk.close()
    finally:
        database.close()
