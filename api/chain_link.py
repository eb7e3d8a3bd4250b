"""The gateway's connection to its chain. Its nodes may be away when the gateway starts, and come back later."""

import threading
from collections.abc import Callable, Mapping
from typing import Any, Final

from api.endpoints import tell
from api.kept import Kept
from api.lean_node import LeanNode
from api.settings import Settings
from chain_node.client import AddressBook, Chain, Node
from chain_node.client.endpoints import SeveralNodes, Watch

_MOST_KEPT: Final = 100_000


class ChainLink:
    """Connects at first use and keeps the connection; raises NodeUnavailable or WrongNetwork while it cannot."""

    def __init__(self, settings: Settings, recorded: Callable[[], Mapping[int, bytes]] = dict) -> None:
        """`recorded`: the final blocks that were read before, for the watch over several nodes."""
        self.addresses = AddressBook.load(settings.deployments)
        self.names: dict[str, str] = {address: name for name, address in self.addresses.addresses.items()}
        self.kept: Kept[Any] = Kept(_MOST_KEPT)
        """Answers of the contracts that hold until something happens to what they are about."""
        self._urls, self._timeout_seconds = settings.rpc_urls, settings.rpc_timeout_seconds
        rules = settings.endpoints.rules()
        self.watch: Watch | None = None
        """Over several nodes; one needs none."""
        if len(self._urls) > 1:
            self.watch = Watch(self._urls, self.addresses, rules, self._timeout_seconds, tell=tell, recorded=recorded)
        self._lock = threading.Lock()
        self._chain: Chain | None = None

    @property
    def connected(self) -> Chain | None:
        """The connection if there is one already."""
        return self._chain

    @property
    def switches(self) -> int:
        """How often another node was taken: what the one before had in its pool may be lost with it."""
        return 0 if self.watch is None else self.watch.switches

    def chain(self) -> Chain:
        if self._chain is None:
            with self._lock:
                if self._chain is None:
                    self._chain = self._connect()
        return self._chain

    def node(self) -> Node:
        """Connections of one's own to the node, or to whichever of several is used."""
        if self.watch is None:
            return LeanNode(self._urls[0], self._timeout_seconds)
        return SeveralNodes(self.watch, LeanNode)

    def close(self) -> None:
        if self._chain is not None:
            self._chain.close()
        if self.watch is not None:
            self.watch.close()

    def _connect(self) -> Chain:
        if self.watch is None:
            Chain.connect(self._urls[0], self.addresses, timeout_seconds=self._timeout_seconds).close()
        else:
            self.watch.check()
        return Chain(self.node(), self.addresses)
