"""A node on a fake network, with a clock that stands still until a test moves it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from oracle_fakes import LEI, NETWORK_KEY, NODE_ACCOUNT, FakeChain
from sqlmodel import SQLModel, select

from oracles.capture.store import CaptureStore
from oracles.chain import NodeChain
from oracles.checkpoints import Checkpoint, go_on
from oracles.daemon import Node
from oracles.relay.ends import RelayEnds
from oracles.relay.mail import RelayMail
from oracles.settings import NodeSettings
from oracles.signing import Signer
from oracles.store.database import Database
from oracles.store.models import DocumentRow, EventRow, ObservationRow, SubmissionRow
from oracles.store.retractions import RetractionRow


@dataclass
class Clock:
    now: float = 100.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Bench:
    """One node and everything around it. `restart` is a new process on the same disk and the same network."""

    folder: Path
    chain: FakeChain = field(default_factory=FakeChain)
    clock: Clock = field(default_factory=Clock)
    settings_changes: dict[str, object] = field(default_factory=dict)
    node: Node = field(init=False)
    checkpoint: Checkpoint = field(init=False, default=go_on)
    captures: CaptureStore | None = field(init=False, default=None)
    mail: RelayMail | None = field(init=False, default=None)
    database: Database = field(init=False)
    wrong: bytes = b""
    """A paper that corrects the one that was voted on, where a test has such."""

    def __post_init__(self) -> None:
        self.folder.mkdir(exist_ok=True)
        self.restart()

    @property
    def settings(self) -> NodeSettings:
        values: dict[str, object] = {
            "name": "warehouse",
            "organisation": LEI,
            "rpc_url": "http://127.0.0.1:1",
            "deployments": self.folder / "deployments.json",
            "network_key_file": self.folder / "network.key",
            "inbox": self.folder / "inbox",
            "database": self.folder / "node.db",
            "clock_tolerance_seconds": 0,
        }
        return NodeSettings.model_validate(values | self.settings_changes)

    def restart(self, checkpoint: Checkpoint = go_on, *, dry: bool = False) -> None:
        self.checkpoint = checkpoint
        self.database = Database(None if dry else self.settings.database)
        signer = None if dry else Signer(NODE_ACCOUNT)
        listens = self.settings.capture is not None and not dry
        self.captures = CaptureStore(self.database, checkpoint) if listens else None
        ends = RelayEnds() if signer is None or self.settings.bundling is None else RelayEnds(RelayMail())
        self.mail = ends.mail
        self.node = Node(
            self.settings,
            self.database,
            NETWORK_KEY,
            signer,
            self._connect,
            dry=dry,
            checkpoint=checkpoint,
            clock=self.clock,
            capture=self.captures,
            relays=ends,
        )
        self.node.prepare()

    def _connect(self) -> NodeChain:
        self.chain.head()
        return self.chain

    def drop(self, name: str, data: bytes) -> Path:
        """As the contract asks: written elsewhere, renamed into the inbox."""
        part = self.folder / f"{name}.part"
        part.write_bytes(data)
        return part.replace(self.folder / "inbox" / name)

    def turn(self, seconds: float = 1.0) -> None:
        self.clock.now += seconds
        self.node.cycle()

    def settle(self) -> None:
        """Turns and blocks until everything that can happen has happened."""
        for _ in range(4):
            self.turn(60)
            self.chain.mine()
        self.turn(60)

    def archived(self) -> list[str]:
        return sorted(path.name for path in (self.folder / "archive").iterdir())

    def quarantined(self) -> list[str]:
        return sorted(path.name for path in (self.folder / "quarantine").iterdir())

    def rows(self, table: type[SQLModel]) -> list[SQLModel]:
        with self.database.session() as session:
            return list(session.exec(select(table)))

    def rows_of_documents(self) -> list[DocumentRow]:
        return [row for row in self.rows(DocumentRow) if isinstance(row, DocumentRow)]

    def events(self) -> list[EventRow]:
        return [row for row in self.rows(EventRow) if isinstance(row, EventRow)]

    def observations(self) -> list[ObservationRow]:
        return [row for row in self.rows(ObservationRow) if isinstance(row, ObservationRow)]

    def submissions(self) -> list[SubmissionRow]:
        return [row for row in self.rows(SubmissionRow) if isinstance(row, SubmissionRow)]

    def retractions(self) -> list[RetractionRow]:
        return [row for row in self.rows(RetractionRow) if isinstance(row, RetractionRow)]

    @property
    def event(self) -> EventRow:
        """The only one."""
        (row,) = self.events()
        return row
