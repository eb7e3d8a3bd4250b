"""A node's key behind a remote signer (JSON-RPC), as Web3Signer and Clef are."""

from __future__ import annotations

from chain_node.remote_signer.signer import RemoteSigner
from oracles.keys.errors import opening_files
from oracles.keys.settings import RemoteKeySettings


class RemoteKey(RemoteSigner):
    """The account that the settings name."""

    kind = "remote"

    def __init__(self, settings: RemoteKeySettings) -> None:
        """Asks nothing yet. Raises KeyUnusable where a certificate or token cannot be read."""
        with opening_files():
            super().__init__(settings, settings.address)
