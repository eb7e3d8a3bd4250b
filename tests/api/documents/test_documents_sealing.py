import hashlib
import hmac

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from api.documents.cids import cid_of
from api.documents.errors import DocumentDamaged
from api.documents.sealing import new_key, seal, unseal, unwrap, wrap

INVOICE = b"<Invoice>Acme Supplies invoices Borealis Retail</Invoice>"


def test_sealed_document_opens_under_its_key_only() -> None:
    key = new_key()
    sealed = seal(INVOICE, key)

    assert unseal(sealed, key, cid_of(sealed)) == INVOICE
    with pytest.raises(DocumentDamaged, match="does not open under its key"):
        unseal(sealed, new_key(), cid_of(sealed))


def test_sealed_document_shows_nothing_of_its_content_and_never_looks_the_same() -> None:
    key = new_key()

    first, second = seal(INVOICE, key), seal(INVOICE, key)

    assert b"Acme" not in first
    assert first != second


@pytest.mark.parametrize("position", [0, 12, 30, -1])
def test_one_changed_bit_is_noticed(position: int) -> None:
    key = new_key()
    sealed = bytearray(seal(INVOICE, key))
    sealed[position] ^= 1

    with pytest.raises(DocumentDamaged):
        unseal(bytes(sealed), key, "bafy")


def test_truncated_document_is_noticed() -> None:
    with pytest.raises(DocumentDamaged):
        unseal(b"short", new_key(), "bafy")


def test_wrapped_key_opens_for_its_reader_and_document_only() -> None:
    reader, key = X25519PrivateKey.generate(), new_key()
    wrapped = wrap(key, reader.public_key(), cid="bafyA", reader="LEI1")

    assert unwrap(wrapped, reader, cid="bafyA", reader="LEI1") == key
    for private, cid, name in [
        (X25519PrivateKey.generate(), "bafyA", "LEI1"),
        (reader, "bafyB", "LEI1"),
        (reader, "bafyA", "LEI2"),
    ]:
        with pytest.raises(DocumentDamaged):
            unwrap(wrapped, private, cid=cid, reader=name)


def test_wrapped_key_is_hpke_as_rfc_9180_defines_it() -> None:
    """Rebuilt by hand from the RFC's key schedule: encapsulation, labelled HKDF, AES-256-GCM."""

    def extract(salt: bytes, suite: bytes, label: bytes, ikm: bytes) -> bytes:
        return hmac.new(salt or bytes(32), b"HPKE-v1" + suite + label + ikm, hashlib.sha256).digest()

    def expand(prk: bytes, suite: bytes, label: bytes, info: bytes, length: int) -> bytes:
        labelled = length.to_bytes(2, "big") + b"HPKE-v1" + suite + label + info
        return hmac.new(prk, labelled + b"\x01", hashlib.sha256).digest()[:length]

    reader, key = X25519PrivateKey.generate(), new_key()
    wrapped = wrap(key, reader.public_key(), cid="bafyA", reader="LEI1")
    encapsulated, ciphertext = wrapped[:32], wrapped[32:]
    kem, suite = b"KEM\x00\x20", b"HPKE\x00\x20\x00\x01\x00\x02"
    public = reader.public_key().public_bytes_raw()
    agreed = reader.exchange(X25519PublicKey.from_public_bytes(encapsulated))
    shared = expand(extract(b"", kem, b"eae_prk", agreed), kem, b"shared_secret", encapsulated + public, 32)
    context = b"\x00" + extract(b"", suite, b"psk_id_hash", b"")
    context += extract(b"", suite, b"info_hash", b"portolan-document-1|bafyA|LEI1")
    secret = extract(shared, suite, b"secret", b"")
    opened = AESGCM(expand(secret, suite, b"key", context, 32)).decrypt(
        expand(secret, suite, b"base_nonce", context, 12), ciphertext, b""
    )

    assert opened == key
