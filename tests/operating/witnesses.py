"""A firm that witnesses trades: what it is handed, and a paper of a trade that the network knows."""

from __future__ import annotations

import json
import os
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

from eth_account import Account
from support.network import RunningNetwork, lei

from chain_node.client import Role
from chain_node.references import NetworkKey, reference


def handed_files(network: RunningNetwork, folder: Path) -> Path:
    """What the operator gives to a firm."""
    folder.mkdir()
    for file in (network.deployments, network.data_dir / "network.key"):
        shutil.copy(file, folder)
    return folder


def open_consignment(network: RunningNetwork, order: str) -> bytes:
    """A supplier registers a consignment that its order number leads to."""
    supplier, subject = Account.create(), os.urandom(32)
    network.admit(lei(f"OPS{order.replace('-', '')[:12]}"), supplier.address, int(Role.SUPPLIER))
    key = NetworkKey.load(network.data_dir / "network.key")
    network.send(supplier, network.chain.milestones.open_subject(subject, [reference(key, "order", order)]))
    return subject


def departure(network: RunningNetwork, order: str) -> bytes:
    """A carrier's EPCIS document: the goods of an order left a minute ago."""
    at = datetime.fromtimestamp(network.now(), UTC) - timedelta(seconds=60)
    event = {
        "type": "ObjectEvent",
        "eventTime": at.isoformat(),
        "eventTimeZoneOffset": "+00:00",
        "action": "OBSERVE",
        "bizStep": "departing",
        "epcList": [],
        "quantityList": [{"epcClass": "https://id.gs1.org/01/04012345101010", "quantity": 950}],
        "bizTransactionList": [{"type": "po", "bizTransaction": f"urn:epcglobal:cbv:bt:4012345000023:{order}"}],
    }
    document = {
        "@context": ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": at.isoformat(),
        "epcisBody": {"eventList": [event]},
    }
    return json.dumps(document).encode()
