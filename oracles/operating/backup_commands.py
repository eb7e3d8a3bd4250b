"""`portolan oracle backup` and `restore`."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from oracles.operating.backups import make_backup
from oracles.operating.commands import ConfigOption, JsonOption
from oracles.operating.restoring import place_settings, restore
from oracles.refusals import one_sentence
from oracles.settings import load_settings

NEVER_TWICE = (
    "Before the node runs it must know what it has signed. If the old machine's protection store can still be read, "
    "put it at {protection}: it knows every signature. Else: portolan oracle protection import --config {config} "
    "{export}; then do not hand in papers of the days since the backup before you compared them with what was sent."
)


def backup_command(
    config: ConfigOption,
    target: Annotated[Path, typer.Argument(help="A new folder, or a new file ending in .tar or .tar.gz.")],
    as_json: JsonOption = False,
) -> None:
    """Copy all that the node knows, while it runs. Keys and the network's key are not in it: keep those apart."""
    with one_sentence():
        manifest = make_backup(load_settings(config, needs_key=False), config, target)
        if as_json:
            typer.echo(json.dumps({"backup": str(target), **asdict(manifest)}, indent=2))
            return
        size = sum(entry.size_bytes for entry in manifest.files)
        typer.echo(f"{target}: {len(manifest.files)} files, {size} bytes.")
        typer.echo("Not in it, to be kept apart: the key, its passphrase, network.key and tokens.")


def restore_command(config: ConfigOption, backup: Annotated[Path, typer.Argument(help="What `backup` made.")]) -> None:
    """Bring a backup back, into an empty place. Settings that are not there yet are laid down first."""
    with one_sentence():
        if place_settings(backup, config):
            typer.echo(
                f"{config}: laid down from the backup; put the key, its passphrase and network.key where it says."
            )
        restored = restore(backup, config)
        typer.echo(f"Restored {len(restored.manifest.files)} files of {restored.manifest.made_at}.")
        if restored.taken_anew:
            typer.echo(f"{restored.taken_anew} papers lie in the inbox again: they came while the backup was made.")
        if restored.protection.exists():
            typer.echo(f"{restored.protection} was there and was left as it is.")
        elif restored.export is not None:
            typer.echo(NEVER_TWICE.format(protection=restored.protection, export=restored.export, config=config))
