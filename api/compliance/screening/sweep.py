"""Comparing what is ours with the lists: only what is new or changed on either side, so that decisions stand.

Each subject remembers with which content, and with lists up to which version, it was compared. A pass compares a new
subject with every entry, a known one with the entries that later versions changed. Two processes may do the same pass:
a pair of the same two contents is one hit, whoever raises it.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session, SQLModel

from api.compliance.decisions import by_itself
from api.compliance.personal import Personal, personal_of
from api.compliance.screening import repository
from api.compliance.screening.models import Hit, ListEntry, new_hit_id
from api.compliance.screening.names import Choices, compare, essential
from api.compliance.screening.subjects import Subject, all_subjects
from api.db import Database, insert_new, utc_now
from api.settings import Settings

_HITS = SQLModel.metadata.tables[str(Hit.__tablename__)]


@dataclass(frozen=True)
class Match:
    """A subject that may be an entry."""

    entry: ListEntry
    score: int
    reasons: dict[str, Any]


class Entries:
    """Entries made ready to be compared with many subjects."""

    def __init__(self, entries: Iterable[ListEntry]) -> None:
        self._by_value: dict[tuple[str, str], list[ListEntry]] = defaultdict(list)
        self._spelled: list[tuple[ListEntry, str]] = []
        for entry in entries:
            if entry.removed:
                continue
            if entry.lei:
                self._by_value["lei", entry.lei].append(entry)
            for account in entry.accounts:
                self._by_value["account", account].append(entry)
            self._spelled.extend((entry, name) for name in entry.names)
        self._choices = Choices(essential(name) for _, name in self._spelled)

    def matches(self, subject: Subject, threshold: int) -> list[Match]:
        """The entries that the subject may be, each once, by its best name."""
        if subject.value:
            exact = self._by_value.get((subject.kind, subject.value), [])
            return [Match(entry, 100, {"exact": subject.kind}) for entry in exact]
        best: dict[tuple[str, str], Match] = {}
        for own in map(essential, subject.names):
            for place in self._choices.likely(own, threshold):
                entry, spelled = self._spelled[place]
                found = compare(own, self._choices.names[place])
                key = (entry.list_name, entry.id)
                if key not in best or best[key].score < found.percent:
                    best[key] = Match(entry, found.percent, {"listed_name": spelled, "scores": found.reasons})
        return [best[key] for key in sorted(best)]


@dataclass(frozen=True)
class _Due:
    """A subject to be compared with the entries after `since`."""

    subject: Subject
    digest: str
    since: int


class Screener:
    """Brings the hits up to date with lists and subjects."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        self._personal: Callable[[], Personal] = lambda: personal_of(settings)
        self._threshold = settings.compliance.screening_threshold

    def step(self) -> bool:
        """One pass over everything; False, as nothing is left to do at once."""
        with self._database.session() as session:
            plan = plan_of(session, self._personal(), self._threshold)
        if plan.due:
            self._database.run(plan.carry_out)
        return False


@dataclass(frozen=True)
class Plan:
    """What was compared, not yet written: comparing holds no lock."""

    serial: int
    threshold: int
    due: list[_Due]
    matches: list[tuple[_Due, Match]]
    changed: list[ListEntry]

    def carry_out(self, session: Session) -> int:
        """Raises the new hits, takes back open ones that are no longer, remembers what was compared; how many are
        new."""
        raised = sum(self._raise(session, due, match) for due, match in self.matches)
        self._take_back(session)
        rows = [
            {
                "kind": due.subject.kind,
                "id": due.subject.id,
                "digest": due.digest,
                "serial": self.serial,
                "threshold": self.threshold,
            }
            for due in self.due
        ]
        repository.remember(session, rows)
        return raised

    def _raise(self, session: Session, due: _Due, match: Match) -> bool:
        values = {
            "id": new_hit_id(),
            "list_name": match.entry.list_name,
            "entry_id": match.entry.id,
            "entry_digest": match.entry.digest,
            "subject_kind": due.subject.kind,
            "subject_id": due.subject.id,
            "subject_digest": due.digest,
            "lei": due.subject.lei,
            "score": match.score,
            "reasons": match.reasons,
            "state": "open",
            "raised_at": utc_now(),
        }
        if not insert_new(session.connection(), _HITS, values):
            return False
        told = {"list": match.entry.list_name, "entry": match.entry.id, "lei": due.subject.lei}
        by_itself(session, "screening hit raised", str(values["id"]), **told)
        return True

    def _take_back(self, session: Session) -> None:
        """Open hits on what is no longer so on either side: nobody need decide on them."""
        now = {(due.subject.kind, due.subject.id): due.digest for due in self.due}
        entries = {(entry.list_name, entry.id): entry for entry in self.changed}
        for hit in repository.open_hits(session):
            digest = now.get((hit.subject_kind, hit.subject_id), hit.subject_digest)
            entry = entries.get((hit.list_name, hit.entry_id))
            gone = entry is not None and (entry.removed or entry.digest != hit.entry_digest)
            if gone or digest != hit.subject_digest:
                hit.state = "outdated"
                session.add(hit)
                by_itself(session, "screening hit taken back", hit.id)


def plan_of(session: Session, personal: Personal, threshold: int, lei: str | None = None) -> Plan:
    """What a pass would do, for everybody or for one organisation."""
    serial = repository.serial(session)
    known = repository.screened(session)
    due: list[_Due] = []
    for subject in all_subjects(session, personal, lei):
        digest, before = subject.digest(personal), known.get((subject.kind, subject.id))
        fresh = before is None or before.digest != digest or before.threshold > threshold
        since = 0 if fresh or before is None else before.serial
        if fresh or since < serial:
            due.append(_Due(subject, digest, since))
    entries = repository.entries_after(session, min((each.since for each in due), default=serial), serial)
    ready = {since: Entries(e for e in entries if e.serial > since) for since in {each.since for each in due}}
    matches = [(each, match) for each in due for match in ready[each.since].matches(each.subject, threshold)]
    return Plan(serial, threshold, due, matches, entries)


def screen_now(session: Session, personal: Personal, threshold: int, lei: str) -> None:
    """Brings the hits of one organisation up to date within the session's transaction."""
    plan_of(session, personal, threshold, lei).carry_out(session)
