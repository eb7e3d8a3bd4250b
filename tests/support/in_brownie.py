"""Brownie as a person starts it, in this checkout, whose build/brownie keeps what it compiled. Tests that start it, or
write there, belong to the group `brownie`: there is one such folder."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from chain_node.compile import ROOT


def in_brownie(home: Path, *argv: str, told: str = "") -> subprocess.CompletedProcess[str]:
    """`told` is what is typed; the first run compiles everything, for half a minute."""
    environment = {"HOME": str(home), "PATH": os.environ["PATH"]}
    return subprocess.run(
        argv, input=told, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=1_200, check=False
    )
