"""A dry run of one CSV file under one mapping: what each row means, what would be attested, what not and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.table import Table as Grid
from rich.text import Text

from chain_node.client import Milestone
from oracles.canonical import CanonicalEvent
from oracles.hashing import file_bytes
from oracles.rules.book import Rulebook
from oracles.rules.decisions import Verdict, paper_view
from oracles.rules.loading import built_in_rules
from oracles.tables.reading import Skipped, load_mapping, rows_of, table_of
from oracles.tables.settings import BadRows
from standards.tables import RowProblem

THOUSAND = 1000
ATTESTED, NOT_ATTESTED, CANCELS, AGAIN, NO_EVENT, BAD = (
    "attested",
    "not attested",
    "takes back",
    "the same again",
    "no event",
    "bad",
)


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


def check(path: Path, mapping_path: Path, bad_rows: BadRows, limit_bytes: int, rules: Rulebook | None = None) -> Check:
    """By these rules, or those that come with the program; needs no network. Raises SettingsInvalid for the mapping,
    DocumentRefused for the file."""
    mapping = load_mapping(mapping_path)
    table = table_of(str(path), file_bytes(path), limit_bytes, mapping)
    rows = tuple(_checked(rows_of(table, mapping), rules or built_in_rules()))
    is_bad = any(row.verdict == BAD for row in rows)
    has_good = any(row.event_hash for row in rows)
    return Check(str(path), str(mapping_path), not is_bad or (bad_rows == "set aside" and has_good), rows)


def _checked(
    rows: Iterator[tuple[object, CanonicalEvent | RowProblem | Skipped]], rules: Rulebook
) -> Iterator[CheckedRow]:
    seen: dict[str, int] = {}
    for _, result in rows:
        if isinstance(result, Skipped):
            yield CheckedRow(result.line, NO_EVENT, result.why)
        elif isinstance(result, RowProblem):
            yield CheckedRow(result.line, BAD, "; ".join(map(str, result.problems)))
        else:
            yield _of_event(result, seen, rules)


def _of_event(event: CanonicalEvent, seen: dict[str, int], rules: Rulebook) -> CheckedRow:
    view = paper_view(event, rules)
    milestone, decision = view.milestone, view.decision
    assert event.line is not None
    verdict, reason = (ATTESTED, "") if decision.verdict is Verdict.SIGN else (NOT_ATTESTED, decision.reason)
    if event.correction is not None:
        of = event.correction.source_event_id
        verdict, reason = CANCELS, f"the event {of}" if of else "the row with the same cells"
    elif event.event_hash in seen:
        verdict, reason = AGAIN, f"as line {seen[event.event_hash]}; taken once"
    seen.setdefault(event.event_hash, event.line)
    return CheckedRow(
        line=event.line,
        verdict=verdict,
        reason=reason.removeprefix("not signed: "),
        milestone=_name(milestone) if verdict == ATTESTED else "",
        activity=event.activity.code,
        occurred_at=f"{event.occurred_at:%Y-%m-%dT%H:%M:%SZ}",
        quantity=event.quantity,
        unit=event.unit or "",
        references=tuple(map(str, event.references)),
        place=event.place.id if event.place else "",
        event_id=event.source_event_id or "",
        event_hash=event.event_hash,
    )


def _name(milestone: Milestone | None) -> str:
    return "" if milestone is None else milestone.name
