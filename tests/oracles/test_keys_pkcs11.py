"""A key in a token (SoftHSM2): what the node signs with it is what the contracts take."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from eth_account import Account
from eth_account.messages import encode_typed_data
from oracle_fakes import NODE_ACCOUNT, ORACLE_ADDRESS, SUBJECT
from pydantic import ValidationError
from softhsm import PIN, new_token, run_util
from support.debian import libsofthsm2

from chain_node.client import Call, Observation, attestation_typed_data
from chain_node.client.typed_data import compact_signature
from oracles.keys.errors import KeyUnusable, SignerAway
from oracles.keys.key import HALF_ORDER
from oracles.keys.pkcs11 import Pkcs11Key
from oracles.keys.settings import Pkcs11KeySettings
from oracles.signing import Signer

CHAIN = 412346
_numbers = itertools.count()


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("softhsm")


@pytest.fixture
def token(folder):
    return new_token(folder, f"token {next(_numbers)}")


def settings(token, **changes) -> Pkcs11KeySettings:
    values = {"module": libsofthsm2(), "token": token.label, "pin_file": token.pin_file, "label": "node"}
    return Pkcs11KeySettings.model_validate(values | changes)


def refusal(token, **changes) -> str:
    with pytest.raises(KeyUnusable) as refused:
        Pkcs11Key(settings(token, **changes))
    return str(refused.value)


def vote_of(signer: Signer, quantity: int = 950_000):
    return signer.vote(CHAIN, ORACLE_ADDRESS, [Observation(SUBJECT, 5, 1, 1_780_000_000, quantity)], b"\x07" * 32)


def recovered(vote) -> str:
    content = (CHAIN, ORACLE_ADDRESS, vote.observations, vote.mask, vote.evidence)
    message = encode_typed_data(full_message=attestation_typed_data(*content))
    return Account.recover_message(message, signature=vote.signature)


# Refusals


def test_token_without_the_key_is_told(token):
    assert "there is no private EC key with label 'node' in it" in refusal(token)


def test_key_on_another_curve_is_refused_in_plain_words(token):
    token.make_key("node", curve="secp256r1")

    text = refusal(token)

    assert "the key with label 'node' is not on secp256k1 (OID 1.3.132.0.10)" in text
    assert "cannot hold a node's key" in text


def test_two_keys_of_one_label_are_told_apart_by_their_id(token):
    token.make_key("node", number=b"\x01")
    token.make_key("node", number=b"\x02")

    assert "there are 2 private EC keys with label 'node'" in refusal(token)
    addresses = set()
    for number in ("01", "02"):
        key = Pkcs11Key(settings(token, id=number))
        addresses.add(key.address)
        key.close()
    assert len(addresses) == 2


def test_wrong_pin_is_told_without_the_pin(token):
    token.make_key("node")
    token.pin_file.write_text("314159\n")

    text = refusal(token)

    assert "does not open it: PinIncorrect" in text
    assert "314159" not in text


def test_pin_that_others_may_read_is_refused(token):
    token.pin_file.chmod(0o644)

    assert "others on this machine may use it (mode 0644, expected 0600)" in refusal(token)


def test_key_of_another_account_is_refused(token):
    token.make_key("node")

    assert f"not of {NODE_ACCOUNT.address}" in refusal(token, address=NODE_ACCOUNT.address)


def test_absent_module_is_told(token, tmp_path):
    (tmp_path / "none.so").touch()

    assert "the module cannot be loaded" in refusal(token, module=tmp_path / "none.so")


def test_absent_token_is_away(token):
    with pytest.raises(SignerAway, match="NoSuchToken"):
        Pkcs11Key(settings(token).model_copy(update={"token": "another"}))


def test_settings_must_tell_which_key(token):
    with pytest.raises(ValidationError, match="label or id must say which key"):
        settings(token, label=None)


# Signing


def test_vote_recovers_to_the_key_in_the_token(token):
    token.make_key("node")
    signer = Signer(Pkcs11Key(settings(token)))

    assert signer.kind == "pkcs11"
    assert recovered(vote_of(signer)) == signer.address


def test_signatures_are_low_and_compact_whatever_the_token_gives(token):
    token.make_key("node")
    signer = Signer(Pkcs11Key(settings(token)))

    signatures = [vote_of(signer, quantity).signature for quantity in range(24)]

    assert all(int.from_bytes(signature[32:64]) <= HALF_ORDER for signature in signatures)
    assert {signature[64] for signature in signatures} == {27, 28}
    assert all(len(b"".join(compact_signature(signer.address, its))) == 64 for its in signatures)


def test_transaction_is_the_keys(token):
    token.make_key("node")
    signer = Signer(Pkcs11Key(settings(token)))

    signed = signer.transaction(Call(ORACLE_ADDRESS, b"\x01\x02", "MilestoneOracle.attest"), 7, 100_000, CHAIN)

    assert Account.recover_transaction(signed.raw) == signer.address


def test_reading_is_signed_as_by_any_key(token):
    token.make_key("node")
    signer = Signer(Pkcs11Key(settings(token)))

    signature = signer.reading(CHAIN, ORACLE_ADDRESS, feed=SUBJECT, round=1, version=1, value=-5, at=1)

    assert len(signature) == 65


def test_imported_key_keeps_its_account(token, tmp_path):
    """The way that oracles/README.md describes for a key that exists already."""
    secret = ec.derive_private_key(int.from_bytes(NODE_ACCOUNT.key), ec.SECP256K1())
    pem = secret.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (tmp_path / "key.pem").write_bytes(pem)
    place = ("--token", token.label, "--pin", PIN)
    run_util("--import", tmp_path / "key.pem", *place, "--label", "node", "--id", "01")

    assert Pkcs11Key(settings(token)).address == NODE_ACCOUNT.address


# A token that goes away


def test_session_that_was_lost_is_opened_again(token):
    token.make_key("node")
    key = Pkcs11Key(settings(token))
    token.take_away()
    token.bring_back()

    assert recovered(vote_of(Signer(key))) == key.address


def test_token_that_is_gone_is_away_until_it_is_back(token):
    token.make_key("node")
    signer = Signer(Pkcs11Key(settings(token)))
    token.take_away()

    with pytest.raises(SignerAway):
        vote_of(signer)
    with pytest.raises(SignerAway):
        vote_of(signer)
    token.bring_back()

    assert recovered(vote_of(signer)) == signer.address
