"""How a Besu node is run: its flags, once, and the Compose file and systemd unit that carry them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final

import yaml

from chain_node.engines.besu_program import chain_flags, peer_flags, rpc_flags
from chain_node.networks.cards import CardBody
from chain_node.networks.terms import Terms

_HEADER: Final = (
    "# Written by `portolan network`. What the members agreed on is compared by `portolan network check`.\n"
)


def flags(node: CardBody, rpc_port: int, most_peers: int, network: str, data: str) -> list[str]:
    """All of Besu's flags for one node of a network of members.

    `network` is the folder of agreed files, `data` the node's own.
    """
    return [
        *chain_flags(genesis=f"{network}/genesis.json", database=f"{data}/database", key=f"{data}/key"),
        *peer_flags(
            host=node.host,
            port=node.port,
            most_peers=most_peers,
            static_nodes=f"{network}/permissions/static-nodes.json",
        ),
        "--permissions-nodes-config-file-enabled=true",
        f"--permissions-nodes-config-file={network}/permissions/nodes-allowlist.toml",
        "--permissions-accounts-config-file-enabled=true",
        f"--permissions-accounts-config-file={data}/accounts-allowlist.toml",
        *rpc_flags(host="127.0.0.1", port=rpc_port),
    ]


def compose_file(terms: Terms, node: CardBody, rpc_port: int, most_peers: int) -> bytes:
    """The host's own network, so that loopback is the machine's and the peer port needs no mapping."""
    service = {
        "image": f"hyperledger/besu:{terms.engine_version}",
        "container_name": f"portolan-{terms.name}-{node.node}",
        "network_mode": "host",
        "restart": "unless-stopped",
        "stop_grace_period": "60s",
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges:true"],
        "volumes": [
            "../..:/network:ro",
            "${PORTOLAN_NODE_DIR:?the folder that `portolan network member init` made for this node}:/node",
        ],
        "command": flags(node, rpc_port, most_peers, "/network", "/node"),
    }
    text = yaml.safe_dump({"services": {node.node: service}}, sort_keys=False, width=4_000)
    return (_HEADER + text).encode()


def unit_file(terms: Terms, node: CardBody, rpc_port: int, most_peers: int) -> bytes:
    network, data = f"/etc/portolan/{terms.name}", f"/var/lib/portolan/{terms.name}/{node.node}"
    command = [f"/opt/besu-{terms.engine_version}/bin/besu"]
    command += flags(node, rpc_port, most_peers, network, data)
    lines = [
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
        f"ReadWritePaths={data}",
        "",
        "[Install]",
        "WantedBy=multi-user.target",
        "",
    ]
    return (_HEADER + "\n".join(lines)).encode()


def toml_list(key: str, values: Sequence[str]) -> bytes:
    """One key with a list of plain texts, which TOML writes as JSON does."""
    return (_HEADER + f"{key}={json.dumps(list(values))}\n").encode()
