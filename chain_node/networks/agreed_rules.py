"""What a node says of the rules that it runs, against the agreed genesis.json: from which block or moment each fork
counts, and what the first block holds. The extraData alone tells another network's validators, not other rules; and the
hash of one node's first block has nobody else's to be held against."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from chain_node.networks.answers import quantity

_EMPTY_STATE: Final = "0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421"
"""The state's root where there is no account (keccak256 of an empty trie), as in every genesis of ours."""
_QUANTITIES: Final = ("timestamp", "gasLimit")
_SAME: Final = {"constantinopleFixBlock": "petersburgBlock"}


def forks_in(config: Mapping[str, Any]) -> dict[str, int]:
    """The fork schedule in a genesis's `config`: a block's number or a moment in Unix seconds by each fork's name."""
    named = {_SAME.get(key, key): value for key, value in config.items() if key.endswith(("Block", "Time"))}
    return {key: value for key, value in named.items() if isinstance(value, int) and not isinstance(value, bool)}


def read_forks(node_info: Any) -> dict[str, int]:
    """The schedule in an answer of `admin_nodeInfo`: Besu and Kaia tell the chain's `config` with one of their
    protocols. Raises `ValueError`."""
    protocols = node_info.get("protocols") if isinstance(node_info, dict) else None
    told = protocols.values() if isinstance(protocols, dict) else ()
    configs = [its["config"] for its in told if isinstance(its, dict) and isinstance(its.get("config"), dict)]
    if not configs:
        raise ValueError("admin_nodeInfo tells no config of the chain")
    return forks_in(configs[0])


def fork_faults(agreed: Mapping[str, int], told: Mapping[str, int], untold: frozenset[str]) -> list[str]:
    """Each fork that the node has at another place than agreed, lacks, or has besides; `untold` its engine never
    tells."""
    faults = [
        f"{fork} at {told[fork]} instead of {place}" if fork in told else f"no {fork} (agreed: {place})"
        for fork, place in sorted(agreed.items())
        if told.get(fork) != place and not (fork in untold and fork not in told)
    ]
    return faults + [f"{fork} at {told[fork]}, which nobody agreed on" for fork in sorted(set(told) - set(agreed))]


def read_first_block(block: Mapping[str, Any]) -> dict[str, str]:
    """What `first_block_faults` needs of a first block as a node tells it. Raises `ValueError`."""
    told = {key: block[key] for key in (*_QUANTITIES, "stateRoot") if key in block}
    for key in set(told) & set(_QUANTITIES):
        try:
            quantity(told[key])
        except ValueError as error:
            raise ValueError(f"{key} of its first block: {error}") from error
    return {key: str(value) for key, value in told.items()}


def first_block_faults(genesis: Mapping[str, Any], block: Mapping[str, str]) -> list[str]:
    """Where the first block that a node tells is not the one that genesis.json makes, beside its extraData."""
    faults = []
    for key in _QUANTITIES:
        if key in genesis and key in block and int(block[key], 16) != int(str(genesis[key]), 16):
            faults.append(f"{key} {block[key]} instead of {genesis[key]}")
    if not genesis.get("alloc") and "stateRoot" in block and block["stateRoot"].lower() != _EMPTY_STATE:
        faults.append("accounts in it, where genesis.json has none")
    return faults
