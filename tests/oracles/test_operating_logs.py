"""The lines of a node that goes its main ways, held against the table in docs/operating.md; and what is in none."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from oracle_bench import Bench
from oracle_fakes import NETWORK_KEY, NODE_ACCOUNT, declared_error, epcis, epcis_event, temperature

from chain_node.client import Refusal
from oracles.logs import configure_logs

DOCUMENT = Path(__file__).parents[2] / "docs" / "operating.md"
ROW = re.compile(r"^\| (`[^|]+`) \| (`[^|]+) \|$", re.MULTILINE)
EVERY = {"event", "level", "timestamp", "node"}
PRIVATE = "Confidential-Supplier-4711"
"""Stands in a paper, where nothing of the pipeline needs it."""


def table() -> dict[str, set[str]]:
    """Fields by event, as the page promises them."""
    text = DOCUMENT.read_text(encoding="utf-8")
    part = text[text.index("Log lines are JSON") : text.index("### What is held")]
    found = {}
    for events, fields in ROW.findall(part):
        plain = re.sub(r"\([^)]*\)", "", fields)
        for event in re.findall("`([^`]+)`", events):
            found[event] = set(re.findall("`([^`]+)`", plain))
    return found


@pytest.fixture
def lines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[list[dict[str, Any]]]:
    """What a node says that signs, waits, holds, is refused, measures, meets bad papers and a chain that is away."""
    configure_logs("warehouse")
    bench = Bench(tmp_path, settings_changes={"exchange": tmp_path / "exchange", "relays": True})
    event = epcis_event(**{"example:supplier": PRIVATE})
    bench.drop("receiving.json", epcis(event))
    bench.drop("waiting.json", epcis(epcis_event(order="PO-LATER")))
    bench.drop("sensor.json", epcis(temperature(4)))
    bench.drop("bad.json", json.dumps({"supplier": PRIVATE}).encode() + b"{")
    bench.settle()
    bench.drop("other.json", epcis(epcis_event(quantity=1)))
    bench.chain.refuse = Refusal.TOO_OLD
    bench.drop("storing.json", epcis(epcis_event("storing")))
    bench.settle()
    bench.drop("error.json", epcis(declared_error(event)))
    bench.chain.away = True
    bench.turn()
    yield [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


def test_every_line_has_the_fields_that_the_page_promises(lines):
    promised = table()
    assert len(promised) > 15

    for line in lines:
        wanted = EVERY | promised.get(line["event"], set())
        if line["event"] == "decision" and line["verdict"] == "wait":
            wanted -= {"subject", "sequence"}
        if line["event"] == "reading" and line["verdict"] == "wait":
            wanted -= {"subject", "round"}
        if "correction" in line:
            wanted -= {"status"}
        assert wanted <= set(line), line


def test_main_ways_are_all_told(lines):
    told = {line["event"] for line in lines}

    assert told >= {
        "network",
        "event",
        "document quarantined",
        "decision",
        "vote signed",
        "transaction sent",
        "vote counted",
        "vote refused",
        "reading",
        "network away",
    }
    assert {line["verdict"] for line in lines if line["event"] == "decision"} >= {"sign", "wait", "hold"}


def test_facts_are_told_by_subject_and_block(lines):
    facts = [line for line in lines if line["event"] in ("vote counted", "vote refused")]

    assert facts
    assert all(re.fullmatch("[0-9a-f]{64}", line["subject"]) and line["block"] > 0 for line in facts)


def test_one_trace_leads_from_the_paper_to_the_vote_that_was_counted(lines):
    counted = next(line for line in lines if line["event"] == "vote counted")
    trace = counted["trace_id"]

    def about(event: str, **fields: Any) -> list[dict[str, Any]]:
        named = [line for line in lines if line["event"] == event and fields.items() <= line.items()]
        return [line for line in named if trace in (line.get("trace_id"), *line.get("trace_ids", []))]

    assert counted["event_hash"].startswith(f"ni:///sha-256;{trace}")
    assert about("event", event_hash=counted["event_hash"])
    assert about("decision", verdict="sign")
    (signed,) = about("vote signed")
    assert about("transaction sent", submission=signed["submission"], hash=counted["hash"])


def test_every_line_about_an_event_has_its_trace_and_no_two_events_share_one(lines):
    named = {(line["event_hash"], line["trace_id"]) for line in lines if "event_hash" in line}

    assert len(named) == len({trace for _, trace in named}) > 3
    assert all(re.fullmatch("[0-9a-f]{32}", trace) for _, trace in named)


def test_no_line_holds_a_key_or_a_paper(lines):
    text = json.dumps(lines)

    for secret in (NODE_ACCOUNT.key.hex(), NETWORK_KEY.secret.hex(), PRIVATE):
        assert secret.removeprefix("0x") not in text
