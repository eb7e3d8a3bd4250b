"""`portolan gateway ...`: run the gateway, prepare its database, make clients."""

import json
import socket
from pathlib import Path
from typing import Annotated, Any

import typer
import uvicorn

from api.auth.scopes import SCOPES, ScopeForOperatorOnly, ScopeUnknown
from api.auth.service import create_client
from api.db import Database
from api.indexer.apply import clear
from api.logs import configure_logs
from api.main import create_app
from api.migrations import is_current, migrate
from api.settings import Settings, SettingsInvalid, load_settings
from chain_node.errors import ChainError

gateway_app = typer.Typer(
    help="The gateway: the HTTP interface through which suppliers, debtors, lenders and the operator use the network.",
    no_args_is_help=True,
)
client_app = typer.Typer(help="Clients: the programs that may use the gateway.", no_args_is_help=True)
gateway_app.add_typer(client_app, name="client")

ConfigOption = Annotated[
    Path, typer.Option("--config", help="The gateway's settings, a TOML file.", metavar="FILE", show_default=False)
]


_SCOPE_HELP = f"What it may do; repeat for more. Without any: all that such a client may. One of {', '.join(SCOPES)}."


def _fail(message: str) -> typer.Exit:
    typer.echo(message, err=True)
    return typer.Exit(1)


def _settings(config: Path) -> Settings:
    try:
        return load_settings(config)
    except SettingsInvalid as error:
        raise _fail(str(error)) from None


def _database(settings: Settings) -> Database:
    """The database, which must have the present tables."""
    database = Database(settings.database_url)
    if not is_current(database.engine):
        raise _fail("The gateway's database is not prepared for this version; run `portolan gateway migrate` first.")
    return database


def _bound(settings: Settings) -> socket.socket:
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host, settings.port))
    except OSError as error:
        where = f"{settings.host}:{settings.port}"
        raise _fail(f"The gateway cannot listen on {where}: {error.strerror}. Is another one running?") from None
    return listener


@gateway_app.command()
def run(
    config: ConfigOption,
    prepare: Annotated[
        bool, typer.Option(help="Bring the database up to date first; without it, an outdated one is refused.")
    ] = True,
) -> None:
    """Run the gateway until Ctrl-C."""
    settings = _settings(config)
    configure_logs(settings.log_level)
    settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    if prepare:
        _migrate(settings)
    _database(settings).close()
    listener = _bound(settings)
    try:
        app = create_app(settings)
    except (ChainError, OSError) as error:
        raise _fail(f"The gateway cannot start: {error}") from None
    host, port = listener.getsockname()[:2]
    typer.echo(f"The gateway listens on http://{host}:{port}")
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, timeout_keep_alive=75))
    server.run(sockets=[listener])


@gateway_app.command("migrate")
def migrate_command(config: ConfigOption) -> None:
    """Create the gateway's database, or bring an older one up to date. Nothing is lost."""
    settings = _settings(config)
    settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    _migrate(settings)
    typer.echo("The gateway's database is up to date.")


def _migrate(settings: Settings) -> None:
    database = Database(settings.database_url)
    migrate(database.engine)
    database.close()


@gateway_app.command()
def reindex(config: ConfigOption) -> None:
    """Forget what was read from the chain; the running or next gateway reads it anew from the first block."""
    database = _database(_settings(config))
    with database.engine.begin() as connection:
        clear(connection)
    database.close()
    typer.echo("What the chain says will be read anew. Documents, clients and transactions are untouched.")


@client_app.command("create")
def create(
    config: ConfigOption,
    operator: Annotated[bool, typer.Option("--operator", help="For the network's operator.")] = False,
    lei: Annotated[str | None, typer.Option(help="For the organisation with this legal entity identifier.")] = None,
    scope: Annotated[list[str] | None, typer.Option(help=_SCOPE_HELP)] = None,
    name: Annotated[str, typer.Option(help="A name to recognise it by.")] = "",
) -> None:
    """Make a client and print its id and secret as JSON. The secret is shown this once."""
    settings = _settings(config)
    if operator == (lei is not None):
        raise _fail("Say for whom the client is: either --operator or --lei LEI.")
    database = _database(settings)
    owner = lei if lei is not None else settings.operator_lei or None
    try:
        made = database.run(
            lambda session: create_client(session, lei=owner, scopes=tuple(scope or ()), name=name, operator=operator)
        )
    except (ScopeUnknown, ScopeForOperatorOnly) as error:
        raise _fail(str(error)) from None
    finally:
        database.close()
    printed: dict[str, Any] = {
        "client_id": made.client_id,
        "client_secret": made.client_secret,
        "lei": made.lei,
        "scopes": list(made.scopes),
    }
    typer.echo(json.dumps(printed))
