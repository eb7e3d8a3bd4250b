"""`portolan`: the one command line. Each package brings its own part, and only the part that is asked for is loaded."""

import gc
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from chain_node.besu_option import BesuOption

app = typer.Typer(
    name="portolan",
    help="Portolan: supply-chain finance that pays on sight of the goods.",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,  # locals may hold keys
    pretty_exceptions_short=True,
)


@app.command()
def demo(
    trade: Annotated[Path, typer.Option(help="Folder with a trade.toml and its documents.")] = Path("examples/trade"),
    report: Annotated[Path, typer.Option(help="Where the report goes (JSON).")] = Path("build/demo.json"),
    work_dir: Annotated[Path, typer.Option(help="Where chain, gateway and nodes keep their things; emptied first.")] = (
        Path("build/demo")
    ),
    network: Annotated[str, typer.Option(help="Name of a folder in network-config; its chain is started anew.")] = (
        "local"
    ),
    besu: BesuOption = None,
) -> None:
    """Run a whole trade, from its documents to the last cent, on a network of its own."""
    from scripts.demo.command import run_command

    raise typer.Exit(run_command(trade, work_dir, report, network, besu))


@app.command()
def up(
    port: Annotated[int, typer.Option(help="Port of the gateway on 127.0.0.1.")] = 8000,
    rpc_port: Annotated[int | None, typer.Option(help="Port of the chain; the network's own where not given.")] = None,
    network: Annotated[str, typer.Option(help="Name of a folder in network-config.")] = "local",
    data_dir: Annotated[
        Path | None, typer.Option(help="Where the network keeps its things between runs (build/networks/NAME).")
    ] = None,
    clock: Annotated[
        datetime | None,
        typer.Option(help="The chain's time (UTC) when it is new, e.g. 2026-05-04T09:00:00 for the example's papers."),
    ] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Forget what is there and begin anew.")] = False,
    sandbox: Annotated[
        bool, typer.Option("--sandbox", help="Let the gateway simulate carriers, warehouses and inspectors.")
    ] = False,
    besu: BesuOption = None,
) -> None:
    """Start the embedded network for use: chain, contracts, gateway and three oracle nodes. Ctrl-C stops it."""
    from scripts.embedded import EmbeddedSettings
    from scripts.up import run_command

    begun = None if clock is None else clock.replace(tzinfo=UTC)
    settings = EmbeddedSettings(
        data_dir or Path("build/networks") / network,
        network,
        clock=begun,
        gateway_port=port,
        rpc_port=rpc_port,
        sandbox=sandbox,
        besu=besu,
    )
    raise typer.Exit(run_command(settings, fresh=fresh))


@app.command()
def bench(
    names: Annotated[list[str] | None, typer.Argument(help="Which measurements; all without.")] = None,
    report: Annotated[Path, typer.Option(help="Where the figures go (JSON).")] = Path("build/bench.json"),
) -> None:
    """Measure oracle events, relay, event to cash, the gateway's writes, catch-up and reads, and near-duplicates."""
    from scripts.bench.command import run_command

    raise typer.Exit(run_command(report, names or []))


@app.command()
def gas(
    report: Annotated[Path, typer.Option(help="Where the figures go (JSON).")] = Path("build/gas.json"),
    check: Annotated[bool, typer.Option("--check", help="Compare docs/gas.md instead of writing it.")] = False,
) -> None:
    """Run each operation as a whole transaction, against its budget of gas; writes docs/gas.md."""
    from scripts.proof.gas import run_command

    raise typer.Exit(run_command(report, check))


@app.command()
def invariants(
    report: Annotated[Path, typer.Option(help="Where the outcome goes (JSON).")] = Path("build/invariants.json"),
) -> None:
    """Run the invariants of the contracts. FOUNDRY_PROFILE=long runs them for long."""
    from scripts.proof.invariants import run_command

    raise typer.Exit(run_command(report))


@app.command()
def slither() -> None:
    """Analyse the contracts; every finding must be explained in contracts/slither.toml."""
    from scripts.proof.slither import run_command

    raise typer.Exit(run_command())


@app.command()
def audit(
    service: Annotated[str, typer.Option(help="Address of an OSV service; PyPI's advisories without.")] = "",
) -> None:
    """Look the locked Python packages up with an advisory service. Ends with 3 where it cannot be asked."""
    from scripts.proof.audit import run_command

    raise typer.Exit(run_command(service))


def _mount(wanted: str | None) -> None:
    """Imports the packages whose command is asked for; all of them for the overview, so that it is complete."""
    if wanted in (None, "node", "deploy"):
        from chain_node.cli import deploy_command, node_app

        app.add_typer(node_app, name="node")
        app.command("deploy")(deploy_command)
    if wanted in (None, "network"):
        from chain_node.networks.cli import network_app

        app.add_typer(network_app, name="network")
    if wanted in (None, "oracle"):
        from oracles.cli import oracle_app

        app.add_typer(oracle_app, name="oracle")
    if wanted in (None, "gateway"):
        from api.cli import gateway_app

        app.add_typer(gateway_app, name="gateway")
    if wanted in (None, "invoice"):
        from api.invoices.cli import invoice_app

        app.add_typer(invoice_app, name="invoice")
    if wanted in (None, "ask"):
        from scripts.ask import ask

        app.command("ask")(ask)


def main() -> None:
    known = {"node", "deploy", "network", "oracle", "gateway", "invoice", "demo", "up", "bench"}
    known |= {"ask", "gas", "invariants", "slither", "audit"}
    first = sys.argv[1] if len(sys.argv) > 1 else None
    # Loading makes a million objects and drops hardly any: to look for those took a fifth of a daemon's start.
    gc.disable()
    _mount(first if first in known else None)
    gc.freeze()
    gc.enable()
    app()


if __name__ == "__main__":
    main()
