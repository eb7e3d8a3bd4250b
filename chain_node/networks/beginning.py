"""Begins a network: writes its terms, and the two configuration files that they name."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from chain_node.config import ConfigInvalid, Network, OrganisationConfig, load_network
from chain_node.networks.catalogue import engine_named
from chain_node.networks.documents import as_document, read_bytes, write_whole
from chain_node.networks.errors import ChangeRefused, FileUnusable
from chain_node.networks.terms import AGREED_INPUTS, TERMS_FILE, Terms
from chain_node.networks.toml_text import toml_text

_ASIDE: Final = ("sandbox",)
"""What a template may say and a network of strangers may not."""


@dataclass(frozen=True)
class Beginning:
    """What one member proposes. `template` is the folder of a network whose policies, feeds and goods are taken over;
    `participants` says whom the contracts' deployment admits. Empty texts mean what the template or engine has."""

    name: str
    engine: str
    engine_version: str
    chain_id: int
    organisations: Mapping[str, int]
    accounts: Sequence[str]
    shared_hosts: bool
    operator: str
    governance_delay_seconds: int
    template: Path
    participants: Path


def begin(folder: Path, wish: Beginning) -> Terms:
    """Writes terms.json, network.toml and participants.toml; nothing where anything is wrong."""
    if (folder / TERMS_FILE).exists():
        raise FileUnusable(folder / TERMS_FILE, "is there already: terms never change; take another name")
    inputs = {"network.toml": _network_toml(wish), "participants.toml": read_bytes(wish.participants)}
    terms = as_document(
        f"the terms of {wish.name}",
        {
            "name": wish.name,
            "chain_id": wish.chain_id,
            "engine": wish.engine,
            "engine_version": wish.engine_version or engine_named(wish.engine).version,
            "organisations": dict(wish.organisations),
            "accounts": sorted({account.lower() for account in wish.accounts}),
            "shared_hosts": wish.shared_hosts,
            "inputs": {name: sha256(content).hexdigest() for name, content in inputs.items()},
        },
        Terms,
    )
    _require_senders(terms)
    require_inputs(folder, terms, inputs)
    for name in AGREED_INPUTS:
        write_whole(folder / name, inputs[name])
    write_whole(folder / TERMS_FILE, terms.file())
    return terms


def _require_senders(terms: Terms) -> None:
    """Terms never change: a chain on which nobody can send stays so."""
    if not terms.accounts and engine_named(terms.engine).accounts_list_call() is not None:
        raise ChangeRefused(
            f"no --account: no node of {terms.name} on {terms.engine} would take a transaction, not even those of"
            " `portolan deploy`, and terms never change. Name the deployer's and the offices' accounts, which"
            f" `portolan node keys --data-dir build/networks/{terms.name}` makes and lists"
        )


def require_inputs(folder: Path, terms: Terms, inputs: Mapping[str, bytes]) -> None:
    """Raises `ConfigInvalid` unless both files are valid, and `FileUnusable` unless they are of the terms' network, or
    where its engine does not bear the terms' validators."""
    most, validators = engine_named(terms.engine).most_validators, sum(terms.organisations.values())
    if most is not None and validators > most:
        raise FileUnusable(
            folder / TERMS_FILE, f"{validators} validators, and {terms.engine} bears no more than {most}"
        )
    network = _toml(folder / "network.toml", inputs["network.toml"])
    engine = network.get("engine", {})
    said = (network.get("name"), network.get("chain_id"), engine.get("kind") if isinstance(engine, dict) else None)
    if said != (terms.name, terms.chain_id, terms.engine):
        raise FileUnusable(folder / "network.toml", f"is of {said}, the terms of {terms.name} on {terms.engine}")
    _check_configuration(folder, inputs)


def _check_configuration(folder: Path, inputs: Mapping[str, bytes]) -> Network:
    """As for any network; before they lie where they belong, so that nothing is written where anything is wrong."""
    with TemporaryDirectory() as scratch:
        for name in AGREED_INPUTS:
            (Path(scratch) / name).write_bytes(inputs[name])
        try:
            return load_network(Path(scratch))
        except ConfigInvalid as error:
            raise ConfigInvalid([line.replace(scratch, str(folder)) for line in error.problems]) from error


def _network_toml(wish: Beginning) -> bytes:
    raw = _toml(wish.template / "network.toml", read_bytes(wish.template / "network.toml"))
    raw = {key: value for key, value in raw.items() if key not in _ASIDE}
    raw |= {"name": wish.name, "chain_id": wish.chain_id, "operator": wish.operator}
    raw["engine"] = {"kind": wish.engine, "block_seconds": engine_named(wish.engine).block_seconds}
    if wish.governance_delay_seconds:
        raw["governance"] = {"delay_seconds": wish.governance_delay_seconds}
    head = f"# The network {wish.name}, agreed by its members. Every key is explained in ../README.md.\n"
    return (head + toml_text(raw)).encode()


def _toml(where: Path, content: bytes) -> dict[str, Any]:
    try:
        return tomllib.loads(content.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise FileUnusable(where, f"not TOML: {error}") from error


def papers_of(folder: Path) -> list[OrganisationConfig]:
    """What participants.toml says of organisations, checked. Raises `ConfigInvalid`."""
    return load_network(folder).organisations
