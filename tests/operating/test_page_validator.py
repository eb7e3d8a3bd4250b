"""docs/operating/validator.md, typed as it stands, in a network that four members have made by its commands."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from members import NAME, NEWCOMER, make_network, typed
from rehearsal import Rehearsal
from support.fake_besu import make_fake_besu
from support.ports import free_triples

pytestmark = pytest.mark.slow
ANSWER = "4. Look, and answer (each other organisation that runs a validator)"


@pytest.fixture
def besu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Besu's program, and the Java that it asks for."""
    fake = make_fake_besu(tmp_path / "program")
    monkeypatch.setenv("JAVA_HOME", str(fake.java_home))
    return fake.program


@pytest.fixture
def newcomer(rehearsal: Rehearsal, tmp_path: Path) -> Iterator[dict[str, object]]:
    """What the newcomer fills in; its node is ended where it runs."""
    own, root = tmp_path / "own-new", tmp_path / "newcomers"
    yield {"ROOT": root, "OWN": own, "LEI": NEWCOMER, "HOST": "127.0.0.1", "PORT": free_triples(1)[0]}
    typed(rehearsal, f"portolan network down {NAME} --member-dir {own} --root {root} || true")


def test_validator_is_onboarded_by_the_page(
    rehearsal: Rehearsal, besu: Path, newcomer: dict[str, object], tmp_path: Path
) -> None:
    root, sent = make_network(rehearsal, tmp_path), tmp_path / "sent"
    sent.mkdir()
    for copy in ("newcomers", "copy-1", "copy-2"):
        shutil.copytree(root, tmp_path / copy)
    first, second = (
        {"OTHER_ROOT": tmp_path / f"copy-{at}", "OTHER_OWN": tmp_path / f"own-{at}", "OTHER_PASS": tmp_path / "pass"}
        for at in (1, 2)
    )

    rehearsal.page(
        "validator.md",
        {
            **newcomer,
            **first,
            "NAME": NAME,
            "PASS": tmp_path / "pass",
            "PORTOLAN_BESU": besu,
            "MEMBER_ROOT": root,
            "MEMBER_OWN": tmp_path / "own-0",
            "MEMBER_PASS": tmp_path / "pass",
            "PROPOSAL": 1,
            "SENT": sent,
        },
        {"5. See that it is decided (the member)": lambda: rehearsal.again("validator.md", ANSWER, second, first)},
    )

    static = json.loads((root / NAME / "permissions" / "static-nodes.json").read_text())
    assert [url for url in static if url.endswith(f":{newcomer['PORT']}")]
    told = json.loads((root / NAME / "ceremony.json").read_text())["entries"]
    assert [entry["body"]["action"]["kind"] for entry in told] == ["propose", "approve", "approve"]
    assert len({entry["body"]["author"] for entry in told}) == 3
