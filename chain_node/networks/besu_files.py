"""How a Besu node is run: its flags, once, and the Compose file and systemd unit that carry them."""

from __future__ import annotations

from typing import Final

from chain_node.engines.besu_program import chain_flags, metrics_flags, peer_flags, rpc_flags
from chain_node.networks.cards import CardBody
from chain_node.networks.services import LocalPorts, compose_file, unit_file, unit_folders
from chain_node.networks.terms import Terms

NODES_LIST: Final = "--permissions-nodes-config-file"


def flags(node: CardBody, ports: LocalPorts, most_peers: int, network: str, data: str) -> list[str]:
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
        f"{NODES_LIST}={network}/permissions/nodes-allowlist.toml",
        "--permissions-accounts-config-file-enabled=true",
        f"--permissions-accounts-config-file={data}/accounts-allowlist.toml",
        *rpc_flags(host="127.0.0.1", port=ports.rpc),
        *metrics_flags(host="127.0.0.1", port=ports.metrics),
    ]


def besu_compose(terms: Terms, node: CardBody, ports: LocalPorts, most_peers: int) -> bytes:
    command = flags(node, ports, most_peers, "/network", "/node")
    return compose_file(terms, node, f"hyperledger/besu:{terms.engine_version}", command, {})


def besu_unit(terms: Terms, node: CardBody, ports: LocalPorts, most_peers: int) -> bytes:
    network, data = unit_folders(terms, node)
    program = f"/opt/besu-{terms.engine_version}/bin/besu"
    return unit_file(terms, node, [program, *flags(node, ports, most_peers, network, data)])
