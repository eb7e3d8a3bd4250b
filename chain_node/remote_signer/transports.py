"""How a question reaches a remote signer: HTTP, or the stream of JSON values that Clef speaks on a Unix socket."""

from __future__ import annotations

import json
import socket
import ssl
import time
from typing import Any, Final, Protocol

import httpx

from chain_node.remote_signer.errors import SecretFileUnusable, SignerAway, SignerRefused
from chain_node.remote_signer.files import open_to_others, secret_in
from chain_node.remote_signer.settings import RemoteSignerSettings

MOST_BYTES: Final = 1024 * 1024
"""The longest answer that is read: a signed transaction of a full batch takes a few kilobytes."""
CHUNK_BYTES: Final = 64 * 1024
AWAY_STATUSES: Final = frozenset({408, 425, 429, 500, 502, 503, 504})


class Transport(Protocol):
    def ask(self, question: dict[str, Any]) -> Any:
        """The answer as JSON. Raises SignerAway, SignerRefused."""

    def close(self) -> None: ...


def transport(settings: RemoteSignerSettings) -> Transport:
    """Raises SecretFileUnusable where a certificate or token cannot be read."""
    return SocketTransport(settings) if settings.url.startswith("unix:") else HttpTransport(settings)


class HttpTransport:
    """One connection, kept. No redirects, no proxies; an answer is given `timeout_seconds` as a whole."""

    def __init__(self, settings: RemoteSignerSettings) -> None:
        self._url, self._seconds = settings.url, settings.timeout_seconds
        token = None if settings.token_file is None else secret_in(settings.token_file)
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        verify = _tls(settings) if settings.url.startswith("https://") else True
        self._client = httpx.Client(
            verify=verify, headers=headers, timeout=settings.timeout_seconds, trust_env=False, follow_redirects=False
        )

    def ask(self, question: dict[str, Any]) -> Any:
        deadline = time.monotonic() + self._seconds
        try:
            with self._client.stream("POST", self._url, json=question) as response:
                if response.status_code in AWAY_STATUSES:
                    raise SignerAway(self._url, f"HTTP {response.status_code}")
                data = bytearray()
                for chunk in response.iter_bytes(CHUNK_BYTES):
                    data += chunk
                    _bounded(self._url, data, deadline)
                status = response.status_code
        except (httpx.HTTPError, httpx.StreamError) as error:
            raise SignerAway(self._url, type(error).__name__) from error
        answer = _json(data)
        # Some signers tell of JSON-RPC errors with a status of 400; anything else than JSON is no signer's answer.
        if answer is None or (status != 200 and not isinstance(answer, dict)):
            raise SignerRefused(self._url, f"HTTP {status} without an answer in JSON")
        return answer

    def close(self) -> None:
        self._client.close()


class SocketTransport:
    """A connection for each question: a signer that was begun anew in between is no trouble."""

    def __init__(self, settings: RemoteSignerSettings) -> None:
        self._url, self._seconds = settings.url, settings.timeout_seconds

    def ask(self, question: dict[str, Any]) -> Any:
        deadline = time.monotonic() + self._seconds
        data = bytearray()
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as link:
                link.settimeout(self._seconds)
                link.connect(self._url.removeprefix("unix:"))
                link.sendall(json.dumps(question).encode() + b"\n")
                while (answer := _json(data)) is None:
                    _bounded(self._url, data, deadline)
                    link.settimeout(max(deadline - time.monotonic(), 0.001))
                    chunk = link.recv(CHUNK_BYTES)
                    if not chunk:
                        raise SignerAway(self._url, "it closed the connection before its answer was whole")
                    data += chunk
        except OSError as error:
            raise SignerAway(self._url, error.strerror or type(error).__name__) from error
        return answer

    def close(self) -> None:
        """Nothing is kept open."""


def _bounded(url: str, data: bytearray, deadline: float) -> None:
    if len(data) > MOST_BYTES:
        raise SignerRefused(url, f"an answer of more than {MOST_BYTES} bytes")
    if time.monotonic() > deadline:
        raise SignerAway(url, "its answer took too long")


def _json(data: bytearray) -> Any:
    """None where it is not, or not yet, JSON."""
    try:
        return json.loads(data) if data else None
    except (ValueError, RecursionError):
        return None


def _tls(settings: RemoteSignerSettings) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=settings.ca)
    except (ssl.SSLError, OSError) as error:
        why = "does not hold certificates that TLS can use"
        raise SecretFileUnusable(str(settings.ca or settings.url), why) from error
    if settings.client_certificate is not None and settings.client_key is not None:
        problem = open_to_others(settings.client_key)
        if problem is not None:
            raise SecretFileUnusable(str(settings.client_key), problem)
        try:
            context.load_cert_chain(settings.client_certificate, settings.client_key)
        except (ssl.SSLError, OSError):
            # Without `from`: what is wrong with a key may quote it.
            text = f"the certificate and {settings.client_key.name} do not make a pair that TLS can use"
            raise SecretFileUnusable(str(settings.client_certificate), text) from None
    return context
