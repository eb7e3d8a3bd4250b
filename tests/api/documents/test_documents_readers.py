import threading
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey

from api.documents.errors import ReaderKeyInvalid, ReaderKeyMissing
from api.documents.readers import ReaderKeys, public_key_of

LEI = "999900SOUNDERSURVY30"


def raw(key: X25519PublicKey) -> bytes:
    return key.public_bytes_raw()


def test_reader_keeps_its_key_across_restarts(tmp_path: Path) -> None:
    made = ReaderKeys(tmp_path / "keys", "secret").ensure(LEI)

    assert raw(ReaderKeys(tmp_path / "keys", "secret").ensure(LEI)) == raw(made)


def test_key_file_is_encrypted_and_private(tmp_path: Path) -> None:
    ReaderKeys(tmp_path, "secret").ensure(LEI)

    file = tmp_path / f"{LEI}.pem"
    assert file.stat().st_mode & 0o077 == 0
    assert file.read_text().startswith("-----BEGIN ENCRYPTED PRIVATE KEY-----")
    with pytest.raises(ValueError, match="password"):
        ReaderKeys(tmp_path, "another").private(LEI)


def test_reader_without_key_here_is_told_so(tmp_path: Path) -> None:
    with pytest.raises(ReaderKeyMissing, match=LEI):
        ReaderKeys(tmp_path, "secret").private(LEI)


def test_reader_named_like_a_path_has_no_key(tmp_path: Path) -> None:
    with pytest.raises(ReaderKeyMissing):
        ReaderKeys(tmp_path, "secret").ensure("../elsewhere")


def test_makers_at_once_agree_on_one_key(tmp_path: Path) -> None:
    keys: list[bytes] = []
    threads = [
        threading.Thread(target=lambda: keys.append(raw(ReaderKeys(tmp_path, "secret").ensure(LEI)))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(keys) == 8
    assert len(set(keys)) == 1
    assert [path.name for path in tmp_path.iterdir()] == [f"{LEI}.pem"]


@pytest.mark.parametrize("text", ["", "zz", "ab" * 31, "0x" + "ab" * 33])
def test_public_key_of_another_shape_is_refused(text: str) -> None:
    with pytest.raises(ReaderKeyInvalid):
        public_key_of(LEI, text)
