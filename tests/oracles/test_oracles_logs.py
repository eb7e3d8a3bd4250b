"""Log lines that a machine reads, and that say nothing they should not."""

from __future__ import annotations

import json

import pytest
import structlog

from oracles.logs import configure_logs


@pytest.fixture
def lines(capsys):
    configure_logs("warehouse")
    yield lambda: [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


def test_failure_is_logged_with_its_place_but_without_what_was_at_hand(lines):
    def work(secret: str) -> None:
        raise ValueError(f"of {len(secret)} signs")

    try:
        work("portolan_of-this-test")
    except ValueError:
        structlog.get_logger("oracles").exception("it failed", block=7)

    (line,) = lines()
    assert (line["event"], line["block"], line["node"]) == ("it failed", 7, "warehouse")
    assert line["exception"][0]["frames"][-1]["name"] == "work"
    assert "portolan_of-this-test" not in json.dumps(line)
