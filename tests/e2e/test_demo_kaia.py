"""The main job on a network of four validators: `portolan demo --network kaia`, in real time."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
LONGEST_SECONDS = 900
"""A minute and a half on a machine of its own; this one may be shared."""


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "scripts.portolan", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=LONGEST_SECONDS,
        check=False,
    )


def run_demo(trade: str, folder: Path) -> tuple[subprocess.CompletedProcess[str], dict[str, Any]]:
    report, trade_folder = folder / "demo.json", ROOT / "examples" / trade
    paths = ["--trade", str(trade_folder), "--report", str(report), "--work-dir", str(folder / "work")]
    done = run("demo", "--network", "kaia", *paths)
    return done, json.loads(report.read_text(encoding="utf-8"))


@pytest.mark.parametrize("trade", ["trade-stock", "trade-line"])
def test_trade_that_waits_for_days_is_refused_on_a_chain_in_real_time(trade: str, tmp_path: Path) -> None:
    done, report = run_demo(trade, tmp_path)

    assert done.returncode == 1
    assert "this trade waits for days, and the chain kaia runs in real time" in done.stderr
    assert "Traceback" not in done.stderr
    assert report["ok"] is False


def test_network_in_real_time_begins_at_no_other_moment(tmp_path: Path) -> None:
    done = run("up", "--network", "kaia", "--clock", "2026-05-04T09:00:00", "--data-dir", str(tmp_path / "network"))

    assert done.returncode == 1
    assert "the chain kaia runs in real time: it cannot begin at another moment than now" in done.stderr
    assert "Traceback" not in done.stderr


def test_clock_of_a_chain_in_real_time_is_not_moved(tmp_path: Path) -> None:
    done = run("node", "clock", "2036-05-04T09:00:00", "--network", "kaia", "--data-dir", str(tmp_path))

    assert done.returncode == 1
    assert "the chain kaia runs in real time: its clock cannot be moved" in done.stderr


def test_validators_are_listed_among_the_keys_without_secrets(tmp_path: Path) -> None:
    done = run("node", "keys", "--network", "kaia", "--data-dir", str(tmp_path))

    keys = sorted((tmp_path / "validators").glob("*/key"))
    assert done.returncode == 0, done.stderr
    assert len(keys) == 4
    assert all(f"validator {number}" in done.stdout for number in range(1, 5))
    assert not any(key.read_text().strip() in done.stdout for key in keys)


@pytest.mark.node
@pytest.mark.slow
@pytest.mark.xdist_group("kaia")
def test_documents_become_cash_on_four_validators(tmp_path: Path) -> None:
    done, report = run_demo("trade", tmp_path)

    assert done.returncode == 0, done.stdout + done.stderr
    assert report["ok"] is True
    assert all(report["checks"].values()), report["checks"]
    assert set(report["event_to_cash_ms"]) == {"ship", "receive"}
    assert report["papers_moved_by_days"] > 0
    books = report["books"]
    assert sum(books["balances"].values()) == books["issued"] - books["withdrawn"] > 0
    assert books["interest_received"] == books["interest_by_formula"] > 0
    assert books["fees_received"] == books["fees_by_formula"] > 0
    assert books["principal_out"] == 0
    assert books["in_pool"] == books["deposit"] + books["interest_received"]
    logs = sorted(path.name for path in (tmp_path / "work" / "logs").glob("validator-*.log"))
    assert logs == [f"validator-{number}.log" for number in range(1, 5)]
