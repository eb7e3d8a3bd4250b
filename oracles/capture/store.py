"""What was captured, in the node's database. Written by the threads that answer requests and by the node's own.

An event is added while `adding` is held, which makes looking for an earlier one and adding it one step; a database is
one process's alone.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Final
from urllib.parse import quote

from sqlmodel import Session, col, insert, select

from oracles.capture.events import Checked
from oracles.capture.keys import micros
from oracles.capture.problems import AlreadyThere
from oracles.checkpoints import Checkpoint, Point, go_on
from oracles.http.problems import Problem
from oracles.store.captures import CapturedEventRow, CaptureRow, CaptureStatus
from oracles.store.database import Database
from oracles.store.models import NodeTable
from standards import strict_json

ID_BYTES: Final = 16
_ADD_KEYS: Final = insert(NodeTable.metadata.tables["captured_key"])


@dataclass
class CaptureStore:
    """`waiting` is set while something may wait for the node to take it; at the start it may."""

    database: Database
    checkpoint: Checkpoint = go_on
    adding: threading.Lock = field(default_factory=threading.Lock)
    waiting: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.waiting.set()

    def receive(self, document: bytes, behaviour: str, client: str) -> CaptureRow:
        """A document on disk before anybody is told so."""
        row = capture_row(document, behaviour, client)
        with self.database.session() as session:
            session.add(row)
            self.checkpoint(Point.CAPTURE_STORING)
        self.waiting.set()
        self.checkpoint(Point.CAPTURE_STORED)
        return row

    def add_lone(self, document: bytes, checked: Checked, client: str) -> CapturedEventRow:
        """A single event, on disk, for the node to take. Raises AlreadyThere."""
        now = datetime.now(UTC)
        row = capture_row(document, "rollback", client)
        row.lone, row.status, row.finished_at = True, CaptureStatus.CAPTURED, row.created_at
        with self.adding, self.database.session() as session:
            known = earlier(session, checked)
            if known is not None:
                raise _already(f"this event was captured before, as {known.event_id}", known)
            session.add(row)
            session.flush()
            assert row.id is not None
            event = add(session, checked, row.id, now)
            self.checkpoint(Point.CAPTURE_STORING)
        self.waiting.set()
        self.checkpoint(Point.CAPTURE_STORED)
        return event


def capture_row(document: bytes, behaviour: str, client: str) -> CaptureRow:
    return CaptureRow(
        capture_id=secrets.token_hex(ID_BYTES),
        client=client,
        behaviour=behaviour,
        status=CaptureStatus.RECEIVED,
        created_at=datetime.now(UTC).isoformat(),
        sha256=sha256(document).hexdigest(),
        document=document,
    )


def earlier(session: Session, checked: Checked) -> CapturedEventRow | None:
    """The same event, captured before. Raises AlreadyThere where another event has its id: ids are given once."""
    same = select(CapturedEventRow).where(
        CapturedEventRow.event_hash == checked.event_hash, CapturedEventRow.declaration == checked.declaration
    )
    known = session.exec(same).first()
    if known is None and checked.event_id is not None:
        other = select(CapturedEventRow).where(
            CapturedEventRow.event_id == checked.event_id, CapturedEventRow.event_hash != checked.event_hash
        )
        taken = session.exec(other).first()
        if taken is not None:
            why = f"another event was captured as {checked.event_id}, and nothing overwrites it"
            raise _already(why, taken)
    return known


def add(session: Session, checked: Checked, capture_id: int, now: datetime) -> CapturedEventRow:
    """The event with what finds it. Its id, where it has none: that of the event it declares wrong, or its hash."""
    row = CapturedEventRow(
        capture_id=capture_id,
        event_hash=checked.event_hash,
        declaration=checked.declaration,
        event_id=checked.event_id or _id_of_hash(session, checked.event_hash),
        type=checked.type,
        event_time=checked.event_time,
        record_time=micros(now.replace(microsecond=now.microsecond // 1000 * 1000)),
        source=checked.source,
    )
    session.add(row)
    session.flush()
    assert row.id is not None
    found = [{"event_id": row.id, "name": key.name, "text": key.text, "number": key.number} for key in checked.keys]
    if found:
        # Without an object for each: there are many, and nobody reads them back as objects.
        session.connection().execute(_ADD_KEYS, found)
    return row


def events_of(session: Session, capture_id: int) -> Sequence[CapturedEventRow]:
    statement = select(CapturedEventRow).where(CapturedEventRow.capture_id == capture_id)
    return session.exec(statement.order_by(col(CapturedEventRow.id))).all()


def finish(row: CaptureRow, problems: Sequence[Problem]) -> None:
    """What the job reports from now on."""
    row.finished_at = datetime.now(UTC).isoformat()
    row.success, row.errors = not problems, strict_json.write(list(problems))


def errors_of(row: CaptureRow) -> Any:
    return strict_json.parse(row.errors.encode())


def _id_of_hash(session: Session, event_hash: str) -> str:
    statement = select(CapturedEventRow.event_id).where(CapturedEventRow.event_hash == event_hash)
    return session.exec(statement).first() or event_hash


def _already(why: str, row: CapturedEventRow) -> AlreadyThere:
    return AlreadyThere(why, {"Location": location(row.event_id)})


def location(event_id: str) -> str:
    """Where an event is to be found."""
    return f"/events/{quote(event_id, safe='')}"
