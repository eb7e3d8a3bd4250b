"""A remote signer: what is asked, what is believed of its answers, and what its silence does."""

from __future__ import annotations

import json
import ssl
import threading
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_keys.constants import SECPK1_N
from oracle_fakes import NODE_ACCOUNT, ORACLE_ADDRESS, SUBJECT, epcis, epcis_event
from pydantic import ValidationError
from remote_signer import RemoteSigner, stranger

from chain_node.client import Call, Observation, attestation_typed_data
from oracles.keys.errors import KeyUnusable, SignerAway, SignerRefused
from oracles.keys.remote import RemoteKey
from oracles.keys.settings import Dialect, RemoteKeySettings
from oracles.signing import Signer

CHAIN = 412346
CALL = Call(ORACLE_ADDRESS, b"\x01\x02", "MilestoneOracle.attest")
ITEM = Observation(SUBJECT, 5, 1, 1_780_000_000, 2**60 + 1)
LOCAL = Signer(NODE_ACCOUNT)
TOKEN = "a-token-that-nobody-may-see"


@pytest.fixture
def signer() -> RemoteSigner:
    return RemoteSigner(NODE_ACCOUNT)


def settings(url: str, **more) -> RemoteKeySettings:
    return RemoteKeySettings.model_validate({"url": url, "address": NODE_ACCOUNT.address, **more})


def remote(url: str, **more) -> Signer:
    return Signer(RemoteKey(settings(url, **more)))


def vote(its: Signer):
    return its.vote(CHAIN, ORACLE_ADDRESS, [ITEM], b"\x07" * 32)


def refusal(signer: RemoteSigner, ask=vote, **more) -> str:
    with signer.over_http() as url:
        its = remote(url, **more)
        with pytest.raises(SignerRefused) as refused:
            ask(its)
        its.close()
    return str(refused.value)


def send(its: Signer):
    return its.transaction(CALL, 7, 100_000, CHAIN)


# What is not believed


def test_signature_of_another_key_is_refused(signer):
    other = stranger()
    content = (CHAIN, ORACLE_ADDRESS, [ITEM], 1, b"\x07" * 32)
    forged = other.sign_message(encode_typed_data(full_message=attestation_typed_data(*content))).signature
    signer.spoil = lambda answer: answer | {"result": "0x" + bytes(forged).hex()}

    assert f"it is of {other.address}, expected {NODE_ACCOUNT.address}" in refusal(signer)


def test_signature_of_another_message_is_refused(signer):
    signer.spoil = lambda answer: (
        answer | {"result": "0x" + LOCAL.vote(CHAIN, ORACLE_ADDRESS, [ITEM], bytes(32)).signature.hex()}
    )

    assert "expected" in refusal(signer)


def test_signature_with_a_high_s_is_refused(signer):
    def turned(answer):
        raw = bytes.fromhex(answer["result"][2:])
        s = (SECPK1_N - int.from_bytes(raw[32:64])).to_bytes(32)
        return answer | {"result": "0x" + (raw[:32] + s + bytes((55 - raw[64],))).hex()}

    signer.spoil = turned

    assert "upper half" in refusal(signer)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda answer: b"no json",
        lambda answer: b"[1]",
        lambda answer: b"[" * 100_000,
        lambda answer: answer | {"id": 99},
        lambda answer: answer | {"result": None},
        lambda answer: answer | {"result": "0xzz"},
        lambda answer: answer | {"result": 7},
        lambda answer: answer | {"result": "0x"},
        lambda answer: answer | {"result": "0x" + "00" * 65},
        lambda answer: answer | {"result": "0x" + "ff" * 64 + "1b"},
    ],
)
def test_answer_that_is_no_signature_is_refused(signer, spoil):
    signer.spoil = spoil

    assert "no signature that can be used" in refusal(signer)
    assert "no signature that can be used" in refusal(signer, send)


def test_transaction_that_was_changed_is_refused(signer):
    changed = LOCAL.transaction(CALL, 8, 100_000, CHAIN).raw
    signer.spoil = lambda answer: answer | {"result": "0x" + changed.hex()}

    assert "is not what was asked for" in refusal(signer, send)


def test_refusal_is_told_in_the_signers_words_short_and_printable(signer):
    signer.spoil = lambda answer: {
        "jsonrpc": "2.0",
        "id": answer["id"],
        "error": {"code": -32000, "message": "Request denied\n" + "x" * 999, "data": "secret"},
    }

    text = refusal(signer)

    assert "it refused eth_signTypedData: Request denied " in text
    assert "secret" not in text
    assert len(text) < 400
    assert text.isprintable()


def test_endless_answer_is_refused(signer):
    signer.spoil = lambda answer: b'"' + b"x" * (2 * 1024 * 1024)

    assert "more than 1048576 bytes" in refusal(signer)


# What is away


def test_signer_that_is_not_there_is_away(tmp_path):
    for url in ("http://127.0.0.1:9", f"unix:{tmp_path / 'none.ipc'}"):
        with pytest.raises(SignerAway):
            vote(remote(url))


@pytest.mark.parametrize("status", [429, 500, 503])
def test_signer_in_trouble_is_away(signer, status):
    signer.status = status
    with signer.over_http() as url, pytest.raises(SignerAway, match=str(status)):
        vote(remote(url))


def test_signer_that_takes_too_long_is_away(signer):
    held = threading.Event()

    def slow(answer):
        held.wait(10)
        return answer

    signer.spoil = slow
    with signer.over_http() as url:
        with pytest.raises(SignerAway, match="ReadTimeout"):
            vote(remote(url, timeout_seconds=0.2))
        held.set()


# What is asked


@pytest.mark.parametrize("dialect", Dialect)
def test_votes_readings_and_transactions_are_those_of_the_key(signer, dialect):
    with signer.over_http() as url:
        its = remote(url, dialect=dialect)
        assert vote(its) == vote(LOCAL)
        values = {"feed": SUBJECT, "round": 1, "version": 2, "value": -(2**200), "at": 3}
        assert its.reading(CHAIN, ORACLE_ADDRESS, **values) == LOCAL.reading(CHAIN, ORACLE_ADDRESS, **values)
        assert send(its) == send(LOCAL)
        its.close()

    prefix = "account" if dialect is Dialect.CLEF else "eth"
    typed = "signTypedData_v4" if dialect is Dialect.ETH else "signTypedData"
    methods = [typed, typed, "signTransaction"]
    assert [question["method"] for question in signer.questions] == [f"{prefix}_{method}" for method in methods]


def test_signer_sees_the_whole_message_with_exact_numbers(signer):
    with signer.over_http() as url:
        vote(remote(url))

    address, text = signer.questions[0]["params"]
    data = json.loads(text)
    assert address == NODE_ACCOUNT.address
    assert data["domain"]["verifyingContract"] == ORACLE_ADDRESS
    assert data["message"]["observations"][0]["quantity"] == str(2**60 + 1)
    assert data["message"]["observations"][0]["subject"] == "0x" + SUBJECT.hex()


def test_recovery_id_of_zero_or_one_is_taken(signer):
    signer.spoil = lambda answer: (
        answer | {"result": answer["result"][:-2] + f"{int(answer['result'][-2:], 16) - 27:02x}"}
    )
    with signer.over_http() as url:
        assert vote(remote(url)) == vote(LOCAL)


def test_clef_is_spoken_to_on_its_socket(signer, tmp_path):
    with signer.over_socket(tmp_path / "clef.ipc") as url:
        its = remote(url, dialect="clef")
        assert vote(its) == vote(LOCAL)
        assert send(its) == send(LOCAL)


def secret_file(folder: Path, text: str, mode: int = 0o600) -> Path:
    path = folder / "secret"
    path.write_text(text)
    path.chmod(mode)
    return path


def test_token_is_sent_and_never_told(signer, tmp_path):
    token = secret_file(tmp_path, TOKEN + "\n")
    signer.spoil = lambda answer: {"id": answer["id"], "error": {"message": "denied"}}

    text = refusal(signer, token_file=token)

    assert signer.headers[0]["Authorization"] == f"Bearer {TOKEN}"
    assert TOKEN not in text


def test_token_that_others_may_read_is_refused(tmp_path):
    token = secret_file(tmp_path, TOKEN, 0o640)

    with pytest.raises(KeyUnusable, match="mode 0640") as refused:
        remote("http://127.0.0.1:9", token_file=token)
    assert TOKEN not in str(refused.value)


# TLS


@pytest.fixture(scope="module")
def pki(tmp_path_factory) -> Path:
    """An authority, a server and a client."""
    folder = tmp_path_factory.mktemp("pki")
    authority = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test authority")])
    _certificate(folder / "ca", authority, name, authority, name, is_authority=True)
    for role in ("server", "client"):
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, role)])
        _certificate(folder / role, ec.generate_private_key(ec.SECP256R1()), subject, authority, name)
    return folder


def _certificate(path, key, subject, issuer_key, issuer, *, is_authority=False) -> None:
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
    )
    usage = x509.KeyUsage(True, False, False, False, False, is_authority, is_authority, False, False)
    signed = builder.add_extension(usage, critical=True).sign(issuer_key, hashes.SHA256())
    path.with_suffix(".pem").write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.with_suffix(".key").write_bytes(key.private_bytes(*form))
    path.with_suffix(".key").chmod(0o600)


def tls(pki: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pki / "server.pem", pki / "server.key")
    context.load_verify_locations(pki / "ca.pem")
    context.verify_mode = ssl.CERT_REQUIRED
    return context


def test_client_certificate_lets_in(signer, pki):
    files = {"ca": pki / "ca.pem", "client_certificate": pki / "client.pem", "client_key": pki / "client.key"}
    with signer.over_http(tls(pki)) as url:
        assert vote(remote(url, **files)) == vote(LOCAL)


def test_without_client_certificate_nothing_is_signed(signer, pki):
    with signer.over_http(tls(pki)) as url, pytest.raises(SignerAway):
        vote(remote(url, ca=pki / "ca.pem"))


def test_server_of_an_unknown_authority_is_not_asked(signer, pki):
    files = {"client_certificate": pki / "client.pem", "client_key": pki / "client.key"}
    with signer.over_http(tls(pki)) as url, pytest.raises(SignerAway):
        vote(remote(url, **files))
    assert signer.questions == []


def test_key_of_another_certificate_is_told_without_the_key(pki):
    files = {"ca": pki / "ca.pem", "client_certificate": pki / "client.pem", "client_key": pki / "server.key"}

    with pytest.raises(KeyUnusable, match="do not make a pair") as refused:
        remote("https://127.0.0.1:9", **files)
    assert "BEGIN" not in str(refused.value)


# Settings


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"url": "http://signer.example:9000"}, "needs https"),
        ({"url": "https://me:password@signer.example"}, "pattern"),
        ({"url": "http://127.0.0.1:1", "ca": "x"}, "need an https"),
        ({"url": "https://signer.example", "client_key": "x"}, "go together"),
        ({"url": "unix:/run/clef.ipc", "token_file": "x"}, "takes no token_file"),
        ({"url": "unix:clef.ipc"}, "pattern"),
        ({"url": "https://signer.example", "address": "0x12"}, "not the address"),
        ({"url": "https://signer.example", "dialect": "geth"}, "clef"),
    ],
)
def test_settings_that_would_not_be_safe_are_refused(values, why):
    with pytest.raises(ValidationError, match=why):
        settings(**values)


# In a node


def test_node_goes_on_taking_papers_while_its_signer_is_away_and_signs_when_it_is_back(bench, signer):
    with signer.over_http() as url:
        key = RemoteKey(settings(url, timeout_seconds=2))
    bench.node._signer = Signer(key)
    bench.node._work = None
    bench.drop("first.json", epcis(epcis_event()))
    bench.turn()
    assert bench.archived() == ["first.json"]
    assert bench.chain.counted == []

    with signer.over_http() as url:
        key._transport._url = url
        bench.settle()

    assert len(bench.chain.counted) == 1
    assert Account.recover_transaction(bench.chain.sent[0]) == NODE_ACCOUNT.address


def test_node_stops_when_its_signer_refuses(bench, signer):
    signer.spoil = lambda answer: {"id": answer["id"], "error": {"message": "denied"}}
    with signer.over_http() as url:
        bench.node._signer = remote(url)
        bench.drop("first.json", epcis(epcis_event()))
        with pytest.raises(SignerRefused, match="denied"):
            bench.turn()
