"""Writes what was scanned: the effects of events, the receipts and the cursor in one database transaction."""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import structlog
from sqlalchemy import Connection, delete, func, select
from sqlmodel import Session, SQLModel

from api.checkpoints import Checkpoint, Point
from api.db import INDEXING, Database, chain_tables, insert_many, utc_now
from api.events import telling
from api.events.registry import lines_of
from api.events.telling import Telling
from api.failures import describe
from api.indexer import journal, position, recording
from api.indexer.journal import Journal
from api.indexer.models import POISONED, IndexedEvent
from api.indexer.position import Position
from api.indexer.registry import Handler, handlers_of
from api.indexer.rows import HandlersSession
from api.indexer.scan import ScannedBlock, Stretch
from api.metrics import Metrics
from api.notices import BLOCK, Notices
from api.resources import load_tables
from api.transactions import receipts
from chain_node.client import Block, Chain, Event

log = structlog.get_logger()
EVENTS = SQLModel.metadata.tables[str(IndexedEvent.__tablename__)]


class Wanted(NamedTuple):
    """An event and who wants it; `told` where it goes into the log of events."""

    event: Event
    handlers: list[Handler]
    told: bool


class Writer:
    """Applies stretches of the chain, and takes them back."""

    def __init__(
        self, database: Database, chain: Callable[[], Chain], metrics: Metrics, notices: Notices, at: Checkpoint
    ) -> None:
        self._database = database
        self._chain = chain
        self._metrics = metrics
        self._notices = notices
        self._at = at

    def apply(self, stretch: Stretch, after: Position | None) -> bool:
        """Whether the stretch was applied; not where another process was faster."""
        end, window_from = Position.at(stretch.last), stretch.window_from
        with HandlersSession(self._database.engine, expire_on_commit=False) as session:
            connection = session.connection()
            if not position.move(connection, after, end):
                return False
            self._at(Point.CURSOR_MOVING)
            session.info[INDEXING] = True
            self._apply_blocks(session, stretch, 0 if after is None else after.number + 1)
            recent = [Position.at(s.block) for s in stretch.blocks if s.block.number >= window_from]
            position.remember(connection, recent)
            position.forget_below(connection, window_from)
            journal.forget(connection, window_from)
            self._notices.post(connection, BLOCK)
            self._at(Point.STRETCH_STORING)
            session.commit()
        self._at(Point.STRETCH_STORED)
        self._count(stretch)
        return True

    def _apply_blocks(self, session: HandlersSession, stretch: Stretch, first: int) -> None:
        notes, tales = Journal(session), Telling(session, self._chain, first, stretch.last.number)
        blocks, window_from = stretch.blocks, stretch.window_from
        tales.take_back_all_but(scanned.block for scanned in blocks)
        deep = [scanned for scanned in blocks if scanned.block.number < window_from]
        if self._take_together(session, notes, tales, deep):
            self._at(Point.BLOCK_HANDLING)
            receipts.record(session.connection(), [outcome for scanned in deep for outcome in scanned.outcomes])
            blocks = blocks[len(deep) :]
        for scanned in blocks:
            number = scanned.block.number
            notes.enter(number if number >= window_from else None)
            self._take(session, notes, tales, scanned)
            self._at(Point.BLOCK_HANDLING)
            receipts.record(session.connection(), scanned.outcomes)
            self._at(Point.RECEIPTS_RECORDING)

    def _take_together(
        self, session: HandlersSession, notes: Journal, tales: Telling, blocks: list[ScannedBlock]
    ) -> bool:
        """Runs the handlers of many blocks, too deep to be undone, before anything is written, so that a row that many
        events change is written once, and tells what they say; False, and nothing done, where one of them fails."""
        notes.enter(None)
        wanted = [(scanned.block, each) for scanned in blocks for each in _wanted(scanned)]
        if not wanted:
            return True
        known = _recorded(session.connection(), blocks)
        if known:
            wanted = [(block, each) for block, each in wanted if _place(each.event) not in known]
        with recording.gathering(session), session.remembering():
            if _run(session, notes, wanted, tales) is not None:
                return False
        insert_many(session.connection(), EVENTS, _rows((each.event, None) for _, each in wanted))
        return True

    def _take(self, session: Session, notes: Journal, tales: Telling, scanned: ScannedBlock) -> None:
        """Runs the handlers of a block's events and tells what they say, all together where none fails; where one does,
        one by one."""
        wanted = _wanted(scanned)
        if wanted:
            known = _recorded(session.connection(), [scanned])
            wanted = [each for each in wanted if _place(each.event) not in known]
        if not wanted:
            return
        failures: list[str | None] = [None] * len(wanted)
        if _run(session, notes, [(scanned.block, each) for each in wanted], tales) is not None:
            failures = [self._run_alone(session, notes, each, scanned.block) for each in wanted]
            told = [(each, failure) for each, failure in zip(wanted, failures, strict=True)]
            failures = [failure or self._tell_alone(session, tales, each, scanned.block) for each, failure in told]
        rows = _rows((each.event, failure) for each, failure in zip(wanted, failures, strict=True))
        insert_many(session.connection(), EVENTS, rows)

    def _run_alone(self, session: Session, notes: Journal, wanted: Wanted, block: Block) -> str | None:
        return self._noted(wanted, block, _run(session, notes, [(block, wanted)]))

    def _tell_alone(self, session: Session, tales: Telling, wanted: Wanted, block: Block) -> str | None:
        return self._noted(wanted, block, _tell(session, tales, [(block, wanted)]))

    def _noted(self, wanted: Wanted, block: Block, failure: str | None) -> str | None:
        if failure is not None:
            contract, name = wanted.event.contract, wanted.event.name
            log.error("indexer.poison", contract=contract, name=name, block=block.number, error=failure)
            self._metrics.poison.labels(contract, name).inc()
        return failure

    def _count(self, stretch: Stretch) -> None:
        self._metrics.indexed.set(stretch.last.number)
        outcomes = [outcome for scanned in stretch.blocks for outcome in scanned.outcomes]
        for outcome in outcomes:
            self._metrics.settled.labels(outcome.status.value).inc()
        if outcomes:
            settled = [{"hash": o.hash, "status": o.status.value, "trace_id": o.trace_id} for o in outcomes]
            log.info("transactions.settled", block=stretch.last.number, settled=settled)

    def rewind(self, old: Position, to: Position) -> bool:
        """Undoes every block above `to`, which the chain still has."""
        with self._database.engine.begin() as connection:
            if not position.move(connection, old, to):
                return False
            position.branch_off(connection)
            journal.undo(connection, to.number)
            connection.execute(delete(EVENTS).where(EVENTS.c.block_number > to.number))
            telling.revert_above(connection, to.number)
            position.forget_above(connection, to.number)
            receipts.forget_above(connection, to.number)
            self._notices.post(connection, BLOCK)
            self._at(Point.BLOCKS_TAKING_BACK)
        self._at(Point.BLOCKS_TAKEN_BACK)
        log.warning("indexer.rewound", from_block=old.number, to_block=to.number)
        self._metrics.rewinds.inc(old.number - to.number)
        return True

    def clear(self, *, another_chain: bool) -> None:
        """Throws away all that the chain said, to read it anew from the first block."""
        with self._database.engine.begin() as connection:
            clear(connection)
            if another_chain:
                telling.revert_above(connection, -1)
                receipts.start_anew(connection)


def _run(
    session: Session, notes: Journal, wanted: list[tuple[Block, Wanted]], tales: Telling | None = None
) -> str | None:
    """The handlers' effects on rows, and what is told of them; or none of it, and what went wrong."""
    try:
        with session.begin_nested():
            for block, each in wanted:
                for handler in each.handlers:
                    handler(session, each.event, block)
            recording.store(session)
            if tales is not None:
                tales.tell(_to_tell(wanted))
    except Exception as error:  # noqa: BLE001 - whatever a handler does, the stream goes on, loudly
        notes.forget_notes()
        return describe(error)
    return None


def _tell(session: Session, tales: Telling, wanted: list[tuple[Block, Wanted]]) -> str | None:
    """Adds what the events say to the log of events; or nothing, and what went wrong."""
    try:
        with session.begin_nested():
            tales.tell(_to_tell(wanted))
    except Exception as error:  # noqa: BLE001 - as with handlers: the stream goes on, loudly
        return describe(error)
    return None


def _to_tell(wanted: Iterable[tuple[Block, Wanted]]) -> list[tuple[Block, Event]]:
    return [(block, each.event) for block, each in wanted if each.told]


def _wanted(scanned: ScannedBlock) -> list[Wanted]:
    """Those that somebody wants."""
    every = (Wanted(event, handlers_of(event), bool(lines_of(event))) for event in scanned.events)
    return [each for each in every if each.handlers or each.told]


def _place(event: Event) -> tuple[str, int]:
    return "0x" + event.block_hash.hex(), event.log_index


def _recorded(connection: Connection, blocks: list[ScannedBlock]) -> set[tuple[str, int]]:
    """The events of these blocks that were taken before."""
    hashes = ["0x" + scanned.block.hash.hex() for scanned in blocks]
    recorded = select(EVENTS.c.block_hash, EVENTS.c.log_index).where(EVENTS.c.block_hash.in_(hashes))
    return {(row.block_hash, row.log_index) for row in connection.execute(recorded)}


def _rows(taken: Iterable[tuple[Event, str | None]]) -> list[dict[str, Any]]:
    """Of events, each with its failure."""
    now = utc_now()
    return [
        {
            "block_hash": "0x" + event.block_hash.hex(),
            "log_index": event.log_index,
            "block_number": event.block_number,
            "transaction_hash": "0x" + event.transaction_hash.hex(),
            "contract": event.contract,
            "name": event.name,
            "status": "done" if failure is None else "poison",
            "error": failure,
            "recorded_at": now,
        }
        for event, failure in taken
    ]


def count_poison(connection: Connection) -> int:
    """How many events of the chain as read no handler could take."""
    counted = select(func.count()).select_from(EVENTS).where(POISONED)
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
