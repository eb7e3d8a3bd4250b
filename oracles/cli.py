"""`portolan oracle`: runs a node, prints event hashes, explains documents, shows a node's state."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Annotated

import typer

from chain_node.client.endpoints import Watch
from chain_node.references import NetworkKey
from oracles.capture.store import CaptureStore
from oracles.checkpoints import Death, die_at, go_on
from oracles.daemon import Node
from oracles.endpoints import EndpointFigures, watched
from oracles.errors import OracleError
from oracles.explain import explain_json, explain_lines
from oracles.hashing import hashes_of
from oracles.http.commands import token_app
from oracles.keys.commands import key_app
from oracles.keys.opening import open_key
from oracles.logs import configure_logs
from oracles.mqtt.commands import message_command
from oracles.network import connector
from oracles.operating.backup_commands import backup_command, restore_command
from oracles.operating.collecting import Collected
from oracles.operating.commands import held_app, status_command
from oracles.operating.init_command import init_command
from oracles.operating.monitor import monitored
from oracles.operating.quarantine_commands import quarantine_app
from oracles.operating.replay_command import replay_command
from oracles.operating.verify_command import verify_command
from oracles.protection.commands import protection_app
from oracles.refusals import one_sentence
from oracles.relay.commands import relay_command
from oracles.relay.ends import RelayEnds, relay_ends
from oracles.rule_commands import resolve_command, rules_app
from oracles.services import Surroundings, running
from oracles.settings import NodeSettings, load_settings
from oracles.signing import Signer
from oracles.stopping import StopSignal
from oracles.store.database import Database, database_lock
from oracles.tables.commands import csv_app

oracle_app = typer.Typer(
    name="oracle",
    help="The node of a carrier, warehouse or inspector: reads its papers, signs what happened, and nothing else.",
    no_args_is_help=True,
)
oracle_app.add_typer(token_app, name="token")
oracle_app.add_typer(csv_app, name="csv")
oracle_app.add_typer(rules_app, name="rules")
oracle_app.command("resolve")(resolve_command)
oracle_app.command("relay")(relay_command)
oracle_app.add_typer(key_app, name="key")
oracle_app.command("message")(message_command)
oracle_app.add_typer(protection_app, name="protection")
oracle_app.add_typer(held_app, name="held")
oracle_app.add_typer(quarantine_app, name="quarantine")
oracle_app.command("init")(init_command)
oracle_app.command("status")(status_command)
oracle_app.command("replay")(replay_command)
oracle_app.command("verify")(verify_command)
oracle_app.command("backup")(backup_command)
oracle_app.command("restore")(restore_command)

ConfigOption = Annotated[Path, typer.Option("--config", help="The node's settings (TOML).", show_default=False)]


@oracle_app.command("run")
def run_command(
    config: ConfigOption,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would be signed; needs no key, moves no file.")
    ] = False,
    death: Annotated[Death | None, typer.Option("--die-at", parser=Death.parse, hidden=True)] = None,
) -> None:
    """Run a node until it is stopped (Ctrl-C, SIGTERM). It logs one JSON line for each decision."""
    with one_sentence():
        settings = load_settings(config, needs_key=not dry_run)
        configure_logs(settings.name)
        if dry_run:
            _serve(settings, Database(None), None, None)
        else:
            with database_lock(settings.database):
                _serve(settings, Database(settings.database), Signer(open_key(settings)), death)


@oracle_app.command("hash")
def hash_command(
    files: Annotated[
        list[Path],
        typer.Argument(help="EPCIS 2.0, DCSA Track & Trace 2.2 or ReceiptAdvice files; - is the standard input."),
    ],
) -> None:
    """Print the CBV 2.0 hash of each event, one a line."""
    failed = False
    for file in files:
        try:
            for line in hashes_of(file):
                typer.echo(line)
        except OracleError as error:
            typer.echo(str(error), err=True)
            failed = True
    if failed:
        raise typer.Exit(1)


@oracle_app.command("explain")
def explain_command(
    config: ConfigOption,
    document: Annotated[Path, typer.Argument(help="A document as it would lie in the inbox.")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line for each event or value.")] = False,
) -> None:
    """Say what a document is, which consignment and milestone it concerns, and whether this node would sign it."""
    with one_sentence():
        settings = load_settings(config, needs_key=False)
        for line in (explain_json if as_json else explain_lines)(settings, document):
            typer.echo(line)


def _serve(settings: NodeSettings, database: Database, signer: Signer | None, death: Death | None) -> None:
    with watched(settings, database) as watch:
        _serve_over(settings, database, signer, death, watch)


def _serve_over(
    settings: NodeSettings, database: Database, signer: Signer | None, death: Death | None, watch: Watch | None
) -> None:
    checkpoint = go_on if death is None else die_at(death)
    capture = None if settings.capture is None or signer is None else CaptureStore(database, checkpoint)
    relays = RelayEnds() if signer is None else relay_ends(settings, signer.address)
    node = Node(
        settings,
        database,
        NetworkKey.load(settings.network_key_file),
        signer,
        connector(settings.rpc_url, settings.deployments, settings.rpc_timeout_seconds, watch),
        dry=signer is None,
        checkpoint=checkpoint,
        capture=capture,
        relays=relays,
    )
    node.health.watch = watch
    stop = StopSignal()
    around = Surroundings(settings, database, checkpoint, node.metrics, capture, relays, node.health)
    # A dry run answers nobody and asks nobody: what it took it would forget.
    services = nullcontext() if signer is None else running(around)
    try:
        with _monitoring(settings, database, node, dry=signer is None), services:
            node.run(stop.is_set, stop.sleep)
    finally:
        database.close()


@contextmanager
def _monitoring(settings: NodeSettings, database: Database, node: Node, *, dry: bool) -> Iterator[None]:
    if settings.metrics_port is None:
        yield
        return
    if not dry:
        node.metrics.registry.register(Collected(settings, database, node.health))
    if node.health.watch is not None:
        node.metrics.registry.register(EndpointFigures(node.health.watch))
    with monitored(settings.metrics_port, node.metrics.registry, node.health):
        yield
