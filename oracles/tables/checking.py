"""A dry run of one CSV file under one mapping: what each row means, what would be attested, what not and why."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from rich.table import Table as Grid
from rich.text import Text

from chain_node.client import Milestone
from oracles.canonical import CanonicalEvent, Reference
from oracles.hashing import file_bytes
from oracles.rules.accounts import Account
from oracles.rules.book import Rulebook
from oracles.rules.decisions import NOTHING_THERE, SIGN, Decision, Verdict, chain_seconds, own_decision, paper_view
from oracles.rules.loading import built_in_rules
from oracles.tables.reading import Skipped, load_mapping, rows_of, table_of
from oracles.tables.settings import BadRows
from standards.tables import RowProblem

THOUSAND = 1000
MOST_NAMED = 3
ATTESTED, NOT_ATTESTED, HELD, WAITS, TAKEN_BACK, CANCELS, AGAIN, NO_EVENT, BAD = (
    "attested",
    "not attested",
    "held",
    "waits",
    "taken back",
    "takes back",
    "the same again",
    "no event",
    "bad",
)
VERDICTS = {
    Verdict.SIGN: ATTESTED,
    Verdict.REFUSE: NOT_ATTESTED,
    Verdict.HOLD: HELD,
    Verdict.WAIT: WAITS,
}


@dataclass(frozen=True)
class CheckedRow:
    """One row for people and programs. `verdict` is one of the words above; quantities are thousandths of `unit`."""

    line: int
    verdict: str
    reason: str = ""
    milestone: str = ""
    activity: str = ""
    occurred_at: str = ""
    quantity: int = 0
    unit: str = ""
    references: tuple[str, ...] = ()
    place: str = ""
    event_id: str = ""
    event_hash: str = ""


@dataclass(frozen=True)
class Check:
    """`taken`: whether a node would take the file, as a whole or without its bad rows."""

    file: str
    mapping: str
    taken: bool
    rows: tuple[CheckedRow, ...]

    def as_json(self) -> dict[str, Any]:
        return {
            "file": self.file,
            "mapping": self.mapping,
            "taken": self.taken,
            "counts": self.counts,
            "rows": [asdict(row) for row in self.rows],
        }

    @property
    def counts(self) -> dict[str, int]:
        return dict(Counter(row.verdict for row in self.rows))

    def as_grid(self) -> Grid:
        """Cells are plain text: nothing of a file is markup."""
        grid = Grid(title=Text(self.file), title_justify="left")
        for heading in ("line", "what", "when", "quantity", "known by", "would be"):
            grid.add_column(heading, justify="right" if heading in ("line", "quantity") else "left")
        for row in self.rows:
            amount = f"{row.quantity / THOUSAND:g} {row.unit}" if row.unit else ""
            verdict = " ".join(filter(None, (row.verdict, f"as {row.milestone}" if row.milestone else "")))
            told = f"{verdict}: {row.reason}" if row.reason else verdict
            cells = (str(row.line), row.activity, row.occurred_at, amount, ", ".join(row.references), told)
            grid.add_row(*map(Text, cells))
        return grid


def check(
    path: Path,
    mapping_path: Path,
    bad_rows: BadRows,
    limit_bytes: int,
    rules: Rulebook | None = None,
    now: int | None = None,
) -> Check:
    """By these rules, or those that come with the program; needs no network, and does not know what that would say.
    `now`: Unix seconds, else the machine's clock. Raises SettingsInvalid for the mapping, DocumentRefused for the
    file."""
    mapping = load_mapping(mapping_path)
    table = table_of(str(path), file_bytes(path), limit_bytes, mapping)
    found = [result for _, result in rows_of(table, mapping)]
    checking = _Checking(found, rules or built_in_rules(), int(time.time()) if now is None else now)
    rows = tuple(checking.rows())
    is_bad = any(row.verdict == BAD for row in rows)
    has_good = any(row.event_hash for row in rows)
    return Check(str(path), str(mapping_path), not is_bad or (bad_rows == "set aside" and has_good), rows)


@dataclass(frozen=True)
class _Checking:
    """The rows of one table, each looked at in the light of the others, as a node does that stores them together."""

    found: Sequence[CanonicalEvent | RowProblem | Skipped]
    rules: Rulebook
    now: int

    def rows(self) -> Iterator[CheckedRow]:
        for result in self.found:
            if isinstance(result, Skipped):
                yield CheckedRow(result.line, NO_EVENT, result.why)
            elif isinstance(result, RowProblem):
                yield CheckedRow(result.line, BAD, "; ".join(map(str, result.problems)))
            else:
                yield self._of_event(result)

    @cached_property
    def _events(self) -> dict[str, CanonicalEvent]:
        """What the table tells, by hash: the first row of each."""
        told = (its for its in self.found if isinstance(its, CanonicalEvent) and its.correction is None)
        return {its.event_hash: its for its in reversed(list(told))}

    @cached_property
    def _taken_back(self) -> dict[str, CanonicalEvent]:
        """Rows that take another of the table back, by its hash; before it or after it."""
        by: dict[str | None, CanonicalEvent] = {}
        for its in self.found:
            if isinstance(its, CanonicalEvent) and its.correction is not None:
                by.setdefault(its.correction.source_event_id or its.correction.event_hash, its)
        means = {hash_: by.get(its.source_event_id) or by.get(hash_) for hash_, its in self._events.items()}
        return {hash_: its for hash_, its in means.items() if its is not None}

    def _of_event(self, event: CanonicalEvent) -> CheckedRow:
        view = paper_view(event, self.rules)
        verdict, reason = self._verdict(event)
        return CheckedRow(
            line=_line(event),
            verdict=verdict,
            reason=reason,
            milestone=_name(view.milestone) if verdict in (ATTESTED, HELD, WAITS) else "",
            activity=event.activity.code,
            occurred_at=f"{event.occurred_at:%Y-%m-%dT%H:%M:%SZ}",
            quantity=event.quantity,
            unit=event.unit or "",
            references=tuple(map(str, event.references)),
            place=event.place.id if event.place else "",
            event_id=event.source_event_id or "",
            event_hash=event.event_hash,
        )

    def _verdict(self, event: CanonicalEvent) -> tuple[str, str]:
        if event.correction is not None:
            of = event.correction.source_event_id
            return CANCELS, f"the event {of}" if of else "the row with the same cells"
        if (first := self._events[event.event_hash]) is not event:
            return AGAIN, f"as line {first.line}; taken once"
        if event.event_hash in self._taken_back:
            return TAKEN_BACK, f"by line {self._taken_back[event.event_hash].line}"
        decision = self._decision(event)
        return VERDICTS[decision.verdict], "" if decision == SIGN else decision.reason.removeprefix("not signed: ")

    def _decision(self, event: CanonicalEvent) -> Decision:
        """What the paper and the node's rules say, then what other rows say of the same fact, then the clock."""
        decision = self._alone(event)
        if decision not in (SIGN, NOTHING_THERE):
            return decision
        rivals = self._rivals(event)
        if rivals:
            against = [f"line {its.line} says {_said(its)}" for its in rivals[:MOST_NAMED]]
            more = [f"{len(rivals) - MOST_NAMED} more do not agree"] if len(rivals) > MOST_NAMED else []
            why = f"two accounts of one fact: this one says {_said(event)}, {', '.join(against + more)}"
            return Decision(Verdict.HOLD, why, for_operator=True)
        ahead = chain_seconds(event.occurred_at) - self.now
        if decision == SIGN and ahead > 0:
            return Decision(Verdict.WAIT, f"in the future: {ahead} seconds ahead of this machine's clock")
        return decision

    def _alone(self, event: CanonicalEvent) -> Decision:
        view = paper_view(event, self.rules)
        return own_decision(view, event, self.now) if view.decision == SIGN else view.decision

    @cached_property
    def _speaking(self) -> dict[tuple[Milestone | None, frozenset[str]], dict[Reference, list[CanonicalEvent]]]:
        """Rows whose account of a fact counts, by milestone and kinds of numbers, then by each of their numbers."""
        found: dict[tuple[Milestone | None, frozenset[str]], dict[Reference, list[CanonicalEvent]]] = {}
        for hash_, its in self._events.items():
            if hash_ not in self._taken_back and self._alone(its).verdict in (Verdict.SIGN, Verdict.HOLD):
                by_number = found.setdefault((paper_view(its, self.rules).milestone, _kinds(its)), {})
                for number in its.references:
                    by_number.setdefault(number, []).append(its)
        return found

    def _rivals(self, event: CanonicalEvent) -> list[CanonicalEvent]:
        """Rows that say something else of what may be the same fact: they share a number of every kind that both have,
        so that two orders in one container are two. The network, which knows the numbers of a consignment, is not
        asked here."""
        own, milestone = _kinds(event), paper_view(event, self.rules).milestone
        rivals: dict[str, CanonicalEvent] = {}
        for (of, kinds), by_number in self._speaking.items():
            if of is not milestone or not (common := kinds & own):
                continue
            # The rarest number leads: a container may be on every row.
            groups = [[each for its in _of_kind(event, kind) for each in by_number.get(its, ())] for kind in common]
            for other in min(groups, key=len):
                if not _account(event).agrees_with(_account(other)) and all(
                    _of_kind(event, kind) & _of_kind(other, kind) for kind in common
                ):
                    rivals[other.event_hash] = other
        return sorted(rivals.values(), key=_line)


def _kinds(event: CanonicalEvent) -> frozenset[str]:
    return frozenset(its.kind for its in event.references)


def _of_kind(event: CanonicalEvent, kind: str) -> set[Reference]:
    return {its for its in event.references if its.kind == kind}


def _account(event: CanonicalEvent) -> Account:
    return Account(event.event_hash, chain_seconds(event.occurred_at), event.quantity, event.is_empty)


def _said(event: CanonicalEvent) -> str:
    measured = f"{event.quantity / THOUSAND:g} {event.unit}" if event.unit else "no quantity"
    return f"{measured} at {event.occurred_at:%Y-%m-%dT%H:%M:%SZ}"


def _line(event: CanonicalEvent) -> int:
    assert event.line is not None
    return event.line


def _name(milestone: Milestone | None) -> str:
    return "" if milestone is None else milestone.name
