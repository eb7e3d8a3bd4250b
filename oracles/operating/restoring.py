"""From a backup to a node that can run again: only into an empty place, never under a running node."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from oracles.operating.backups import (
    CONFIG,
    DATABASE,
    DEPLOYMENTS,
    FOLDERS,
    NAMED,
    PROTECTION,
    BackupFailed,
    Manifest,
    opened,
    sync,
)
from oracles.settings import NodeSettings, load_settings
from oracles.sources.directory import papers_in, reserve
from oracles.store.database import database_lock


@dataclass(frozen=True)
class Restored:
    """`taken_anew`: papers that were archived after the database was copied, now in the inbox again. `protection` is
    where the store of what was signed belongs, `export` what was signed up to the backup, to be imported: None where a
    store was there already, which was left alone, or where nothing was signed."""

    manifest: Manifest
    taken_anew: int
    protection: Path
    export: Path | None


def place_settings(backup: Path, config: Path) -> bool:
    """Lays the backed-up settings where there are none, with the list of contracts; True where it did."""
    if config.exists():
        return False
    with opened(backup) as (folder, _):
        config.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        shutil.copyfile(folder / CONFIG, config)
        deployments = config.parent / DEPLOYMENTS
        if not deployments.exists():
            shutil.copyfile(folder / DEPLOYMENTS, deployments)
        for path in sorted((folder / NAMED).rglob("*")):
            named = config.parent / path.relative_to(folder / NAMED)
            if path.is_file() and not named.exists():
                named.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, named)
    return True


def restore(backup: Path, config: Path) -> Restored:
    """Raises BackupFailed, SettingsInvalid, DatabaseInUse; then nothing has been changed."""
    settings = load_settings(config, needs_key=False)
    with opened(backup) as (folder, manifest):
        if manifest.organisation != settings.organisation:
            raise BackupFailed(backup, f"is of {manifest.organisation}, these settings are of {settings.organisation}")
        with database_lock(settings.database):
            _must_be_empty(settings)
            return _restore(settings, folder, manifest)


def _must_be_empty(settings: NodeSettings) -> None:
    for path in (settings.database, settings.database.with_name(settings.database.name + "-wal")):
        if path.exists():
            raise BackupFailed(path, "is there already; a backup is restored into an empty place only")
    for name in FOLDERS:
        folder = _folder(settings, name)
        if folder.is_dir() and any(folder.iterdir()):
            raise BackupFailed(folder, "is not empty; a backup is restored into an empty place only")


def _restore(settings: NodeSettings, folder: Path, manifest: Manifest) -> Restored:
    for name in FOLDERS:
        target = _folder(settings, name)
        target.mkdir(parents=True, exist_ok=True, mode=0o700)
        for path in sorted((folder / name).iterdir()) if (folder / name).is_dir() else ():
            shutil.copy2(path, target / path.name)
        sync(target)
    taken_anew = _take_anew(settings, folder / DATABASE)
    export = None
    if (folder / PROTECTION).is_file() and not settings.protection_file.exists():
        export = reserve(settings.protection_file.parent, PROTECTION)
        _lay(folder / PROTECTION, export)
    # Last: without a database the place still counts as empty enough to see what is missing.
    _lay(folder / DATABASE, settings.database)
    return Restored(manifest, taken_anew, settings.protection_file, export)


def _take_anew(settings: NodeSettings, database: Path) -> int:
    """What lies in the archive though the copied database does not know it goes back into the inbox."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro&immutable=1", uri=True)) as connection:
        known = {digest for (digest,) in connection.execute("SELECT sha256 FROM document")}
    unknown = [path for path in papers_in(settings.archive) if sha256(path.read_bytes()).hexdigest() not in known]
    for path in unknown:
        path.replace(reserve(settings.inbox, path.name))
    return len(unknown)


def _lay(source: Path, target: Path) -> None:
    part = target.with_name(f".{target.name}.part")
    shutil.copyfile(source, part)
    part.chmod(0o600)
    part.rename(target)
    sync(target.parent)


def _folder(settings: NodeSettings, name: str) -> Path:
    return settings.inbox if name == "inbox" else settings.inbox.parent / name
