"""Calls to addresses that others have named: nobody reaches through us what only we may reach."""

import datetime
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given, settings
from hypothesis import strategies as st

from api.outgoing import Outgoing, TargetRefused, TargetUnavailable, is_public
from api.outgoing_settings import OutgoingSettings

LOOPBACK = {"allowed_networks": ("127.0.0.0/8",)}


class Partner(BaseHTTPRequestHandler):
    """Somebody's server: tells what it was sent, or behaves as its path says."""

    protocol_version = "HTTP/1.1"
    seen: list[tuple[str, str, dict[str, str], bytes]]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        self.seen.append((self.command, self.path, dict(self.headers), body))
        answers: dict[str, Callable[[], None]] = {"/slow": self._trickle, "/moved": self._redirect, "/": self._answer}
        answers.get(self.path, self._answer)()

    def do_GET(self) -> None:
        self.do_POST()

    def _answer(self, body: bytes = b"thanks") -> None:
        self.send_response(202)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-Said", "yes")
        self.end_headers()
        self.wfile.write(body)

    def _redirect(self) -> None:
        self.send_response(302)
        self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _trickle(self) -> None:
        self.send_response(200)
        self.end_headers()
        try:
            for _ in range(2_400):
                self.wfile.write(b".")
                self.wfile.flush()
                time.sleep(0.05)
        except OSError:
            self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Nothing on the test's screen."""


@contextmanager
def listening(context: ssl.SSLContext | None = None) -> Iterator[tuple[int, type[Partner]]]:
    kind = type("Asked", (Partner,), {"seen": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), kind)
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server.server_address[1], kind
    server.shutdown()
    server.server_close()
    thread.join(10)


@pytest.fixture
def partner() -> Iterator[tuple[int, type[Partner]]]:
    with listening() as made:
        yield made


def outgoing(*addresses: str, **settings: object) -> Outgoing:
    """Every name resolves to these addresses, or as the system says where none are given."""
    made = OutgoingSettings.model_validate(settings)
    return Outgoing(made, resolve=lambda host, port: list(addresses)) if addresses else Outgoing(made)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.0.0.5",
        "172.16.9.9",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",  # noqa: S104 - an address that must be refused
        "224.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "fe80::1",
        "fd00:ec2::254",
        "::ffff:127.0.0.1",
        "64:ff9b::a9fe:a9fe",
        "2002:7f00:1::",
    ],
)
def test_address_inside_is_refused(address: str) -> None:
    with pytest.raises(TargetRefused, match=r"^partner.example is not on the public internet.$"):
        outgoing(address).check("https://partner.example/hook")


@pytest.mark.parametrize("host", ["127.1", "2130706433", "0x7f.0.0.1", "[::1]", "localhost", "[::ffff:7f00:1]"])
def test_ways_of_writing_the_own_machine_are_refused(host: str) -> None:
    with pytest.raises(TargetRefused, match="not on the public internet"):
        outgoing().request("POST", f"https://{host}:8443/")


def test_name_with_one_address_inside_is_refused() -> None:
    with pytest.raises(TargetRefused, match="not on the public internet"):
        outgoing("93.184.215.14", "10.0.0.5").check("https://partner.example/")


@pytest.mark.parametrize(
    "url",
    [
        "ftp://partner.example/",
        "file:///etc/passwd",
        "partner.example",
        "",
        "https://",
        "https://a b/",
        "https://a%2eb/",
        "https://[fe80::1%25eth0]/",
        "x" * 2001,
        "https://me:secret@partner.example/",
        "http://partner.example/",
        "https://partner.example:22/",
    ],
)
def test_address_of_the_wrong_form_is_refused_without_quoting_it(url: str) -> None:
    with pytest.raises(TargetRefused) as refused:
        outgoing("93.184.215.14").check(url)

    assert "secret" not in f"{refused.value.detail} {refused.value.context}"


def test_public_address_passes() -> None:
    for url in ("https://partner.example/hook?a=1", "https://partner.example:8443", "https://[2606:2800:21f::1]/"):
        outgoing("2606:2800:21f::1").check(url)


def test_name_that_changes_its_address_is_called_where_it_was_checked(partner: tuple[int, type[Partner]]) -> None:
    """The first answer is checked; a second one would lead inside, and is never asked for."""
    port, seen = partner
    answers = iter((["127.0.0.1"], ["10.0.0.5"]))
    calls = Outgoing(OutgoingSettings.model_validate(LOOPBACK), resolve=lambda host, _: next(answers))

    calls.request("POST", f"http://partner.example:{port}/hook", content=b"one")

    assert [body for *_, body in seen.seen] == [b"one"]
    with pytest.raises(TargetRefused):
        calls.request("POST", f"http://partner.example:{port}/hook")
    assert len(seen.seen) == 1


def test_call_carries_what_it_was_given(partner: tuple[int, type[Partner]]) -> None:
    port, seen = partner

    answer = outgoing("127.0.0.1", **LOOPBACK).request(
        "POST", f"http://partner.example:{port}/a?b=c", headers={"X-Sign": "1", "host": "forged"}, content=b"body"
    )

    assert (answer.status, answer.headers["x-said"], answer.body) == (202, "yes", b"thanks")
    ((method, path, headers, body),) = seen.seen
    assert (method, path, body) == ("POST", "/a?b=c", b"body")
    told = {name.lower(): value for name, value in headers.items()}
    assert (told["host"], told["x-sign"]) == (f"partner.example:{port}", "1")


def test_redirect_is_an_answer_and_not_followed(partner: tuple[int, type[Partner]]) -> None:
    port, seen = partner

    answer = outgoing("127.0.0.1", **LOOPBACK).request("GET", f"http://partner.example:{port}/moved")

    assert (answer.status, answer.headers["location"]) == (302, "/elsewhere")
    assert len(seen.seen) == 1


def test_server_that_trickles_is_left_once_the_time_is_over(partner: tuple[int, type[Partner]]) -> None:
    with pytest.raises(TargetUnavailable, match="too long"):
        outgoing("127.0.0.1", timeout_seconds=5.0, **LOOPBACK).request("GET", f"http://p.example:{partner[0]}/slow")


def test_answer_beyond_the_limit_is_not_read(partner: tuple[int, type[Partner]]) -> None:
    with pytest.raises(TargetUnavailable, match="more than 5 bytes"):
        outgoing("127.0.0.1", largest_answer_bytes=5, **LOOPBACK).request("GET", f"http://p.example:{partner[0]}/")


def test_names_and_servers_that_are_away_can_be_tried_later() -> None:
    def nowhere(host: str, port: int) -> list[str]:
        raise OSError("no such name")

    with pytest.raises(TargetUnavailable, match="cannot be resolved"):
        Outgoing(OutgoingSettings(), resolve=nowhere).check("https://partner.example/")
    with listening() as (port, _):
        pass
    with pytest.raises(TargetUnavailable, match="No connection"):
        outgoing("127.0.0.1", **LOOPBACK).request("GET", f"http://partner.example:{port}/")


def test_resolver_that_hangs_does_not_hold_the_call() -> None:
    released = threading.Event()

    def hang(host: str, port: int) -> list[str]:
        released.wait(120)
        return ["93.184.215.14"]

    with pytest.raises(TargetUnavailable, match="cannot be resolved"):
        Outgoing(OutgoingSettings(timeout_seconds=0.1), resolve=hang).check("https://partner.example/")
    released.set()


def _certificate(directory: Path, name: str) -> tuple[Path, ssl.SSLContext]:
    """A certificate that signs itself, as a file to trust, and a server's context with it."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    trusted, private = directory / "certificate.pem", directory / "key.pem"
    trusted.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(trusted, private)
    return trusted, context


def test_certificate_must_be_the_names_although_the_address_is_pinned(tmp_path: Path) -> None:
    trusted, context = _certificate(tmp_path, "partner.example")
    calls = outgoing("127.0.0.1", ca_file=trusted, **LOOPBACK)
    with listening(context) as (port, seen):
        assert calls.request("GET", f"https://partner.example:{port}/").status == 202
        with pytest.raises(TargetUnavailable, match="certificate"):
            calls.request("GET", f"https://other.example:{port}/")
        with pytest.raises(TargetUnavailable, match="certificate"):
            outgoing("127.0.0.1", **LOOPBACK).request("GET", f"https://partner.example:{port}/")

    assert len(seen.seen) == 1


@settings(deadline=None)
@given(st.ip_addresses())
def test_no_address_passes_that_pythons_own_rules_call_private(address: object) -> None:
    parsed = ip_address(str(address))

    if parsed.is_private or parsed.is_loopback or parsed.is_link_local or parsed.is_multicast:
        mapped = getattr(parsed, "ipv4_mapped", None)
        assert not is_public(parsed) or (mapped is not None and is_public(mapped))
