"""HTTP to addresses that others have named (webhooks, keys of an issuer): nobody reaches through us what only we may.

    Outgoing(settings.outgoing).request("POST", url, headers={...}, content=b"...") -> Answered(status, headers, body)
    Outgoing(settings.outgoing).check(url)          # when it is registered: the same refusals, nothing is sent

`TargetRefused` (a 422, for good): the address is not one that may be called. `TargetUnavailable` (try later): it could
not be, or answered too slowly or too much. Any status is an answer, 3xx too: redirects are never followed.

A name is resolved once and the connection goes to the address that was checked, while TLS still proves the name. All
its addresses must be public, or of `outgoing.allowed_networks`; only the latter may be called without TLS. The time
holds for the whole exchange, so a server that trickles gains nothing. Calls block: use a worker thread or a Loop.
"""

import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Final

import httpcore
import httpx

from api.errors import Malformed
from api.outgoing_settings import OutgoingSettings

Address = IPv4Address | IPv6Address
Resolve = Callable[[str, int], Iterable[str]]
_NAT64: Final = IPv6Network("64:ff9b::/96")
_WELL_KNOWN_PORTS: Final = range(1, 1024)
_WEB_PORTS: Final = (80, 443)
_LONGEST_URL = 2_000
_HOST: Final = re.compile(rb"[A-Za-z0-9._-]+|[0-9a-fA-F.]*:[0-9a-fA-F:.]*")
"""A name, or an IPv6 address without its brackets; no zone, no percent sign."""


class TargetRefused(Malformed):
    """An address that the gateway does not call, whoever asks."""

    title = "This address is not called"


class TargetUnavailable(Exception):
    """An address that could not be called just now. Says why in words that may be shown to whoever named it."""


@dataclass(frozen=True)
class Answered:
    """What the other side said. Header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class _Target:
    """Where a call goes: by name for TLS and Host, by address for the connection."""

    scheme: str
    host: str
    port: int
    path: bytes
    authority: str
    address: str

    @property
    def url(self) -> httpcore.URL:
        return httpcore.URL(scheme=self.scheme, host=self.host, port=self.port, target=self.path)


class _Deadline:
    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def left(self) -> float:
        """Seconds; TargetUnavailable once there are none."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise TargetUnavailable("It took too long to answer.")
        return left


class _Stream(httpcore.NetworkStream):
    """A connection whose every step ends with the whole exchange's time."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: _Deadline) -> None:
        self._stream, self._deadline = stream, deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._deadline.left())

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._deadline.left())

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, self._deadline.left()), self._deadline)


class _Pinned(httpcore.NetworkBackend):
    """Connects to one address, whatever name is asked for."""

    def __init__(self, address: str, deadline: _Deadline) -> None:
        self._address, self._deadline = address, deadline

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        made = httpcore.SyncBackend().connect_tcp(self._address, port, self._deadline.left())
        return _Stream(made, self._deadline)


def _resolve(host: str, port: int) -> list[str]:
    """The addresses of a name, as the system's resolver tells them."""
    return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


def is_public(address: Address) -> bool:
    """Whether the address is one of the internet's; addresses that stand for another count as that one."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return is_public(address.ipv4_mapped)
        if address in _NAT64:
            return is_public(IPv4Address(int(address) & 0xFFFFFFFF))
        if address.sixtofour is not None or address.teredo is not None:
            return False
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)


class Outgoing:
    """Calls under the settings' limits. Holds no connection between calls; safe to share among threads."""

    def __init__(self, settings: OutgoingSettings, *, resolve: Resolve = _resolve) -> None:
        self._settings = settings
        self._resolve = resolve
        self._trusted = ssl.create_default_context(cafile=settings.ca_file)

    def check(self, url: str) -> None:
        """TargetRefused where `url` may not be called; TargetUnavailable where its name cannot be resolved."""
        self._target(url, _Deadline(self._settings.timeout_seconds))

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes = b"",
        timeout_seconds: float | None = None,
        largest_answer_bytes: int | None = None,
    ) -> Answered:
        """One exchange; the limits are the settings' where none are given. The answer's body is as it was sent."""
        deadline = _Deadline(timeout_seconds or self._settings.timeout_seconds)
        target = self._target(url, deadline)
        most = largest_answer_bytes or self._settings.largest_answer_bytes
        given = {name.lower(): value for name, value in (headers or {}).items()}
        sent = {"accept-encoding": "identity", "connection": "close", **given, "host": target.authority}
        try:
            with (
                httpcore.ConnectionPool(self._trusted, network_backend=_Pinned(target.address, deadline)) as pool,
                pool.stream(method, target.url, headers=list(sent.items()), content=content) as answer,
            ):
                return _answered(answer, most)
        except (httpcore.TimeoutException, TimeoutError):
            raise TargetUnavailable("It took too long to answer.") from None
        except ssl.SSLError:
            raise TargetUnavailable("Its certificate is not one that is trusted for its name.") from None
        except (httpcore.NetworkError, OSError) as error:
            raise TargetUnavailable(_why_unreachable(error)) from None
        except httpcore.ProtocolError:
            raise TargetUnavailable("What it answered is not HTTP.") from None

    def _target(self, url: str, deadline: _Deadline) -> _Target:
        parsed = _parsed(url)
        host = parsed.raw_host.decode("ascii")
        port = parsed.port or {"https": 443, "http": 80}[parsed.scheme]
        found = [ip_address(a) for a in self._addresses(host, port, deadline)]
        allowed = bool(found) and all(self._is_allowed(address) for address in found)
        if not allowed:
            self._refuse_unless_public(parsed.scheme, host, port, found)
        return _Target(parsed.scheme, host, port, parsed.raw_path, parsed.netloc.decode("ascii"), str(found[0]))

    @staticmethod
    def _refuse_unless_public(scheme: str, host: str, port: int, found: list[Address]) -> None:
        # What the name resolves to stays out of the words: it would tell strangers about the network inside.
        if not all(is_public(address) for address in found):
            raise _refused("is not on the public internet", host)
        if scheme != "https":
            raise _refused("must be called by https", host)
        if port in _WELL_KNOWN_PORTS and port not in _WEB_PORTS:
            raise _refused(f"may not be called on port {port}; use 443 or one above 1023", host)

    def _is_allowed(self, address: Address) -> bool:
        mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
        return any((mapped or address) in network for network in self._settings.allowed_networks)

    def _addresses(self, host: str, port: int, deadline: _Deadline) -> list[str]:
        """Resolved in a thread of its own: the system's resolver knows no time limit."""
        found: list[str] = []

        def look_up() -> None:
            try:
                found.extend(self._resolve(host, port))
            except (OSError, UnicodeError):
                found.clear()

        thread = threading.Thread(target=look_up, name="resolver", daemon=True)
        thread.start()
        thread.join(deadline.left())
        if thread.is_alive() or not found:
            raise TargetUnavailable(f"The name {host} cannot be resolved.")
        return found


def _refused(why: str, host: str) -> TargetRefused:
    return TargetRefused("target-refused", f"{host} {why}.", host=host)


def _parsed(url: str) -> httpx.URL:
    """The address in its parts; TargetRefused where it is none, or says who calls."""
    try:
        parsed = httpx.URL(url) if len(url) <= _LONGEST_URL else None
    except httpx.InvalidURL:
        parsed = None
    named = parsed is not None and _HOST.fullmatch(parsed.raw_host) is not None
    if parsed is None or not named or parsed.scheme not in ("https", "http"):
        raise TargetRefused("target-refused", f"An address must be https://..., at most {_LONGEST_URL} characters.")
    if parsed.userinfo:
        raise TargetRefused("target-refused", "An address may not carry a name or password.", host=parsed.host)
    return parsed


def _answered(answer: httpcore.Response, most: int) -> Answered:
    body = bytearray()
    for part in answer.iter_stream():
        body += part
        if len(body) > most:
            raise TargetUnavailable(f"It answered more than {most} bytes.")
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in answer.headers}
    return Answered(answer.status, headers, bytes(body))


def _why_unreachable(error: BaseException) -> str:
    """Certificates apart from connections: httpcore hides which it was in the error's cause."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLError):
            return "Its certificate is not one that is trusted for its name."
        cause = cause.__cause__ or cause.__context__
    return "No connection could be made, or it broke."
