"""The engines that a network of members can run on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from chain_node.networks.besu import BesuEngine
from chain_node.networks.engine import NetworkEngine
from chain_node.networks.errors import EngineUnknown
from chain_node.networks.kaia import KaiaNetwork

ENGINES: Final[Mapping[str, NetworkEngine]] = {engine.kind: engine for engine in (BesuEngine(), KaiaNetwork())}


def engine_named(kind: str) -> NetworkEngine:
    try:
        return ENGINES[kind]
    except KeyError:
        raise EngineUnknown(kind, sorted(ENGINES)) from None
