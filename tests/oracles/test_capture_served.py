"""The capture interface as it really listens: HTTPS with client certificates, tokens, both, or plain on loopback."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import httpx
import pytest
from capture_desk import JSON, Desk, lone, new_desk
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID
from oracle_fakes import epcis, epcis_event

from oracles.http.server import ListenerUnusable, serving
from oracles.http.settings import Right

WMS = "CN=wms,O=Sounder Survey"
DAY = timedelta(days=1)


@dataclass
class Authority:
    """A certificate authority of this test alone."""

    folder: Path
    name: str

    def __post_init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.subject = x509.Name.from_rfc4514_string(f"CN={self.name}")
        constraints = x509.BasicConstraints(ca=True, path_length=None)
        builder = _builder(self.subject, self.subject, self.key).add_extension(constraints, critical=True)
        self.file = self._write(f"{self.name}.pem", builder.sign(self.key, hashes.SHA256()))

    def issue(self, subject: str, *, of_server: bool = False, days: int = 1) -> tuple[Path, Path]:
        """The files of a certificate and its key."""
        key = ec.generate_private_key(ec.SECP256R1())
        usage = ExtendedKeyUsageOID.SERVER_AUTH if of_server else ExtendedKeyUsageOID.CLIENT_AUTH
        builder = _builder(x509.Name.from_rfc4514_string(subject), self.subject, key, days)
        builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
        if of_server:
            names = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
            builder = builder.add_extension(names, critical=False)
        stem = f"{self.name}-{abs(hash((subject, days)))}"
        certificate = self._write(f"{stem}.pem", builder.sign(self.key, hashes.SHA256()))
        form = serialization.PrivateFormat.PKCS8
        secret = key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
        (self.folder / f"{stem}.key").write_bytes(secret)
        return certificate, self.folder / f"{stem}.key"

    def _write(self, name: str, certificate: x509.Certificate) -> Path:
        (self.folder / name).write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        return self.folder / name


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, days: int = 1
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - 10 * DAY)
        .not_valid_after(now + days * DAY)
    )


@dataclass
class Served:
    """A node that listens; its cycle is turned by the test."""

    desk: Desk
    url: str
    authority: Authority

    def client(self, certificate: tuple[Path, Path] | None = None, token: str | None = None) -> httpx.Client:
        trusted = ssl.create_default_context(cafile=str(self.authority.file))
        if certificate is not None:
            trusted.load_cert_chain(*certificate)
        headers = {"Content-Type": JSON} | ({"Authorization": f"Bearer {token}"} if token else {})
        return httpx.Client(base_url=self.url, verify=trusted, headers=headers, trust_env=False, timeout=120)


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path, "network-ca")


@contextmanager
def served(authority: Authority, *, tls: bool = True, tokens: bool, certificates: bool) -> Iterator[Served]:
    folder = authority.folder
    desk = new_desk(folder)
    http: dict[str, object] = {"listen": "127.0.0.1:0"}
    if tokens:
        http["tokens"] = folder / "tokens.json"
    if tls:
        http["tls_certificate"], http["tls_key"] = authority.issue("CN=node", of_server=True)
    if certificates:
        http |= {"client_ca": authority.file, "client_subjects": {WMS: ["capture", "query"]}}
    desk.bench.settings_changes["http"] = http
    desk.restart()
    settings = desk.bench.settings.http
    assert settings is not None
    with serving(settings, desk.interfaces(), desk.bench.node.metrics) as url:
        yield Served(desk, url, authority)


def test_client_without_a_certificate_does_not_get_through_tls(authority):
    with served(authority, tokens=False, certificates=True) as node, node.client() as client:
        with pytest.raises(httpx.TransportError):
            client.get("/events")
        assert next(iter(node.desk.bench.node.metrics.requests.collect())).samples == []


@pytest.mark.parametrize("why", ["of another authority", "expired", "of the server's kind"])
def test_bad_certificate_does_not_get_through_tls(authority, why):
    issuer = Authority(authority.folder, "elsewhere") if why == "of another authority" else authority
    bad = issuer.issue(WMS, days=-1 if why == "expired" else 1, of_server=why == "of the server's kind")

    with (
        served(authority, tokens=False, certificates=True) as node,
        node.client(bad) as client,
        pytest.raises(httpx.TransportError),
    ):
        client.get("/events")


@pytest.mark.parametrize("subject", ["CN=wms", "O=Sounder Survey,CN=wms", "CN=WMS,O=Sounder Survey"])
def test_good_certificate_of_somebody_else_is_forbidden(authority, subject):
    other = authority.issue(subject)

    with served(authority, tokens=False, certificates=True) as node, node.client(other) as client:
        answer = client.get("/events")

    assert answer.status_code == 403
    assert answer.json()["type"] == "epcisException:SecurityException"


def test_plain_http_is_not_spoken_where_there_is_tls(authority):
    with served(authority, tokens=False, certificates=True) as node, pytest.raises(httpx.TransportError):
        httpx.get(node.url.replace("https", "http"), trust_env=False)


def test_certificate_of_the_list_captures_and_queries(authority):
    with served(authority, tokens=False, certificates=True) as node, node.client(authority.issue(WMS)) as client:
        location = client.post("/capture", content=epcis(epcis_event())).headers["Location"]
        node.desk.bench.settle()
        job = client.get(location).json()
        events = client.get("/events").json()["epcisBody"]["queryResults"]["resultsBody"]["eventList"]

    assert job["success"]
    assert not job["running"]
    assert len(events) == len(node.desk.bench.chain.counted) == 1


def test_certificate_or_token_is_enough_where_both_are_taken(authority):
    with served(authority, tokens=True, certificates=True) as node:
        token = node.desk.token("auditor", Right.QUERY)
        with node.client(authority.issue(WMS)) as by_certificate, node.client(token=token) as by_token:
            assert by_certificate.get("/events").status_code == 200
            assert by_token.get("/events").status_code == 200
            assert by_token.get("/capture").status_code == 403
        with node.client() as nobody, node.client(authority.issue(WMS), "wrong") as liar:
            assert nobody.get("/events").status_code == 401
            assert liar.get("/events").status_code == 401


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_tls_below_1_2_is_refused(authority):
    with served(authority, tokens=True, certificates=False) as node:
        old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
        old.set_ciphers("ALL:@SECLEVEL=0")
        old.maximum_version = ssl.TLSVersion.TLSv1_1
        host, port = node.url.removeprefix("https://").split(":")
        with socket.create_connection((host, int(port)), 10) as plain, pytest.raises((ssl.SSLError, OSError)):
            old.wrap_socket(plain)


def test_event_is_found_at_the_place_that_was_told(authority):
    """The id is percent-encoded in the path: it holds slashes, a semicolon and a question mark."""
    with served(authority, tls=False, tokens=True, certificates=False) as node:
        both = node.desk.token("wms", Right.CAPTURE, Right.QUERY)
        with node.client(token=both) as client:
            made = client.post("/events", json=lone())
            found = client.get(made.headers["Location"]).json()

    (event,) = found["epcisBody"]["queryResults"]["resultsBody"]["eventList"]
    assert made.status_code == 201
    assert event["eventID"] == made.json()["eventID"]
    assert event["eventID"].startswith("ni:///sha-256;")


def test_next_page_is_where_the_link_leads(authority):
    with served(authority, tls=False, tokens=True, certificates=False) as node:
        token = node.desk.token("wms", Right.CAPTURE, Right.QUERY)
        with node.client(token=token) as client:
            for quantity in range(5):
                client.post("/events", json=lone("storing", quantity=quantity))
            seen, path = (
                0,
                "/events?perPage=2&EQ_bizStep=storing|packing&MATCH_epcClass=" + "urn:epc:idpat:sgtin:4012345.010101.*",
            )
            while path:
                answer = client.get(path)
                assert answer.status_code == 200, answer.text
                seen += len(answer.json()["epcisBody"]["queryResults"]["resultsBody"]["eventList"])
                path = answer.links.get("next", {}).get("url", "")

    assert seen == 5


def test_body_beyond_the_limit_is_cut_off(authority):
    def endless() -> Iterator[bytes]:
        while True:
            yield b" " * 65_536

    with served(authority, tls=False, tokens=True, certificates=False) as node:
        with node.client(token=node.desk.token("wms", Right.CAPTURE)) as client:
            try:
                status = client.post("/capture", content=endless()).status_code
            except httpx.TransportError:
                status = 413
        labels = {"interface": "capture", "method": "POST", "status": "413"}
        samples = node.desk.bench.node.metrics.registry.get_sample_value
        assert samples("portolan_oracle_http_requests_total", labels) == 1

    assert status == 413
    assert node.desk.documents() == []


@pytest.mark.parametrize("before", [b"", b"GET /events HTTP/1.1\r\nHost: node\r\n\r\n"], ids=["at first", "later"])
def test_half_a_head_does_not_hold_its_place(authority, monkeypatch, before):
    monkeypatch.setattr("oracles.http.server.HEAD_SECONDS", 0.2)

    with served(authority, tls=False, tokens=True, certificates=False) as node:
        host, port = node.url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), 20) as connection:
            connection.sendall(before + b"GET /events HTTP/1.1\r\nHo")
            received = b"".join(iter(lambda: connection.recv(65_536), b""))

    assert received.count(b"HTTP/1.1 401") == bool(before)


def test_many_senders_at_once_lose_and_double_nothing(authority):
    """While the node takes what comes in; each event is sent twice."""
    with served(authority, tls=False, tokens=True, certificates=False) as node:
        token = node.desk.token("wms", Right.CAPTURE)
        statuses: list[int] = []

        def send(first: int) -> None:
            with node.client(token=token) as client:
                for quantity in range(first, first + 10):
                    document = epcis(epcis_event("storing", quantity=quantity))
                    statuses.append(client.post("/capture", content=document).status_code)

        threads = [threading.Thread(target=send, args=(number * 5,)) for number in range(5)]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            node.desk.bench.node.cycle()
        for thread in threads:
            thread.join()
        for _ in range(10):
            node.desk.bench.node.cycle()

    assert statuses == [202] * 50
    assert sorted(row.quantity for row in node.desk.bench.events()) == [number * 1000 for number in range(30)]


def listen(desk: Desk) -> None:
    settings = desk.bench.settings.http
    assert settings is not None
    with serving(settings, desk.interfaces(), desk.bench.node.metrics):
        return


def test_address_that_is_taken_is_told(authority):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        address = f"127.0.0.1:{other.getsockname()[1]}"
        desk = new_desk(authority.folder)
        desk.bench.settings_changes["http"] |= {"listen": address}

        with pytest.raises(ListenerUnusable, match=f"setting 'http': cannot listen on {address}"):
            listen(desk)


def test_certificate_that_is_none_is_told(authority):
    desk = new_desk(authority.folder)
    (authority.folder / "empty.pem").write_text("")
    files = {"tls_certificate": authority.folder / "empty.pem", "tls_key": authority.folder / "empty.pem"}
    desk.bench.settings_changes["http"] |= files | {"listen": "127.0.0.1:0"}

    with pytest.raises(ListenerUnusable, match="TLS"):
        listen(desk)
