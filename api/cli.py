"""`portolan gateway ...`: run the gateway, prepare its database, make clients."""

import json
import socket
from pathlib import Path
from typing import Annotated, Any

import typer
import uvicorn

from api.auth.keys import KeyRing, KeyUnknown, LastKey, listed, retire, rotate
from api.auth.scopes import SCOPES, ScopeForOperatorOnly, ScopeUnknown
from api.auth.service import create_client
from api.carrying_over import CarryOverRefused, carry_over
from api.compliance import cli as compliance
from api.compliance.supervision.replay import ReplayRefused, replay
from api.db import Database
from api.documents.swarm_cli import swarm_app
from api.events.events import leap
from api.events.service import event_id
from api.indexer.apply import clear
from api.indexer.same_list import OtherList, refuse_other_list
from api.logs import configure_logs
from api.main import create_app, openapi
from api.migrations import is_current, migrate
from api.protocol import PatientProtocol
from api.settings import Settings, SettingsInvalid, load_settings
from api.vault import Vault
from chain_node.client import AddressBook
from chain_node.errors import ChainError, DeploymentsInvalid

gateway_app = typer.Typer(
    help="The gateway: the HTTP interface through which suppliers, debtors, lenders and the operator use the network.",
    no_args_is_help=True,
)
client_app = typer.Typer(help="Clients: the programs that may use the gateway.", no_args_is_help=True)
gateway_app.add_typer(client_app, name="client")
gateway_app.add_typer(compliance.audit_app, name="audit")
keys_app = typer.Typer(help="The keys that access tokens are signed with.", no_args_is_help=True)
gateway_app.add_typer(keys_app, name="keys")
gateway_app.add_typer(swarm_app, name="swarm")

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


def _of_this_version(settings: Settings) -> Database:
    """The database, which must not be that of another version of the contracts."""
    database = _database(settings)
    try:
        with database.engine.connect() as connection:
            refuse_other_list(connection, AddressBook.load(settings.deployments))
    except (OtherList, DeploymentsInvalid) as error:
        database.close()
        raise _fail(str(error)) from None
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
    _of_this_version(settings).close()
    listener = _bound(settings)
    try:
        app = create_app(settings)
    except SettingsInvalid as error:
        raise _fail(str(error)) from None
    except (ChainError, OSError) as error:
        raise _fail(f"The gateway cannot start: {error}") from None
    host, port = listener.getsockname()[:2]
    typer.echo(f"The gateway listens on http://{host}:{port}")
    serving = uvicorn.Config(app, http=PatientProtocol, log_config=None, access_log=False, timeout_keep_alive=75)
    uvicorn.Server(serving).run(sockets=[listener])


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
    database = _of_this_version(_settings(config))
    with database.engine.begin() as connection:
        clear(connection)
    database.close()
    typer.echo("What the chain says will be read anew. Documents, clients and transactions are untouched.")


@gateway_app.command()
def restored(config: ConfigOption) -> None:
    """Say that the database is an older copy: no event gets an id again that one of the lost log had."""
    database = _of_this_version(_settings(config))
    with database.engine.begin() as connection:
        before, first = leap(connection)
    database.close()
    typer.echo(f"The log of events ends with {event_id(before)} and goes on with {event_id(first)}, log.restored.")
    typer.echo("Who asks for what came after an event of the lost log is told where to go on.")


@gateway_app.command("carry-over")
def carry_over_command(
    config: ConfigOption,
    old: Annotated[Path, typer.Option("--from", help="The settings of the old version's gateway.", metavar="FILE")],
) -> None:
    """After an upgrade of the contracts: take over who takes part from the old version's gateway, which may run.

    Participants, their names, clients and viewing keys, and the keys that the gateway keeps for them, still encrypted.
    Nothing of positions. May be repeated: what is there already stays as it is.
    """
    settings, before = _settings(config), _settings(old)
    _database(before).close()
    settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    _migrate(settings)
    _of_this_version(settings).close()
    try:
        carried = carry_over(before, settings)
    except (CarryOverRefused, ChainError, OSError) as error:
        raise _fail(str(error)) from None
    for each in carried:
        there = f", {each.present} were there already" if each.present else ""
        typer.echo(f"{each.what}: {each.new} carried over{there}")


@gateway_app.command("openapi")
def openapi_command() -> None:
    """Print the OpenAPI 3.1 description of the gateway, with an example of everything, refusals included."""
    typer.echo(json.dumps(openapi(), ensure_ascii=False, indent=2))


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


@compliance.audit_app.command("verify")
def verify_audit(
    config: ConfigOption,
    anchor: Annotated[
        list[Path] | None, typer.Option(help="A file that `audit head --out` wrote before; repeat for more.")
    ] = None,
) -> None:
    """Recompute every hash of the audit trail. Exit code 1 names the first entry that was changed or is missing."""
    database = _database(_settings(config))
    try:
        typer.echo(compliance.verify(database, list(anchor or ())))
    except (compliance.AuditBroken, compliance.AnchorUnreadable) as error:
        raise _fail(str(error)) from None
    finally:
        database.close()


@compliance.audit_app.command("head")
def audit_head(
    config: ConfigOption,
    out: Annotated[Path | None, typer.Option(help="Where to write it; keep that file elsewhere.")] = None,
) -> None:
    """Print the end of the audit trail, to be noted where the gateway's operator cannot reach."""
    database = _database(_settings(config))
    try:
        told = json.dumps(compliance.head(database))
    finally:
        database.close()
    if out is not None:
        out.write_text(told + "\n", encoding="utf-8")
    typer.echo(told)


@gateway_app.command("replay")
def replay_command(
    config: ConfigOption,
    out: Annotated[Path, typer.Option(help="An empty folder for what is rebuilt.", show_default=False)],
    from_genesis: Annotated[
        bool, typer.Option("--from-genesis", help="From the network's first block; there is no other start.")
    ] = False,
) -> None:
    """Rebuild the ledger from the chain's events alone, and compare it with the live one. Exit code 1: they differ."""
    if not from_genesis:
        raise _fail("Say --from-genesis: a replay that trusts anything read before proves nothing.")
    settings = _settings(config)
    _database(settings).close()
    try:
        found = replay(settings, out)
    except (ReplayRefused, ChainError, OSError) as error:
        raise _fail(str(error)) from None
    typer.echo(
        f"{found.rows} rows rebuilt up to block {found.block_number}, in {out}; {found.differences} differences."
    )
    for sentence in found.first:
        typer.echo(sentence, err=True)
    if found.differences:
        raise typer.Exit(1)


def _ring(settings: Settings, database: Database) -> KeyRing:
    assert settings.passphrase_file is not None  # filled in when the settings are read
    ring = KeyRing(
        database,
        Vault(settings.passphrase_file),
        token_lifetime_seconds=settings.token_lifetime_seconds,
        old_key_file=settings.token_key_file,
    )
    ring.refresh()
    return ring


@keys_app.command("list")
def list_keys(config: ConfigOption) -> None:
    """Print the keys, newest first, as JSON: since when each signs, until when its tokens count."""
    settings = _settings(config)
    database = _database(settings)
    ring = _ring(settings, database)
    signing = ring.signing().kid
    for row in database.run(listed):
        until = row.verifies_until.isoformat() if row.verifies_until else None
        told = {"kid": row.kid, "signs": row.kid == signing, "signs_from": row.signs_from.isoformat(), "until": until}
        typer.echo(json.dumps(told))
    database.close()


@keys_app.command("rotate")
def rotate_keys(
    config: ConfigOption,
    at_once: Annotated[bool, typer.Option("--at-once", help="Sign with it now: the present key is in doubt.")] = False,
) -> None:
    """Make a new key. It is published now and signs in ten minutes; older ones verify until their tokens have ended."""
    settings = _settings(config)
    database = _database(settings)
    ring = _ring(settings, database)
    lifetime = settings.token_lifetime_seconds
    made = database.run(lambda session: rotate(session, ring.vault, token_lifetime_seconds=lifetime, at_once=at_once))
    database.close()
    typer.echo(json.dumps({"kid": made.kid, "signs_from": made.signs_from.isoformat()}))


@keys_app.command("retire")
def retire_key(config: ConfigOption, kid: str) -> None:
    """Stop trusting a key: its tokens end within seconds, in every running gateway."""
    database = _database(_settings(config))
    try:
        database.run(lambda session: retire(session, kid))
    except (KeyUnknown, LastKey) as error:
        raise _fail(str(error)) from None
    finally:
        database.close()
    typer.echo(f"Tokens of {kid} count no more.")
