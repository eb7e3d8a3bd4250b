"""What a person types, and what is said when the settings are wrong."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel
from sqlmodel import SQLModel
from typer.testing import CliRunner

from api.auth.scopes import OPERATOR_SCOPES
from api.cli import gateway_app
from api.db import Database
from api.facilities.schemas import FacilityRequest
from api.indexer.models import IndexedEvent
from api.migrations import is_current
from api.settings import Settings, SettingsInvalid, load_settings

LEI = "999900SOUNDERSURVY30"
run = CliRunner().invoke


@pytest.fixture
def config(tmp_path: Path) -> Path:
    book = {"network": "none", "chain_id": 1, "first_block": 1, "complete": True, "contracts": {}}
    (tmp_path / "deployments.json").write_text(json.dumps(book))
    (tmp_path / "keys").mkdir()
    (tmp_path / "network.key").write_text("00" * 32)
    file = tmp_path / "gateway.toml"
    file.write_text(
        'rpc_url = "http://127.0.0.1:9"\ndeployments = "deployments.json"\ndata_dir = "data"\n'
        'keys_dir = "keys"\nnetwork_key_file = "network.key"\n'
    )
    return file


def upgraded(config: Path, created: int) -> None:
    """As `portolan node upgrade` leaves the list: the desk is a new one, the old one keeps a name."""
    desk = {"contract": "FinancingDesk", "block": created, "address": "0x" + "22" * 20}
    old = {"contract": "FinancingDesk", "block": 3, "address": "0x" + "11" * 20}
    book = json.loads((config.parent / "deployments.json").read_text())
    book["contracts"] = {"FinancingDesk": desk, "run-off-1/FinancingDesk": old}
    (config.parent / "deployments.json").write_text(json.dumps(book))


@pytest.mark.parametrize("command", ["run", "reindex", "restored"])
def test_database_of_the_version_before_an_upgrade_is_not_used_with_the_new_list(config: Path, command: str) -> None:
    assert run(gateway_app, ["migrate", "--config", str(config)]).exit_code == 0
    database = Database(f"sqlite:///{config.parent / 'data' / 'gateway.db'}")
    event = {"block_hash": "0xab", "log_index": 0, "block_number": 40, "transaction_hash": "0xcd", "status": "done"}
    with database.transaction() as session:
        session.add(IndexedEvent(**event, contract="FinancingDesk", name="FinancingOpened"))
    database.close()
    upgraded(config, created=41)

    refused = run(gateway_app, [command, "--config", str(config)])

    assert refused.exit_code == 1
    assert "an older FinancingDesk (in block 40; the list's was created in block 41)" in refused.output
    assert "deployments-run-off-<number>.json" in refused.output
    assert "Traceback" not in refused.output


def test_database_of_the_new_version_is_used_with_the_new_list(config: Path) -> None:
    assert run(gateway_app, ["migrate", "--config", str(config)]).exit_code == 0
    database = Database(f"sqlite:///{config.parent / 'data' / 'gateway.db'}")
    SQLModel.metadata.create_all(database.engine)  # with those of other tests in this process, which it clears too
    event = {"block_hash": "0xab", "block_number": 40, "transaction_hash": "0xcd", "status": "done"}
    with database.transaction() as session:
        session.add(IndexedEvent(**event, log_index=0, contract="ReceivableToken", name="ReceivableRegistered"))
        session.add(IndexedEvent(**event, log_index=1, contract="FinancingDesk", name="FinancingOpened"))
    database.close()
    upgraded(config, created=40)

    assert run(gateway_app, ["reindex", "--config", str(config)]).exit_code == 0


def test_all_problems_of_the_settings_are_told_at_once(config: Path) -> None:
    config.write_text(
        'rpc_url = "ftp://x"\nport = 70000\ncolour = "red"\ndatabase_url = "mysql://x"\nkeys_dir = "nowhere"\n'
    )

    with pytest.raises(SettingsInvalid) as refusal:
        load_settings(config)

    told = "\n".join(refusal.value.problems)
    for setting in (
        "rpc_url",
        "port",
        "colour",
        "database_url",
        "deployments",
        "data_dir",
        "network_key_file",
        "keys_dir",
    ):
        assert setting in told
    assert str(config) in str(refusal.value)


def _every_setting(model: type[BaseModel], table: str = "") -> Iterator[str]:
    """Names as one writes them; those of a table with its name before them."""
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from _every_setting(field.annotation, f"{table}{name}.")
        else:
            yield f"{table}{name}"


def test_readme_lists_every_setting_and_its_samples_can_be_read(config: Path) -> None:
    text = (Path(__file__).parents[3] / "api" / "README.md").read_text(encoding="utf-8")
    samples = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    config.write_text("".join(samples))

    settings = load_settings(config)

    assert re.findall(r"^\| `([a-z_.]+)` \|", text, re.MULTILINE) == list(_every_setting(Settings))
    assert settings.database_url.startswith("postgresql://")


def test_keys_are_rotated_listed_and_retired(config: Path) -> None:
    assert run(gateway_app, ["migrate", "--config", str(config)]).exit_code == 0
    (first,) = _keys(config)

    assert run(gateway_app, ["keys", "rotate", "--config", str(config)]).exit_code == 0
    assert [key["signs"] for key in _keys(config)] == [False, True]
    refused = run(gateway_app, ["keys", "retire", first["kid"], "--config", str(config)])
    assert (refused.exit_code, "signs now" in refused.output) == (1, True)
    assert run(gateway_app, ["keys", "rotate", "--at-once", "--config", str(config)]).exit_code == 0
    assert run(gateway_app, ["keys", "retire", first["kid"], "--config", str(config)]).exit_code == 0
    assert first["kid"] not in {key["kid"] for key in _keys(config)}


def _keys(config: Path) -> list[dict[str, Any]]:
    listed = run(gateway_app, ["keys", "list", "--config", str(config)])
    assert listed.exit_code == 0, listed.output
    return [json.loads(line) for line in listed.output.splitlines()]


def test_facility_of_the_readme_is_a_valid_one() -> None:
    text = (Path(__file__).parents[3] / "api" / "README.md").read_text(encoding="utf-8")
    (sample,) = re.findall(r"```json\n(.*?)```", text, re.DOTALL)

    FacilityRequest.model_validate_json(sample)


def test_settings_that_are_no_toml_name_the_line(config: Path) -> None:
    config.write_text("rpc_url = \n")

    with pytest.raises(SettingsInvalid, match="line 1"):
        load_settings(config)


def test_paths_start_at_the_settings_file_and_the_rest_is_filled_in(config: Path) -> None:
    settings = load_settings(config)

    assert settings.data_dir == config.parent / "data"
    assert settings.database_url == f"sqlite:///{config.parent / 'data' / 'gateway.db'}"
    assert settings.documents_dir == config.parent / "data" / "documents"
    assert (settings.host, settings.port) == ("127.0.0.1", 8000)


def test_environment_overrides_the_file(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORTOLAN_PORT", "8123")

    assert load_settings(config).port == 8123


def test_client_needs_a_prepared_database(config: Path) -> None:
    config.parent.joinpath("data").mkdir()

    refused = run(gateway_app, ["client", "create", "--config", str(config), "--operator"])

    assert refused.exit_code == 1
    assert "portolan gateway migrate" in refused.stderr


def test_migrate_prepares_the_database(config: Path) -> None:
    done = run(gateway_app, ["migrate", "--config", str(config)])

    assert done.exit_code == 0, done.output
    database = Database(load_settings(config).database_url)
    assert is_current(database.engine)
    database.close()


def test_client_create_prints_id_and_secret_once(config: Path) -> None:
    run(gateway_app, ["migrate", "--config", str(config)])

    operator = run(gateway_app, ["client", "create", "--config", str(config), "--operator"])
    supplier = run(
        gateway_app, ["client", "create", "--config", str(config), "--lei", LEI, "--scope", "invoices:write"]
    )

    assert set(json.loads(operator.stdout)["scopes"]) == OPERATOR_SCOPES
    made = json.loads(supplier.stdout)
    assert (made["lei"], made["scopes"]) == (LEI, ["invoices:write"])
    assert made["client_secret"] not in config.parent.joinpath("data", "gateway.db").read_bytes().decode("latin-1")


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ([], "either --operator or --lei"),
        (["--operator", "--lei", LEI], "either --operator or --lei"),
        (["--lei", LEI, "--scope", "cash:write"], "Only an operator's client may hold cash:write"),
        (["--operator", "--scope", "everything"], "There is no scope everything"),
    ],
)
def test_client_that_cannot_be_is_refused_in_one_sentence(config: Path, options: list[str], told: str) -> None:
    run(gateway_app, ["migrate", "--config", str(config)])

    refused = run(gateway_app, ["client", "create", "--config", str(config), *options])

    assert refused.exit_code == 1
    assert told in refused.stderr
    assert "Traceback" not in refused.output


def test_gateway_that_cannot_listen_says_so(config: Path) -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with config.open("a") as file:
            file.write(f"port = {taken.getsockname()[1]}\n")

        refused = run(gateway_app, ["run", "--config", str(config)])

    assert refused.exit_code == 1
    assert "cannot listen" in refused.stderr
