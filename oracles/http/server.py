"""Listening: uvicorn in a thread of the node's process, over TLS where the settings have it."""

from __future__ import annotations

import asyncio
import contextvars
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

import structlog
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from oracles.errors import OracleError
from oracles.http.clients import Clients
from oracles.http.door import Door
from oracles.http.interfaces import Interface
from oracles.http.settings import HttpSettings
from oracles.lasting import Told, lasting, nobody
from oracles.metrics import Metrics

log = structlog.get_logger("oracles")

MOST_CONNECTIONS: Final = 64
HEAD_SECONDS: Final = 30.0
START_SECONDS: Final = 30.0
STOP_SECONDS: Final = 5


class ListenerUnusable(OracleError):
    """The node cannot listen as the settings say."""

    def __init__(self, listen: str, why: str) -> None:
        super().__init__(f"setting 'http': cannot listen on {listen}: {why}")
        self.listen = listen


class PeerProtocol(H11Protocol):
    """HTTP/1.1 that tells the application which client certificate the connection came with, and that ends
    connections on which no request arrives: half a head would otherwise hold its place for ever. Where all places are
    taken the connection that has been idle for longest gives way, so that silent ones keep nobody out."""

    _made = 0.0
    _watch: asyncio.TimerHandle | None = None
    _seen: object = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        tls = transport.get_extra_info("ssl_object")
        certificate = None if tls is None else tls.getpeercert(binary_form=True)
        self.app_state = {**self.app_state, "peer_certificate": certificate}
        self._made = self.loop.time()
        self._watch = self.loop.call_later(HEAD_SECONDS, self._look)
        self._make_room()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._watch is not None:
            self._watch.cancel()
        super().connection_lost(exc)

    def _look(self) -> None:
        """Ends the connection where nothing is under way and no request came since the last look."""
        if self._is_idle and self.cycle is self._seen:
            self.transport.close()
            return
        self._seen = self.cycle
        self._watch = self.loop.call_later(HEAD_SECONDS, self._look)

    @property
    def _is_idle(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def _make_room(self) -> None:
        """Those that never asked for anything go first, the oldest of them before others."""
        others = (its for its in self.connections if isinstance(its, PeerProtocol) and its is not self)
        idle = sorted((its for its in others if its._is_idle), key=lambda its: (its.cycle is not None, its._made))
        for its in idle[: max(0, len(self.connections) - (MOST_CONNECTIONS - 1))]:
            its.transport.abort()
            # Its end is told to it in the loop's next turn only.
            self.connections.discard(its)


@contextmanager
def serving(
    settings: HttpSettings, interfaces: Sequence[Interface], metrics: Metrics, told: Told = nobody
) -> Iterator[str]:
    """Listens until the block ends; the URL. What was begun is finished. Raises ListenerUnusable."""
    listener = _bound(settings)
    try:
        server = uvicorn.Server(_config(settings, interfaces, metrics))
    except (OSError, ssl.SSLError) as error:
        listener.close()
        raise ListenerUnusable(settings.listen, f"TLS: {error}") from error
    work = lasting(_run, lambda: server.should_exit, "http", told)
    run = contextvars.copy_context().run
    thread = threading.Thread(target=run, args=(work, server, listener), name="http", daemon=True)
    thread.start()
    try:
        _wait_until_started(settings, server, thread)
        scheme = "http" if settings.tls_certificate is None else "https"
        host, port = listener.getsockname()[:2]
        url = f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}"
        log.info("listening", url=url)
        yield url
    finally:
        server.should_exit = True
        thread.join(STOP_SECONDS * 2)
        listener.close()


def _run(server: uvicorn.Server, listener: socket.socket) -> None:
    server.run(sockets=[listener])


def _bound(settings: HttpSettings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host, settings.port))
    except OSError as error:
        listener.close()
        raise ListenerUnusable(settings.listen, error.strerror or str(error)) from error
    return listener


def _config(settings: HttpSettings, interfaces: Sequence[Interface], metrics: Metrics) -> uvicorn.Config:
    config = uvicorn.Config(
        Door(interfaces, Clients(settings), metrics),
        http=PeerProtocol,
        ws="none",
        loop="asyncio",
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        limit_concurrency=MOST_CONNECTIONS,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=STOP_SECONDS,
        ssl_certfile=settings.tls_certificate,
        ssl_keyfile=settings.tls_key,
        ssl_ca_certs=None if settings.client_ca is None else str(settings.client_ca),
        ssl_cert_reqs=_asked_of_clients(settings, interfaces),
    )
    config.load()
    return config


def _asked_of_clients(settings: HttpSettings, interfaces: Sequence[Interface]) -> ssl.VerifyMode:
    """A connection without a certificate may still bring a token, or what an interface knows its senders by."""
    if settings.client_ca is None:
        return ssl.CERT_NONE
    others = settings.tokens is not None or any(interface.knows_senders for interface in interfaces)
    return ssl.CERT_OPTIONAL if others else ssl.CERT_REQUIRED


def _wait_until_started(settings: HttpSettings, server: uvicorn.Server, thread: threading.Thread) -> None:
    until = time.monotonic() + START_SECONDS
    while not server.started:
        if not thread.is_alive() or time.monotonic() > until:
            raise ListenerUnusable(settings.listen, "the server did not start")
        time.sleep(0.005)
