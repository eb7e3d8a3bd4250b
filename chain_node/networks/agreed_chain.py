"""Whether a node's chain is the one that the members agreed on."""

from __future__ import annotations

from pathlib import Path

from chain_node.client import Node
from chain_node.errors import WrongNetwork
from chain_node.networks.bundle import load_members
from chain_node.networks.catalogue import engine_named


def require_agreed_chain(folder: Path, node: Node) -> None:
    """Raises `WrongNetwork` unless the node's first block is the one that terms and cards of `folder` make: it names
    the validators of the beginning, who are no other network's, whatever its chain id."""
    terms, _, first = load_members(folder)
    engine = engine_named(terms.engine)
    chain_id = node.chain_id()
    if chain_id != terms.chain_id:
        raise WrongNetwork(node.rpc_url, f"its chain id is {chain_id}, the terms of {terms.name} have {terms.chain_id}")
    call = engine.first_block_call()
    block = node.request(call.method, *call.params)
    told = block.get("extraData") if isinstance(block, dict) else None
    if str(told).lower() != str(engine.genesis(terms, first)["extraData"]).lower():
        raise WrongNetwork(node.rpc_url, f"its first block does not name the validators of {terms.name}'s cards")
