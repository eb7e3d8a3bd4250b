"""`portolan oracle protection`: what the node has signed, moved to another machine and mended after a loss."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from chain_node.client import AddressBook, Chain, FeedRules
from oracles.errors import DatabaseOfOtherNetwork
from oracles.protection.errors import ProtectionError, ProtectionMissing
from oracles.protection.guard import marked, remember
from oracles.protection.interchange import read_export, write_export
from oracles.protection.places import Place
from oracles.protection.rebuilding import VoidAfter, in_database, on_chain
from oracles.protection.statements import About, SignedStatement, StatementKey
from oracles.protection.store import ProtectionStore
from oracles.refusals import one_sentence
from oracles.settings import NodeSettings, load_settings
from oracles.store.database import Database, database_lock
from oracles.store.models import NetworkRow, ReadingRow

protection_app = typer.Typer(
    help="What the node has signed: it binds the node, whatever becomes of its database.", no_args_is_help=True
)

ConfigOption = Annotated[Path, typer.Option("--config", help="The node's settings (TOML).", show_default=False)]
MOST_SHOWN = 50


@protection_app.command("show")
def show_command(config: ConfigOption) -> None:
    """Say how much was signed, what was signed last, and which keys are closed. The node may be running."""
    with one_sentence(), _store(load_settings(config, needs_key=False)) as store:
        store.check()
        signed = list(store.signed())
        typer.echo(f"store     {store.path}")
        typer.echo(f"head      {store.head().number} {store.head().link.hex()}")
        for about in About:
            typer.echo(f"{about}s".ljust(10) + str(sum(its.statement.key.about is about for its in signed)))
        for its in signed[-MOST_SHOWN:]:
            typer.echo(f"  {its.statement.key}: {its.statement}, by {its.signer}")
        for key in store.closed():
            typer.echo(f"  closed: {key}")


@protection_app.command("export")
def export_command(
    config: ConfigOption, file: Annotated[Path, typer.Argument(help="A new file; none is overwritten.")]
) -> None:
    """Write what was signed on this network to a file. Stop the node first where it shall move."""
    with one_sentence():
        settings = load_settings(config, needs_key=False)
        with _store(settings) as store:
            store.check()
            count = write_export(store, Place.of(settings.deployments), file)
        typer.echo(f"{count} statements written to {file}")


@protection_app.command("import")
def import_command(
    config: ConfigOption, file: Annotated[Path, typer.Argument(help="What `protection export` wrote.")]
) -> None:
    """Take in what was signed elsewhere, and what this database knows. Nothing that bound is loosened by it."""
    with one_sentence():
        settings = load_settings(config, needs_key=False)
        place = Place.of(settings.deployments)
        found = read_export(file, place)
        with _stopped(settings, place) as (store, database):
            _merge(store, database, place, found.signed(place), found.closed_keys(place))


@protection_app.command("rebuild")
def rebuild_command(
    config: ConfigOption,
    accept_gaps: Annotated[
        bool,
        typer.Option("--accept-gaps", help="Go on, though what neither database nor network knows is forgotten."),
    ] = False,
) -> None:
    """Make the store from the node's database and from the votes that the network has counted of its organisation."""
    with one_sentence():
        settings = load_settings(config, needs_key=False)
        place = Place.of(settings.deployments)
        if not accept_gaps:
            raise ProtectionError(
                settings.protection_file,
                "votes and readings that were signed, that the database does not know of and that the network has not "
                "counted cannot be found again; the node could sign them differently. Look for the store or an export "
                "first. Where there is none: --accept-gaps",
            )
        chain = Chain.connect(settings.rpc_url, AddressBook.load(settings.deployments), settings.rpc_timeout_seconds)
        try:
            organisation = chain.registry.organisation_of(settings.organisation)
            with _stopped(settings, place) as (store, database):
                counted = on_chain(chain, place, organisation) if organisation else ()
                _merge(store, database, place, counted, (), _void_after(chain))
        finally:
            chain.close()


def _merge(
    store: ProtectionStore,
    database: Database,
    place: Place,
    signed: Iterable[SignedStatement],
    closed: Iterable[StatementKey],
    void_after: VoidAfter | None = None,
) -> None:
    with database.session() as session:
        known = list(in_database(session, place, void_after))
        merged = store.merge([*signed, *known], closed)
        remember(session, store)
    typer.echo(f"{merged.added} statements taken in; {store.head().number} in {store.path}")
    for key in merged.closed:
        typer.echo(f"closed, different accounts of it were signed: {key}")


@contextmanager
def _store(settings: NodeSettings) -> Iterator[ProtectionStore]:
    """The store as it is; never made by looking at it."""
    if not settings.protection_file.is_file():
        raise ProtectionMissing(settings.protection_file, "there is no protection store")
    store = ProtectionStore(settings.protection_file)
    try:
        yield store
    finally:
        store.close()


@contextmanager
def _stopped(settings: NodeSettings, place: Place) -> Iterator[tuple[ProtectionStore, Database]]:
    """Store and database of a node that does not run. Raises DatabaseInUse, DatabaseOfOtherNetwork, ProtectionError."""
    with database_lock(settings.database):
        database = Database(settings.database)
        database.prepare()
        with database.session() as session:
            row, mark = session.get(NetworkRow, 1), marked(session)
        if row is not None and (row.chain_id, row.oracle_address) != (place.chain_id, place.oracle):
            remembered = f"chain {row.chain_id}, oracle {row.oracle_address}"
            raise DatabaseOfOtherNetwork(settings.database, remembered, str(place))
        store = ProtectionStore(settings.protection_file)
        try:
            store.check()
            if store.link_at(mark.number) != mark.link:
                typer.echo(
                    f"the store has not what the database's last signature was made with ({mark.number} statements)"
                )
            yield store, database
        finally:
            store.close()
            database.close()


def _void_after(chain: Chain) -> VoidAfter:
    """When readings become void of which the database does not say it: signed by an earlier version of this program."""
    rules = dict[str, FeedRules]()

    def void_after(row: ReadingRow) -> int | None:
        found = rules.get(row.policy_id) or chain.feeds.policy(bytes.fromhex(row.policy_id))[0]
        rules[row.policy_id] = found
        # What was signed for an earlier policy is void already.
        return row.observed_at + (found.max_age_seconds if found.version == row.version else 0)

    return void_after
