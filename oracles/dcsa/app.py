"""Where carriers send to: callbacks of subscriptions (2.2) and `POST /events` (3.0)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import structlog
from anyio import CapacityLimiter, to_thread
from fastapi import FastAPI, Request, Response

from oracles.dcsa.secrets import SecretUnusable, read_signing_key
from oracles.dcsa.settings import SubscriptionSettings
from oracles.dcsa.signatures import is_signed, stated_signature
from oracles.dcsa.taking import Taking
from oracles.http.apps import new_app
from oracles.http.bodies import read_body
from oracles.http.clients import Client
from oracles.http.interfaces import Interface, Limits
from oracles.http.problems import Failed, MediaTypeRefused, RequestRefused, Unknown
from oracles.http.settings import Right

log = structlog.get_logger("oracles")

CALLBACKS: Final = "/dcsa/v2"
EVENTS: Final = "/dcsa/v3"
VERSION_2: Final = "2.2.0"
VERSION_3: Final = "3.0.0"
JSON: Final = "application/json"
WORKERS: Final = 2
"""Bodies that are looked at and written at one time."""


class VersionRefused(RequestRefused):
    status = 400
    title = "Another version of the interface"


class SignatureMissing(RequestRefused):
    status = 400
    title = "A header is missing"


class Subscriptions:
    """Whom a callback may come from."""

    def __init__(self, settings: Sequence[SubscriptionSettings]) -> None:
        """Raises SecretUnusable where a secret cannot be used: better at the start than at the first callback."""
        self._known = {its.id: its for its in settings}
        for its in settings:
            self._keys(its)

    def stated(self, request: Request) -> tuple[SubscriptionSettings, str]:
        """The subscription and signature that a callback claims. Raises RequestRefused, before its body is read."""
        for name in ("Subscription-ID", "Notification-Signature"):
            if len(request.headers.getlist(name)) != 1:
                raise SignatureMissing(f"the header {name} must be there once")
        subscription = self._known.get(request.headers["Subscription-ID"])
        if subscription is None:
            raise Unknown("this Subscription-ID is not known here")
        stated = stated_signature(request.headers["Notification-Signature"])
        if stated is None:
            raise Unknown("Notification-Signature must be sha256= and 64 hexadecimal digits")
        return subscription, stated

    def check(self, subscription: SubscriptionSettings, body: bytes, stated: str) -> Client:
        """Whose callback it is. Raises Unknown, Failed."""
        try:
            keys = self._keys(subscription)
        except SecretUnusable as error:
            log.error("secret unusable", source=subscription.name, reason=str(error), operator_action_required=True)
            raise Failed from error
        if not is_signed(keys, body, stated):
            log.warning("callback refused", source=subscription.name, reason="its signature is not that of its body")
            raise Unknown("Notification-Signature is not that of this body")
        return Client(f"subscription {subscription.name}", frozenset())

    @staticmethod
    def _keys(subscription: SubscriptionSettings) -> list[bytes]:
        paths = [path for path in (subscription.secret, subscription.next_secret) if path is not None]
        return [read_signing_key(path) for path in paths]


def callback_interface(settings: Sequence[SubscriptionSettings], taking: Taking, limits: Limits) -> Interface:
    """Callbacks are known by what they sign. Raises SecretUnusable."""
    subscriptions, limiter = Subscriptions(settings), CapacityLimiter(WORKERS)
    app = new_app("DCSA Track & Trace 2.2 callbacks")

    async def callback(request: Request) -> Response:
        """204 once the events are on disk."""
        _check_version(request, "2")
        _check_type(request)
        subscription, stated = subscriptions.stated(request)
        body = await read_body(request, limits)
        # Secrets are read from files, and the body is looked at: work for a thread.
        request.state.client = await to_thread.run_sync(
            subscriptions.check, subscription, body, stated, limiter=limiter
        )
        await to_thread.run_sync(replace(taking, sender=subscription.name).take, body, limiter=limiter)
        return Response(status_code=204)

    async def ping(request: Request) -> Response:
        """Some carriers look whether anybody is there before they make a subscription."""
        return Response(status_code=204)

    app.add_api_route(f"{CALLBACKS}/callback", callback, methods=["POST"])
    app.add_api_route(f"{CALLBACKS}/callback", ping, methods=["HEAD"])
    return Interface("dcsa-callback", CALLBACKS, app, knows_senders=True, headers={"API-Version": VERSION_2})


def events_interface(taking: Taking, limits: Limits) -> Interface:
    """`POST /events` of 3.0, which leaves open how its senders are known: they are clients with the right `events`."""
    limiter = CapacityLimiter(WORKERS)
    app = _events_app(taking, limits, limiter)
    return Interface("dcsa-events", EVENTS, app, headers={"API-Version": VERSION_3})


def _events_app(taking: Taking, limits: Limits, limiter: CapacityLimiter) -> FastAPI:
    app = new_app("DCSA Track & Trace 3.0 events")

    async def events(request: Request) -> Response:
        """200 once the events are on disk. What becomes of them is told by the node, not here."""
        client: Client = request.state.client
        client.needs(Right.EVENTS)
        _check_version(request, "3")
        _check_type(request)
        body = await read_body(request, limits)
        await to_thread.run_sync(replace(taking, sender=client.name).take, body, limiter=limiter)
        return Response(b'{"feedbackElements":[]}', media_type=JSON)

    app.add_api_route(f"{EVENTS}/events", events, methods=["POST"])
    return app


def _check_version(request: Request, major: str) -> None:
    """The header may be missing, but not be of another interface. Raises VersionRefused."""
    stated = request.headers.get("API-Version")
    if stated is not None and stated.strip().partition(".")[0] != major:
        raise VersionRefused(f"API-Version {stated[:20]!r}: only {major} is taken at this path")


def _check_type(request: Request) -> None:
    """Raises MediaTypeRefused."""
    media_type, _, parameters = request.headers.get("content-type", "").partition(";")
    charset = parameters.strip().lower().replace(" ", "").replace('"', "")
    if media_type.strip().lower() != JSON or charset not in ("", "charset=utf-8"):
        raise MediaTypeRefused(f"send {JSON} in UTF-8")
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise MediaTypeRefused("send the body as it was signed, not compressed")
