"""Which folder the NAME of a command is, and whether a network of members lies there. Where it does not, what does."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

from chain_node.config import CONFIG_ROOT
from chain_node.networks.errors import ChangeRefused
from chain_node.networks.terms import TERMS_FILE

_DEFINITION = "network.toml"


def members_folder(root: Path, name: str) -> Path:
    """Of a network of members that is there. Raises `ChangeRefused`: with what the folder holds instead, or with the
    networks that there are."""
    folder = folder_of(root, name)
    if (folder / TERMS_FILE).exists():
        return folder
    _refuse_one_machines(folder)
    if not folder.is_dir():
        raise ChangeRefused(f"there is no network {name} in {root.resolve()}: {_there(root)}")
    if (folder / _DEFINITION).is_file():
        raise ChangeRefused(
            f"{folder}: {TERMS_FILE} is not there, on which its members agreed: take the whole folder from another one"
        )
    raise ChangeRefused(f"{folder}: no network lies there: it has neither {TERMS_FILE} nor {_DEFINITION}")


def new_folder(root: Path, name: str) -> Path:
    """For a network that shall begin or come back there. Raises `ChangeRefused` where one lies that is not of members:
    it would be written over."""
    folder = folder_of(root, name)
    if not (folder / TERMS_FILE).exists():
        _refuse_one_machines(folder)
    return folder


def folder_of(root: Path, name: str) -> Path:
    """Of whatever network that would be, there or not. Raises `ChangeRefused` for what is no name."""
    if re.fullmatch(r"[a-z][a-z0-9-]{0,31}", name) is None:
        raise ChangeRefused(f"{name!r} is no name for a network: small letters, digits, hyphens; at most 32")
    return root / name


def _refuse_one_machines(folder: Path) -> None:
    """Such a network is served by other commands."""
    kind, validators = _engine(folder / _DEFINITION) if (folder / _DEFINITION).is_file() else ("", 0)
    if kind != "anvil" and not validators:
        return
    what = "the embedded network, one node of anvil" if kind == "anvil" else f"{validators} validators of {kind}"
    said = f"{folder}: {folder.name} is no network of members but {what}, all on one machine"
    if folder.parent.resolve() != CONFIG_ROOT:
        raise ChangeRefused(f"{said}; `portolan node` serves it, from {CONFIG_ROOT}")
    option = f"--network {folder.name}"
    raise ChangeRefused(
        f"{said}: `portolan node start {option}` runs it, `portolan node status {option}` says how it is"
    )


def _there(root: Path) -> str:
    """The networks of a folder, for whoever mistyped a name."""
    found = sorted(its.parent for its in root.glob(f"*/{_DEFINITION}"))
    if not found:
        return "there is none at all (--root names another folder)"
    return "there are " + ", ".join(its.name + " (of members)" * (its / TERMS_FILE).exists() for its in found)


def _engine(path: Path) -> tuple[str, int]:
    """Kind of its engine and how many validators one machine runs. Raises `ChangeRefused` where that cannot be read."""
    try:
        raw: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
        engine = raw["engine"]
        return str(engine["kind"]), int(engine.get("validators", 0))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ChangeRefused(f"{path}: says of no engine what it is ({error}), and {TERMS_FILE} is not there") from error
