"""A member's part of a network in one sealed file, and back. Keys go in only where that is asked for; databases never:
the other nodes have the chain."""

from __future__ import annotations

import os
import re
import shutil
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from chain_node.networks.bundle import CARDS, CEREMONY_FILE
from chain_node.networks.catalogue import engine_named
from chain_node.networks.ceremony import Ceremony, load_ceremony
from chain_node.networks.documents import canonical, parse, pretty, read_bytes, read_document, write_whole
from chain_node.networks.errors import ChangeRefused, FileUnusable
from chain_node.networks.member import KEYSTORES, MemberFolder
from chain_node.networks.running import RUN_FILES
from chain_node.networks.sealing import SCRYPT_N, Sealed, seal, unseal
from chain_node.networks.terms import AGREED_INPUTS, TERMS_FILE

_NODE: Final = r"[a-z][a-z0-9-]{0,31}"
_MEMBERS: Final = re.compile(rf"{KEYSTORES.pattern}|{CARDS}/{_NODE}\.json|nodes/{_NODE}/[a-z][a-z0-9.-]{{0,60}}")
_NETWORKS: Final = re.compile(rf"{TERMS_FILE}|{'|'.join(AGREED_INPUTS)}|{CEREMONY_FILE}|{CARDS}/{_NODE}\.json")


@dataclass(frozen=True)
class Contents:
    """Files by path: of the member's folder, and of the network's what cannot be made from the rest."""

    member: Mapping[str, bytes]
    network: Mapping[str, bytes]

    @property
    def nodes(self) -> tuple[str, ...]:
        """Nodes whose folder is in it."""
        return tuple(sorted({path.split("/")[1] for path in self.member if path.startswith("nodes/")}))


def collect(
    member: MemberFolder, network: Path, ceremony: Ceremony, with_keys: bool, run_from: Path | None = None
) -> Contents:
    """`run_from` has a folder for each node that runs elsewhere than in the member's folder, as under a unit: what a
    node changes itself is taken from there."""
    if not member.path.is_dir():
        raise FileUnusable(member.path, "is no member's folder")
    paths = [*member.keystores, *member.path.glob(f"{CARDS}/*.json"), *member.path.glob("nodes/*/*")]
    files = {p.relative_to(member.path).as_posix(): p for p in sorted(paths) if p.is_file() and not p.is_symlink()}
    files = {n: p for n, p in files.items() if p.name not in RUN_FILES}
    files |= _changed_by_nodes(files, ceremony, run_from) if run_from is not None else {}
    secret = secret_names(ceremony)
    keys = {n for n, p in files.items() if KEYSTORES.fullmatch(n) or p.name in secret}
    kept = {n: read_bytes(p) for n, p in files.items() if with_keys or n not in keys}
    agreed = [network / TERMS_FILE, *(network / n for n in AGREED_INPUTS), *sorted((network / CARDS).glob("*.json"))]
    agreed += [network / CEREMONY_FILE] if (network / CEREMONY_FILE).exists() else []
    return Contents(kept, {p.relative_to(network).as_posix(): read_bytes(p) for p in agreed})


def _changed_by_nodes(files: Mapping[str, Path], ceremony: Ceremony, run_from: Path) -> dict[str, Path]:
    """The files that the member's nodes have changed where they run, by their names in the member's folder. Raises
    `FileUnusable` where a node runs there and one is missing or cannot be seen: the first day's would be kept."""
    nodes = {name.split("/")[1] for name in files if name.startswith("nodes/")}
    names = engine_named(ceremony.terms.engine).own_files(ceremony.terms)
    found = {}
    for node in sorted(nodes):
        home = run_from / node
        try:
            if not home.is_dir():
                continue
            for name in names:
                (home / name).stat()
                found[f"nodes/{node}/{name}"] = home / name
        except OSError as error:
            raise FileUnusable(home, f"is where {node} runs, and cannot be read: {error}") from error
    return found


def secret_names(ceremony: Ceremony) -> frozenset[str]:
    """Names of the files that hold a node's key."""
    return frozenset(engine_named(ceremony.terms.engine).key_files(bytes(31) + b"\1"))


def write_backup(
    path: Path, ceremony: Ceremony, contents: Contents, passphrase: str, with_keys: bool, scrypt_n: int = 0
) -> None:
    if path.exists():
        raise ChangeRefused(f"{path}: is there already; a backup is never written over another")
    about = {
        "network": ceremony.terms.name,
        "beginning": ceremony.beginning,
        "keys": "yes" if with_keys else "no",
        "made": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    parts = {"member": contents.member, "network": contents.network}
    packed = {part: {n: b64encode(c).decode("ascii") for n, c in files.items()} for part, files in parts.items()}
    sealed = seal(canonical(packed), about, passphrase, scrypt_n or SCRYPT_N)
    write_whole(path, pretty(sealed.model_dump(mode="json")), mode=0o600)
    if open_backup(path, passphrase) != contents:
        raise FileUnusable(path, "cannot be read back as it was written")


def open_backup(path: Path, passphrase: str) -> Contents:
    """Raises `FileUnusable`, also for a name that would lead out of the folder."""
    packed = parse(path, unseal(path, read_document(path, Sealed), passphrase))
    if not isinstance(packed, dict) or set(packed) != {"member", "network"}:
        raise FileUnusable(path, "is no backup of a member")
    return Contents(_files(path, packed["member"], _MEMBERS), _files(path, packed["network"], _NETWORKS))


def restore_network(path: Path, contents: Contents, folder: Path) -> Ceremony:
    """The network's folder where there is none; one that is there must have begun in the same way, and stays."""
    if not folder.exists():
        _unpack(contents.network, folder, 0o644)
        return load_ceremony(folder)
    ceremony = load_ceremony(folder)
    theirs = contents.network.get(TERMS_FILE)
    cards = {name: content for name, content in contents.network.items() if name.startswith(CARDS + "/")}
    same = theirs == read_bytes(folder / TERMS_FILE)
    if not same or any(_content(folder / name) != content for name, content in cards.items()):
        raise FileUnusable(path, f"is of another network than {folder}")
    return ceremony


def restore_member(path: Path, contents: Contents, member: MemberFolder) -> None:
    """All files or none. Raises `ChangeRefused` where there is a folder already."""
    if member.path.exists():
        raise ChangeRefused(f"{member.path}: is there already; restore into a new folder")
    _unpack(contents.member, member.path, 0o600)
    for folder in (p for p in (member.path, *member.path.rglob("*")) if p.is_dir()):
        folder.chmod(0o700)


def _unpack(files: Mapping[str, bytes], folder: Path, mode: int) -> None:
    unfinished = folder.with_name(f".{folder.name}.{os.getpid()}")
    unfinished.mkdir(parents=True, mode=0o700 if mode == 0o600 else 0o755)
    try:
        for name, content in files.items():
            write_whole(unfinished / name, content, mode=mode)
        unfinished.rename(folder)
    except BaseException:
        shutil.rmtree(unfinished)
        raise


def _files(where: Path, packed: Any, allowed: re.Pattern[str]) -> dict[str, bytes]:
    if not isinstance(packed, dict):
        raise FileUnusable(where, "is no backup of a member")
    found: dict[str, bytes] = {}
    for name, content in packed.items():
        if allowed.fullmatch(name) is None or not isinstance(content, str):
            raise FileUnusable(where, f"{name!r} has no place in a backup")
        try:
            found[name] = b64decode(content, validate=True)
        except ValueError as error:
            raise FileUnusable(where, f"{name}: not base64") from error
    return found


def _content(path: Path) -> bytes | None:
    return read_bytes(path) if path.is_file() else None
