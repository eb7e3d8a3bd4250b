"""The key in a file, and which key the settings name."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from eth_account import Account
from eth_keys.constants import SECPK1_N
from hypothesis import given
from hypothesis import strategies as st
from oracle_fakes import NODE_ACCOUNT
from test_oracles_settings import config, problems, write  # noqa: F401
from typer.testing import CliRunner

from oracles.cli import oracle_app
from oracles.errors import KeystoreUnreadable
from oracles.keys import keystore as keystores
from oracles.keys.files import write_secret
from oracles.keys.key import LocalKey, Message, flaw
from oracles.keys.keystore import account_of, make_keystore, open_keystore
from oracles.settings import load_settings

PASSPHRASE = "a passphrase that nobody may see"


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    keystore, passphrase = tmp_path / "own" / "key.json", tmp_path / "own" / "passphrase"
    keystore.parent.mkdir()
    write_secret(keystore, json.dumps(Account.encrypt(NODE_ACCOUNT.key, PASSPHRASE, kdf="pbkdf2", iterations=1000)))
    write_secret(passphrase, PASSPHRASE + "\n")
    return keystore, passphrase


@pytest.mark.parametrize("number", [0, 1])
def test_file_that_others_may_read_is_said_at_each_start(files, number, capsys):
    files[number].chmod(0o640)

    assert open_keystore(*files).address == NODE_ACCOUNT.address

    text = capsys.readouterr().out
    assert "key file open to others" in text
    assert "mode 0640, expected 0600" in text
    assert PASSPHRASE not in text


def test_files_for_their_owner_alone_are_opened_in_silence(files, capsys):
    open_keystore(*files)

    assert capsys.readouterr().out == ""


def test_wrong_passphrase_is_told_without_it(files):
    files[1].write_text("another that nobody may see")

    with pytest.raises(KeystoreUnreadable, match="the passphrase does not open it") as refused:
        open_keystore(*files)
    assert "nobody may see" not in str(refused.value)
    assert refused.value.__cause__ is None


def test_new_keystore_opens_with_its_passphrase_and_is_for_its_owner_alone(tmp_path, monkeypatch):
    monkeypatch.setattr(keystores, "SCRYPT_N", 2)
    keystore, passphrase = tmp_path / "keys" / "key.json", tmp_path / "keys" / "passphrase"

    address = make_keystore(keystore, passphrase)

    assert open_keystore(keystore, passphrase).address == address == account_of(keystore)
    assert {path.stat().st_mode & 0o777 for path in (keystore, passphrase)} == {0o600}


@pytest.mark.parametrize("number", [0, 1])
def test_nothing_is_overwritten_by_a_new_key(files, number):
    files[1 - number].unlink()
    before = files[number].read_bytes()

    with pytest.raises(FileExistsError):
        make_keystore(*files)

    assert files[number].read_bytes() == before
    assert not files[1 - number].exists()


# Settings


def test_a_node_has_one_key(config):  # noqa: F811
    write(config)
    config.write_text(
        config.read_text() + '[key.remote]\nurl = "http://127.0.0.1:1"\naddress = "0x' + "11" * 20 + '"\n'
    )

    assert "settings 'key' and 'keystore': a node has one key" in problems(config)


def test_key_table_names_one(config):  # noqa: F811
    write(config, keystore=None, passphrase_file=None)
    config.write_text(config.read_text() + "[key]\n")

    assert "setting 'key': it names one key: either [key.remote] or [key.pkcs11]" in problems(config)


def test_files_of_the_key_table_are_named_where_they_are_missing(config):  # noqa: F811
    write(config, keystore=None, passphrase_file=None)
    table = '[key.pkcs11]\nmodule = "none.so"\ntoken = "t"\nlabel = "l"\npin_file = "pin"\n'
    config.write_text(config.read_text() + table)

    text = problems(config)

    assert f"setting 'key.pkcs11.module': there is no file {config.parent / 'none.so'}" in text
    assert f"setting 'key.pkcs11.pin_file': there is no file {config.parent / 'pin'}" in text


def test_protection_lies_beside_the_database_and_is_never_the_database(config):  # noqa: F811
    assert load_settings(write(config)).protection_file == config.parent / "protection.db"
    assert "must be another file" in problems(write(config, protection='"node.db"'))


def test_key_show_tells_kind_and_address(config, files):  # noqa: F811
    write(config, keystore=f'"{files[0]}"', passphrase_file=f'"{files[1]}"')

    text = CliRunner().invoke(oracle_app, ["key", "show", "--config", str(config)])

    assert text.exit_code == 0, text.output
    assert text.stdout == f"kind     keystore\naddress  {NODE_ACCOUNT.address}\n"


@given(secret=st.integers(1, SECPK1_N - 1), digest=st.binary(min_size=32, max_size=32))
def test_signature_is_the_one_that_eth_account_makes(secret, digest):
    account = Account.from_key(secret.to_bytes(32))

    signature = LocalKey(account).sign(Message(digest, dict))

    assert signature == bytes(account.unsafe_sign_hash(digest).signature)
    assert flaw(signature, digest, account.address) is None


@pytest.mark.parametrize("digest", [b"", bytes(31), bytes(33)])
def test_what_is_no_digest_is_not_signed(digest):
    with pytest.raises(ValueError, match="32 bytes"):
        LocalKey(NODE_ACCOUNT).sign(Message(digest, dict))
