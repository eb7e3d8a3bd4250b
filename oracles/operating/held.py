"""What a node holds for its operator, with what there is to do about each, and how an operator lays it to rest."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from sqlmodel import Session, col, select

from chain_node.client import Milestone
from oracles.errors import OracleError
from oracles.store.database import Database
from oracles.store.models import DocumentRow, EventRow, EventStatus, ReadingRow, ReadingStatus, SubmissionRow
from oracles.store.models import SubmissionStatus as Transaction
from oracles.store.operations import OperatorActRow
from oracles.store.resolutions import ResolutionAction

MOST_LISTED: Final = 50
DISMISSED: Final = "laid to rest"
ADVICE: Final = (
    ("another sender takes it back", "ask both; then resolve it with --sign or --drop"),
    ("there is no other vote on a fact", "compare both papers; this organisation has no other vote on that fact"),
    ("stated again after", "ask the sender which of both holds; nothing more is signed of it"),
    ("is itself a correction", "ask the sender what holds; what was taken back stays so"),
    ("its vote cannot be taken back", "read the reason; retract the vote by hand (MilestoneOracle.retract)"),
    ("cannot be taken back", "a value of the feed rests on it: call the network's operator"),
    ("two accounts of one fact", "compare the papers; then resolve one with --sign, or all with --drop"),
    ("(rule ", "look at it as your rule asks; then resolve it with --sign or --drop"),
    ("differs from what this node vouched for", "compare both papers; if the first was wrong, retract its vote"),
    ("belong to different consignments", "the paper names two consignments: have its sender correct it"),
    ("in dispute on chain", "send the papers to the network's arbiter"),
    ("corrected after", "the vote is on chain: retract it (MilestoneOracle.retract)"),
    ("correct", "if the vote is on chain, retract it (MilestoneOracle.retract)"),
    ("the network refused the vote", "read the reason; nothing of it is on chain"),
    ("its transaction failed", "nothing of it is on chain; call the network's operator with the transaction's hash"),
    ("contradicts it", "the fact stands with another quantity; send both papers to the network's arbiter"),
)
ANYTHING_ELSE: Final = "look at the paper; nothing is signed of it"


class NotHeld(OracleError):
    """There is no such event among those held."""

    def __init__(self, event_hash: str) -> None:
        super().__init__(f"{event_hash}: no event of this hash is held for the operator")
        self.event_hash = event_hash


@dataclass(frozen=True)
class Held:
    """`what` is an event, a reading or a transaction; `name` its hash, label or number."""

    what: str
    name: str
    file: str
    subject: str
    milestone: str
    reason: str
    do: str


def advice(reason: str) -> str:
    return next((what for part, what in ADVICE if part in reason), ANYTHING_ELSE)


def held_items(session: Session) -> Iterator[Held]:
    """The newest first, at most MOST_LISTED of each kind."""
    events = select(EventRow, DocumentRow).join(DocumentRow).where(EventRow.status == EventStatus.HELD)
    for event, document in session.exec(events.order_by(col(EventRow.id).desc()).limit(MOST_LISTED)):
        milestone = Milestone(event.milestone).name if event.milestone else ""
        file = document.filed_as or document.name
        yield Held("event", event.event_hash, file, event.subject, milestone, event.reason, advice(event.reason))
    readings = select(ReadingRow, DocumentRow).join(DocumentRow).where(ReadingRow.status == ReadingStatus.HELD)
    for reading, document in session.exec(readings.order_by(col(ReadingRow.id).desc()).limit(MOST_LISTED)):
        file = document.filed_as or document.name
        what = f"{reading.label} {reading.value}"
        yield Held("reading", what, file, reading.subject, "", reading.reason, advice(reading.reason))
    failed = select(SubmissionRow).where(SubmissionRow.status == Transaction.FAILED)
    for row in session.exec(failed.order_by(col(SubmissionRow.id).desc()).limit(MOST_LISTED)):
        yield Held(
            "transaction", row.hash or f"number {row.id}", "", "", "", row.reason, advice("its transaction failed")
        )


def lay_to_rest(database: Database, event_hash: str, who: str, reason: str) -> None:
    """The operator has looked at a held event and nothing is to be signed of it. Raises NotHeld."""
    with database.session() as session:
        held = select(EventRow).where(EventRow.event_hash == event_hash, EventRow.status == EventStatus.HELD)
        row = session.exec(held).first()
        if row is None:
            raise NotHeld(event_hash)
        document = session.get_one(DocumentRow, row.document_id)
        now = datetime.now(UTC).isoformat()
        was = f"{reason} (it was held: {row.reason})"
        act = OperatorActRow(at=now, who=who, act=DISMISSED, name=event_hash, sha256=document.sha256, reason=was)
        session.add(act)
        row.status, row.reason = EventStatus.NOT_SIGNED, f"{DISMISSED} by {who}: {reason}"
        # Another account that was held with it is not decided for by that.
        row.resolved = ResolutionAction.DROP
