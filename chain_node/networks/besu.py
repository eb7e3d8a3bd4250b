"""Hyperledger Besu with QBFT. Figures and flags are those that were measured on Besu 26.8; see decision 0049."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from typing import Any, Final

import rlp  # type: ignore[import-untyped]

from chain_node.genesis import qbft_genesis
from chain_node.networks.answers import quantity
from chain_node.networks.besu_files import NODES_LIST, besu_compose, besu_unit, flags
from chain_node.networks.cards import CardBody
from chain_node.networks.documents import pretty
from chain_node.networks.engine import Files, NetworkEngine, Proposed, RpcCall, Vote
from chain_node.networks.services import toml_list
from chain_node.networks.state import NetworkState
from chain_node.networks.terms import Terms

BLOCK_SECONDS: Final = 1


class BesuEngine(NetworkEngine):
    """A validator's key is its node's key; Besu reads it as plain hexadecimal digits."""

    kind = "besu"
    version = "26.8.0"
    block_seconds = BLOCK_SECONDS
    metrics_port = 9545
    untold_forks = frozenset({"eip155Block"})  # one with eip158Block to it
    sealing_cure = (
        "look for `BFT Mining thread has suffered a fatal error` in its log and restart it: it answers and follows, but"
        " takes no part any more"
    )

    def genesis(self, terms: Terms, state: NetworkState) -> dict[str, Any]:
        return qbft_genesis(terms.chain_id, [n.address for n in state.validators], BLOCK_SECONDS)

    def genesis_validators(self, genesis: Mapping[str, Any]) -> tuple[str, ...]:
        return read_extra_data(bytes.fromhex(str(genesis["extraData"]).removeprefix("0x")))

    def shared_files(self, terms: Terms, state: NetworkState) -> Files:
        peers = [self.peer_url(n) for n in state.ordered]
        return {
            "permissions/static-nodes.json": pretty(peers),
            "permissions/nodes-allowlist.toml": toml_list("nodes-allowlist", peers),
        }

    def node_files(self, terms: Terms, state: NetworkState, node: CardBody) -> Files:
        ports, most = self.local_ports(terms, node), _most_peers(state)
        return {
            "compose.yaml": besu_compose(terms, node, ports, most),
            f"portolan-{terms.name}-{node.node}.service": besu_unit(terms, node, ports, most),
        }

    def run_command(
        self, terms: Terms, state: NetworkState, node: CardBody, program: str, network: str, home: str
    ) -> list[str]:
        return [program, *flags(node, self.local_ports(terms, node), _most_peers(state), network, home)]

    def key_files(self, key: bytes) -> Files:
        return {"key": f"{key.hex()}\n".encode()}

    def own_files(self, terms: Terms) -> Files:
        # Only the first list: later accounts come and go with the ParticipantRegistry, on each node by itself.
        return {"accounts-allowlist.toml": toml_list("accounts-allowlist", terms.accounts)}

    def peer_url(self, node: CardBody) -> str:
        host = f"[{node.host}]" if ipaddress.ip_address(node.host).version == 6 else node.host
        return f"enode://{node.public_key}@{host}:{node.port}"

    def open_ports(self, terms: Terms, node: CardBody) -> tuple[tuple[str, int], ...]:
        return (("tcp", node.port),)  # discovery is off, so nothing comes by UDP

    def vote_call(self, vote: Vote) -> RpcCall:
        return RpcCall("qbft_proposeValidatorVote", (vote.address, vote.admit))

    def discard_call(self, vote: Vote) -> RpcCall:
        return RpcCall("qbft_discardValidatorVote", (vote.address,))

    def validators_call(self) -> RpcCall:
        return RpcCall("qbft_getValidatorsByBlockNumber", ("latest",))

    def sealing_call(self, first_block: int, last_block: int) -> RpcCall:
        # Besu leaves the end of the span out, and takes its newest block for an end beyond that one.
        return RpcCall("qbft_getSignerMetrics", (hex(first_block), hex(last_block + 1)))

    def read_sealing(self, answer: Any) -> dict[str, Proposed]:
        try:
            rows = {str(row["address"]).lower(): _proposed(row) for row in answer}
        except (KeyError, TypeError) as error:
            raise ValueError(f"not a list of signers' figures: {error}") from error
        # Besu also lists validators that proposed nothing, with zeros.
        return {address: its for address, its in rows.items() if its.blocks}

    def read_proposer(self, block: Mapping[str, Any]) -> str:
        return str(block["miner"]).lower()

    def peers_call(self) -> RpcCall:
        return RpcCall("admin_peers")

    def read_peers(self, answer: Any) -> set[str]:
        try:
            return {str(peer["id"]).lower().removeprefix("0x")[-128:] for peer in answer}
        except (KeyError, TypeError) as error:
            raise ValueError(f"not a list of peers: {error}") from error

    def nodes_list_call(self) -> RpcCall:
        return RpcCall("perm_getNodesAllowlist")

    def nodes_list_of(self, words: Sequence[str], node: CardBody) -> str | None:
        given = dict(word.partition("=")[::2] for word in words)
        its = (given.get("--p2p-host"), given.get("--p2p-port")) == (node.host, str(node.port))
        return given.get(NODES_LIST) if its else None

    def accounts_list_call(self) -> RpcCall:
        return RpcCall("perm_getAccountsAllowlist")

    def change_accounts_call(self, accounts: tuple[str, ...], admit: bool) -> RpcCall:
        method = "perm_addAccountsToAllowlist" if admit else "perm_removeAccountsFromAllowlist"
        return RpcCall(method, (list(accounts),))

    def reload_call(self) -> RpcCall:
        return RpcCall("perm_reloadPermissionsFromFile")


def _proposed(row: Mapping[str, Any]) -> Proposed:
    return Proposed(quantity(row["proposedBlockCount"]), quantity(row["lastProposedBlockNumber"]))


def _most_peers(state: NetworkState) -> int:
    return max(25, len(state.nodes))


def read_extra_data(data: bytes) -> tuple[str, ...]:
    """The validators of a first block. Raises `ValueError` where it is not one of QBFT."""
    try:
        vanity, validators, vote, block_round, seals = rlp.decode(data)
    except (rlp.exceptions.DecodingError, ValueError, TypeError) as error:
        raise ValueError(f"extraData: not that of QBFT: {error}") from error
    if len(vanity) != 32 or vote or block_round or seals or not isinstance(validators, list):
        raise ValueError("extraData: not that of a first block: it has a vote, a round or seals")
    if any(not isinstance(item, bytes) or len(item) != 20 for item in validators):
        raise ValueError("extraData: a validator is not 20 bytes")
    return tuple("0x" + item.hex() for item in validators)
