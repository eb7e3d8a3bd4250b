"""The main job as a person runs it: `portolan demo`, in a process of its own, on the trades in examples/."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
LONGEST_SECONDS = 900


def run_demo(trade: Path, folder: Path) -> tuple[subprocess.CompletedProcess[str], dict[str, Any]]:
    report = folder / "demo.json"
    paths = ["--trade", str(trade), "--report", str(report), "--work-dir", str(folder / "work")]
    done = subprocess.run(
        [sys.executable, "-m", "scripts.portolan", "demo", *paths],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=LONGEST_SECONDS,
        check=False,
    )
    return done, json.loads(report.read_text(encoding="utf-8")) if report.exists() else {}


@pytest.mark.node
@pytest.mark.slow
@pytest.mark.parametrize("trade", ["trade", "trade-usd"])
def test_documents_become_cash_and_the_books_balance(trade: str, tmp_path: Path) -> None:
    done, report = run_demo(ROOT / "examples" / trade, tmp_path)

    assert done.returncode == 0, done.stdout + done.stderr
    assert report["ok"] is True
    assert all(report["checks"].values()), report["checks"]
    assert set(report["event_to_cash_ms"]) == {"ship", "receive"}
    books = report["books"]
    assert sum(books["balances"].values()) == books["issued"] - books["withdrawn"] > 0
    assert books["interest_received"] == books["interest_by_formula"] > 0
    assert books["paid_to_lenders"] + books["in_pool"] == books["deposit"] + books["interest_received"]
    assert books["lender_income"] + books["left_by_rounding"] == books["interest_received"]
    assert "together all that came in" in done.stdout
    assert not list((tmp_path / "work").rglob("*.part"))


@pytest.mark.node
@pytest.mark.slow
@pytest.mark.parametrize(
    ("trade", "promised"),
    [
        (
            "trade-stock",
            {
                "no_lot_without_an_attested_entry",
                "goods_are_worth_quantity_times_price_less_haircuts",
                "no_margin_call_before_the_breach",
                "nothing_is_drawn_on_old_readings",
                "a_breach_lowers_the_grade",
                "a_breach_lowers_the_value",
                "nothing_is_drawn_after_the_breach",
                "no_sale_before_the_cure_time_is_over",
                "a_call_lasts_until_it_is_cured",
                "a_sale_is_paid_out_to_the_cent",
                "goods_received_are_released_or_owned",
                "only_an_attested_exit_takes_goods_off_the_books",
            },
        ),
        (
            "trade-line",
            {
                "one_financing_carried_the_whole_line",
                "three_papers_backed_it_in_turn",
                "a_handover_changes_nothing_of_the_debt",
                "the_debt_is_covered_in_the_handovers_own_block",
                "what_is_owed_is_covered_at_every_step",
                "no_two_papers_count_at_once",
                "what_is_invoiced_is_owed_once",
                "the_goods_are_the_buyers_when_the_invoice_counts",
                "the_payment_is_paid_out_to_the_cent",
            },
        ),
    ],
)
def test_goods_become_cash_and_the_books_balance(trade: str, promised: set[str], tmp_path: Path) -> None:
    done, report = run_demo(ROOT / "examples" / trade, tmp_path)

    assert done.returncode == 0, done.stdout + done.stderr
    assert report["ok"] is True
    assert all(report["checks"].values()), report["checks"]
    assert promised <= set(report["checks"])
    books = report["books"]
    assert sum(books["balances"].values()) == books["issued"] - books["withdrawn"] > 0
    assert books["drawn"] == books["principal_repaid"] > 0
    assert 0 <= books["interest_received"] - books["interest_by_formula"] < books["payments"]
    assert "The books" in done.stdout


@pytest.mark.node
@pytest.mark.slow
def test_goods_that_stay_cool_are_no_reason_for_a_call(tmp_path: Path) -> None:
    """The demo's checks can fail: the same trade with a reading within the range ends with a failure that says so."""
    trade = tmp_path / "trade"
    shutil.copytree(ROOT / "examples" / "trade-stock", trade)
    for paper in (trade / "breach").glob("*.epcis.json"):
        cool = paper.read_text(encoding="utf-8").replace("78.8", "62.6").replace("25.8", "17.0").replace("25.9", "17.1")
        paper.write_text(cool, encoding="utf-8")

    done, report = run_demo(trade, tmp_path)

    assert done.returncode == 1
    assert report["ok"] is False
    assert report["checks"]["a_breach_lowers_the_grade"] is False
    assert "The demo stopped" in done.stderr


@pytest.mark.node
@pytest.mark.slow
def test_a_trade_that_goes_wrong_ends_with_a_failure_and_a_report(tmp_path: Path) -> None:
    """A twin that is no invoice is refused for another reason than being the same invoice: the check must say so."""
    trade = tmp_path / "trade"
    shutil.copytree(ROOT / "examples" / "trade", trade)
    manifest = trade / "trade.toml"
    text = manifest.read_text(encoding="utf-8")
    manifest.write_text(text.replace('twins = ["invoice.cii.xml"]', 'twins = ["order.ubl.xml"]'), encoding="utf-8")

    done, report = run_demo(trade, tmp_path)

    assert done.returncode == 1
    assert report["ok"] is False
    assert report["checks"]["same_invoice_as_another_file_is_refused"] is False
    assert "same_invoice_as_another_file_is_refused" in done.stdout
    assert report["timeline"]


@pytest.mark.node
@pytest.mark.slow
def test_a_fact_that_leaves_nothing_to_draw_does_not_stop_the_trade(tmp_path: Path) -> None:
    """At 60 % shipped and 61 % of the 95 % received, the base falls below what is drawn: no second draw is right."""
    trade = tmp_path / "trade"
    shutil.copytree(ROOT / "examples" / "trade", trade)
    manifest = trade / "trade.toml"
    text = manifest.read_text(encoding="utf-8")
    manifest.write_text(text.replace("advance_rate_bps = 8000", "advance_rate_bps = 6100"), encoding="utf-8")

    done, report = run_demo(trade, tmp_path)

    assert done.returncode == 0, done.stdout + done.stderr
    assert report["checks"]["a_fact_without_a_draw_left_nothing_to_draw"] is True
    assert set(report["event_to_cash_ms"]) == {"ship"}
    assert "nothing is drawn" in done.stdout


def test_a_demo_that_cannot_start_leaves_no_good_report_behind(tmp_path: Path) -> None:
    (tmp_path / "demo.json").write_text('{"ok": true}', encoding="utf-8")

    done, report = run_demo(tmp_path / "nowhere", tmp_path)

    assert done.returncode == 1
    assert report["ok"] is False


def test_a_folder_that_is_no_networks_is_never_emptied(tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    precious = tmp_path / "work" / "precious.txt"
    precious.write_text("mine", encoding="utf-8")

    done, _ = run_demo(ROOT / "examples" / "trade", tmp_path)

    assert done.returncode == 1
    assert "nothing is removed" in done.stderr
    assert precious.read_text(encoding="utf-8") == "mine"


def test_a_folder_without_a_manifest_is_refused_in_one_sentence(tmp_path: Path) -> None:
    done, report = run_demo(tmp_path, tmp_path)

    assert done.returncode == 1
    assert "trade.toml: no such file" in done.stderr
    assert "Traceback" not in done.stderr
    assert report["ok"] is False
