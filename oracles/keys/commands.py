"""`portolan oracle key`: which key a node signs with."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from oracles.keys.opening import open_key
from oracles.refusals import one_sentence
from oracles.settings import load_settings

key_app = typer.Typer(help="The key that a node signs with.", no_args_is_help=True)

ConfigOption = Annotated[Path, typer.Option("--config", help="The node's settings (TOML).", show_default=False)]


@key_app.callback()
def key() -> None:
    """The key that a node signs with."""


@key_app.command("show")
def show_command(config: ConfigOption) -> None:
    """Open the key and print its kind and its address; nothing is signed."""
    with one_sentence():
        opened = open_key(load_settings(config))
        typer.echo(f"kind     {opened.kind}")
        typer.echo(f"address  {opened.address}")
        opened.close()
