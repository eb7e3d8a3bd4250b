from __future__ import annotations

from pathlib import Path

import pytest

from chain_node.references import REFERENCE_KINDS, NetworkKey, ReferenceInvalid, fingerprint, reference, subject

KEY = NetworkKey(bytes(range(32)))
IDENTITY = {"seller": "DE999999903", "number": "INV-1", "year": "2026", "type": "invoice"}


def test_fingerprint_does_not_depend_on_the_order_of_the_identity() -> None:
    assert fingerprint(KEY, IDENTITY) == fingerprint(KEY, dict(reversed(IDENTITY.items())))


@pytest.mark.parametrize("field", sorted(IDENTITY))
def test_every_part_of_the_identity_moves_the_fingerprint(field: str) -> None:
    assert fingerprint(KEY, IDENTITY) != fingerprint(KEY, {**IDENTITY, field: IDENTITY[field] + "1"})


def test_fingerprint_is_another_under_another_key() -> None:
    assert fingerprint(KEY, IDENTITY) != fingerprint(NetworkKey(bytes(32)), IDENTITY)


def test_fingerprint_stays_what_it_was_when_first_deployed() -> None:
    known = 0x8C72384903225D3068773DC8ED2FB76C4C621EA1D30DF252C1B2C7323DE5F360

    assert fingerprint(KEY, IDENTITY) == known


def test_identity_of_nothing_is_refused() -> None:
    with pytest.raises(ReferenceInvalid, match="without an identity"):
        fingerprint(KEY, {})


@pytest.mark.parametrize("written", ["ham26051234", " HAM 2605 1234 ", "ＨＡＭ２６０５１２３４", "HAM26051234\n"])
def test_spellings_of_one_document_number_are_one_reference(written: str) -> None:
    assert reference(KEY, "transport_document", written) == reference(KEY, "transport_document", "HAM26051234")


def test_one_number_of_two_kinds_is_two_references() -> None:
    assert len({reference(KEY, kind, "4711") for kind in REFERENCE_KINDS}) == len(REFERENCE_KINDS)


def test_unknown_kind_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ReferenceInvalid, match="'waybill' is not a kind of reference; known are invoice, order"):
        reference(KEY, "waybill", "1")


def test_empty_reference_is_refused() -> None:
    with pytest.raises(ReferenceInvalid, match="the booking reference is empty"):
        reference(KEY, "booking", " \t")


def test_subject_is_neither_the_fingerprint_nor_a_reference() -> None:
    number = fingerprint(KEY, IDENTITY)

    assert len(subject(KEY, number)) == 32
    assert subject(KEY, number) != number.to_bytes(32, "big")
    assert subject(KEY, number) != subject(KEY, number + 1)


def test_key_is_read_from_hexadecimal_digits(tmp_path: Path) -> None:
    path = tmp_path / "network.key"
    path.write_text(KEY.secret.hex() + "\n")

    assert NetworkKey.load(path) == KEY


@pytest.mark.parametrize(
    ("content", "why"), [("00" * 31, "has 32 bytes, this one has 31"), ("zz" * 32, "not written in hexadecimal")]
)
def test_damaged_key_is_refused_without_being_shown(tmp_path: Path, content: str, why: str) -> None:
    path = tmp_path / "network.key"
    path.write_text(content)

    with pytest.raises(ReferenceInvalid, match=why) as caught:
        NetworkKey.load(path)

    assert str(path) in str(caught.value)
    assert content not in str(caught.value)


def test_missing_key_is_refused_with_its_path(tmp_path: Path) -> None:
    with pytest.raises(ReferenceInvalid, match="cannot be read: No such file"):
        NetworkKey.load(tmp_path / "network.key")


def test_key_is_not_shown() -> None:
    assert KEY.secret.hex() not in repr(KEY)
    assert repr(KEY.secret) not in repr(KEY)
