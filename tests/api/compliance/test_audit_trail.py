"""The trail in the database: no statement changes it, and what gets past the triggers is named."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from served import LEI, Served, serve, toy_router
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlmodel import col, select
from typer.testing import CliRunner

from api.cli import gateway_app
from api.compliance import cli
from api.compliance.audit import service
from api.compliance.audit.chain import AuditBroken, Head
from api.compliance.audit.models import AuditEntry
from api.compliance.audit.router import router as audit_router
from api.compliance.audit.trail import Act, Linker, record
from api.db import Database
from api.migrations import migrate
from api.settings import Settings


@pytest.fixture
def migrated(database_url: str) -> Iterator[Database]:
    """By its migrations, as a gateway's own database is."""
    made = Database(database_url)
    migrate(made.engine)
    yield made
    made.close()


def act(resource: str = "/v1/cash/issues") -> Act:
    return Act("client_1", None, "POST /v1/cash/issues", resource, 202, {"body_sha256": "00"})


def fill(database: Database, count: int = 5) -> None:
    for number in range(count):
        with database.transaction() as session:
            record(session, act(f"/v1/things/{number + 1}"))
    while Linker(database).step():
        pass


def verified(database: Database, *anchors: Head) -> service.Verified:
    with database.engine.connect() as connection:
        return service.verify(connection, *anchors)


def without_triggers(database: Database, *statements: str) -> None:
    """As the owner of the database can."""
    with database.engine.begin() as connection:
        if database.is_sqlite:
            for name in ("no_delete", "no_update", "once"):
                connection.exec_driver_sql(f"DROP TRIGGER audit_entries_{name}")
        else:
            connection.exec_driver_sql("ALTER TABLE audit_entries DISABLE TRIGGER USER")
        for statement in statements:
            connection.execute(text(statement))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_entries SET client = 'another' WHERE number = 3",
        "UPDATE audit_entries SET hash = 'another' WHERE number = 3",
        "UPDATE audit_entries SET number = NULL WHERE number = 3",
        "DELETE FROM audit_entries WHERE number = 3",
        "DELETE FROM audit_entries",
    ],
)
def test_the_database_refuses_to_change_an_entry(migrated: Database, statement: str) -> None:
    fill(migrated)

    with pytest.raises(DBAPIError, match="append-only"), migrated.engine.begin() as connection:
        connection.execute(text(statement))

    assert verified(migrated).head.number == 5


def test_an_entry_without_a_place_cannot_be_changed_either(migrated: Database) -> None:
    with migrated.transaction() as session:
        record(session, act())

    with pytest.raises(DBAPIError, match="append-only"), migrated.engine.begin() as connection:
        connection.execute(text("UPDATE audit_entries SET status = 200"))


@pytest.mark.postgres
def test_postgresql_refuses_to_truncate_the_trail(postgres_database: Database) -> None:
    migrate(postgres_database.engine)

    with pytest.raises(DBAPIError, match="append-only"), postgres_database.engine.begin() as connection:
        connection.execute(text("TRUNCATE audit_entries"))


@pytest.mark.parametrize(
    ("statement", "first_bad"),
    [
        ("UPDATE audit_entries SET client = 'another' WHERE number = 3", 3),
        ('UPDATE audit_entries SET detail = \'{"body_sha256": "01"}\' WHERE number = 2', 2),
        ("UPDATE audit_entries SET hash = previous WHERE number = 4", 4),
        ("DELETE FROM audit_entries WHERE number = 1", 1),
        ("DELETE FROM audit_entries WHERE number = 4", 4),
        ("DELETE FROM audit_entries WHERE number = 5", 5),
        ("DELETE FROM audit_entries", 1),
    ],
)
def test_what_the_owner_of_the_database_changes_is_named(migrated: Database, statement: str, first_bad: int) -> None:
    fill(migrated)

    without_triggers(migrated, statement)

    with pytest.raises(AuditBroken) as broken:
        verified(migrated)
    assert broken.value.number == first_bad


def test_a_trail_cut_with_its_head_is_found_by_an_anchor(migrated: Database) -> None:
    fill(migrated)
    anchor = verified(migrated).head
    cut = "UPDATE audit_head SET number = 4, hash = (SELECT hash FROM audit_entries WHERE number = 4)"

    without_triggers(migrated, "DELETE FROM audit_entries WHERE number = 5", cut)

    assert verified(migrated).head.number == 4
    with pytest.raises(AuditBroken, match="anchored"):
        verified(migrated, anchor)


def test_an_entry_goes_with_its_act(migrated: Database) -> None:
    def fail_after_recording() -> None:
        with migrated.transaction() as session:
            record(session, act())
            raise RuntimeError("the act failed")

    with pytest.raises(RuntimeError):
        fail_after_recording()

    fill(migrated, 0)

    assert verified(migrated) == service.Verified(Head(), 0)


def test_linkers_that_run_together_make_one_chain(migrated: Database) -> None:
    other = Database(str(migrated.engine.url.render_as_string(hide_password=False)))
    linkers = [Linker(migrated), Linker(other), Linker(migrated), Linker(other)]

    def write(number: int) -> None:
        with migrated.transaction() as session:
            record(session, act(f"/v1/things/{number}"))
        linkers[number % 4].step()

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(write, range(60)))
    fill(migrated, 0)
    other.close()

    assert verified(migrated).head.number == 60


@pytest.fixture
def gateway(migrated: Database, database_url: str, settings_for: Callable[..., Settings]) -> Iterator[Served]:
    with serve(settings_for(database_url=database_url), [toy_router(), audit_router]) as running:
        yield running


def entries(database: Database) -> list[AuditEntry]:
    with database.session() as session:
        return list(session.exec(select(AuditEntry).order_by(col(AuditEntry.id))))


def test_a_refused_write_is_in_the_trail_with_its_status(gateway: Served) -> None:
    with gateway.client() as client:
        malformed = client.post("/v1/tellings", json={"value": "many"})
        unheard = client.post("/v1/tellings", json={"value": 1})  # the chain's node is away

    assert (malformed.status_code, unheard.status_code) == (422, 503)
    made = entries(gateway.gateway.database)
    assert [(each.operation, each.status, each.lei) for each in made] == [
        ("POST /v1/tellings", 422, LEI),
        ("POST /v1/tellings", 503, LEI),
    ]
    assert all(set(each.detail) == {"body_sha256"} for each in made)


def test_a_call_of_nobody_is_not_recorded(gateway: Served) -> None:
    import httpx

    assert httpx.post(f"{gateway.url}/v1/tellings", json={"value": 1}, timeout=120, trust_env=False).status_code == 401

    assert entries(gateway.gateway.database) == []


def test_reads_are_recorded_for_the_supervisor_only(gateway: Served) -> None:
    with gateway.client() as client:
        assert client.get("/v1/tellings/count").status_code == 200
    with gateway.client(lei=None, scopes=("supervisor", "compliance:read")) as supervisor:
        assert supervisor.get("/v1/audit/head").status_code == 200
        assert supervisor.get("/v1/tellings/count").status_code == 403

    made = entries(gateway.gateway.database)
    assert [(each.operation, each.resource, each.status) for each in made] == [
        ("GET /v1/audit/head", "/v1/audit/head", 200),
        ("GET /v1/tellings/count", "/v1/tellings/count", 403),
    ]


def test_the_operator_reads_the_trail_and_an_organisation_does_not(gateway: Served) -> None:
    fill(gateway.gateway.database, 3)
    with gateway.client(lei=None) as operator:
        answer = operator.get("/v1/audit/entries", params={"limit": 2}).json()
        rest = operator.get("/v1/audit/entries", params={"limit": 2, "cursor": answer["next"]}).json()
        head = operator.get("/v1/audit/head").json()
    with gateway.client() as organisation:
        assert organisation.get("/v1/audit/entries").status_code == 403

    assert [each["number"] for each in [*answer["items"], *rest["items"]]] == [3, 2, 1]
    assert head == {"number": 3, "hash": answer["items"][0]["hash"]}


def _config(place: Path, database_url: str) -> Path:
    (place / "keys").mkdir(exist_ok=True)
    book: dict[str, Any] = {"network": "none", "chain_id": 1, "first_block": 1, "complete": True, "contracts": {}}
    (place / "deployments.json").write_text(json.dumps(book))
    (place / "network.key").write_text("00" * 32)
    file = place / "gateway.toml"
    file.write_text(
        'rpc_url = "http://127.0.0.1:9"\ndeployments = "deployments.json"\ndata_dir = "data"\n'
        f'keys_dir = "keys"\nnetwork_key_file = "network.key"\ndatabase_url = \'{database_url}\'\n'
    )
    return file


def test_the_command_names_the_first_bad_entry(migrated: Database, database_url: str, tmp_path: Path) -> None:
    config, anchor = str(_config(tmp_path, database_url)), str(tmp_path / "anchor.json")
    with migrated.transaction() as session:
        record(session, act())
    run = CliRunner().invoke
    noted = run(gateway_app, ["audit", "head", "--config", config, "--out", anchor])
    fill(migrated, 2)
    good = run(gateway_app, ["audit", "verify", "--config", config, "--anchor", anchor])
    without_triggers(migrated, "UPDATE audit_entries SET status = 500 WHERE number = 2")

    bad = run(gateway_app, ["audit", "verify", "--config", config])
    unreadable = run(gateway_app, ["audit", "verify", "--config", config, "--anchor", config])

    assert json.loads(noted.stdout)["number"] == 1
    assert (good.exit_code, "3 entries, 1 anchors" in good.stdout) == (0, True), good.output
    assert (bad.exit_code, "broken at entry 2" in bad.output) == (1, True)
    assert (unreadable.exit_code, "cannot be read" in unreadable.output) == (1, True)
    with pytest.raises(cli.AnchorUnreadable):
        cli.read_anchor(tmp_path / "nothing")
