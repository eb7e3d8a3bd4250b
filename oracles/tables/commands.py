"""`portolan oracle csv`: tries a mapping on a file, without a network and without a node."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from oracles.hashing import LIMIT_BYTES
from oracles.refusals import one_sentence
from oracles.settings import load_settings
from oracles.tables.checking import check
from oracles.tables.settings import BadRows

csv_app = typer.Typer(name="csv", help="Tables of events as CSV files.", no_args_is_help=True)


@csv_app.callback()
def csv_commands() -> None:
    """Tables of events as CSV files."""


@csv_app.command("check")
def check_command(
    file: Annotated[Path, typer.Argument(help="A CSV file as it would lie in the inbox; - is the standard input.")],
    mapping: Annotated[Path, typer.Option("--mapping", help="What its columns mean (TOML).", show_default=False)],
    set_aside: Annotated[
        bool, typer.Option("--set-aside", help='As a node with bad_rows = "set aside" would take it.')
    ] = False,
    config: Annotated[
        Path | None,
        typer.Option("--config", help="A node's settings: by its rules, not those of the program.", show_default=False),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """Say of each row what it means and whether it would be attested. Exit code 1: the file would not be taken."""
    bad_rows: BadRows = "set aside" if set_aside else "refuse"
    with one_sentence():
        rules = None if config is None else load_settings(config, needs_key=False).rulebook()
        result = check(file, mapping, bad_rows, LIMIT_BYTES, rules)
    if as_json:
        typer.echo(json.dumps(result.as_json(), indent=1, ensure_ascii=False))
    else:
        # A file or a pipe gets lines as long as they need to be.
        console = Console(width=None if Console().is_terminal else 200, highlight=False)
        console.print(result.as_grid())
        counts = ", ".join(f"{count} {verdict}" for verdict, count in result.counts.items()) or "no rows"
        console.print(
            f"{counts}: {'the file would be taken' if result.taken else 'nothing of the file would be taken'}"
        )
        console.print("Neither the network nor earlier papers were asked: `portolan oracle explain` does.")
    if not result.taken:
        raise typer.Exit(1)
