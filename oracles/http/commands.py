"""`portolan oracle token`: who may send something to the node over HTTP."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from oracles.errors import SettingsInvalid
from oracles.http.settings import Right
from oracles.http.tokens import TokenFile
from oracles.refusals import one_sentence
from oracles.settings import load_settings

token_app = typer.Typer(help="Bearer tokens for what listens over HTTP.", no_args_is_help=True)

ConfigOption = Annotated[Path, typer.Option("--config", help="The node's settings (TOML).", show_default=False)]
NameArgument = Annotated[str, typer.Argument(help="A name to know the sender by.", show_default=False)]


@token_app.command("create")
def create_command(
    config: ConfigOption,
    name: NameArgument,
    may: Annotated[list[Right] | None, typer.Option(help="What it may do; repeat for more. Else: capture.")] = None,
    days: Annotated[int | None, typer.Option(min=1, max=3650, help="How long it is good; else until revoked.")] = None,
) -> None:
    """Make a token and print it. It is shown this once; the node keeps its hash."""
    with one_sentence():
        typer.echo(_file(config).create(name, frozenset(may or [Right.CAPTURE]), days))


@token_app.command("list")
def list_command(config: ConfigOption) -> None:
    """Show the tokens that there are, by name."""
    with one_sentence():
        for token in _file(config).tokens():
            state = "over" if token.is_over else "good"
            until = "" if token.expires_at is None else f", {state} until {token.expires_at}"
            typer.echo(f"{token.name}: {', '.join(sorted(token.rights))}, made {token.created_at}{until}")


@token_app.command("revoke")
def revoke_command(config: ConfigOption, name: NameArgument) -> None:
    """Take a token away; a running node no longer takes it from then on."""
    with one_sentence():
        _file(config).revoke(name)


def _file(config: Path) -> TokenFile:
    http = load_settings(config, needs_key=False).http
    if http is None or http.tokens is None:
        raise SettingsInvalid(config, ["setting 'http.tokens' is missing: it names the file that keeps the tokens"])
    return TokenFile(http.tokens)
