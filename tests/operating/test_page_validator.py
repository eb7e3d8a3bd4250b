"""docs/operating/validator.md, typed as it stands, in a network that four members have made by its commands."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from members import NAME, NEWCOMER, make_network, typed
from rehearsal import Rehearsal

pytestmark = pytest.mark.slow


def test_validator_is_onboarded_by_the_page(rehearsal: Rehearsal, tmp_path: Path) -> None:
    root, sent = make_network(rehearsal, tmp_path), tmp_path / "sent"
    sent.mkdir()
    shutil.copytree(root, tmp_path / "newcomers")

    def others_agree() -> None:
        """Two more of four: each on a copy of its own of what it was sent."""
        for at in (1, 2):
            own = tmp_path / f"copy-{at}"
            shutil.copytree(tmp_path / "newcomers", own)
            acts = f"--root {own} --member-dir {tmp_path}/own-{at} --passphrase-file {tmp_path}/pass"
            typed(
                rehearsal,
                f"portolan network receive {NAME} {sent}/ceremony.json --root {own}",
                f"portolan network approve {NAME} 1 {acts}",
                f"cp {own}/{NAME}/ceremony.json {sent}/ceremony.json",
            )

    rehearsal.page(
        "validator.md",
        {
            "NAME": NAME,
            "ROOT": tmp_path / "newcomers",
            "OWN": tmp_path / "own-new",
            "PASS": tmp_path / "pass",
            "LEI": NEWCOMER,
            "HOST": "127.0.0.1",
            "PORT": 30309,
            "MEMBER_ROOT": root,
            "MEMBER_OWN": tmp_path / "own-0",
            "MEMBER_PASS": tmp_path / "pass",
            "SENT": sent,
        },
        {"4. The others decide": others_agree},
    )

    static = json.loads((root / NAME / "permissions" / "static-nodes.json").read_text())
    assert [url for url in static if url.endswith(":30309")]
