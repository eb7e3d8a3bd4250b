"""The program that runs a member's node, on this machine, in the version that the members agreed on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from chain_node.engines.besu_program import besu_environment, besu_version, find_besu
from chain_node.engines.kaia_program import find_kaia, kaia_environment, kaia_version
from chain_node.networks.errors import ChangeRefused, EngineUnknown
from chain_node.networks.terms import Terms


@dataclass(frozen=True)
class Program:
    """`environment` is all that it is given, for a node whose own folder it is."""

    path: Path
    environment: Callable[[Path], Mapping[str, str]]


@dataclass(frozen=True)
class _Kind:
    title: str
    find: Callable[[Path | None], Path]
    version: Callable[[Path, Path], str]
    environment: Callable[[Path], Mapping[str, str]]


_KINDS: Final = {
    "besu": _Kind("Besu", find_besu, besu_version, besu_environment),
    "kaia": _Kind("Kaia", find_kaia, kaia_version, kaia_environment),
}


def agreed_program(terms: Terms, named: Mapping[str, Path | None], home: Path) -> Program:
    """`named` are programs that are not at their usual places, by engine. Raises `OSError`, `ValueError`,
    `ChangeRefused`."""
    kind = _KINDS.get(terms.engine)
    if kind is None:
        raise EngineUnknown(terms.engine, sorted(_KINDS))
    path = kind.find(named.get(terms.engine))
    version = kind.version(path, home)
    if version != terms.engine_version:
        raise ChangeRefused(
            f"{path} is {kind.title} {version}, the members of {terms.name} agreed on {terms.engine_version}"
        )
    return Program(path, kind.environment)
