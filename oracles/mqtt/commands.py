"""`portolan oracle message`: what a sensor's message would be to the node."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from oracles.errors import DocumentRefused, SettingsInvalid
from oracles.hashing import file_bytes
from oracles.mqtt.explain import message_lines
from oracles.mqtt.readings import PayloadRefused
from oracles.refusals import one_sentence
from oracles.settings import load_settings


def message_command(
    config: Annotated[Path, typer.Option("--config", help="The node's settings (TOML).", show_default=False)],
    topic: Annotated[str, typer.Option(help="The topic that the message would come with.")],
    payload: Annotated[Path, typer.Argument(help="The message's payload; - is the standard input.")],
    source: Annotated[str, typer.Option(help="The name of the table [[mqtt]]; needed where there are several.")] = "",
) -> None:
    """Say which readings a sensor's message holds, of which consignment, and into which window they would go."""
    with one_sentence():
        tables = [its for its in load_settings(config, needs_key=False).mqtt if source in ("", its.name)]
        if len(tables) != 1:
            raise SettingsInvalid(config, [f"{len(tables)} tables 'mqtt' fit: name one by --source"])
        try:
            for line in message_lines(tables[0], topic, file_bytes(payload), datetime.now(UTC)):
                typer.echo(line)
        except PayloadRefused as error:
            raise DocumentRefused(str(payload), str(error)) from error
