"""What the documents say to type exists: each command, with each of its options. The pages of docs/operating are typed
besides; the other documents are held against the program by this alone."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from functools import cache
from typing import Any, Final

import pytest
from pages import ROOT
from typer.main import get_command

from scripts import portolan

_LISTED: Final = subprocess.run(["git", "ls-files", "*.md"], cwd=ROOT, capture_output=True, text=True, check=True)
DOCUMENTS: Final = _LISTED.stdout.splitlines()
_COMMAND: Final = re.compile(r"(?<![\w/.$-])(?:\.venv/bin/)?portolan +(?=[a-z])")
_FENCED: Final = re.compile(r"^ *```.*?^ *```$", re.M | re.S)


@cache
def program() -> Any:
    portolan._mount(None)
    return get_command(portolan.app)


def typed_commands(text: str) -> Iterator[str]:
    """Each in one line: from `portolan` to the end of its line in a block, of its inline code in a sentence. Prose that
    only names the program is none."""
    for block in _FENCED.findall(text):
        lines = block.replace("\\\n", " ").splitlines()
        yield from (line[found.end() :] for line in lines for found in _COMMAND.finditer(line))
    for code in re.findall(r"`([^`]+)`", _FENCED.sub("", text)):
        line = " ".join(code.split())
        yield from (line[found.end() :] for found in _COMMAND.finditer(line))


def unknown_in(command: str) -> list[str]:
    """What of a command the program does not have."""
    words, at, path = re.sub(r"""["'();&]""", " ", command).split(), program(), "portolan"
    while words and getattr(at, "commands", None) and re.fullmatch(r"[a-z][a-z|-]*", words[0]):
        names = words.pop(0).split("|")
        missing = [f"{path} {name}" for name in names if name not in at.commands]
        if missing:
            return missing
        at, path = at.commands[names[0]], f"{path} {names[0]}"
    if getattr(at, "commands", None) and words and words[0] in ("...", "…"):
        return []  # whichever of its commands
    known = {option for its in at.params for option in (*its.opts, *its.secondary_opts)} | {"--help"}
    options = re.findall(r"(?<![\w-])--[a-z][a-z-]*", " ".join(words).partition(" | ")[0].partition(" # ")[0])
    return [f"{path} {option}" for option in options if option not in known]


def test_command_and_option_that_do_not_exist_are_seen() -> None:
    text = (
        "`portolan node fly --high` and `portolan network\ncheck NAME --loudly`; portolan is a program\n"
        "```sh\nportolan node start --fresh \\\n  --soft | tail --lines 3\n```\n`portolan network up|away NAME`\n"
    )

    found = [unknown for command in typed_commands(text) for unknown in unknown_in(command)]

    assert found == [
        "portolan node start --soft",
        "portolan node fly",
        "portolan network check --loudly",
        "portolan network away",
    ]


@pytest.mark.parametrize("name", DOCUMENTS)
def test_what_a_document_says_to_type_exists(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")

    assert [unknown for command in typed_commands(text) for unknown in unknown_in(command)] == []


def test_documents_are_read() -> None:
    texts = [(ROOT / name).read_text(encoding="utf-8") for name in DOCUMENTS]

    assert len([command for text in texts for command in typed_commands(text)]) > 150
