"""`portolan node admit`: the registrar looks at a node's request, and admits it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from chain_node.admissions import carry_out, gateway_body, steps
from chain_node.client import AddressBook, Chain
from chain_node.client.admission import read_request
from chain_node.config import data_dir_of
from chain_node.engines.base import find_endpoint
from chain_node.keys import KeyRing
from chain_node.supervisor import ProcessFailed

DAY_SECONDS = 86_400
YEAR_SECONDS = 365 * DAY_SECONDS


def admit(
    request_file: Annotated[Path, typer.Argument(metavar="REQUEST", help="What `portolan oracle init` made.")],
    send: Annotated[bool, typer.Option("--send", help="Do it, with the registrar's key; else only say it.")] = False,
    until: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Last day (UTC) of the admission; else in a year.")
    ] = None,
    network: Annotated[str, typer.Option("--network", help="Name of a folder in network-config.")] = "local",
    data_dir: Annotated[Path | None, typer.Option("--data-dir", help="The network's folder, with its keys.")] = None,
    rpc_url: Annotated[str | None, typer.Option(help="A node of the network, if not this folder's.")] = None,
) -> None:
    """Check a request for admission and say what is to be done; with --send, do it."""
    folder, chain = connect(network, data_dir, rpc_url)
    try:
        now = chain.block().timestamp
        request = read_request(request_file, now)
        end = now + YEAR_SECONDS if until is None else int(until.replace(tzinfo=UTC).timestamp()) + DAY_SECONDS
        todo = steps(chain, request, end)
        typer.echo(f"{request.name} ({request.lei}, {request.jurisdiction}) asks to be {', '.join(request.roles)}.")
        typer.echo(f"Its node acts by {request.account}; that account has signed the request.")
        if send:
            carry_out(chain, KeyRing(folder).account("registrar"), todo)
        for step in todo:
            typer.echo(f"{'Done' if send else 'To do'}: {step.title}")
        if not todo:
            typer.echo("All of it is so already.")
        if todo and not send:
            typer.echo("Check who asks (by a way of your own), then repeat with --send, or give this to the gateway:")
            typer.echo(gateway_body(request, end))
    finally:
        chain.close()


def connect(network: str, data_dir: Path | None, rpc_url: str | None) -> tuple[Path, Chain]:
    """The network's folder, with its keys, and its chain."""
    folder = (data_dir or data_dir_of(network)).resolve()
    endpoint = find_endpoint(folder)
    url = rpc_url or (endpoint.rpc_url if endpoint else None)
    if url is None:
        raise ProcessFailed(network, "is not running", folder / "logs" / "anvil.log")
    return folder, Chain.connect(url, AddressBook.load(folder / "deployments.json"))
