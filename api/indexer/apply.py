"""Writes what was scanned: the effects of events, the receipts and the cursor in one database transaction."""

from dataclasses import dataclass
from typing import Any

import structlog
from sqlalchemy import Connection, delete, func, insert, select
from sqlmodel import Session, SQLModel

from api.db import INDEXING, Database, chain_tables, utc_now
from api.failures import describe
from api.indexer import journal, position
from api.indexer.journal import Journal
from api.indexer.models import IndexedEvent
from api.indexer.position import Position
from api.indexer.registry import Handler, handlers_of
from api.indexer.scan import ScannedBlock, Stretch
from api.metrics import Metrics
from api.resources import load_tables
from api.transactions import receipts
from chain_node.client import Block, Event

log = structlog.get_logger()
EVENTS = SQLModel.metadata.tables[str(IndexedEvent.__tablename__)]


@dataclass(frozen=True)
class Wanted:
    """An event and who wants it."""

    event: Event
    handlers: list[Handler]


class Writer:
    """Applies stretches of the chain, and takes them back."""

    def __init__(self, database: Database, metrics: Metrics) -> None:
        self._database = database
        self._metrics = metrics

    def apply(self, stretch: Stretch, after: Position | None, window_from: int) -> bool:
        """Whether the stretch was applied; not where another process was faster."""
        end = Position.at(stretch.last)
        with self._database.session() as session:
            connection = session.connection()
            if not position.move(connection, after, end):
                return False
            session.info[INDEXING] = True
            self._apply_blocks(session, stretch.blocks, window_from)
            recent = [Position.at(s.block) for s in stretch.blocks if s.block.number >= window_from]
            position.remember(connection, recent)
            position.forget_below(connection, window_from)
            journal.forget(connection, window_from)
            session.commit()
        self._count(stretch)
        return True

    def _apply_blocks(self, session: Session, blocks: list[ScannedBlock], window_from: int) -> None:
        notes = Journal(session)
        for scanned in blocks:
            number = scanned.block.number
            notes.enter(number if number >= window_from else None)
            self._take(session, notes, scanned)
            receipts.record(session.connection(), scanned.outcomes)

    def _take(self, session: Session, notes: Journal, scanned: ScannedBlock) -> None:
        """Runs the handlers of a block's events, all together where none fails, one by one where one does."""
        wanted = [Wanted(event, handlers) for event in scanned.events if (handlers := handlers_of(event))]
        wanted = _unknown(session.connection(), scanned.block, wanted)
        if not wanted:
            return
        failures: list[str | None] = [None] * len(wanted)
        if _run(session, notes, wanted, scanned.block) is not None:
            failures = [self._run_alone(session, notes, each, scanned.block) for each in wanted]
        rows = [_row(each.event, failure) for each, failure in zip(wanted, failures, strict=True)]
        session.connection().execute(insert(EVENTS), rows)

    def _run_alone(self, session: Session, notes: Journal, wanted: Wanted, block: Block) -> str | None:
        failure = _run(session, notes, [wanted], block)
        if failure is not None:
            contract, name = wanted.event.contract, wanted.event.name
            log.error("indexer.poison", contract=contract, name=name, block=block.number, error=failure)
            self._metrics.poison.labels(contract, name).inc()
        return failure

    def _count(self, stretch: Stretch) -> None:
        self._metrics.indexed.set(stretch.last.number)
        for scanned in stretch.blocks:
            for outcome in scanned.outcomes:
                self._metrics.settled.labels(outcome.status.value).inc()

    def rewind(self, old: Position, to: Position) -> bool:
        """Undoes every block above `to`, which the chain still has."""
        with self._database.engine.begin() as connection:
            if not position.move(connection, old, to):
                return False
            journal.undo(connection, to.number)
            connection.execute(delete(EVENTS).where(EVENTS.c.block_number > to.number))
            position.forget_above(connection, to.number)
            receipts.forget_above(connection, to.number)
        log.warning("indexer.rewound", from_block=old.number, to_block=to.number)
        self._metrics.rewinds.inc(old.number - to.number)
        return True

    def clear(self, *, another_chain: bool) -> None:
        """Throws away all that the chain said, to read it anew from the first block."""
        with self._database.engine.begin() as connection:
            clear(connection)
            if another_chain:
                receipts.start_anew(connection)


def _run(session: Session, notes: Journal, wanted: list[Wanted], block: Block) -> str | None:
    """The handlers' effects on rows; or none of them, and what went wrong."""
    try:
        with session.begin_nested():
            for each in wanted:
                for handler in each.handlers:
                    handler(session, each.event, block)
    except Exception as error:  # noqa: BLE001 - whatever a handler does, the stream goes on, loudly
        notes.forget_notes()
        return describe(error)
    return None


def _unknown(connection: Connection, block: Block, wanted: list[Wanted]) -> list[Wanted]:
    """Those that are not recorded yet."""
    if not wanted:
        return []
    recorded = select(EVENTS.c.log_index).where(EVENTS.c.block_hash == "0x" + block.hash.hex())
    known = set(connection.execute(recorded).scalars())
    return [each for each in wanted if each.event.log_index not in known]


def _row(event: Event, failure: str | None) -> dict[str, Any]:
    return {
        "block_hash": "0x" + event.block_hash.hex(),
        "log_index": event.log_index,
        "block_number": event.block_number,
        "transaction_hash": "0x" + event.transaction_hash.hex(),
        "contract": event.contract,
        "name": event.name,
        "status": "done" if failure is None else "poison",
        "error": failure,
        "recorded_at": utc_now(),
    }


def count_poison(connection: Connection) -> int:
    """How many events of the chain as read no handler could take."""
    counted = select(func.count()).select_from(EVENTS).where(EVENTS.c.status == "poison")
    return int(connection.execute(counted).scalar_one())


class ChainTablesUnknown(Exception):
    """No table is known to be rebuilt from the chain: to forget the cursor alone would apply every event twice."""

    def __init__(self) -> None:
        super().__init__("No table is known to be made from the chain, so nothing was cleared.")


def clear(connection: Connection) -> None:
    """Empties the cursor, the events, the journal and every ChainRow; ChainTablesUnknown where there is no ChainRow.

    A process that serves nothing, such as a command, has not loaded the tables before.
    """
    load_tables()
    chain_made = {str(kind.__tablename__) for kind in chain_tables()}
    if not chain_made:
        raise ChainTablesUnknown
    position.clear(connection)
    connection.execute(delete(EVENTS))
    connection.execute(delete(journal.JOURNAL))
    for table in reversed(SQLModel.metadata.sorted_tables):
        if table.name in chain_made:
            connection.execute(delete(table))
