"""`portolan oracle rules` and `resolve`: what the operator says of events, beforehand and afterwards."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from oracles.errors import NotHeld
from oracles.refusals import one_sentence
from oracles.resolving import decide
from oracles.rules.loading import built_in_text
from oracles.settings import load_rules, load_settings
from oracles.store.database import Database
from oracles.store.resolutions import ResolutionAction

rules_app = typer.Typer(help="The rules that say what is a fact and what this node attests.", no_args_is_help=True)


@rules_app.command("check")
def check_command(
    file: Annotated[Path, typer.Argument(help="A rules file, as the setting `rules` names it.", show_default=False)],
) -> None:
    """Say all that is wrong with a rules file, each with its line."""
    with one_sentence():
        book = load_rules(file)
    own = f"{len(book.attests)} attest, {len(book.holds)} hold"
    typer.echo(f"{file}: good ({len(book.kinds)} kind, {len(book.milestones)} milestone, {own})")


@rules_app.command("show")
def show_command() -> None:
    """Print the rules that come with the program, to begin a file of one's own with."""
    typer.echo(built_in_text(), nl=False)


def resolve_command(
    config: Annotated[Path, typer.Option("--config", help="The node's settings (TOML).", show_default=False)],
    event_hash: Annotated[str, typer.Argument(help="The event, as `status` shows it.", show_default=False)],
    reason: Annotated[str, typer.Option(help="Why; kept with the decision.", show_default=False)],
    sign: Annotated[bool, typer.Option("--sign", help="Sign it, if the network would still count it.")] = False,
    drop: Annotated[bool, typer.Option("--drop", help="Never sign it.")] = False,
) -> None:
    """Decide about an event that the node holds. The decision is kept for good; the node acts at its next turn."""
    if sign == drop:
        raise typer.BadParameter("say either --sign or --drop")
    if not reason.strip():
        raise typer.BadParameter("say why", param_hint="--reason")
    with one_sentence():
        settings = load_settings(config, needs_key=False)
        if not settings.database.is_file():
            raise NotHeld(event_hash, f"there is no database {settings.database}")
        database = Database(settings.database)
        database.prepare()
        decide(database, event_hash, ResolutionAction.SIGN if sign else ResolutionAction.DROP, reason.strip())
        database.close()
    typer.echo(f"{event_hash}: {'to be signed' if sign else 'dropped'}, as soon as the node looks")
