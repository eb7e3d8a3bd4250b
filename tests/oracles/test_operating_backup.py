"""A node's backup, and the way back from it."""

from __future__ import annotations

import json
import shutil
import tarfile

import pytest
from operating_desk import command, config_of
from oracle_fakes import epcis, epcis_event
from typer.testing import CliRunner

from chain_node.client import Milestone
from chain_node.errors import DeploymentsInvalid
from oracles.cli import oracle_app
from oracles.operating.backups import BackupFailed, make_backup, without_secrets
from oracles.operating.restoring import place_settings
from oracles.settings import load_settings
from oracles.store.database import database_lock


@pytest.fixture
def worked(bench):
    """A node with a paper in each place."""
    bench.drop("receiving.json", epcis(epcis_event()))
    bench.drop("bad.json", b"[]")
    bench.settle()
    bench.drop("unread.json", epcis(epcis_event("storing")))
    return bench


DEVICES = '[[device]]\nid = "probe"\norder = "PO-88213"\n'
BROKER = """
[[mqtt]]
name = "reefers"
host = "127.0.0.1"
topics = ["reefers/#"]
payload = "epcis"
tls_ca = "broker-ca.pem"
devices = "devices.toml"
"""
LISTENER = """
[http]
listen = "127.0.0.1:0"
tls_certificate = "server.pem"
tls_key = "server.key"
client_ca = "clients-ca.pem"
client_subjects = { "CN=wms" = ["papers"] }
"""


def lose_everything(bench) -> None:
    bench.database.close()
    for name in ("inbox", "archive", "quarantine"):
        shutil.rmtree(bench.folder / name)
    for path in [*bench.folder.glob("node.db*"), *bench.folder.glob("protection.db*")]:
        path.unlink()


def state(bench) -> list[tuple[str, str]]:
    return [(event.event_hash, event.status) for event in bench.events()]


def test_backup_overwrites_nothing(worked):
    target = worked.folder / "there"
    target.mkdir()

    result = command(worked, "backup", target)

    assert result.exit_code == 1
    assert "is there already" in result.stderr
    assert list(target.iterdir()) == []


def test_backup_of_a_node_that_never_ran_is_refused(bench):
    bench.database.close()
    bench.settings.database.unlink()

    assert "the node has not run" in command(bench, "backup", bench.folder / "b").stderr
    assert not (bench.folder / "b").exists()


def test_backup_that_fails_leaves_nothing_behind(worked):
    config = config_of(worked)
    worked.settings.deployments.unlink()

    with pytest.raises(DeploymentsInvalid, match=r"deployments\.json"):
        make_backup(worked.settings, config, worked.folder / "b")

    assert [path.name for path in worked.folder.iterdir() if "b" in path.name.split(".") or "backup" in path.name] == []


@pytest.mark.parametrize("name", ["b", "b.tar", "b.tar.gz"])
def test_restored_node_goes_on_where_the_backup_was_made(worked, name):
    before = state(worked)

    made = command(worked, "backup", worked.folder / name)
    lose_everything(worked)
    restored = command(worked, "restore", worked.folder / name)
    imported = command(worked, "protection import", worked.folder / "protection.json")
    worked.restart()
    assert state(worked) == before
    worked.settle()

    assert [its.exit_code for its in (made, restored, imported)] == [0, 0, 0], restored.output + imported.output
    assert worked.archived() == ["receiving.json", "unread.json"]
    assert worked.quarantined() == ["bad.json", "bad.json.reason.txt"]
    assert [Milestone(key.milestone).name for key, _, _ in worked.chain.counted] == ["RECEIVED", "STORED"]
    assert "protection import" in restored.output


def test_manifest_names_every_file_and_no_secret_is_in_the_backup(worked):
    config = config_of(worked)
    secrets = {"key.json": "KEYSECRET", "passphrase": "PASSSECRET", "tokens.json": "TOKENSECRET"}
    for name, text in secrets.items():
        (worked.folder / name).write_text(text)

    make_backup(worked.settings, config, worked.folder / "b")

    manifest = json.loads((worked.folder / "b" / "manifest.json").read_text())
    names = {entry["path"] for entry in manifest["files"]}
    assert {"node.db", "node.toml", "archive/receiving.json", "inbox/unread.json", "quarantine/bad.json"} <= names
    content = b"".join(path.read_bytes() for path in (worked.folder / "b").rglob("*") if path.is_file())
    assert not any(
        text.encode() in content for text in [*secrets.values(), (worked.folder / "network.key").read_text()]
    )


def test_settings_keep_their_comments_and_lose_their_secrets():
    text = '# ours\nrpc_url = "https://node:hunter2@chain.example"\n[mqtt]\npassword = "s3cret"\nuser = "wms"\n'

    kept = without_secrets(text)

    assert "# ours" in kept
    assert 'user = "wms"' in kept
    assert "hunter2" not in kept
    assert "s3cret" not in kept


def test_paper_that_came_while_the_backup_was_made_is_taken_anew(worked, monkeypatch):
    """The copy of the database is older than that of the archive."""
    worked.folder.joinpath("inbox", "unread.json").unlink()
    from oracles.operating import backups

    copy = backups.copy_database

    def copy_then_work(source, target):
        copy(source, target)
        if source == worked.settings.database:
            worked.drop("late.json", epcis(epcis_event("storing")))
            worked.settle()

    monkeypatch.setattr(backups, "copy_database", copy_then_work)
    command(worked, "backup", worked.folder / "b")
    lose_everything(worked)

    result = command(worked, "restore", worked.folder / "b")
    command(worked, "protection import", worked.folder / "protection.json")
    worked.restart()
    worked.settle()

    assert "1 papers lie in the inbox again" in result.output
    assert worked.archived() == ["late.json", "receiving.json"]
    assert [event.status for event in worked.events()] == ["vouched", "not signed"]
    assert "has voted on STORED already" in worked.events()[1].reason


# Refusals of restore


@pytest.fixture
def lost(worked):
    """A node that lost everything but its backup, `b`."""
    command(worked, "backup", worked.folder / "b")
    lose_everything(worked)
    return worked


def refusal(bench) -> str:
    result = command(bench, "restore", bench.folder / "b")
    assert result.exit_code == 1
    assert not bench.settings.database.exists() or bench.settings.database.read_bytes() == b"mine"
    return result.stderr


def test_altered_file_is_refused(lost):
    (lost.folder / "b" / "archive" / "receiving.json").write_text("other")

    assert "archive/receiving.json is not the file that was backed up" in refusal(lost)


def test_missing_file_is_refused(lost):
    (lost.folder / "b" / "quarantine" / "bad.json").unlink()

    assert "quarantine/bad.json is missing" in refusal(lost)


def test_file_that_was_put_in_is_refused(lost):
    (lost.folder / "b" / "inbox" / "forged.json").write_text("{}")

    assert "inbox/forged.json is not in its manifest.json" in refusal(lost)


@pytest.mark.parametrize("path", ["../outside", "/etc/passwd"])
def test_manifest_that_leads_out_of_the_backup_is_refused(lost, path):
    manifest = json.loads((lost.folder / "b" / "manifest.json").read_text())
    manifest["files"][0]["path"] = path
    (lost.folder / "b" / "manifest.json").write_text(json.dumps(manifest))

    assert "names a file outside of it" in refusal(lost)


def test_tar_that_leads_out_of_the_backup_is_refused(lost):
    shutil.rmtree(lost.folder / "b")
    (lost.folder / "evil").write_text("x")
    with tarfile.open(lost.folder / "b", "w") as tar:
        tar.add(lost.folder / "evil", arcname="../evil")

    assert "is no backup" in refusal(lost)


@pytest.mark.parametrize("content", ["", "{", "[]", '{"files": 1}', '{"files": [], "format": 99}'])
def test_what_is_no_manifest_is_refused(lost, content):
    (lost.folder / "b" / "manifest.json").write_text(content)

    assert "is no backup" in refusal(lost)


def test_place_that_is_not_empty_is_refused(lost):
    lost.settings.database.write_bytes(b"mine")

    assert "restored into an empty place only" in refusal(lost)


def test_restore_under_a_running_node_is_refused(lost):
    with database_lock(lost.settings.database):
        assert "another process of this node is at work" in refusal(lost)


def test_backup_of_another_organisation_is_refused(lost):
    config = config_of(lost)
    config.write_text(config.read_text().replace(lost.settings.organisation, "999900SKAGERLINES098"))

    result = CliRunner().invoke(oracle_app, ["restore", "--config", str(config), str(lost.folder / "b")])

    assert result.exit_code == 1
    assert "these settings are of 999900SKAGERLINES098" in result.stderr


def test_protection_store_that_is_there_is_never_replaced_by_an_older_one(lost):
    lost.settings.protection_file.write_bytes(b"newer")

    result = command(lost, "restore", lost.folder / "b")

    assert result.exit_code == 0, result.output
    assert lost.settings.protection_file.read_bytes() == b"newer"
    assert "was left as it is" in result.output


def test_settings_that_are_not_there_are_laid_down(lost):
    config, other = config_of(lost), lost.folder / "elsewhere" / "node.toml"
    backup = lost.folder / "b"

    first = CliRunner().invoke(oracle_app, ["restore", "--config", str(other), str(backup)])
    shutil.copy(lost.folder / "network.key", other.parent)
    second = CliRunner().invoke(oracle_app, ["restore", "--config", str(other), str(backup)])

    assert first.exit_code == 1
    assert "setting 'network_key_file': there is no file" in first.stderr
    assert second.exit_code == 0, second.output
    assert other.read_text() == config.read_text()
    assert (other.parent / "archive" / "receiving.json").is_file()


def test_what_the_settings_name_is_in_the_backup_and_comes_back(worked):
    rules = '[[hold]]\nname = "damaged"\ndisposition = ["damaged"]\nreason = "weigh it again"\n'
    named = {"ours/rules.toml": rules, "devices.toml": DEVICES, "broker-ca.pem": "CA", "clients-ca.pem": "CLIENTS"}
    for name, text in named.items():
        (worked.folder / name).parent.mkdir(exist_ok=True)
        (worked.folder / name).write_text(text)
    (worked.folder / "server.key").write_text("KEYSECRET")
    (worked.folder / "server.pem").write_text("PEM")
    config = config_of(worked)
    config.write_text(f'rules = "ours/rules.toml"\n{config.read_text()}{BROKER}{LISTENER}')
    settings = load_settings(config, needs_key=False)

    make_backup(settings, config, worked.folder / "b")
    place_settings(worked.folder / "b", worked.folder / "elsewhere" / "node.toml")

    assert {name: (worked.folder / "elsewhere" / name).read_text() for name in named} == named
    assert b"KEYSECRET" not in b"".join(
        path.read_bytes() for path in (worked.folder / "b").rglob("*") if path.is_file()
    )


def test_damaged_database_is_not_backed_up(worked):
    config = config_of(worked)
    worked.database.close()
    worked.settings.database.write_bytes(b"not a database" * 1000)

    with pytest.raises(BackupFailed, match="cannot be copied"):
        make_backup(worked.settings, config, worked.folder / "b")

    assert not (worked.folder / "b").exists()
