"""The gateway of a new version takes over who takes part, with keys and clients, and nothing else."""

import json
import shutil
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlmodel import select
from typer.testing import CliRunner, Result

from api.auth.models import Client
from api.auth.service import create_client
from api.cli import gateway_app
from api.db import Database
from api.documents.models import ViewingKey
from api.documents.readers import reader_keys_of
from api.participants.models import Identifier, Profile
from api.settings import Settings, load_settings
from api.signers import Signers

LEI, OTHER = "999900SOUNDERSURVY30", "999900BAYARDCREDIT42"
ACCOUNT = "0x" + "11" * 20
REGISTRY = {"contract": "ParticipantRegistry", "block": 1, "address": "0x" + "aa" * 20}
SAME_LANES = 'lanes_dir = "lanes"\n'


def config(folder: Path, name: str, more: str = SAME_LANES, registry: str = REGISTRY["address"]) -> Path:  # type: ignore[assignment]
    contracts = {"ParticipantRegistry": {**REGISTRY, "address": registry}}
    book = {"network": "none", "chain_id": 1, "first_block": 1, "complete": True, "contracts": contracts}
    (folder / f"{name}.json").write_text(json.dumps(book))
    (folder / "keys").mkdir(exist_ok=True)
    (folder / "network.key").write_text("00" * 32)
    file = folder / f"{name}.toml"
    file.write_text(
        f'rpc_url = "http://127.0.0.1:9"\ndeployments = "{name}.json"\ndata_dir = "{name}"\n'
        f'keys_dir = "keys"\nnetwork_key_file = "network.key"\n{more}'
    )
    return file


def prepared(file: Path, tables: Path) -> Settings:
    settings = load_settings(file)
    settings.data_dir.mkdir()
    shutil.copyfile(tables, settings.data_dir / "gateway.db")
    return settings


@pytest.fixture
def old(tmp_path: Path, sqlite_tables: Path) -> Settings:
    """An organisation with an account, names, a client and keys; another that keeps its own key."""
    settings = prepared(config(tmp_path, "old"), sqlite_tables)
    account = Signers(settings.keys_dir, settings.keystores_dir).create_organisation(LEI).address
    reader_keys_of(settings).ensure(LEI)
    database = Database(settings.database_url)
    with database.transaction() as session:
        session.add(Profile(lei=LEI, name="Sounder", account=account, signer=f"org:{LEI}"))
        session.add(Profile(lei=OTHER, name="Bayard", account=ACCOUNT))
        session.add(Identifier(scheme="VAT", value="DE999999903", lei=LEI))
        session.add(ViewingKey(reader="supervisor", public_key="ab" * 32, registered_by="operator"))
        create_client(session, lei=LEI, name="books")
    database.close()
    return settings


def carried(folder: Path) -> Result:
    words = ["carry-over", "--config", str(folder / "new.toml"), "--from", str(folder / "old.toml")]
    return CliRunner().invoke(gateway_app, words)


def refusal(folder: Path) -> str:
    answer = carried(folder)
    assert answer.exit_code == 1, answer.output
    assert not (folder / "new" / "keystores").exists()
    return " ".join(answer.output.split())


def test_gateways_of_different_networks_are_refused(tmp_path: Path, old: Settings) -> None:
    config(tmp_path, "new", registry="0x" + "bb" * 20)

    assert "are lists of different networks" in refusal(tmp_path)


@pytest.mark.parametrize("lanes", ["", 'lanes_dir = "elsewhere"\n'])
def test_gateways_that_would_not_agree_on_nonces_are_refused(tmp_path: Path, old: Settings, lanes: str) -> None:
    config(tmp_path, "new", lanes)

    assert "set lanes_dir of both to one folder" in refusal(tmp_path)


def test_gateways_on_one_database_are_refused(tmp_path: Path, old: Settings) -> None:
    config(tmp_path, "new", f'{SAME_LANES}database_url = "{old.database_url}"\n')

    assert "both settings name the same database" in refusal(tmp_path)


def test_database_of_another_version_of_the_gateway_is_refused(tmp_path: Path, old: Settings) -> None:
    config(tmp_path, "new")
    database = Database(old.database_url)
    with database.engine.begin() as connection:
        connection.execute(text("DELETE FROM alembic_version"))
    database.close()

    assert "is not prepared for this version" in refusal(tmp_path)


def test_contradictions_are_all_told_and_nothing_is_written(tmp_path: Path, old: Settings, sqlite_tables: Path) -> None:
    new = prepared(config(tmp_path, "new"), sqlite_tables)
    database = Database(new.database_url)
    with database.transaction() as session:
        session.add(Profile(lei=OTHER, name="Bayard", account="0x" + "22" * 20))
        session.add(Identifier(scheme="VAT", value="DE999999903", lei=OTHER))
    assert new.document_key_file is not None
    new.document_key_file.write_text("another")

    told = refusal(tmp_path)

    assert f"{OTHER} acts by {ACCOUNT} there and by 0x{'22' * 20} here" in told
    assert f"VAT DE999999903 is {LEI} there and {OTHER} here" in told
    assert "document.key is another one than" in told
    with database.session() as session:
        assert [profile.lei for profile in session.exec(select(Profile))] == [OTHER]
        assert session.exec(select(Client)).all() == []
    database.close()


def test_key_at_a_remote_signer_that_the_new_settings_do_not_name_is_refused(tmp_path: Path, old: Settings) -> None:
    config(tmp_path, "new")
    database = Database(old.database_url)
    with database.transaction() as session:
        session.get_one(Profile, OTHER).signer = f"remote:bayard:{ACCOUNT}"
    database.close()

    assert f"the key of {OTHER} lies at the remote signer bayard" in refusal(tmp_path)


def test_participants_clients_and_keys_come_over_still_sealed_and_again_changes_nothing(
    tmp_path: Path, old: Settings
) -> None:
    new = load_settings(config(tmp_path, "new"))
    names = f"keystores/{LEI}.json", "keystores/passphrase", f"reader-keys/{LEI}.pem", "document.key"

    told = carried(tmp_path)

    assert told.exit_code == 0, told.output
    assert told.output.splitlines() == [
        "participants: 2 carried over",
        "names: 1 carried over",
        "clients: 1 carried over",
        "viewing keys: 1 carried over",
        "passphrases: 2 carried over",
        "keystores: 1 carried over",
        "keys of readers: 1 carried over",
    ]
    for name in names:
        assert (new.data_dir / name).read_bytes() == (old.data_dir / name).read_bytes()
        assert (new.data_dir / name).stat().st_mode & 0o777 == 0o600
    assert not (new.data_dir / "passphrase").exists()  # seals what is the old gateway's own
    before, after = Database(old.database_url), Database(new.database_url)
    for kind in (Profile, Identifier, Client, ViewingKey):
        with before.session() as session, after.session() as there:
            assert [row.model_dump() for row in there.exec(select(kind))] == [
                row.model_dump() for row in session.exec(select(kind))
            ]
    with after.transaction() as session:
        session.get_one(Profile, LEI).name = "Sounder Surveys"
        account = session.get_one(Profile, LEI).account
    assert Signers(new.keys_dir, new.keystores_dir).get(f"org:{LEI}").address == account
    assert reader_keys_of(new).ensure(LEI) == reader_keys_of(old).ensure(LEI)

    with before.transaction() as session:
        create_client(session, lei=OTHER, name="later")
    again = carried(tmp_path)

    assert "participants: 0 carried over, 2 were there already" in again.output
    assert "clients: 1 carried over, 1 were there already" in again.output
    with after.session() as session:
        assert session.get_one(Profile, LEI).name == "Sounder Surveys"
    before.close()
    after.close()
