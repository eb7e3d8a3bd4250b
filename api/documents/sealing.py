"""Sealing of documents: AES-256-GCM under a key made for the document, which is wrapped once per reader.

Wrapping is HPKE (RFC 9180, base mode: X25519, HKDF-SHA256, AES-256-GCM) and bound to the ciphertext's CID and to the
reader, so that a wrapped key moved to another document or reader opens nothing."""

import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from api.documents.errors import DocumentDamaged

KEY_BYTES = 32
_NONCE_BYTES = 12
_FORMAT = b"portolan-document-1"
_SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)


def new_key() -> bytes:
    return secrets.token_bytes(KEY_BYTES)


def seal(content: bytes, key: bytes) -> bytes:
    """The ciphertext: nonce, then the content under AES-256-GCM with its tag. A key seals one document only."""
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, content, _FORMAT)


def unseal(sealed: bytes, key: bytes, cid: str) -> bytes:
    """The content; DocumentDamaged where ciphertext or key are not the ones that belong together."""
    try:
        return AESGCM(key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], _FORMAT)
    except (InvalidTag, ValueError) as error:
        raise DocumentDamaged(cid, "its content does not open under its key") from error


def wrap(key: bytes, public_key: X25519PublicKey, *, cid: str, reader: str) -> bytes:
    """The document's key for one reader: 32 bytes encapsulation, then the key under AES-256-GCM."""
    return _SUITE.encrypt(key, public_key, _info(cid, reader))


def unwrap(wrapped: bytes, private_key: X25519PrivateKey, *, cid: str, reader: str) -> bytes:
    """The document's key; DocumentDamaged where it was wrapped for another document or reader."""
    try:
        return _SUITE.decrypt(wrapped, private_key, _info(cid, reader))
    except (InvalidTag, ValueError) as error:
        raise DocumentDamaged(cid, f"its key does not open for {reader}") from error


def _info(cid: str, reader: str) -> bytes:
    return b"|".join((_FORMAT, cid.encode(), reader.encode()))
