"""Programs that run a chain, behind one interface."""

from chain_node.engines.anvil import AnvilEngine
from chain_node.engines.base import Engine

__all__ = ["AnvilEngine", "Engine"]
