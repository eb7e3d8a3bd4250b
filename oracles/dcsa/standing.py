"""What `status` says of the carriers that are asked, read from the node's database; the node may be running."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session

from oracles.dcsa.settings import DcsaSettings, PollSettings
from oracles.store.polls import PollRow


def carrier_lines(session: Session, settings: DcsaSettings) -> list[str]:
    """One line for each carrier in the settings."""
    return [_line(session.get(PollRow, its.name), its) for its in settings.poll]


def silent_carriers(session: Session, settings: DcsaSettings, now: datetime) -> list[str]:
    """Names of those that have not answered for longer than they may."""
    return [its.name for its in settings.poll if is_silent(session.get(PollRow, its.name), its, now)]


def is_silent(row: PollRow | None, its: PollSettings, now: datetime) -> bool:
    """What was never asked is not silent."""
    return row is not None and (now - silent_since(row)).total_seconds() > its.stale_seconds


def silent_since(row: PollRow) -> datetime:
    return datetime.fromisoformat(row.answered_at or row.asked_since)


def _line(row: PollRow | None, its: PollSettings) -> str:
    if row is None:
        return f"{its.name}: not asked yet"
    state = f"failing: {row.failure}" if row.failure else "answering"
    read_to = row.read_to or "nothing yet"
    return f"{its.name}: last answered {row.answered_at or 'never'}, read to {read_to}, {state}"
