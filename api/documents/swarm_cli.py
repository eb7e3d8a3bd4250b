"""`portolan gateway swarm`: the gateway's node in the private IPFS swarm of all gateways."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from api.documents import swarm

swarm_app = typer.Typer(help="The private IPFS swarm in which gateways keep documents.", no_args_is_help=True)
ProgramOption = Annotated[Path, typer.Option("--ipfs", help="Kubo's program.", envvar="PORTOLAN_IPFS")]
RepoOption = Annotated[Path, typer.Option("--repo", help="The node's folder.", show_default=False)]
BUILT = Path("build/kubo/ipfs")


@contextmanager
def _one_sentence() -> Iterator[None]:
    try:
        yield
    except (swarm.SwarmInvalid, OSError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None


@swarm_app.command("key")
def key(
    file: Annotated[Path, typer.Argument(help="A new file; none is overwritten.")],
) -> None:
    """Make the swarm's key, once for all members. It is never printed."""
    with _one_sentence():
        typer.echo(f"{file} is the swarm's key, fingerprint {swarm.make_swarm_key(file)}. It is secret: whoever has it")
        typer.echo("can fetch every sealed document. Hand it over as you would network.key.")


@swarm_app.command("node")
def node(
    repo: RepoOption,
    key_file: Annotated[Path, typer.Option("--key", help="The swarm's key.", show_default=False)],
    peer: Annotated[
        list[str] | None, typer.Option(help="Another member's node, as this command printed it there; repeat for more.")
    ] = None,
    host: Annotated[str, typer.Option(help="This machine's address for the other members.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="For the other members (TCP).")] = 4001,
    api_port: Annotated[int, typer.Option(min=1, max=65535, help="For the gateway, on 127.0.0.1.")] = 5001,
    ipfs: ProgramOption = BUILT,
) -> None:
    """Lay the gateway's node out, or change its peers. Repeat it whenever a member joins, and restart the node."""
    with _one_sentence():
        place, folder = swarm.NodePlace(host, port, api_port), repo.resolve()
        own = swarm.lay_out(ipfs.resolve(), folder, key_file, place, peer or [])
        typer.echo(f"{folder} is laid out in the swarm {swarm.fingerprint_of(folder / swarm.KEY_FILE)}.")
        typer.echo(f"Its address, for the other members: {own}")
        typer.echo(f"As a service: {folder / swarm.UNIT}")
        typer.echo(f'In the gateway\'s settings: ipfs_url = "{place.api}/http"')


@swarm_app.command("peers")
def peers(repo: RepoOption, ipfs: ProgramOption = BUILT) -> None:
    """Say which members the running node is connected with. Exit code 1: none, or it does not run."""
    with _one_sentence():
        found = swarm.peers_of(ipfs.resolve(), repo.resolve())
        for address in found:
            typer.echo(address)
        typer.echo(f"{len(found)} members are connected.")
        if not found:
            raise typer.Exit(1)
