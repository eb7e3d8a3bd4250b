"""`portolan oracle relay`: a relay on a host of its own, such as a gateway's."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from oracles.checkpoints import Death, die_at, go_on
from oracles.logs import configure_logs
from oracles.refusals import one_sentence
from oracles.stopping import StopSignal
from oracles.store.database import database_lock


def relay_command(
    config: Annotated[Path, typer.Option("--config", help="The relay's settings (TOML).", show_default=False)],
    death: Annotated[Death | None, typer.Option("--die-at", parser=Death.parse, hidden=True)] = None,
) -> None:
    """Bundle the votes of nodes until it is stopped (Ctrl-C, SIGTERM). It reads no papers and signs no facts."""
    # Other commands need no web server.
    from oracles.relay.alone import load_relay, serve_relay

    with one_sentence():
        settings = load_relay(config)
        configure_logs(settings.name)
        with database_lock(settings.database):
            stop = StopSignal()
            checkpoint = go_on if death is None else die_at(death)
            serve_relay(settings, checkpoint, stop.is_set, stop.sleep)
