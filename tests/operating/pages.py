"""A page of docs/operating as a program: its commands, and what they promise to print.

Each `sh` block of a page is typed as it stands, in order, in one session. The block that begins with `export` says what
the reader fills in. A `text` block tells what the block before it prints: each of its lines must be found, in order;
`…` stands for anything within a line. `sh exit=N` is a block that ends with N.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
PAGES: Final = ROOT / "docs" / "operating"
_SETTING: Final = re.compile(r"export ([A-Z][A-Z0-9_]*)=(\S+)(?:\s+# .+)?")


class PageInvalid(Exception):
    """A page cannot be rehearsed; the message says where and why."""


@dataclass
class Step:
    """One block of commands under a heading. `promised` are the lines that it prints."""

    heading: str
    line: int
    commands: str
    exit_code: int
    promised: tuple[str, ...] = ()


@dataclass(frozen=True)
class Page:
    """`settings` are what the reader fills in, with the page's examples."""

    name: str
    settings: dict[str, str]
    steps: tuple[Step, ...]


def read_page(name: str) -> Page:
    return parse(name, (PAGES / name).read_text(encoding="utf-8"))


def parse(name: str, text: str) -> Page:
    """Raises PageInvalid."""
    settings: dict[str, str] = {}
    steps: list[Step] = []
    heading, fence, start, body = "", "", 0, [""]
    for number, line in enumerate(text.splitlines(), 1):
        stripped = line.strip()
        if fence:
            if stripped != "```":
                body.append(line)
                continue
            _take(f"{name}:{start}", fence, body, Step(heading, start, "", 0), settings, steps)
            fence = ""
        elif stripped.startswith("```"):
            fence, start, body = stripped[3:].strip() or "?", number, []
        elif line.startswith("#"):
            heading = line.lstrip("# ")
    if fence:
        raise PageInvalid(f"{name}:{start}: the block does not end")
    return Page(name, settings, tuple(steps))


def _take(where: str, fence: str, body: list[str], step: Step, settings: dict[str, str], steps: list[Step]) -> None:
    kind, _, more = fence.partition(" ")
    if kind == "text":
        if not steps or steps[-1].promised:
            raise PageInvalid(f"{where}: no commands print this")
        steps[-1].promised = tuple(line.strip() for line in body if line.strip())
    elif kind == "sh" and not steps and not settings and body[0].startswith("export "):
        for line in body:
            found = _SETTING.fullmatch(line.strip())
            if found is None:
                raise PageInvalid(f"{where}: {line} is not NAME=example and what it is")
            settings[found[1]] = found[2]
    elif kind == "sh":
        code = re.fullmatch(r"(?:exit=(\d+))?", more)
        if code is None:
            raise PageInvalid(f"{where}: {fence} is not known")
        step.commands, step.exit_code = "\n".join(body), int(code[1] or 0)
        steps.append(step)
    elif kind not in ("toml", "json"):
        raise PageInvalid(f"{where}: a block must say what it is (sh, text, toml, json), not {fence}")


def missing_line(promised: tuple[str, ...], printed: str) -> str | None:
    """The first promised line that was not printed in its turn."""
    lines = iter(" ".join(line.split()) for line in printed.splitlines())
    for line in promised:
        pattern = ".*".join(re.escape(part) for part in " ".join(line.split()).split("…"))
        if not any(re.search(pattern, each) for each in lines):
            return line
    return None
