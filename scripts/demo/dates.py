"""A trade's papers moved in time, for chains whose clock is the world's: a copy in which each date is so many whole
days later, and nothing else differs. All that the papers tell has then happened by now, the last of it within a day."""

import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

# 2026-05-04, with or without a time after it; not within numbers of documents, such as PO-2026-0815.
_ISO = re.compile(r"(?<![\w-])\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])(?![\d-])")
# As UN/CEFACT's XML has it: 20260504.
_CEFACT = re.compile(r'(?<=format="102">)\d{8}(?=<)')


def days_until(last: datetime, now: datetime) -> int:
    """The most whole days by which `last` can be moved and is not after `now`."""
    return (now - last) // timedelta(days=1)


def move_papers(folder: Path, target: Path, days: int) -> None:
    """Writes the trade's files to `target`, which must not be the same folder."""
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        copy = target / file.relative_to(folder)
        copy.parent.mkdir(parents=True, exist_ok=True)
        # newline="": not even the ends of lines differ
        with file.open(encoding="utf-8", newline="") as source, copy.open("w", encoding="utf-8", newline="") as moved:
            moved.write(moved_text(source.read(), days))


def moved_text(text: str, days: int) -> str:
    text = _ISO.sub(lambda found: _moved(found[0], days).isoformat(), text)
    return _CEFACT.sub(lambda found: f"{_moved(found[0], days):%Y%m%d}", text)


def utc_now() -> datetime:
    return datetime.now(UTC)


def _moved(text: str, days: int) -> date:
    return date.fromisoformat(text) + timedelta(days=days)
