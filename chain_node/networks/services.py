"""How a node is kept running on its machine: the Compose file and the systemd unit that carry its command."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import yaml

from chain_node.networks.cards import CardBody
from chain_node.networks.terms import Terms

HEADER: Final = "# Written by `portolan network`. What the members agreed on is compared by `portolan network check`.\n"


@dataclass(frozen=True)
class LocalPorts:
    """What a node opens on its own machine's loopback: JSON-RPC, and its figures for Prometheus."""

    rpc: int
    metrics: int


def compose_file(terms: Terms, node: CardBody, image: str, command: Sequence[str], more: Mapping[str, Any]) -> bytes:
    """The host's own network, so that loopback is the machine's and the peer port needs no mapping. The agreed files
    are at /network, the node's own at /node; `more` is what an engine adds, its volumes behind these two."""
    service = {
        "image": image,
        "container_name": f"portolan-{terms.name}-{node.node}",
        "network_mode": "host",
        "restart": "unless-stopped",
        "stop_grace_period": "60s",
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges:true"],
        "volumes": [
            "../..:/network:ro",
            "${PORTOLAN_NODE_DIR:?the folder that `portolan network member init` made for this node}:/node",
            *more.get("volumes", ()),
        ],
        **{key: value for key, value in more.items() if key != "volumes"},
        "command": list(command),
    }
    text = yaml.safe_dump({"services": {node.node: service}}, sort_keys=False, width=4_000)
    return (HEADER + text).encode()


UNIT_ROOT: Final = "/etc/portolan"
"""Where units find the networks' folders; the members' commands must be given the same (`--root`)."""
UNIT_NODES: Final = "/var/lib/portolan"
"""Below it, by network and node, is where units run nodes."""


def unit_folders(terms: Terms, node: CardBody) -> tuple[str, str]:
    """Where the unit finds the agreed files, and the node's own."""
    return f"{UNIT_ROOT}/{terms.name}", f"{UNIT_NODES}/{terms.name}/{node.node}"


def unit_file(terms: Terms, node: CardBody, command: Sequence[str]) -> bytes:
    network, home = unit_folders(terms, node)
    lines = [
        f"# Reads the agreed files in {network}: let `portolan network` work on that copy and on no other, by --root",
        f"# {UNIT_ROOT} or PORTOLAN_NETWORKS={UNIT_ROOT}. The node's own folder is {home}.",
        "[Unit]",
        f"Description=Portolan network {terms.name}, node {node.node}",
        "Wants=network-online.target time-sync.target",
        "After=network-online.target time-sync.target",
        "",
        "[Service]",
        "User=portolan",
        "UMask=0077",
        "ExecStart=" + " \\\n  ".join(command),
        "Restart=on-failure",
        "RestartSec=5",
        "TimeoutStopSec=60",
        "LimitNOFILE=65536",
        "NoNewPrivileges=true",
        "ProtectSystem=strict",
        "ProtectHome=true",
        "PrivateTmp=true",
        f"ReadWritePaths={home}",
        "",
        "[Install]",
        "WantedBy=multi-user.target",
        "",
    ]
    return (HEADER + "\n".join(lines)).encode()


def toml_list(key: str, values: Sequence[str]) -> bytes:
    """One key with a list of plain texts, which TOML writes as JSON does."""
    return (HEADER + f"{key}={json.dumps(list(values))}\n").encode()
