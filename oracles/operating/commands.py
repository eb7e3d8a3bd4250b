"""`portolan oracle status` and `held`: how the node is, and what its operator lays to rest."""

from __future__ import annotations

import getpass
import os
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from oracles.operating.held import lay_to_rest
from oracles.operating.showing import show
from oracles.operating.status import Verdict, status_of
from oracles.refusals import one_sentence
from oracles.settings import load_settings
from oracles.store.database import Database

ConfigOption = Annotated[Path, typer.Option("--config", help="The node's settings (TOML).", show_default=False)]
JsonOption = Annotated[bool, typer.Option("--json", help="As JSON, with the fields that docs/operating.md lists.")]
WhoOption = Annotated[str | None, typer.Option("--who", help="Who does it, for the record; else the system's name.")]
ReasonOption = Annotated[str, typer.Option("--reason", help="Why, for the record.", show_default=False)]

held_app = typer.Typer(help="What the node holds for its operator.", no_args_is_help=True)


def status_command(config: ConfigOption, as_json: JsonOption = False) -> None:
    """Show how the node is. Exit code: 0 healthy, 1 something for the operator, 2 not able to work."""
    with one_sentence(int(Verdict.NOT_ABLE_TO_WORK)):
        found = status_of(load_settings(config, needs_key=False))
        if as_json:
            typer.echo(found.model_dump_json(indent=2))
        else:
            show(found, Console())
    raise typer.Exit(found.code)


@held_app.command("rest")
def rest_command(
    config: ConfigOption,
    event_hash: Annotated[str, typer.Argument(help="As `status` shows it.", show_default=False)],
    reason: ReasonOption,
    who: WhoOption = None,
) -> None:
    """Lay a held event to rest: you have looked at it, and nothing is to be signed of it. The record stays."""
    with one_sentence():
        settings = load_settings(config, needs_key=False)
        database = Database(settings.database)
        database.prepare()
        lay_to_rest(database, event_hash, who_does_it(who), reason)
        typer.echo(f"{event_hash} is no longer held.")


def who_does_it(named: str | None) -> str:
    """For the record; behind `sudo` it is whoever called it."""
    return named or os.environ.get("SUDO_USER") or getpass.getuser()
