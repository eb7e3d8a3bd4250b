"""The X25519 keys that readers open documents with.

The gateway keeps private keys for the organisations that leave this to it, each in an encrypted file beside their
keystores; an organisation may instead register a public key of its own and open its documents itself."""

import os
from functools import cache
from pathlib import Path
from secrets import token_hex

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from api.documents.errors import ReaderKeyInvalid, ReaderKeyMissing
from api.settings import Settings
from api.signers import write_private

OPERATOR = "operator"
SUPERVISOR = "supervisor"


def public_key_of(reader: str, public_hex: str) -> X25519PublicKey:
    """The public key from its 32 bytes in hexadecimal; ReaderKeyInvalid where they are no key."""
    try:
        return X25519PublicKey.from_public_bytes(bytes.fromhex(public_hex.removeprefix("0x")))
    except ValueError as error:
        raise ReaderKeyInvalid(reader) from error


class ReaderKeys:
    """Private reader keys in a directory, one encrypted PKCS #8 file per reader, readable by the gateway only."""

    def __init__(self, directory: Path, passphrase: str) -> None:
        self._directory = directory
        self._passphrase = passphrase.encode()
        self._known: dict[str, X25519PrivateKey] = {}

    def ensure(self, reader: str) -> X25519PublicKey:
        """The reader's public key; makes the pair at first."""
        path = self._path(reader)
        if reader not in self._known and not path.exists():
            self._create(path)
        return self.private(reader).public_key()

    def private(self, reader: str) -> X25519PrivateKey:
        """The reader's private key; ReaderKeyMissing where the gateway does not hold it."""
        if reader not in self._known:
            self._known[reader] = self._load(reader)
        return self._known[reader]

    def _load(self, reader: str) -> X25519PrivateKey:
        path = self._path(reader)
        if not path.exists():
            raise ReaderKeyMissing(reader)
        key = serialization.load_pem_private_key(path.read_bytes(), self._passphrase)
        if not isinstance(key, X25519PrivateKey):
            raise ReaderKeyInvalid(reader)
        return key

    def _path(self, reader: str) -> Path:
        if not reader.isalnum():
            raise ReaderKeyMissing(reader)
        return self._directory / f"{reader}.pem"

    def _create(self, path: Path) -> None:
        """Writes a new key aside and links it into place, so that of two makers at once one wins and both read it."""
        pem = X25519PrivateKey.generate().private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(self._passphrase),
        )
        self._directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        aside = path.with_name(f"{path.name}.{os.getpid()}.{os.urandom(4).hex()}")
        with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(pem)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(aside, path)
        except FileExistsError:
            return
        finally:
            aside.unlink()


@cache
def _reader_keys(directory: Path, key_file: Path) -> ReaderKeys:
    if not key_file.exists():
        write_private(key_file, token_hex(32).encode())
    return ReaderKeys(directory, key_file.read_text(encoding="ascii").strip())


def reader_keys_of(settings: Settings) -> ReaderKeys:
    """Those of a gateway by its settings; the first to ask makes the passphrase of their files."""
    assert settings.document_key_file is not None  # filled in when the settings are read
    return _reader_keys(settings.data_dir / "reader-keys", settings.document_key_file)
