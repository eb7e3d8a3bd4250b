"""What the web application asks: documents and events in, jobs and events out.

Works in threads; raises RequestRefused.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from oracles.capture import events
from oracles.capture.headers import ErrorBehaviour
from oracles.capture.parameters import Query
from oracles.capture.queries import Page, Queries
from oracles.capture.store import CaptureStore
from oracles.http.clients import Client
from oracles.http.settings import Right
from oracles.store.captures import CapturedEventRow, CaptureRow

log = structlog.get_logger("oracles")


@dataclass(frozen=True)
class Reception:
    """Every call says for whom; what that client may not is refused here."""

    store: CaptureStore
    queries: Queries
    limit_bytes: int
    event_limit: int

    def capture(self, client: Client, document: bytes, behaviour: ErrorBehaviour) -> CaptureRow:
        """Stores a document whose frame is right; the node looks at its events. It is on disk when this returns."""
        client.needs(Right.CAPTURE)
        found = events.received(document, self.limit_bytes, self.event_limit)
        row = self.store.receive(document, behaviour, client.name)
        log.info("captured", capture=row.capture_id, client=client.name, events=len(found.events))
        return row

    def capture_event(self, client: Client, data: bytes) -> CapturedEventRow:
        """Captures one event. It is on disk when this returns."""
        client.needs(Right.CAPTURE)
        checked = events.check(events.lone_event(data, self.limit_bytes), 0)
        row = self.store.add_lone(data, checked, client.name)
        log.info("captured", event_hash=row.event_hash, client=client.name, events=1)
        return row

    def job(self, client: Client, capture_id: str) -> CaptureRow:
        client.needs(Right.CAPTURE)
        return self.queries.job(client.name, capture_id)

    def jobs(self, client: Client, query: Query) -> Page[CaptureRow]:
        client.needs(Right.CAPTURE)
        return self.queries.jobs(client.name, query)

    def events(self, client: Client, query: Query) -> Page[CapturedEventRow]:
        client.needs(Right.QUERY)
        return self.queries.events(query)

    def event(self, client: Client, event_id: str) -> Sequence[CapturedEventRow]:
        client.needs(Right.QUERY)
        return self.queries.event(event_id)
