"""A copy of all that a node knows, taken while it runs, and the way back from it.

A backup is a folder, or one tar file of it: `manifest.json`, which names every file with its SHA-256, `node.db` (by
SQLite's own backup), the papers of the inbox, the archive, the quarantine and those laid aside, the settings without
secrets and what they name (rules, columns of tables, devices), the list of contracts, and what was signed
(`protection.json`). Keys, passphrases, the network's key and tokens are never in it.

The database is copied before the papers: a paper that is taken in between lies in the copied archive, though the copied
database does not know it, and goes back into the inbox when the backup is restored.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sqlite3
import tarfile
import tempfile
import tomllib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import Any, Final

from oracles.errors import OracleError
from oracles.protection.interchange import write_export
from oracles.protection.places import Place
from oracles.protection.store import ProtectionStore
from oracles.settings import NodeSettings

MANIFEST: Final = "manifest.json"
DATABASE: Final = "node.db"
PROTECTION: Final = "protection.json"
"""What was signed, as `protection export` writes it. The store itself is not in a backup: one that came back older than
the last signature would let the node contradict itself without noticing."""
CONFIG: Final = "node.toml"
DEPLOYMENTS: Final = "deployments.json"
NAMED: Final = "named"
"""What the settings name and is no secret, as the files lie beside them: without its rules a node would sign by others,
and an archived table is not read without what its columns mean."""
FOLDERS: Final = ("inbox", "archive", "quarantine", "dropped")
FORMAT: Final = 1
TAR_SUFFIXES: Final = (".tar", ".tar.gz", ".tgz")
CHUNK: Final = 1 << 20
SECRET_NAMES: Final = re.compile(r"secret|password|passphrase$|token$|\bpin$|credential", re.IGNORECASE)
WITHHELD: Final = "not in the backup"


class BackupFailed(OracleError):
    """A backup cannot be made or cannot be used; `why` says what is wrong with it."""

    def __init__(self, place: Path, why: str) -> None:
        super().__init__(f"{place}: {why}")
        self.place, self.why = place, why


@dataclass(frozen=True)
class Entry:
    """A file of a backup; `path` with slashes, from the backup's folder."""

    path: str
    sha256: str
    size_bytes: int


@dataclass(frozen=True)
class Manifest:
    """What a backup says of itself. `made_at` in ISO 8601, UTC, of the machine's clock."""

    format: int
    made_at: str
    node: str
    organisation: str
    files: tuple[Entry, ...]

    def text(self) -> str:
        return json.dumps(asdict(self), indent=2) + "\n"


def make_backup(settings: NodeSettings, config: Path, target: Path) -> Manifest:
    """Into a new folder, or a new tar file by its name; whole, or not at all. Raises BackupFailed."""
    if target.exists():
        raise BackupFailed(target, "is there already; a backup overwrites nothing")
    if not settings.database.is_file():
        raise BackupFailed(settings.database, "there is no database yet: the node has not run")
    target.parent.mkdir(parents=True, exist_ok=True)
    # Beside the target, so that the last step is a rename: a backup that can be seen is whole.
    with tempfile.TemporaryDirectory(prefix=".backup-", dir=target.parent) as folder:
        place = Path(folder) / "backup"
        place.mkdir(mode=0o700)
        manifest = _gather(settings, config, place)
        if target.name.endswith(TAR_SUFFIXES):
            packed = Path(folder) / "packed"
            with tarfile.open(packed, "w" if target.suffix == ".tar" else "w:gz") as tar:
                tar.add(place, arcname=".")
            packed.chmod(0o600)
            packed.rename(target)
        else:
            place.rename(target)
    return manifest


@contextmanager
def opened(backup: Path) -> Iterator[tuple[Path, Manifest]]:
    """The folder of a backup with its manifest, every file of it checked. Raises BackupFailed."""
    if backup.is_dir():
        yield backup, _checked(backup, backup)
        return
    with tempfile.TemporaryDirectory(prefix="portolan-restore-") as folder:
        try:
            with tarfile.open(backup) as tar:
                _unpack(tar, Path(folder))
        except (tarfile.TarError, EOFError) as error:
            raise BackupFailed(backup, f"is no backup: {error}") from error
        yield Path(folder), _checked(Path(folder), backup)


def _unpack(tar: tarfile.TarFile, folder: Path) -> None:
    """Plain files inside the folder, and nothing else. By hand: Python before 3.11.4 has no filter for it."""
    for member in tar:
        path = PurePosixPath(member.name)
        if path.is_absolute() or ".." in path.parts or not (member.isreg() or member.isdir()):
            raise tarfile.TarError(f"{member.name} is no plain file inside of it")
        target = folder / path
        if member.isdir():
            target.mkdir(parents=True, exist_ok=True)
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        data = tar.extractfile(member)
        assert data is not None
        with data, target.open("xb") as file:
            shutil.copyfileobj(data, file)
        os.utime(target, (member.mtime, member.mtime))


def _gather(settings: NodeSettings, config: Path, place: Path) -> Manifest:
    copy_database(settings.database, place / DATABASE)
    for name in FOLDERS:
        _copy_papers(settings.inbox.parent / name if name != "inbox" else settings.inbox, place / name)
    if settings.protection_file.is_file():
        # After the database, whose signatures it must all know.
        _export_protection(settings, place / PROTECTION)
    (place / CONFIG).write_text(without_secrets(config.read_text(encoding="utf-8")), encoding="utf-8")
    shutil.copyfile(settings.deployments, place / DEPLOYMENTS)
    for file in _named(settings):
        copy = place / NAMED / _beside(file, config)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, copy)
    files = tuple(_entry(path, place) for path in sorted(place.rglob("*")) if path.is_file())
    made_at = datetime.now(UTC).isoformat(timespec="seconds")
    manifest = Manifest(FORMAT, made_at, settings.name, settings.organisation, files)
    (place / MANIFEST).write_text(manifest.text(), encoding="utf-8")
    return manifest


def _export_protection(settings: NodeSettings, target: Path) -> None:
    store = ProtectionStore(settings.protection_file)
    try:
        write_export(store, Place.of(settings.deployments), target)
    finally:
        store.close()


def _named(settings: NodeSettings) -> Iterator[Path]:
    if settings.rules is not None:
        yield settings.rules
    for table in settings.csv:
        yield table.mapping
    for broker in settings.mqtt:
        yield from (file for file in (broker.devices, broker.tls_ca) if file is not None)
    if settings.http is not None and settings.http.client_ca is not None:
        yield settings.http.client_ca


def _beside(file: Path, config: Path) -> Path:
    """As the settings name it; one from elsewhere by its name alone."""
    folder = config.resolve().parent
    return file.resolve().relative_to(folder) if file.resolve().is_relative_to(folder) else Path(file.name)


def copy_database(source: Path, target: Path) -> None:
    """A consistent copy of a database that may be in use, as one file. Raises BackupFailed."""
    try:
        reading = sqlite3.connect(f"file:{source}?mode=ro", uri=True, timeout=30)
        with closing(reading), closing(sqlite3.connect(target)) as copy:
            reading.backup(copy)
            (state,) = copy.execute("PRAGMA integrity_check").fetchone()
    except sqlite3.Error as error:
        raise BackupFailed(source, f"cannot be copied: {error}") from error
    if state != "ok":
        raise BackupFailed(source, f"is damaged: {state}")
    target.chmod(0o600)


def _copy_papers(source: Path, target: Path) -> None:
    target.mkdir(mode=0o700)
    if not source.is_dir():
        return
    for path in sorted(source.iterdir()):
        if path.name.startswith(".") or not path.is_file() or path.is_symlink():
            continue
        try:
            shutil.copy2(path, target / path.name)
        except FileNotFoundError:
            # Taken from the inbox since we looked: it lies in one of the folders that come after it.
            continue


def _entry(path: Path, place: Path) -> Entry:
    return Entry(path.relative_to(place).as_posix(), hash_of(path), path.stat().st_size)


def hash_of(path: Path) -> str:
    """SHA-256 in hexadecimal digits."""
    digest = sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _checked(folder: Path, backup: Path) -> Manifest:
    try:
        table = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        files = tuple(Entry(**entry) for entry in table.pop("files"))
        manifest = Manifest(**table, files=files)
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise BackupFailed(backup, f"is no backup: its {MANIFEST} cannot be read") from error
    if manifest.format != FORMAT:
        raise BackupFailed(backup, f"is of format {manifest.format}, this program reads {FORMAT}")
    for entry in manifest.files:
        path = PurePosixPath(entry.path)
        if path.is_absolute() or ".." in path.parts:
            raise BackupFailed(backup, f"its {MANIFEST} names a file outside of it: {entry.path}")
        found = folder / path
        if not found.is_file():
            raise BackupFailed(backup, f"{entry.path} is missing")
        if hash_of(found) != entry.sha256:
            raise BackupFailed(backup, f"{entry.path} is not the file that was backed up (its SHA-256 differs)")
    extra = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    extra -= {entry.path for entry in manifest.files} | {MANIFEST}
    if extra:
        raise BackupFailed(backup, f"{min(extra)} is not in its {MANIFEST}")
    return manifest


def without_secrets(text: str) -> str:
    """Settings with their comments, but with no value that is a secret or an address with a password in it."""
    for value in sorted(_secrets(tomllib.loads(text), ""), key=len, reverse=True):
        text = text.replace(value, WITHHELD)
    return text


def _secrets(value: Any, name: str) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _secrets(inner, key)
    elif isinstance(value, list):
        for inner in value:
            yield from _secrets(inner, name)
    elif isinstance(value, str) and value:
        credentials = re.findall(r"\w+://([^/@\s]+)@", value)
        if credentials:
            yield from credentials
        elif SECRET_NAMES.search(name):
            yield value


def sync(folder: Path) -> None:
    """Brings a folder's names to the disk."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
