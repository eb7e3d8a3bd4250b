"""Writes what was scanned: the effects of events, the receipts and the cursor in one database transaction."""

import structlog
from sqlalchemy import Connection, delete, insert, select
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
from api.transactions import receipts
from chain_node.client import Block, Event

log = structlog.get_logger()
EVENTS = SQLModel.metadata.tables[str(IndexedEvent.__tablename__)]


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
            for event in scanned.events:
                self._take(session, notes, event, scanned.block)
            receipts.record(session.connection(), scanned.outcomes)

    def _take(self, session: Session, notes: Journal, event: Event, block: Block) -> None:
        handlers = handlers_of(event)
        key = {"block_hash": "0x" + event.block_hash.hex(), "log_index": event.log_index}
        known = select(EVENTS.c.log_index).filter_by(**key)
        if not handlers or session.connection().execute(known).first() is not None:
            return
        failure = self._run(session, notes, handlers, event, block)
        row = {
            **key,
            "block_number": event.block_number,
            "transaction_hash": "0x" + event.transaction_hash.hex(),
            "contract": event.contract,
            "name": event.name,
            "status": "done" if failure is None else "poison",
            "error": failure,
            "recorded_at": utc_now(),
        }
        session.connection().execute(insert(EVENTS).values(row))

    def _run(self, session: Session, notes: Journal, handlers: list[Handler], event: Event, block: Block) -> str | None:
        """The handlers' effects, or none of them and what went wrong."""
        try:
            with session.begin_nested():
                for handler in handlers:
                    handler(session, event, block)
        except Exception as error:  # noqa: BLE001 - whatever a handler does, the stream goes on, loudly
            notes.forget_notes()
            failure = describe(error)
            log.error("indexer.poison", contract=event.contract, name=event.name, block=block.number, error=failure)
            self._metrics.poison.labels(event.contract, event.name).inc()
            return failure
        return None

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


def clear(connection: Connection) -> None:
    """Empties the cursor, the events, the journal and every ChainRow."""
    position.clear(connection)
    connection.execute(delete(EVENTS))
    connection.execute(delete(journal.JOURNAL))
    chain_made = {str(kind.__tablename__) for kind in chain_tables()}
    for table in reversed(SQLModel.metadata.sorted_tables):
        if table.name in chain_made:
            connection.execute(delete(table))
