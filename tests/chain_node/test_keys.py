from __future__ import annotations

import json
import logging
import stat
from pathlib import Path

import pytest
from eth_account import Account

from chain_node.keys import OFFICE_KEYS, KeyRing, KeysInvalid, make_keystore, make_node_key


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_keys_are_made_for_every_office_and_open(tmp_path: Path) -> None:
    ring = KeyRing.make(tmp_path / "net")

    assert len({ring.address(name) for name in OFFICE_KEYS}) == len(OFFICE_KEYS)
    assert ring.account("registrar").address == ring.address("registrar")
    assert len(ring.network_key().secret) == 32


def test_making_them_again_changes_nothing(tmp_path: Path) -> None:
    KeyRing.make(tmp_path)
    before = files(tmp_path)

    KeyRing.make(tmp_path)

    assert files(tmp_path) == before


def test_missing_one_is_made_and_the_others_stay(tmp_path: Path) -> None:
    ring = KeyRing.make(tmp_path)
    governor = ring.address("governor")
    ring.keystore_path("servicer").unlink()

    KeyRing.make(tmp_path)

    assert ring.address("governor") == governor
    assert ring.account("servicer").address == ring.address("servicer")


def test_only_the_owner_may_read_them(tmp_path: Path) -> None:
    KeyRing.make(tmp_path / "net")

    paths = [path for path in (tmp_path / "net").rglob("*") if path.is_file()]
    assert len(paths) == len(OFFICE_KEYS) + 2
    assert {stat.S_IMODE(path.stat().st_mode) for path in paths} == {0o600}
    assert {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "net", tmp_path / "net" / "keys")} == {0o700}


def test_two_networks_share_no_key(tmp_path: Path) -> None:
    first, second = KeyRing.make(tmp_path / "a"), KeyRing.make(tmp_path / "b")

    assert first.network_key() != second.network_key()
    assert {first.address(n) for n in OFFICE_KEYS}.isdisjoint({second.address(n) for n in OFFICE_KEYS})


def test_keystores_hold_no_plain_key_and_nothing_is_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)

    ring = KeyRing.make(tmp_path)
    secret = bytes(ring.account("governor").key).hex()

    assert all(secret.encode() not in content for content in files(tmp_path).values())
    assert secret not in caplog.text
    assert ring.passphrase_path.read_text().strip() not in caplog.text


def test_wrong_passphrase_is_said_without_showing_it(tmp_path: Path) -> None:
    ring = KeyRing.make(tmp_path)
    ring.passphrase_path.write_text("guessed")

    with pytest.raises(KeysInvalid, match=r"governor\.json: cannot be opened with .*passphrase$") as caught:
        ring.account("governor")

    assert "guessed" not in str(caught.value)


def test_missing_and_damaged_keystores_are_named(tmp_path: Path) -> None:
    ring = KeyRing.make(tmp_path)
    ring.keystore_path("guardian").write_text("{")

    with pytest.raises(KeysInvalid, match=r"guardian\.json: not a keystore"):
        ring.address("guardian")
    with pytest.raises(KeysInvalid, match=r"nobody\.json: cannot be read: No such file"):
        ring.address("nobody")


def test_keystore_of_a_participant_opens_with_its_own_passphrase(tmp_path: Path) -> None:
    address = make_keystore(tmp_path / "carrier")

    keystore = json.loads((tmp_path / "carrier/key.json").read_text())
    key = Account.decrypt(keystore, (tmp_path / "carrier/passphrase").read_text().strip())
    assert Account.from_key(key).address == address
    assert make_keystore(tmp_path / "carrier") == address


def test_damaged_key_of_a_node_is_named_and_not_shown(tmp_path: Path) -> None:
    for damaged in ("12ab", "not hex at all", "00" * 32, "ff" * 32):
        (tmp_path / "key").write_text(damaged)

        with pytest.raises(KeysInvalid, match=r"key: not the key of a node$") as caught:
            make_node_key(tmp_path / "key")

        assert caught.value.__cause__ is None
        assert damaged not in str(caught.value)


def test_key_of_a_node_stays_and_is_its_owners_alone(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)

    identity = make_node_key(tmp_path / "validators/1/key")

    text = (tmp_path / "validators/1/key").read_text().strip()
    assert stat.S_IMODE((tmp_path / "validators/1/key").stat().st_mode) == 0o600
    assert Account.from_key(text).address == identity.address
    assert len(bytes.fromhex(identity.public_key)) == 64
    assert make_node_key(tmp_path / "validators/1/key") == identity
    assert text not in caplog.text
