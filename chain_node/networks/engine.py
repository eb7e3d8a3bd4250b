"""What a consensus engine must bring so that members who do not trust each other can run it: files that follow from
public cards alone, and the questions and votes its nodes understand. An engine is one subclass, named in
`catalogue`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from chain_node.networks.cards import CardBody, Role
from chain_node.networks.errors import ChangeRefused
from chain_node.networks.services import LocalPorts
from chain_node.networks.state import NetworkState
from chain_node.networks.terms import Terms

_RPC_PORT: Final = 8545
_LAST_PORT: Final = 65_535
Files = Mapping[str, bytes]
"""Contents by path below a folder."""


@dataclass(frozen=True)
class RpcCall:
    """One JSON-RPC request to a member's own node."""

    method: str
    params: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Vote:
    """What each validator's node must be told: whether `address` shall be a validator."""

    address: str
    admit: bool


@dataclass(frozen=True)
class Proposed:
    """How many blocks of a span one validator proposed, at least one, and the last of them."""

    blocks: int
    last_block: int


def votes_between(found: Collection[str], wanted: Collection[str]) -> tuple[Vote, ...]:
    """Who must be voted in and out for one set of validators to become the other; in first: at no moment may too few be
    left."""
    coming = tuple(Vote(address, True) for address in sorted(set(wanted) - set(found)))
    return coming + tuple(Vote(address, False) for address in sorted(set(found) - set(wanted)))


def _beside(port: int, far: int) -> int:
    return port + far if port + far <= _LAST_PORT else port - far


def plain(listed: str) -> str:
    """An entry of an allow-list without what a node adds to it (`?discport=0`), in small letters."""
    return listed.lower().partition("?")[0]


class NetworkEngine(ABC):
    """Every method is a pure function of what it is given: same inputs, same bytes."""

    kind: str
    version: str
    """The one that the flags were measured with; terms may pin another."""
    block_seconds: int
    metrics_port: int
    sealing_cure: str
    """What to do with a validator that answers and proposes no blocks."""
    most_validators: int | None = None
    no_followers: str = ""
    """Why a node that is no validator would never get a block, and what to do instead; nothing where it gets them."""
    votes_together: bool = True
    """Whether a node may be told several votes at once; else the next one waits until the one before had its effect."""
    untold_forks: frozenset[str] = frozenset()
    """Of the genesis's forks those that its nodes do not tell of."""

    # Files

    @abstractmethod
    def genesis(self, terms: Terms, state: NetworkState) -> dict[str, Any]:
        """The first block's description, from the validators of the first state."""

    @abstractmethod
    def genesis_validators(self, genesis: Mapping[str, Any]) -> tuple[str, ...]:
        """The validators that a genesis names, read back from it. Raises `ValueError` where it cannot be read."""

    @abstractmethod
    def shared_files(self, terms: Terms, state: NetworkState) -> Files:
        """What is the same for every node: peers, allow-lists."""

    @abstractmethod
    def node_files(self, terms: Terms, state: NetworkState, node: CardBody) -> Files:
        """How one node is run: Compose file, systemd unit."""

    @abstractmethod
    def run_command(
        self, terms: Terms, state: NetworkState, node: CardBody, program: str, network: str, home: str
    ) -> list[str]:
        """With its arguments, for a node whose own folder is `home`; `network` is the folder of agreed files."""

    @abstractmethod
    def key_files(self, key: bytes) -> Files:
        """A node's secret as the engine reads it; written 0600 below the node's own folder."""

    @abstractmethod
    def own_files(self, terms: Terms) -> Files:
        """What a node begins with and then changes itself, beside its key: no part of the agreement."""

    @abstractmethod
    def peer_url(self, node: CardBody) -> str:
        """How nodes name each other."""

    def local_ports(self, terms: Terms, node: CardBody) -> LocalPorts:
        """Where the node answers, and tells its figures, on its own machine's loopback. Of several nodes on one machine
        each has its own, 10,000 and 20,000 from its port for peers: up where that is a port, else down."""
        if not terms.shared_hosts:
            return LocalPorts(_RPC_PORT, self.metrics_port)
        return LocalPorts(_beside(node.port, 10_000), _beside(node.port, 20_000))

    @abstractmethod
    def open_ports(self, terms: Terms, node: CardBody) -> tuple[tuple[str, int], ...]:
        """Protocol and port that the other nodes must reach."""

    # Consensus

    def require_role(self, node: str, role: Role) -> None:
        """Raises `ChangeRefused` where a node of this role would never get a block."""
        if role != "validator" and self.no_followers:
            raise ChangeRefused(f"{node}: {self.no_followers}")

    @abstractmethod
    def vote_call(self, vote: Vote) -> RpcCall:
        """Casts a vote on a validator's node; it stands until it is discarded."""

    def may_vote(self, node: CardBody, vote: Vote) -> bool:
        """Whether the engine takes this vote of this validator."""
        return True

    def discard_call(self, vote: Vote) -> RpcCall | None:
        """Takes a vote back once it had its effect, so that it is not cast again one day; None where none lasts."""
        return None

    @abstractmethod
    def validators_call(self) -> RpcCall:
        """The validators at the latest block; a list of addresses."""

    def sealing_call(self, first_block: int, last_block: int) -> RpcCall | None:
        """Who proposed blocks in a span that ends below the newest one; None where only the blocks themselves say
        it."""
        return None

    def read_sealing(self, answer: Any) -> dict[str, Proposed]:
        """Those who proposed a block in the span of `sealing_call`, by address. Raises `ValueError`."""
        raise ValueError(f"{self.kind} tells no signers' figures")

    def first_block_call(self) -> RpcCall:
        """The first block as it is told with its extraData."""
        return RpcCall("eth_getBlockByNumber", ("0x0", False))

    def forks_call(self) -> RpcCall:
        """The rules that a node runs; read by `agreed_rules`."""
        return RpcCall("admin_nodeInfo")

    @abstractmethod
    def read_proposer(self, block: Mapping[str, Any]) -> str:
        """Who proposed a block, as `eth_getBlockByNumber` tells it."""

    # Peers

    @abstractmethod
    def peers_call(self) -> RpcCall:
        """With whom a node is connected."""

    @abstractmethod
    def read_peers(self, answer: Any) -> set[str]:
        """The public keys in the answer of `peers_call`. Raises `ValueError`."""

    # Allow-lists, which are local to each node; None where an engine's nodes keep none

    def nodes_list_call(self) -> RpcCall | None:
        """The peers that a node lets in, as `peer_url`."""
        return None

    def nodes_list_of(self, words: Sequence[str], node: CardBody) -> str | None:
        """The file of a node's peers in a program's words, where they start this node."""
        return None

    def listed_peers(self, state: NetworkState, node: str) -> set[str]:
        """What `nodes_list_call` answers on this node where its list is the agreed one, each as `plain` leaves it."""
        return {plain(self.peer_url(its)) for its in state.ordered}

    def accounts_list_call(self) -> RpcCall | None:
        """The accounts whose transactions a node takes."""
        return None

    def change_accounts_call(self, accounts: tuple[str, ...], admit: bool) -> RpcCall | None:
        """Lets accounts in or out."""
        return None

    def reload_call(self) -> RpcCall | None:
        """Has a node read its allow-lists again."""
        return None

    def drop_call(self) -> RpcCall | None:
        """Has a node hang up on peers that are not on its list; None where the end of a peer's permission does that."""
        return None
