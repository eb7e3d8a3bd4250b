"""The folder that every member has: written from terms and cards alone, so that each can make it and compare it."""

from __future__ import annotations

from base64 import b32encode
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Final

from chain_node.networks.cards import Card, load_cards
from chain_node.networks.catalogue import engine_named
from chain_node.networks.documents import digest, pretty, read_bytes, write_whole
from chain_node.networks.engine import Files, NetworkEngine
from chain_node.networks.errors import BundleDiffers
from chain_node.networks.state import NetworkState, first_state
from chain_node.networks.terms import AGREED_INPUTS, TERMS_FILE, Terms, load_terms

CARDS: Final = "cards"
CEREMONY_FILE: Final = "ceremony.json"
_OWN: Final = {CEREMONY_FILE, "deployments.json", "README.md"}
"""What may lie beside the agreed files."""


def agreed_files(terms: Terms, cards: Sequence[Card], state: NetworkState, inputs: Mapping[str, bytes]) -> Files:
    """All agreed files of a network that began with these cards and is now in this state."""
    engine = engine_named(terms.engine)
    first = first_state(terms, cards)
    genesis = engine.genesis(terms, first)
    # Read back from what was written, so that an error in writing cannot make a chain of other validators.
    if engine.genesis_validators(genesis) != tuple(n.address for n in first.validators):
        raise BundleDiffers(["genesis.json: does not name the validators of the cards"])
    files = {TERMS_FILE: terms.file(), **inputs, "genesis.json": pretty(genesis)}
    files |= {f"{CARDS}/{card.body.node}.json": card.file() for card in cards}
    files |= engine.shared_files(terms, state)
    for node in state.ordered:
        its = engine.node_files(terms, state, node)
        files |= {f"nodes/{node.node}/{name}": content for name, content in its.items()}
    files["firewall.md"] = firewall_table(terms, state, engine)
    return dict(sorted(files.items()))


def firewall_table(terms: Terms, state: NetworkState, engine: NetworkEngine) -> bytes:
    """Who must reach whom; everything else stays closed."""
    lines = [
        f"# Firewall of {terms.name}",
        "",
        "What comes in, for each node; all else is refused. JSON-RPC and metrics listen on loopback only,"
        " and are never opened.",
        "",
        "| node | host | protocol | port | from |",
        "|---|---|---|---|---|",
    ]
    for node in state.ordered:
        others = sorted({n.host for n in state.ordered if n.node != node.node})
        for protocol, port in engine.open_ports(terms, node):
            lines.append(f"| {node.node} | {node.host} | {protocol} | {port} | {', '.join(others) or 'nobody'} |")
        local = engine.local_ports(terms, node)
        ports = (local.rpc, local.metrics)
        lines += [f"| {node.node} | 127.0.0.1 | tcp | {port} | the same machine |" for port in ports]
    return ("\n".join(lines) + "\n").encode()


def fingerprint(files: Files) -> str:
    """160 bits of SHA-256 over names and contents, in groups that people can read to each other."""
    listed = {name: sha256(content).hexdigest() for name, content in files.items()}
    text = b32encode(bytes.fromhex(digest(listed))[:20]).decode("ascii")
    return "-".join(text[i : i + 4] for i in range(0, len(text), 4))


def read_inputs(folder: Path) -> dict[str, bytes]:
    return {name: read_bytes(folder / name) for name in AGREED_INPUTS}


def load_members(folder: Path) -> tuple[Terms, list[Card], NetworkState]:
    """Terms and cards of an assembled network, and the state it began in."""
    terms, cards = load_terms(folder), load_cards(folder / CARDS)
    return terms, cards, first_state(terms, cards)


def write_bundle(folder: Path, files: Files) -> list[str]:
    """Writes what differs and removes what was written for nodes that are gone; the names of both."""
    changed = [name for name, content in files.items() if _content(folder / name) != content]
    gone = [name for name in _written(folder) if name not in files and name.startswith("nodes/")]
    for name in changed:
        write_whole(folder / name, files[name])
    for name in gone:
        (folder / name).unlink()
        if not any((folder / name).parent.iterdir()):
            (folder / name).parent.rmdir()
    return changed + gone


def check_bundle(folder: Path, files: Files) -> str:
    """The fingerprint. Raises `BundleDiffers` with every file that is missing, changed, or of no agreement."""
    problems = []
    for name, content in files.items():
        found = _content(folder / name)
        if found is None:
            problems.append(f"{folder / name}: missing, or a link")
        elif found != content:
            problems.append(f"{folder / name}: is not what the cards make of it")
    agreed = set(files) | _OWN
    problems += [f"{folder / name}: is no part of the agreement" for name in _written(folder) if name not in agreed]
    if problems:
        raise BundleDiffers(problems)
    return fingerprint(files)


def _content(path: Path) -> bytes | None:
    return read_bytes(path) if path.is_file() and not path.is_symlink() else None


def _written(folder: Path) -> list[str]:
    found = (p for p in folder.rglob("*") if p.is_symlink() or not p.is_dir())
    return sorted(p.relative_to(folder).as_posix() for p in found)
