"""Node processes that use a relay, on a running network: what is on chain at the end, whatever died in between."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from oracle_fakes import epcis, epcis_event
from oracle_nodes import NodeHome, Trade, until

from chain_node.client import FactStatus, Milestone, Role

pytestmark = pytest.mark.node


@pytest.fixture
def trade(anvil_network, tmp_path: Path) -> Trade:
    return Trade(anvil_network, tmp_path)


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def nodes_with_relay(trade: Trade, names: dict[str, Role], **bundling: object) -> list[NodeHome]:
    """The first of them runs the relay for all."""
    port = free_port()
    uses = {"urls": [f"http://127.0.0.1:{port}"]} | bundling
    serves = {"http": {"listen": f"127.0.0.1:{port}"}, "relay": {}}
    return [
        trade.node(name, role, bundling=uses, **(serves if place == 0 else {}))
        for place, (name, role) in enumerate(names.items())
    ]


ROLES = {"warehouse": Role.WAREHOUSE, "inspector": Role.INSPECTOR, "consignee": Role.CONSIGNEE}


def receiving(trade: Trade, order: str, quantity: float = 950, seconds_ago: int = 60) -> bytes:
    return epcis(epcis_event(at=trade.moment(seconds_ago), order=order, quantity=quantity))


def test_three_nodes_make_facts_in_one_transaction(trade):
    subjects = [trade.open(f"PO-BUNDLE-{number}") for number in range(4)]
    nodes = nodes_with_relay(trade, ROLES)

    with nodes[0].running() as first, nodes[1].running() as second, nodes[2].running() as third:
        for process in (first, second, third):
            process.wait_for("network")
        for place, node in enumerate(nodes):
            events = [
                epcis_event(at=trade.moment(60 + place), order=f"PO-BUNDLE-{number}", quantity=950 - place)
                for number in range(4)
            ]
            node.drop("receiving.json", epcis(*events))
        until(lambda: all(trade.fact(subject, Milestone.RECEIVED).status is FactStatus.FINAL for subject in subjects))
        for process in (first, second, third):
            until(lambda process=process: len(process.lines("vote counted") + process.lines("vote not needed")) == 4)

    facts = [trade.fact(subject, Milestone.RECEIVED) for subject in subjects]
    assert {fact.least_quantity for fact in facts} == {948_000}
    assert len(first.lines("votes bundled")) <= 2
    assert [process.lines("vote signed") for process in (first, second, third)] == [[], [], []]
