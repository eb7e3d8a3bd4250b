"""Options that several commands of `portolan network` have, and how they are read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from chain_node.networks.errors import ChangeRefused

NameArgument = Annotated[str, typer.Argument(help="Name of the network: its folder in network-config.")]
RootOption = Annotated[
    Path,
    typer.Option(
        "--root", envvar="PORTOLAN_NETWORKS", help="Where the folders of networks lie; under the units /etc/portolan."
    ),
]
FolderOption = Annotated[Path, typer.Option("--member-dir", help="This member's own folder, with its keys.")]
PassphraseOption = Annotated[
    Path | None, typer.Option("--passphrase-file", help="First line: the member key's passphrase; asked for without.")
]


def read_passphrase(path: Path | None, confirm: bool = False, what: str = "the member key") -> str:
    if path is None:
        asked: str = typer.prompt(f"Passphrase of {what}", hide_input=True, confirmation_prompt=confirm)
        return asked
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        said = error.strerror if isinstance(error, OSError) else "it is not text in UTF-8"
        raise ChangeRefused(f"{path}: the passphrase of {what} cannot be read: {said}") from error
    return lines[0] if lines else ""


def rpc_urls(given: Sequence[str]) -> dict[str, str]:
    """`NODE=URL` of each node that can be asked."""
    found: dict[str, str] = {}
    for item in given:
        node, equals, url = item.partition("=")
        if not equals or not url.startswith(("http://", "https://")):
            raise ChangeRefused(f"--rpc {node}: NODE=http://… is needed")
        if node in found:
            raise ChangeRefused(f"--rpc {node}: named twice")
        found[node] = url
    return found
