"""The gateway's connection to its chain. The node may be away when the gateway starts, and come back later."""

import threading
from typing import Any, Final

from api.kept import Kept
from api.lean_node import LeanNode
from api.settings import Settings
from chain_node.client import AddressBook, Chain

_MOST_KEPT: Final = 100_000


class ChainLink:
    """Connects at first use and keeps the connection; raises NodeUnavailable or WrongNetwork while it cannot."""

    def __init__(self, settings: Settings) -> None:
        self.rpc_url = settings.rpc_url
        self.addresses = AddressBook.load(settings.deployments)
        self.names: dict[str, str] = {address: name for name, address in self.addresses.addresses.items()}
        self.kept: Kept[Any] = Kept(_MOST_KEPT)
        """Answers of the contracts that hold until something happens to what they are about."""
        self._timeout_seconds = settings.rpc_timeout_seconds
        self._lock = threading.Lock()
        self._chain: Chain | None = None

    @property
    def connected(self) -> Chain | None:
        """The connection if there is one already."""
        return self._chain

    def chain(self) -> Chain:
        if self._chain is None:
            with self._lock:
                if self._chain is None:
                    self._chain = self._connect()
        return self._chain

    def _connect(self) -> Chain:
        Chain.connect(self.rpc_url, self.addresses, timeout_seconds=self._timeout_seconds).close()
        return Chain(LeanNode(self.rpc_url, self._timeout_seconds), self.addresses)
