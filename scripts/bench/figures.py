"""The report's shape."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median


@dataclass(frozen=True)
class Figure:
    """`ratio` is value over the value of `against`; `samples` are the raw measurements, in `unit`."""

    name: str
    value: float
    unit: str
    against: str
    ratio: float
    samples: list[float]


def percentile(samples: list[float], share: float) -> float:
    """The smallest sample that at least this share of all samples does not exceed."""
    ordered = sorted(samples)
    return ordered[min(len(ordered) - 1, max(0, -(-len(ordered) * int(share * 1000) // 1000) - 1))]


def middle(samples: list[float]) -> float:
    return median(samples)


def write_report(path: Path, figures: list[Figure]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps([asdict(figure) for figure in figures], indent=2) + "\n", encoding="utf-8")
