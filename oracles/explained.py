"""What `portolan oracle explain` has found out about a document."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from oracles.canonical import CanonicalEvent, Measured, Standard
from oracles.judging import Judgement
from oracles.rules.decisions import Decision


@dataclass(frozen=True)
class Sensed:
    """A measured value or a price, and whether it would be signed."""

    measured: Measured
    decision: Decision


@dataclass(frozen=True)
class Explained:
    """One event. `kind_rule` is the name of the rule that says what it is; `known` what became of it before."""

    number: int
    event: CanonicalEvent
    sensed: Sequence[Sensed]
    judgement: Judgement
    kind_rule: str = ""
    known: str = ""
    is_correction: bool = False
    corrects: Sequence[str] = ()
    """What it would mean for each event that it takes back."""
    replaces: Sequence[str] = ()
    """Hashes of older accounts of the same movement that would give way to it."""


@dataclass(frozen=True)
class Explanation:
    """A document. `away`: why the network could not be asked; `set_aside`: what of the document would not be taken, and
    why; '' where nothing is."""

    name: str
    standard: Standard
    events: Sequence[Explained]
    quotes: Sequence[Sensed]
    away: str = ""
    set_aside: str = ""
