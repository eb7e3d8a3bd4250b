"""The pages of docs/operating can be rehearsed, each is, and the rehearsal sees what is wrong."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pages import PAGES, PageInvalid, missing_line, parse, read_page
from rehearsal import PageFails, Rehearsal

NAMES = sorted(path.name for path in PAGES.glob("*.md") if path.name != "README.md")
BEGUN = "# A page\n\n```sh\nexport PLACE=/srv   # where\n```\n\n## First\n\n"


def block(kind: str, *lines: str) -> str:
    return "\n".join([f"```{kind}", *lines, "```", ""])


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("```sh\necho a\n", "does not end"),
        (block("", "echo a"), "must say what it is"),
        (block("bash", "echo a"), "must say what it is"),
        (block("sh exit=one", "false"), "is not known"),
        (block("text", "promised"), "no commands print this"),
        (block("sh", "export PLACE=$(pwd) and more"), "is not NAME=example"),
    ],
)
def test_page_that_cannot_be_rehearsed_is_refused(text: str, why: str) -> None:
    with pytest.raises(PageInvalid, match=why):
        parse("page.md", text)


def test_promise_counts_in_order_and_whole() -> None:
    printed = "one  two\nthree: 0xabcd of 7\n"

    assert missing_line(("one two", "three: … of 7"), printed) is None
    assert missing_line(("three: … of 7", "one two"), printed) == "one two"
    assert missing_line(("three: … of 8",), printed) == "three: … of 8"


def test_command_that_fails_and_output_that_is_missing_fail_the_page(
    rehearsal: Rehearsal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages = {
        "fails.md": BEGUN + block("sh", "false"),
        "succeeds.md": BEGUN + block("sh exit=3", "true"),
        "silent.md": BEGUN + block("sh", 'echo "$PLACE"') + block("text", "/srv"),
        "kept.md": BEGUN + block("sh", 'KEPT="$PLACE/a"') + block("sh", 'echo "$KEPT"') + block("text", "/else/a"),
    }
    for name, text in pages.items():
        (tmp_path / name).write_text(text)
    monkeypatch.setattr("pages.PAGES", tmp_path)

    for name, why in (("fails.md", "ended with 1"), ("succeeds.md", "ended with 0, not 3"), ("silent.md", "promises")):
        with pytest.raises(PageFails, match=why):
            rehearsal.page(name, {"PLACE": "/else"})
    assert rehearsal.page("kept.md", {"PLACE": "/else"}) == "/else/a\n"
    with pytest.raises(PageInvalid, match="differ: OTHER, PLACE"):
        rehearsal.page("kept.md", {"OTHER": "/else"})
    with pytest.raises(PageInvalid, match="no commands under Second"):
        rehearsal.page("kept.md", {"PLACE": "/else"}, {"Second": lambda: None})


@pytest.mark.parametrize("name", NAMES)
def test_page_says_what_it_must_and_is_in_the_index(name: str) -> None:
    text, page = (PAGES / name).read_text(encoding="utf-8"), read_page(name)

    assert f"]({name})" in (PAGES / "README.md").read_text(encoding="utf-8")
    assert re.search(r"^\*\*When\.\*\* ", text, re.M)
    assert re.search(r"^\*\*Who\.\*\* ", text, re.M)
    assert re.search(r"^## Do not$", text, re.M)
    assert any(step.promised for step in page.steps)
    used = "\n".join(step.commands for step in page.steps)
    # Those that begin with PORTOLAN_ are read by the commands themselves.
    typed = [key for key in page.settings if not key.startswith("PORTOLAN_")]
    assert [key for key in typed if f"${key}" not in used] == []


@pytest.mark.parametrize("name", NAMES)
def test_page_is_rehearsed(name: str) -> None:
    rehearsals = "".join(path.read_text() for path in Path(__file__).parent.glob("test_page_*.py"))

    assert f'"{name}"' in rehearsals
