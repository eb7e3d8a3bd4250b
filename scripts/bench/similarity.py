"""How many planted near-duplicates the sketches find, and how many flags are right, on a seeded corpus."""

import time
from collections import Counter, defaultdict
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Final

from rich.console import Console
from sqlmodel import Session

from api.db import Database
from api.invoices.models import SketchRow
from api.invoices.similarity import repository
from api.invoices.similarity.score import Agreement, Similarity, judge
from api.invoices.similarity.service import record
from api.invoices.similarity.sketch import Features, Sketch, SketchKey, Token, probes, sketch
from api.migrations import migrate
from api.values import hex32
from chain_node.references import NetworkKey
from scripts.bench.figures import Figure, middle, percentile
from scripts.bench.similarity_corpus import BEYOND, KINDS, Entry, corpus

SIZE: Final = 20_000
SEED: Final = 31
"""Not the seed by which the points were chosen (20,261,122)."""
INTAKES: Final = 300
FLOOR: Final = 0.95
KEY: Final = SketchKey.of(NetworkKey(b"a key for measuring, of 32 bytes"))


@dataclass
class Registry:
    """The sketches in memory: what the gateway keeps in two tables."""

    sketches: list[Sketch] = field(default_factory=list)
    index: dict[Token, list[int]] = field(default_factory=lambda: defaultdict(list))

    def take(self, said: Features) -> dict[int, Similarity]:
        """The earlier invoices that this one is like; then keeps it."""
        mine = sketch(KEY, said)
        agreeing: dict[int, list[Agreement]] = defaultdict(list)
        for token, agreement in probes(KEY, said).items():
            for place in self.index.get(token, ()):
                agreeing[place].append(agreement)
        judged = {place: judge(found, mine.marks, self.sketches[place].marks) for place, found in agreeing.items()}
        for token in mine.tokens:
            self.index[token].append(len(self.sketches))
        self.sketches.append(mine)
        return {place: similar for place, similar in judged.items() if similar is not None}


@dataclass(frozen=True)
class Quality:
    """Planted copies by kind, those found, and the flags (pairs of invoices) that were right and wrong."""

    entries: list[Entry]
    planted: Counter[str]
    found: Counter[str]
    right: int
    wrong: list[tuple[int, int, Similarity]]
    missed: list[int]

    def recall(self, kind: str) -> float:
        return self.found[kind] / self.planted[kind]

    @property
    def precision(self) -> float:
        """Of all flagged pairs, those that are one claim."""
        return self.right / (self.right + len(self.wrong))


def measure_quality(entries: list[Entry]) -> Quality:
    """Registers the corpus in its order, each invoice compared with all before it."""
    registry, planted, found = Registry(), Counter[str](), Counter[str]()
    right, wrong, missed = 0, [], []
    for place, entry in enumerate(entries):
        flagged = registry.take(entry.said)
        family = {other for other in flagged if entries[other].family == entry.family}
        right += len(family)
        wrong += [(place, other, flagged[other]) for other in flagged if other not in family]
        if entry.kind is not None:
            planted[entry.kind] += 1
            found[entry.kind] += bool(family)
            missed += [] if family else [place]
    return Quality(entries, planted, found, right, wrong, missed)


def measure_similarity(work_dir: Path, console: Console) -> list[Figure]:
    """Shares, each beside the floor that a test holds a smaller corpus to; and what a look-up adds to an intake."""
    entries = corpus(SIZE, SEED)
    with console.status(f"Looking for near-duplicates among {len(entries):,} invoices"):
        quality = measure_quality(entries)
        seconds = _time_intakes(work_dir, [entry.said for entry in entries])
    against = f"the floor of {FLOOR:.0%} in the tests"
    shares = {f"similarity_recall_{kind}": quality.recall(kind) for kind in KINDS}
    shares["similarity_precision"] = quality.precision
    figures = [Figure(name, 100 * share, "%", against, share / FLOOR, [100 * share]) for name, share in shares.items()]
    beyond = quality.recall(BEYOND)
    figures.append(Figure(f"similarity_recall_{BEYOND}", 100 * beyond, "%", "all of them", beyond, [100 * beyond]))
    samples, size = [second * 1000 for second in seconds], len(entries) - INTAKES
    for name, value in (("p50", middle(samples)), ("p99", percentile(samples, 0.99))):
        figures.append(Figure(f"similarity_intake_{name}", value, "ms", f"{size:,} sketches in SQLite", 1.0, samples))
    return figures


def _time_intakes(work_dir: Path, book: list[Features]) -> list[float]:
    """Sketching, looking up and storing one invoice, with all before it in the gateway's database."""
    work_dir.mkdir(parents=True)
    database = Database(f"sqlite:///{work_dir / 'gateway.db'}")
    migrate(database.engine)
    sketches = [sketch(KEY, said) for said in book[:-INTAKES]]
    database.run(lambda session: _load(session, sketches))
    seconds = []
    for place, said in enumerate(book[-INTAKES:], len(sketches)):
        begun = time.perf_counter()
        database.run(partial(record, key=KEY, receivable_id=hex32(place), said=said))
        seconds.append(time.perf_counter() - begun)
    database.close()
    return seconds


def _load(session: Session, sketches: list[Sketch]) -> None:
    for place, kept in enumerate(sketches):
        row = SketchRow(receivable_id=hex32(place), **asdict(kept.marks))
        repository.store(session, row, kept.tokens)
