"""A session with a broker in which we say ourselves when a message was taken."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Sequence
from typing import Any, Final

import aiomqtt
from paho.mqtt.client import ConnectFlags
from paho.mqtt.reasoncodes import ReasonCode

from oracles.mqtt.settings import MqttSettings
from oracles.mqtt.taking import Message

QUALITY: Final = 1
"""At least once: the broker repeats what was not acknowledged."""
MOST_IN_A_BATCH: Final = 500
CONNECT_SECONDS: Final = 10.0
_REFUSED: Final = 0x80
# Codes of a refused connection, of MQTT 3.1.1 and as paho translates them: name or password, or no right to come in.
_NOT_LET_IN: Final = frozenset({4, 5, 134, 135})


# What the library itself would say goes to nobody: it is no line of ours, and what matters in it we say.
_SILENT: Final = logging.getLogger("oracles.mqtt.library")
_SILENT.addHandler(logging.NullHandler())
_SILENT.propagate = False


class SubscriptionRefused(Exception):
    """The broker does not let this node hear some of its topics."""


class Session(aiomqtt.Client):
    """aiomqtt's client, with acknowledgements held back until `acknowledge`.

    aiomqtt (2.5) has no way of its own to do so, its issue 345 is about it; what it wraps, paho, has.
    """

    def __init__(self, settings: MqttSettings, client_id: str, tls: ssl.SSLContext | None, password: str | None):
        super().__init__(
            settings.host,
            settings.port,
            username=settings.username,
            password=password,
            identifier=client_id,
            clean_session=False,
            keepalive=settings.keep_alive_seconds,
            timeout=CONNECT_SECONDS,
            tls_context=tls,
            logger=_SILENT,
        )
        # Before the connection stands: the broker sends what it kept right after it.
        self._client.manual_ack_set(True)
        self.was_known = False
        """Whether the broker had kept the session of this client."""
        self._coming: asyncio.Task[aiomqtt.Message] | None = None

    def _on_connect(
        self, client: Any, userdata: Any, flags: ConnectFlags, reason_code: ReasonCode, properties: Any = None
    ) -> None:
        self.was_known = bool(flags.session_present)
        super()._on_connect(client, userdata, flags, reason_code, properties)

    async def ask_for(self, topics: Sequence[str], no_longer: Sequence[str]) -> None:
        """Raises SubscriptionRefused, MqttError."""
        if no_longer:
            await self.unsubscribe(list(no_longer))
        granted = await self.subscribe([(topic, QUALITY) for topic in topics])
        codes = [code.value if isinstance(code, ReasonCode) else int(code) for code in granted]
        refused = [topic for topic, code in zip(topics, codes, strict=False) if code >= _REFUSED]
        if refused:
            raise SubscriptionRefused(", ".join(refused))

    async def batch(self, stopping: asyncio.Event, seconds: float) -> list[aiomqtt.Message]:
        """What came, at least one message; nothing where none came in time. Raises MqttError where the broker went."""
        # A task that a time-out cancels may take its message with it, so it is kept for the next turn instead.
        self._coming = self._coming or asyncio.ensure_future(anext(self.messages))
        stop = asyncio.ensure_future(stopping.wait())
        try:
            await asyncio.wait((self._coming, stop), timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            stop.cancel()
        if not self._coming.done():
            return []
        coming, self._coming = self._coming, None
        found = [coming.result()]
        waiting = self.messages
        while len(waiting) and len(found) < MOST_IN_A_BATCH:
            found.append(await anext(waiting))
        return found

    def acknowledge(self, messages: Sequence[aiomqtt.Message]) -> None:
        """In the order in which they came. One that the broker misses, because it went, it sends again."""
        for message in messages:
            self._client.ack(message.mid, message.qos)

    async def leave_waiting(self) -> None:
        """Ends what still waits for a message; one that came meanwhile was not acknowledged and comes again."""
        if self._coming is not None:
            self._coming.cancel()
            await asyncio.gather(self._coming, return_exceptions=True)
            self._coming = None


def plain_message(message: aiomqtt.Message) -> Message:
    payload = message.payload if isinstance(message.payload, bytes) else str(message.payload or "").encode()
    return Message(str(message.topic), payload, bool(message.retain))


def operator_reason(error: BaseException) -> str | None:
    """Why the broker cannot be reached before somebody acts; None for what passes by itself."""
    if isinstance(error, SubscriptionRefused):
        return f"the broker refuses the topics {error}"
    if isinstance(error, aiomqtt.exceptions.MqttConnectError):
        code = error.rc.value if isinstance(error.rc, ReasonCode) else error.rc
        return "the broker refuses this user name and password" if code in _NOT_LET_IN else None
    cause = error.__cause__ or error.__context__
    if isinstance(cause, ssl.SSLCertVerificationError):
        return f"TLS: the broker's certificate is not good ({cause.verify_message})"
    if isinstance(cause, ssl.SSLError):
        return f"TLS: {cause.reason or 'the broker speaks another protocol'}"
    return None
