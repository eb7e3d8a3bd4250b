"""How a Kaia node is run: its flags, the script that begins its chain, and what carries them."""

from __future__ import annotations

from typing import Final

from chain_node.engines.kaia_program import (
    DATABASE_FLAGS,
    ROUND_MILLISECONDS,
    chain_flags,
    metrics_flags,
    peer_flags,
    rpc_flags,
)
from chain_node.networks.cards import CardBody
from chain_node.networks.services import HEADER, LocalPorts, compose_file, unit_file, unit_folders
from chain_node.networks.terms import Terms

RUN_SCRIPT: Final = "run-kaia.sh"
BLOCK_SECONDS: Final = 1
# `admin` tells the peers. No `debug`: it can set a chain back.
_APIS: Final = "eth,net,web3,txpool,istanbul,governance,kaia,admin"
_IMAGE: Final = "debian:13-slim"


def flags(terms: Terms, node: CardBody, ports: LocalPorts, most_peers: int, network: str, data: str) -> list[str]:
    """All of Kaia's flags for one node of a network of members; `data` is the node's own folder. Whom it talks with is
    read from the network's folder, where members change it, while whom it dials is copied when it starts."""
    return [
        *chain_flags(
            database=f"{data}/chain",
            key=f"{data}/key",
            rewardbase=node.address,
            chain_id=terms.chain_id,
            block_seconds=BLOCK_SECONDS,
            round_milliseconds=ROUND_MILLISECONDS,
        ),
        *peer_flags(
            host=node.host,
            port=node.port,
            most_peers=most_peers,
            listed=f"{network}/nodes/{node.node}/static-nodes.json",
        ),
        *rpc_flags(host="127.0.0.1", port=ports.rpc, apis=_APIS),
        *metrics_flags(host="127.0.0.1", port=ports.metrics),
    ]


def command(
    terms: Terms, node: CardBody, ports: LocalPorts, most_peers: int, program: str, network: str, data: str
) -> list[str]:
    """The script, told where things lie, and the program's flags behind it."""
    script = ["/bin/sh", f"{network}/{RUN_SCRIPT}", program, network, node.node, data]
    return [*script, *flags(terms, node, ports, most_peers, network, data)]


def run_script() -> bytes:
    """Kaia is told its first block by a run of its own, and its peers by a file beside its chain. A chain whose
    beginning was cut short is begun anew, from the others."""
    lines = [
        "#!/bin/sh",
        HEADER.rstrip("\n"),
        "# sh run-kaia.sh PROGRAM NETWORK NODE DATA FLAGS: begins the chain where there is none, then becomes Kaia.",
        "set -eu",
        'program=$1 network=$2 node=$3 data=$4 chain="$4/chain"',
        "shift 4",
        'if [ ! -e "$chain/begun" ]; then',
        '  rm -rf "$chain"',
        f'  "$program" init --datadir "$chain" {" ".join(DATABASE_FLAGS)} "$network/genesis.json"',
        '  touch "$chain/begun"',
        "fi",
        'cp "$network/nodes/$node/static-nodes.json" "$chain/klay/static-nodes.json"',
        'exec "$program" "$@"',
        "",
    ]
    return "\n".join(lines).encode()


def kaia_compose(terms: Terms, node: CardBody, ports: LocalPorts, most_peers: int) -> bytes:
    """Nobody hands out our build of Kaia: each member builds it, and a plain system runs it."""
    words = command(terms, node, ports, most_peers, "/kaia/kaia", "/network", "/node")
    more = {
        "volumes": [f"/opt/kaia-{terms.engine_version}:/kaia:ro"],
        "user": "${PORTOLAN_NODE_USER:?uid:gid of the owner of the node's folder}",
    }
    return compose_file(terms, node, _IMAGE, words, more)


def kaia_unit(terms: Terms, node: CardBody, ports: LocalPorts, most_peers: int) -> bytes:
    network, data = unit_folders(terms, node)
    program = f"/opt/kaia-{terms.engine_version}/kaia"
    return unit_file(terms, node, command(terms, node, ports, most_peers, program, network, data))
