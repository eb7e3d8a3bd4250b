"""The list of invariants names tests that exist, and the READMEs name files that do."""

import re
import subprocess
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parent
ROOT = TESTS.parent
NAMED = re.findall(r"`([\w/.]+)::(\w+)`", (TESTS / "INVARIANTS.md").read_text(encoding="utf-8"))
SOLIDITY = {path: path.read_text(encoding="utf-8") for path in sorted((TESTS / "contracts").rglob("*.sol"))}
LINK = re.compile(r"\]\(([^)\s]+)\)")
FENCED = re.compile(r"^ *```.*?^ *```$", re.M | re.S)


def documents() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "*.md"], cwd=ROOT, capture_output=True, text=True, check=True)
    return [ROOT / line for line in listed.stdout.splitlines()]


def test_the_list_names_tests() -> None:
    assert len(NAMED) > 60


@pytest.mark.parametrize(("file", "name"), NAMED)
def test_named_test_exists(file: str, name: str) -> None:
    text = (TESTS / file).read_text(encoding="utf-8")

    assert re.search(rf"(def|function) {name}\(", text), f"{file} has no {name}"


def test_every_forge_invariant_is_in_the_list() -> None:
    names = {name for text in SOLIDITY.values() for name in re.findall(r"function (invariant_\w+)\(", text)}

    assert names - {name for _, name in NAMED} == set()


@pytest.mark.parametrize("path", SOLIDITY, ids=lambda path: path.name)
def test_how_long_invariants_run_is_said_in_foundry_toml_alone(path: Path) -> None:
    """An inline figure would also hold in `make fuzz`, which would then not run long."""
    inline = re.findall(r"forge-config:.*invariant\.(?:runs|depth|fail-on-revert).*", SOLIDITY[path])

    assert not inline, f"{path.relative_to(ROOT)}: {inline}"


def anchors(document: Path) -> set[str]:
    """Of its headings, as they are made for Markdown on the web."""
    headings = re.findall(r"^#+ (.*)$", FENCED.sub("", document.read_text(encoding="utf-8")), re.M)
    plain = (re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", its).strip().lower() for its in headings)
    return {re.sub(r"[^\w\- ]", "", its).replace(" ", "-") for its in plain}


def leading_nowhere(document: Path) -> list[str]:
    targets = [target for target in LINK.findall(document.read_text(encoding="utf-8")) if "://" not in target]
    return [target for target in targets if not leads_somewhere(document, *target.partition("#")[::2])]


def leads_somewhere(document: Path, file: str, anchor: str) -> bool:
    there = document.parent / file if file else document
    return there.exists() and (not anchor or there.suffix != ".md" or anchor in anchors(there))


def test_link_that_leads_nowhere_is_seen(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "# One `two`: three\n\n[a](#one-two-three) [b](#one) [c](page.md#two) [d](none.md) [e](https://x)\n"
    )

    assert leading_nowhere(page) == ["#one", "page.md#two", "none.md"]


@pytest.mark.parametrize("document", documents(), ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(document: Path) -> None:
    missing = leading_nowhere(document)

    assert not missing, f"{document.relative_to(ROOT)} links to {', '.join(missing)}"
