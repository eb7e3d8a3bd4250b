"""Kaia with Istanbul BFT: validators come and go by the ballots of its governance; see decision 0055."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, Final

import rlp  # type: ignore[import-untyped]

from chain_node.genesis import MOST_VALIDATORS, kaia_genesis
from chain_node.networks.cards import CardBody
from chain_node.networks.documents import pretty
from chain_node.networks.engine import Files, NetworkEngine, RpcCall, Vote, plain
from chain_node.networks.kaia_files import BLOCK_SECONDS, RUN_SCRIPT, command, kaia_compose, kaia_unit, run_script
from chain_node.networks.state import NetworkState
from chain_node.networks.terms import Terms

_VANITY_BYTES: Final = 32
_NO_TIME: Final = 0
"""The first block's, the same on every member's machine."""


class KaiaNetwork(NetworkEngine):
    """A validator's key is its node's key, as plain hexadecimal digits. A node talks with those alone
    whom its `static-nodes.json` names, and keeps no list of accounts: whoever reaches it may send it transactions."""

    kind = "kaia"
    version = "1.0.3"
    block_seconds = BLOCK_SECONDS
    metrics_port = 61_001
    most_validators = MOST_VALIDATORS
    no_followers = (
        "Kaia's validators let in none but validators, so that a node which only follows would never get a block: make"
        " it a validator, or read through the JSON-RPC of a member's validator"
    )
    votes_together = False
    sealing_cure = "it follows but takes no turn: look for WARN and ERROR lines in its log, see its clock, restart it"

    def genesis(self, terms: Terms, state: NetworkState) -> dict[str, Any]:
        return kaia_genesis(terms.chain_id, [n.address for n in state.validators], _NO_TIME)

    def genesis_validators(self, genesis: Mapping[str, Any]) -> tuple[str, ...]:
        return read_extra_data(bytes.fromhex(str(genesis["extraData"]).removeprefix("0x")))

    def shared_files(self, terms: Terms, state: NetworkState) -> Files:
        return {RUN_SCRIPT: run_script()}

    def node_files(self, terms: Terms, state: NetworkState, node: CardBody) -> Files:
        ports, most = self.local_ports(terms, node), _most_peers(state)
        # Without itself: Kaia would dial it.
        others = [self.peer_url(other) for other in state.ordered if other.node != node.node]
        return {
            "static-nodes.json": pretty(others),
            "compose.yaml": kaia_compose(terms, node, ports, most),
            f"portolan-{terms.name}-{node.node}.service": kaia_unit(terms, node, ports, most),
        }

    def run_command(
        self, terms: Terms, state: NetworkState, node: CardBody, program: str, network: str, home: str
    ) -> list[str]:
        return command(terms, node, self.local_ports(terms, node), _most_peers(state), program, network, home)

    def key_files(self, key: bytes) -> Files:
        return {"key": f"{key.hex()}\n".encode()}

    def own_files(self, terms: Terms) -> Files:
        return {}

    def peer_url(self, node: CardBody) -> str:
        host = f"[{node.host}]" if ipaddress.ip_address(node.host).version == 6 else node.host
        return f"kni://{node.public_key}@{host}:{node.port}?discport=0&ntype=cn"

    def open_ports(self, terms: Terms, node: CardBody) -> tuple[tuple[str, int], ...]:
        return (("tcp", node.port),)

    def vote_call(self, vote: Vote) -> RpcCall:
        return RpcCall("governance_vote", (f"governance.{'add' if vote.admit else 'remove'}validator", vote.address))

    def may_vote(self, node: CardBody, vote: Vote) -> bool:
        return vote.admit or vote.address != node.address  # Kaia lets nobody vote itself out

    def validators_call(self) -> RpcCall:
        return RpcCall("istanbul_getValidators", ("latest",))

    def first_block_call(self) -> RpcCall:
        return RpcCall("kaia_getBlockByNumber", ("0x0", False))  # eth_getBlockByNumber leaves extraData empty

    def read_proposer(self, block: Mapping[str, Any]) -> str:
        return str(block.get("miner", "")).lower()

    def peers_call(self) -> RpcCall:
        return RpcCall("admin_peers")

    def read_peers(self, answer: Any) -> set[str]:
        try:
            return {str(peer["id"]).lower() for peer in answer}
        except (KeyError, TypeError) as error:
            raise ValueError(f"not a list of peers: {error}") from error

    def nodes_list_of(self, words: Sequence[str], node: CardBody) -> str | None:
        given = dict(pairwise(words))
        its = (given.get("--p2p.addr"), given.get("--port")) == (node.host, str(node.port))
        return given.get("--p2p.listed") if its else None

    def nodes_list_call(self) -> RpcCall:
        return RpcCall("admin_listedPeers")  # our build's own, as is admin_dropUnlisted

    def listed_peers(self, state: NetworkState, node: str) -> set[str]:
        return {plain(self.peer_url(its)) for its in state.ordered if its.node != node}

    def drop_call(self) -> RpcCall:
        return RpcCall("admin_dropUnlisted")  # the list is read anew for each who comes, but ends no connection


def _most_peers(state: NetworkState) -> int:
    return max(25, 2 * len(state.nodes))


def read_extra_data(data: bytes) -> tuple[str, ...]:
    """The validators of a first block. Raises `ValueError` where it is not one of Istanbul BFT."""
    try:
        validators, seal, committed = rlp.decode(data[_VANITY_BYTES:])
    except (rlp.exceptions.DecodingError, ValueError, TypeError) as error:
        raise ValueError(f"extraData: not that of Istanbul BFT: {error}") from error
    if any(data[:_VANITY_BYTES]) or any(seal) or committed or not isinstance(validators, list):
        raise ValueError("extraData: not that of a first block: it has a version or seals")
    if any(not isinstance(item, bytes) or len(item) != 20 for item in validators):
        raise ValueError("extraData: a validator is not 20 bytes")
    return tuple("0x" + item.hex() for item in validators)
