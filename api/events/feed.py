"""Streams of events (SSE). A stream keeps a place in the log and nothing else: what it has to send it reads from the
database a page at a time, so that a slow client holds one page, and one that comes back goes on where it was."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager

import structlog
from fastapi.concurrency import run_in_threadpool
from sse_starlette import EventSourceResponse, ServerSentEvent
from sse_starlette.sse import SendTimeoutError
from starlette.types import Receive, Scope, Send

from api.db import Database
from api.errors import Conflict
from api.events import repository, service
from api.events.schemas import EventView
from api.events.settings import EventSettings
from api.events.sight import Sight

log = structlog.get_logger()
_PAGE = 100
_LOOK_SECONDS = 0.05
_ASK_SECONDS = 1.0


class Stream(EventSourceResponse):
    """Ends where its client takes nothing for too long."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        except SendTimeoutError:
            log.info("stream.cut", reason="its client takes nothing")


class Feed:
    """Knows how far the log goes, and the streams that follow it. `step` is a loop's; streams are the event loop's."""

    def __init__(self, database: Database, settings: EventSettings) -> None:
        self._database, self._settings = database, settings
        self._latest = 0
        self._open: Counter[str] = Counter()
        self._stopping = False

    def step(self) -> bool:
        """Looks how far the log goes."""
        with self._database.session() as session:
            self._latest = repository.last(session)
        return False

    def stop(self) -> None:
        """Ends all streams, so that their clients resume elsewhere."""
        self._stopping = True

    def open_streams(self) -> int:
        return self._open.total()

    def stream(self, sight: Sight, after: int, seconds: float | None, counts: Callable[[], bool]) -> Stream:
        """What is seen of the log after an event, and what comes; for so long, or as long as streams last, and while
        the client's token `counts`."""
        lasting = min(self._settings.stream_seconds if seconds is None else seconds, self._settings.stream_seconds)
        if self._open[sight.lei or ""] >= self._settings.streams_per_organisation:
            most = self._settings.streams_per_organisation
            raise Conflict("streams-too-many", f"There are {most} streams open already, which is the most.", most=most)
        return Stream(
            self._follow(sight, after, lasting, counts),
            ping=self._settings.heartbeat_seconds,
            send_timeout=self._settings.slow_client_seconds,
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
        )

    async def _follow(
        self, sight: Sight, after: int, seconds: float, counts: Callable[[], bool]
    ) -> AsyncIterator[ServerSentEvent]:
        with self._counted(sight.lei or ""):
            ends, asks_at, place = time.monotonic() + seconds, float("-inf"), after
            known = await run_in_threadpool(self._last)
            while not self._stopping:
                # Before each page, and each second of none: a token ends, and clients are disabled.
                if known > place or time.monotonic() >= asks_at:
                    if not await run_in_threadpool(counts):
                        log.info("stream.cut", reason="its client's token counts no more")
                        return
                    asks_at = time.monotonic() + _ASK_SECONDS
                if known > place:
                    place, found = await run_in_threadpool(self._page, sight, place, known)
                    for event in found:
                        yield _sent(event)
                elif time.monotonic() >= ends:
                    return
                else:
                    await asyncio.sleep(_LOOK_SECONDS)
                known = max(known, self._latest)

    @contextmanager
    def _counted(self, whose: str) -> Iterator[None]:
        self._open[whose] += 1
        try:
            yield
        finally:
            self._open[whose] -= 1

    def _last(self) -> int:
        with self._database.session() as session:
            return repository.last(session)

    def _page(self, sight: Sight, place: int, known: int) -> tuple[int, list[EventView]]:
        """Up to a page of what follows, and the place behind it."""
        with self._database.session() as session:
            rows = repository.following(session, sight, place, _PAGE, through=known)
            return rows[-1].sequence if len(rows) == _PAGE else known, service.views(session, rows)


def _sent(event: EventView) -> ServerSentEvent:
    return ServerSentEvent(event.model_dump_json(), event=event.type, id=event.id)
