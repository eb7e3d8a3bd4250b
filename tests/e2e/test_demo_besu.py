"""The main job on Besu: `portolan demo --network besu`, in real time. Only where Besu is installed."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LONGEST_SECONDS = 1_200

pytestmark = [
    pytest.mark.node,
    pytest.mark.slow,
    pytest.mark.xdist_group("besu"),
    pytest.mark.skipif(shutil.which("besu") is None, reason="besu is not on PATH"),
]


def test_documents_become_cash_on_four_besu_validators(tmp_path: Path) -> None:
    report = tmp_path / "demo.json"
    paths = ["--trade", str(ROOT / "examples" / "trade"), "--report", str(report), "--work-dir", str(tmp_path / "work")]

    done = subprocess.run(
        [sys.executable, "-m", "scripts.portolan", "demo", "--network", "besu", *paths],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=LONGEST_SECONDS,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    said = json.loads(report.read_text(encoding="utf-8"))
    assert said["ok"] is True
    assert all(said["checks"].values()), said["checks"]
    books = said["books"]
    assert sum(books["balances"].values()) == books["issued"] - books["withdrawn"] > 0
    assert books["interest_received"] == books["interest_by_formula"] > 0
    assert books["principal_out"] == 0
