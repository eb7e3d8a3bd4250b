"""docs/operating/restore-member.md, typed as it stands, while the others have decided something since."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from members import NAME, make_network, typed
from rehearsal import Rehearsal

pytestmark = pytest.mark.slow


def test_lost_members_part_is_restored_by_the_page(rehearsal: Rehearsal, tmp_path: Path) -> None:
    root, others = make_network(rehearsal, tmp_path), tmp_path / "others"
    shutil.copytree(root, others)
    own = f"--root {others} --passphrase-file {tmp_path}/pass --member-dir {tmp_path}"
    cards = {path.name for path in (root / NAME / "cards").iterdir()}

    def lost() -> None:
        typed(rehearsal, f"portolan network propose remove-validator {NAME} --node v3 --why 'It leaves' {own}/own-1")
        for of in (2, 3):
            typed(rehearsal, f"portolan network approve {NAME} 1 {own}/own-{of}")
        shutil.rmtree(root)
        shutil.rmtree(tmp_path / "own-0")

    rehearsal.page(
        "restore-member.md",
        {
            "NAME": NAME,
            "ROOT": root,
            "OWN": tmp_path / "own-0",
            "NEW_ROOT": tmp_path / "again" / "network-config",
            "NEW_OWN": tmp_path / "again" / "own",
            "BACKUP": tmp_path / "quay.backup",
            "PASS": tmp_path / "pass",
            "LOG": others / NAME / "ceremony.json",
        },
        {"2. Lay it down": lost},
    )

    again = tmp_path / "again" / "network-config" / NAME
    assert {path.name for path in (again / "cards").iterdir()} == cards
    assert (again / "ceremony.json").read_bytes() == (others / NAME / "ceremony.json").read_bytes()
    assert (again / "genesis.json").read_bytes() == (others / NAME / "genesis.json").read_bytes()
    assert sorted(path.name for path in (again / "nodes").iterdir()) == ["v0", "v1", "v2"]
    assert not list((tmp_path / "again" / "own").rglob("key"))
