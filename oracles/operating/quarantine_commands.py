"""`portolan oracle quarantine`: what the node could not read."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from oracles.operating.commands import ConfigOption, JsonOption, ReasonOption, WhoOption, who_does_it
from oracles.operating.quarantine import Quarantine
from oracles.refusals import one_sentence
from oracles.settings import load_settings

quarantine_app = typer.Typer(help="What the node could not read, and what becomes of it.", no_args_is_help=True)

NameArgument = Annotated[str, typer.Argument(help="The file's name, as `list` shows it.", show_default=False)]


@quarantine_app.command("list")
def list_command(config: ConfigOption, as_json: JsonOption = False) -> None:
    """Name the files that lie there, each with its reason."""
    with one_sentence():
        files = list(_quarantine(config, "").files())
        if as_json:
            typer.echo(json.dumps([asdict(file) for file in files], indent=2))
            return
        table = Table("file", "source", "came", "bytes", "reason")
        for file in files:
            # As text: a reason may hold brackets, which would be read as a style.
            cells = (file.name, file.source, file.at, str(file.size_bytes), file.reason)
            table.add_row(*(Text(cell, overflow="fold") for cell in cells))
        Console().print(table if files else "Nothing lies in quarantine.")


@quarantine_app.command("show")
def show_command(config: ConfigOption, name: NameArgument, as_json: JsonOption = False) -> None:
    """Say everything about one file but its content, which stays with whoever may read it."""
    with one_sentence():
        quarantine = _quarantine(config, "")
        found = asdict(quarantine.file(name)) | {"path": str(quarantine.settings.quarantine / name)}
        if as_json:
            typer.echo(json.dumps(found, indent=2))
            return
        for field, value in found.items():
            typer.echo(f"{field:<10} {value}")


@quarantine_app.command("retry")
def retry_command(
    config: ConfigOption,
    names: Annotated[list[str] | None, typer.Argument(help="Files, as `list` shows them.")] = None,
    every: Annotated[bool, typer.Option("--all", help="All that lie there.")] = False,
    who: WhoOption = None,
) -> None:
    """Hand files in again, to be read anew: after the program, or what it runs with, was mended."""
    with one_sentence():
        quarantine = _quarantine(config, who_does_it(who))
        if not names and not every:
            raise typer.BadParameter("name files, or give --all")
        for name in [file.name for file in quarantine.files()] if every else names or []:
            typer.echo(f"{name} lies in the inbox again as {quarantine.retry(name).name}")


@quarantine_app.command("drop")
def drop_command(config: ConfigOption, name: NameArgument, reason: ReasonOption, who: WhoOption = None) -> None:
    """Lay a file aside for good. It moves to `dropped/` with a record of who and why; nothing is deleted."""
    with one_sentence():
        typer.echo(f"{name} now lies in {_quarantine(config, who_does_it(who)).drop(name, reason)}")


def _quarantine(config: Path, who: str) -> Quarantine:
    return Quarantine(load_settings(config, needs_key=False), who)
