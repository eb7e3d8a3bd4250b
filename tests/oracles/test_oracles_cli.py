"""What a person types, and what it answers when something is wrong."""

from __future__ import annotations

import json
import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest
from eth_account import Account
from oracle_fakes import (
    LEI,
    dcsa_departure,
    declared_error,
    epcis,
    epcis_event,
    price_list,
    receipt_advice,
    temperature,
)
from test_oracles_updates import SAILED, sailing
from typer.testing import CliRunner

from chain_node.references import NetworkKey
from oracles.adapters import read_document
from oracles.checkpoints import go_on
from oracles.cli import oracle_app
from oracles.errors import DatabaseTooNew, KeystoreUnreadable
from oracles.metrics import Metrics
from oracles.rules.loading import built_in_rules
from oracles.signing import Signer, account_of
from oracles.store.database import Database
from oracles.store.mapping import event_row
from oracles.store.models import DocumentRow, DocumentStatus
from oracles.storing import Storing

WMS = Path(__file__).parents[2] / "examples" / "wms"
VECTORS = Path(__file__).parents[3] / "shared" / "data" / "epcis" / "event-hash-vectors"


def run(*arguments: object):
    return CliRunner().invoke(oracle_app, [str(argument) for argument in arguments])


def test_hash_prints_one_line_for_each_event_of_each_file(tmp_path):
    (tmp_path / "a.json").write_bytes(epcis(epcis_event(), epcis_event("storing")))
    (tmp_path / "b.json").write_bytes(dcsa_departure())
    (tmp_path / "c.xml").write_bytes(receipt_advice())

    result = run("hash", *(tmp_path / name for name in ("a.json", "b.json", "c.xml")))

    lines = result.stdout.splitlines()
    assert result.exit_code == 0
    assert len(lines) == 4
    assert all(line.startswith("ni:///sha-256;") and line.endswith("?ver=CBV2.0") for line in lines)


@pytest.mark.skipif(not VECTORS.is_dir(), reason="the official samples are not beside the checkout")
def test_hash_gives_the_known_answers():
    files = [file for file in sorted(VECTORS.glob("*.jsonld")) if file.with_suffix(".hashes").exists()]
    assert files

    for file in files:
        assert run("hash", file).stdout.split() == file.with_suffix(".hashes").read_text().split(), file.name


def test_hash_goes_on_after_a_bad_file_and_says_so(tmp_path):
    (tmp_path / "bad.json").write_text("{")
    (tmp_path / "good.json").write_bytes(epcis(epcis_event()))

    result = run("hash", tmp_path / "bad.json", tmp_path / "absent.json", tmp_path / "good.json")

    assert result.exit_code == 1
    assert len(result.stdout.splitlines()) == 1
    first, second = result.stderr.splitlines()
    assert first.startswith(f"{tmp_path / 'bad.json'}: JSON refused")
    assert second == f"{tmp_path / 'absent.json'}: cannot be read: No such file or directory"


def test_run_names_all_problems_of_its_settings(tmp_path):
    (tmp_path / "node.toml").write_text('name = "a"\n')

    result = run("run", "--config", tmp_path / "node.toml")

    assert result.exit_code == 1
    assert "setting 'organisation' is missing" in result.stderr
    assert "Traceback" not in result.output


def test_fault_injection_is_not_shown():
    assert "--die-at" not in run("run", "--help").output


@pytest.fixture
def away(tmp_path: Path) -> Path:
    """A node whose chain does not answer."""
    (tmp_path / "network.key").write_text("ab" * 32)
    contract = {"address": "0x" + "11" * 20, "contract": "MilestoneOracle"}
    deployments = {"network": "n", "chain_id": 1, "first_block": 1, "complete": True, "contracts": {"A": contract}}
    (tmp_path / "deployments.json").write_text(json.dumps(deployments))
    lines = {
        "name": "warehouse",
        "organisation": LEI,
        "rpc_url": "http://127.0.0.1:9",
        "deployments": "deployments.json",
        "network_key_file": "network.key",
        "inbox": "inbox",
        "database": "node.db",
    }
    (tmp_path / "node.toml").write_text("".join(f'{name} = "{value}"\n' for name, value in lines.items()))
    return tmp_path / "node.toml"


def test_explain_without_a_network_says_what_the_paper_decides(away):
    (away.parent / "estimate.json").write_bytes(dcsa_departure("EST"))

    result = run("explain", "--config", away, away.parent / "estimate.json")

    assert result.exit_code == 0, result.output
    assert "Only what the paper decides" in result.output
    assert "departed, estimate" in result.output
    assert "verdict    would not be signed: estimate" in result.output


def test_explain_says_what_a_paper_measures(away):
    away.write_text(away.read_text() + 'exchange = "exchange"\n')
    event = temperature(31.5)
    event["sensorElementList"][0]["sensorReport"].append({"type": "Temperature", "value": 4})
    (away.parent / "sensor.json").write_bytes(epcis(event))
    (away.parent / "prices.json").write_bytes(price_list("7450.50"))

    measured = run("explain", "--config", away, away.parent / "sensor.json").output
    priced = run("explain", "--config", away, away.parent / "prices.json").output

    assert "measures   temperature 31.5 °C at 2026-05-28T11:50:00Z" in measured
    assert "reading    would wait: the network is away" in measured
    assert "unreadable /sensorElementList/0/sensorReport/1: it names no unit" in measured
    assert "measures   price of cocoa TNE/EUR 7450.50 at 2026-05-28T11:50:00Z" in priced


def test_explain_says_that_a_newer_message_says_otherwise(away):
    newer, older = sailing(told=2), sailing(SAILED - timedelta(minutes=9), told=1)
    database = Database(away.parent / "node.db")
    database.prepare()
    storing = Storing(database, NetworkKey(b"k" * 32), built_in_rules(), go_on, Metrics())
    storing.store(read_document("newer", json.dumps(newer).encode(), 10_000))
    database.close()
    (away.parent / "older.json").write_text(json.dumps(older))

    result = run("explain", "--config", away, away.parent / "older.json")

    assert "verdict    would not be signed: a newer message, of" in result.output


def test_explain_reads_tables_as_the_settings_say(away):
    table = f'[[csv]]\nfiles = "wms*.csv"\nmapping = "{WMS / "wms.toml"}"\n'
    away.write_text(away.read_text() + table)
    data = (WMS / "wms.csv").read_bytes()
    for name in ("wms.csv", "other.csv"):
        (away.parent / name).write_bytes(data)
    (away.parent / "wms-bad.csv").write_bytes(data.replace(b"08:15", b"8 Uhr"))

    told = run("explain", "--config", away, away.parent / "wms.csv").output

    assert "CSV, 4 events" in told
    assert "1. (line 3) EPCIS 2.0: receiving: received, actual, 2026-05-27T06:15:00Z (local +02:00), 12950 KGM" in told
    assert "correction cancelled by a row of a table (did_not_occur)" in told
    assert "has a pattern for this name" in run("explain", "--config", away, away.parent / "other.csv").stderr
    refused = run("explain", "--config", away, away.parent / "wms-bad.csv").stderr
    assert "1 of 5 rows are bad" in refused
    assert "line 3: column Datum, Uhrzeit: '27.05.2026 8 Uhr' is no time" in refused


def test_explain_says_what_a_correction_would_do(away):
    database = Database(away.parent / "node.db")
    database.prepare()
    event = read_document("event", epcis(epcis_event()), 10**6).events[0]
    with database.session() as session:
        document = DocumentRow(name="event.json", sha256="00", received_at="", status=DocumentStatus.ARCHIVED)
        session.add(document)
        session.flush()
        assert document.id is not None
        session.add(event_row(event, document.id))
    (away.parent / "error.json").write_bytes(epcis(declared_error(epcis_event())))

    told = run("explain", "--config", away, away.parent / "error.json").output

    assert f"of         {event.event_hash} (new): would be withdrawn" in told


def test_explain_of_a_malformed_document_is_one_sentence(away):
    (away.parent / "bad.xml").write_text("<a")

    result = run("explain", "--config", away, away.parent / "bad.xml")

    assert result.exit_code == 1
    assert len(result.stderr.splitlines()) == 1
    assert "bad.xml: XML refused at line 1" in result.stderr


def keystore(folder: Path, opens_with: str = "open") -> tuple[Path, Path]:
    account = Account.from_key("0x" + "22" * 32)
    (folder / "key.json").write_text(json.dumps(Account.encrypt(account.key, opens_with, "pbkdf2", 1000)))
    (folder / "passphrase").write_text("open\n")
    return folder / "key.json", folder / "passphrase"


def test_keystore_opens_with_its_passphrase(tmp_path):
    signer = Signer.open(*keystore(tmp_path))

    assert signer.address == Account.from_key("0x" + "22" * 32).address == account_of(tmp_path / "key.json")


def test_wrong_passphrase_is_told_without_repeating_it(tmp_path):
    with pytest.raises(KeystoreUnreadable, match="the passphrase does not open it") as refused:
        Signer.open(*keystore(tmp_path, "other"))

    assert "open\n" not in str(refused.value)
    assert refused.value.__cause__ is None


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"crypto": 1, "version": 3}'])
def test_file_that_is_no_keystore_is_told(tmp_path, content):
    key, passphrase = keystore(tmp_path)
    key.write_text(content)

    with pytest.raises(KeystoreUnreadable, match="not a Web3 keystore"):
        Signer.open(key, passphrase)


def test_file_that_is_no_database_is_told_in_one_sentence(away):
    (away.parent / "node.db").write_bytes(b"not a database, but long enough to be looked at" * 100)

    result = run("status", "--config", away)

    assert result.exit_code == 2
    assert result.stderr.strip() == "the node's database cannot be used: file is not a database"


def test_database_of_a_later_version_is_refused(tmp_path):
    with sqlite3.connect(tmp_path / "node.db") as connection:
        connection.execute("PRAGMA user_version = 99")

    with pytest.raises(DatabaseTooNew, match="schema 99, this program knows 4"):
        Database(tmp_path / "node.db").prepare()
