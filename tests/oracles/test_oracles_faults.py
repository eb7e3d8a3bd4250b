"""A bad minute: the chain is gone, and a partner's system sends the same thing ten thousand times."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest
from oracle_fakes import epcis, epcis_event
from oracle_nodes import NodeHome, Trade, until

from chain_node.client import Milestone, Role

pytestmark = [pytest.mark.node, pytest.mark.slow]

DELIVERIES = 10_000
AWAY_SECONDS = 60.0


def test_chain_away_for_a_minute_and_ten_thousand_duplicates_make_one_vote(own_network, tmp_path: Path) -> None:
    trade = Trade(own_network, tmp_path)
    subject = trade.open("PO-MANY")
    node = trade.node("warehouse", Role.WAREHOUSE)
    event = epcis_event(at=trade.moment(60), order="PO-MANY")
    own_network.engine.stop()

    with node.running() as process:
        gone_at = time.monotonic()
        process.wait_for("network away")
        _deliver(node, [epcis(event), _in_other_words(event)])
        until(lambda: not any(node.inbox.iterdir()), 900)
        until(lambda: time.monotonic() - gone_at >= AWAY_SECONDS, 2 * AWAY_SECONDS)
        own_network.engine.start()
        process.wait_for("vote counted")
        until(lambda: node.transactions() == ["settled"])

    assert [milestone for milestone, _ in trade.votes(subject)] == [Milestone.RECEIVED]
    assert len(list((node.folder / "archive").iterdir())) == DELIVERIES
    assert not list((node.folder / "quarantine").iterdir())


def _deliver(node: NodeHome, papers: list[bytes]) -> None:
    """The same event under ten thousand names."""
    for number in range(DELIVERIES):
        part = node.folder / ".part"
        part.write_bytes(papers[number % len(papers)])
        os.replace(part, node.inbox / f"{number:05d}.json")


def _in_other_words(event: dict[str, object]) -> bytes:
    """The same event: its moment in another zone, its keys in another order, an id of its own."""
    moment = str(event["eventTime"]).replace("+00:00", "Z")
    changed = event | {"eventTime": moment, "eventID": "urn:uuid:0c5e2a7e-7a34-4d0e-9a33-6f6f0a6b3c11"}
    changed = {key: changed[key] for key in sorted(changed, reverse=True)}
    return json.dumps(json.loads(epcis(changed)), indent=2).encode()
