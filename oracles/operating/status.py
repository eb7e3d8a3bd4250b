"""How a node is, for people and as JSON, read from its database; the node may be running."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from enum import IntEnum
from typing import Final

from pydantic import BaseModel
from sqlmodel import Session, col, select

from chain_node.client import FeedKind, Milestone
from chain_node.client.endpoints import Standing
from oracles.chain import FeedKey
from oracles.dcsa.standing import carrier_lines, silent_carriers
from oracles.mqtt.standing import away_brokers, sensor_lines
from oracles.operating.health import STALLED_SECONDS, Problem
from oracles.operating.held import MOST_LISTED, Held, held_items
from oracles.operating.picture import AT_AN_END, SourceState, picture
from oracles.settings import NodeSettings
from oracles.store.database import Database
from oracles.store.models import (
    CorrectionRow,
    EventRow,
    EventStatus,
    NetworkRow,
    ObservationRow,
    OverdueFeedRow,
    ReadingRow,
    ReadingStatus,
    SubmissionRow,
)
from oracles.store.operations import HeartbeatRow
from oracles.store.retractions import RetractionRow, RetractionStatus


class Verdict(IntEnum):
    """The exit code of `portolan oracle status`."""

    HEALTHY = 0
    FOR_THE_OPERATOR = 1
    NOT_ABLE_TO_WORK = 2


WORDS: Final = {
    Verdict.HEALTHY: "healthy",
    Verdict.FOR_THE_OPERATOR: "something for the operator",
    Verdict.NOT_ABLE_TO_WORK: "not able to work",
}


class Process(BaseModel):
    """The node's process. `state`: never ran, running, stopped, or silent where it was killed or hangs."""

    state: str
    pid: int | None = None
    started_at: str = ""
    turned_at: str = ""
    seconds_since_turn: float | None = None


class Endpoint(BaseModel):
    """One of several nodes of the chain, as `EndpointStatus` has it."""

    name: str
    standing: str
    block: int | None
    lag_blocks: int | None
    failures: int
    reason: str
    lag_seconds: float | None = None


class Chain(BaseModel):
    """The network as the node last saw it. `block_time` in Unix seconds; `lag_seconds`: the machine's clock less it, at
    the time of the last heartbeat."""

    chain_id: int | None = None
    oracle_address: str = ""
    block: int | None = None
    block_time: int | None = None
    block_seen_at: str = ""
    lag_seconds: float | None = None
    blocks_behind: int | None = None
    endpoints: list[Endpoint] = []


class Outbox(BaseModel):
    """What the network has not answered; `oldest_seconds` since the oldest of it was signed or decided."""

    depth: int = 0
    oldest_seconds: float = 0.0


class Votes(BaseModel):
    signed: int = 0
    submitted: int = 0
    confirmed: int = 0
    refused: dict[str, int] = {}


class Disk(BaseModel):
    database_bytes: int = 0
    free_bytes: int = 0


class Status(BaseModel):
    """`verdict` in words, `code` as the exit code; `counts` has rows by kind and status. Lists have the newest first
    and at most 50 entries."""

    node: str
    organisation: str
    verdict: str
    code: int
    process: Process
    problems: list[Problem] = []
    chain: Chain = Chain()
    sources: list[SourceState] = []
    sensors: list[str] = []
    carriers: list[str] = []
    silent_carriers: list[str] = []
    away_brokers: list[str] = []
    counts: dict[str, dict[str, int]] = {}
    outbox: Outbox = Outbox()
    votes: Votes = Votes()
    quarantined: int = 0
    held: list[Held] = []
    waiting: list[str] = []
    readings: list[str] = []
    transactions: list[str] = []
    retractions: list[str] = []
    overdue_feeds: list[str] = []
    corrections: list[str] = []
    disk: Disk = Disk()


def status_of(settings: NodeSettings, now: datetime | None = None) -> Status:
    """Raises what the database raises."""
    now = now or datetime.now(UTC)
    found = Status(
        node=settings.name, organisation=settings.organisation, verdict="", code=0, process=Process(state="never ran")
    )
    if not settings.database.is_file():
        return _judged(found)
    database = Database(settings.database)
    try:
        database.prepare()
        with database.session() as session:
            beat = session.get(HeartbeatRow, 1)
            found = found.model_copy(update=_work(session, settings, now))
            found.process = _process(beat, now)
            found.problems = [Problem(**entry) for entry in json.loads(beat.problems)] if beat else []
            found.chain = _chain(session, beat)
            found.held = list(held_items(session))
    finally:
        database.close()
    return _judged(found)


def _judged(found: Status) -> Status:
    """With its verdict."""
    distrusted = any(endpoint.standing == Standing.QUARANTINED for endpoint in found.chain.endpoints)
    if found.process.state != "running" or found.problems:
        verdict = Verdict.NOT_ABLE_TO_WORK
    elif (
        distrusted
        or found.held
        or found.quarantined
        or found.overdue_feeds
        or found.silent_carriers
        or found.away_brokers
    ):
        verdict = Verdict.FOR_THE_OPERATOR
    else:
        verdict = Verdict.HEALTHY
    return found.model_copy(update={"verdict": WORDS[verdict], "code": int(verdict)})


def _process(beat: HeartbeatRow | None, now: datetime) -> Process:
    if beat is None:
        return Process(state="never ran")
    silent = (now - datetime.fromisoformat(beat.turned_at)).total_seconds()
    state = "stopped" if beat.stopped_at else "running" if silent < STALLED_SECONDS else "silent"
    return Process(
        state=state,
        pid=beat.pid,
        started_at=beat.started_at,
        turned_at=beat.turned_at,
        seconds_since_turn=round(silent, 1),
    )


def _chain(session: Session, beat: HeartbeatRow | None) -> Chain:
    found, known = Chain(), session.get(NetworkRow, 1)
    if known is not None:
        found.chain_id, found.oracle_address = known.chain_id, known.oracle_address
    if beat is not None and beat.block_time is not None:
        found.block, found.block_time, found.block_seen_at = beat.block, beat.block_time, beat.block_seen_at
        found.lag_seconds = round(datetime.fromisoformat(beat.turned_at).timestamp() - beat.block_time, 1)
        found.blocks_behind = beat.blocks_behind
    if beat is not None:
        found.endpoints = [Endpoint(**entry) for entry in json.loads(beat.endpoints)]
    return found


def _work(session: Session, settings: NodeSettings, now: datetime) -> dict[str, object]:
    seen = picture(session, settings, now)
    return {
        "sources": list(seen.sources),
        "sensors": list(sensor_lines(session, settings.mqtt)),
        "carriers": carrier_lines(session, settings.dcsa),
        "silent_carriers": silent_carriers(session, settings.dcsa, now),
        "away_brokers": away_brokers(session, settings.mqtt, now),
        "counts": seen.counts,
        "outbox": Outbox(depth=seen.outbox_depth, oldest_seconds=round(seen.oldest_unsettled_seconds, 1)),
        "votes": Votes(signed=seen.signed, submitted=seen.submitted, confirmed=seen.confirmed, refused=seen.refused),
        "quarantined": seen.quarantined,
        "disk": Disk(database_bytes=seen.database_bytes, free_bytes=seen.free_bytes),
        "waiting": _waiting(session),
        "readings": _readings(session),
        "transactions": _transactions(session),
        "retractions": _retractions(session),
        "overdue_feeds": _overdue_feeds(session),
        "corrections": _corrections(session),
    }


def _waiting(session: Session) -> list[str]:
    statement = select(EventRow).where(EventRow.status == EventStatus.WAITING).order_by(col(EventRow.id).desc())
    rows = session.exec(statement.limit(MOST_LISTED)).all()
    names = [Milestone(row.milestone).name if row.milestone else "no milestone" for row in rows]
    return [f"{row.event_hash} {row.activity} {name}: {row.reason}" for row, name in zip(rows, names, strict=True)]


def _readings(session: Session) -> list[str]:
    under_way = [ReadingStatus.WAITING, ReadingStatus.SIGNED, ReadingStatus.PUBLISHED]
    statement = select(ReadingRow).where(col(ReadingRow.status).in_(under_way)).order_by(col(ReadingRow.id).desc())
    rows = session.exec(statement.limit(MOST_LISTED)).all()
    places = [f" round {row.round}" if row.round else "" for row in rows]
    return [
        f"{row.status}{place} {row.label} {row.value} at {row.observed_at}: {row.reason}"
        for row, place in zip(rows, places, strict=True)
    ]


def _transactions(session: Session) -> list[str]:
    is_open = col(SubmissionRow.status).not_in(AT_AN_END)
    statement = select(SubmissionRow).where(is_open).order_by(col(SubmissionRow.id))
    found = []
    for row in session.exec(statement.limit(MOST_LISTED)):
        number = "no nonce" if row.nonce is None else f"nonce {row.nonce}"
        found.append(f"{row.status} {number} {row.hash or 'not sent'} {row.reason}".rstrip())
    return found


def _retractions(session: Session) -> list[str]:
    wanted = [RetractionStatus.WAITING, RetractionStatus.LAID, RetractionStatus.REFUSED]
    both = select(RetractionRow, ObservationRow).join(
        ObservationRow, col(ObservationRow.id) == RetractionRow.observation_id
    )
    open_ones = both.where(col(RetractionRow.status).in_(wanted)).order_by(col(RetractionRow.id).desc())
    found = []
    for row, vote in session.exec(open_ones.limit(MOST_LISTED)):
        fact = f"{Milestone(vote.milestone).name}/{vote.sequence} of {vote.subject}"
        found.append(f"{row.status} {fact} {row.reason}".rstrip())
    return found


def _overdue_feeds(session: Session) -> list[str]:
    rows = session.exec(select(OverdueFeedRow).order_by(col(OverdueFeedRow.due_at)).limit(MOST_LISTED)).all()
    keys = [FeedKey(FeedKind(row.kind), bytes.fromhex(row.policy_id), bytes.fromhex(row.subject)) for row in rows]
    return [f"{key} due at {row.due_at}" for row, key in zip(rows, keys, strict=True)]


def _corrections(session: Session) -> list[str]:
    rows = session.exec(select(CorrectionRow).order_by(col(CorrectionRow.id).desc()).limit(MOST_LISTED)).all()
    return [f"{row.reason}: {row.effect}" for row in rows]
