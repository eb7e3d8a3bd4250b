"""Keys: made once, kept encrypted, shown to nobody."""

import json
import stat
from pathlib import Path

import pytest
from eth_account import Account

from api.errors import NotFound
from api.signers import KeystoreUnusable, Signers

LEI = "999900SOUNDERSURVY30"


@pytest.fixture
def signers(tmp_path: Path) -> Signers:
    return Signers(tmp_path / "offices", tmp_path / "organisations")


def test_organisations_key_is_made_once_and_found_again(signers: Signers, tmp_path: Path) -> None:
    first = signers.create_organisation(LEI)

    again = Signers(tmp_path / "offices", tmp_path / "organisations").create_organisation(LEI)

    assert first.address == again.address
    assert len(list((tmp_path / "organisations").glob("*.json"))) == 1


def test_keystore_is_a_standard_one_that_only_we_may_read(signers: Signers, tmp_path: Path) -> None:
    made = signers.create_organisation(LEI)

    file = tmp_path / "organisations" / f"{LEI}.json"
    key = Account.decrypt(json.loads(file.read_text()), (tmp_path / "organisations" / "passphrase").read_text())
    assert Account.from_key(key).address == made.address
    for path in file.parent.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_signer_shows_no_key(signers: Signers) -> None:
    made = signers.create_organisation(LEI)

    assert made._key.to_hex() not in repr(made)
    assert made.address in repr(made)


@pytest.mark.parametrize(
    "name", ["org:nobody", "office:registrar", "nonsense", "org:../../etc/passwd", "other:x", "org:"]
)
def test_unknown_signer_is_not_found(signers: Signers, name: str) -> None:
    with pytest.raises(NotFound):
        signers.get(name)


def test_keystore_under_another_passphrase_is_refused_without_its_content(signers: Signers, tmp_path: Path) -> None:
    signers.create_organisation(LEI)
    (tmp_path / "organisations" / "passphrase").write_text("another")

    with pytest.raises(KeystoreUnusable) as refusal:
        Signers(tmp_path / "offices", tmp_path / "organisations").get(f"org:{LEI}")

    assert "another" not in str(refusal.value)
    assert LEI in str(refusal.value)
