"""A network of four members, made by its commands as its members would."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Final

from pages import ROOT
from rehearsal import Rehearsal
from support.network import lei

NAME: Final = "quay"
OPERATOR: Final = "999900PORTOLANOPER17"
MEMBERS: Final = tuple(lei(f"MEMBER{letter}") for letter in "ABCD")
NEWCOMER: Final = lei("MEMBERE")


def typed(rehearsal: Rehearsal, *lines: str) -> None:
    environment = rehearsal.stand_ins.environment
    done = subprocess.run(
        ["bash", "-euc", "\n".join(lines)], env=environment, check=False, timeout=900, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


def make_network(rehearsal: Rehearsal, where: Path) -> Path:
    """Terms, cards and files, in the folder of the first member; each member's own folder is `own-<number>`."""
    root = where / "network-config"
    (where / "pass").write_text("a long enough passphrase\n")
    (where / "cards").mkdir()
    organisations = " ".join(f"--org {member}" for member in MEMBERS)
    people = f"--operator {OPERATOR} --participants {ROOT}/network-config/local/participants.toml"
    typed(
        rehearsal,
        f"portolan network new {NAME} --engine besu --root {root} {people} --chain-id 77009 "
        f"--shared-hosts --account 0x{'ab' * 20} {organisations}",
        *(
            f"portolan network member init {NAME} --name v{at} --lei {member} --organisation 'Firm {at}' --contact ops "
            f"--host 127.0.0.1 --port {30303 + at} --member-dir {where}/own-{at} --passphrase-file {where}/pass "
            f"--root {root}; cp {where}/own-{at}/cards/v{at}.json {where}/cards"
            for at, member in enumerate(MEMBERS)
        ),
        f"portolan network assemble {NAME} --cards {where}/cards --root {root}",
    )
    return root
