"""The option of every command that may start Besu; alone, so that commands that start nothing load nothing for it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

BesuOption = Annotated[
    Path | None,
    typer.Option("--besu", envvar="PORTOLAN_BESU", help="Besu's program, where it is not the one on PATH."),
]
