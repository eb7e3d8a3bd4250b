"""The relay over HTTP: bounded, checked and handed to the relay's own thread, which answers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

from anyio import CapacityLimiter, to_thread
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from oracles.relay.desk import Desk, Reply
from oracles.relay.messages import (
    MOST_BYTES,
    MOST_OFFER_SECONDS,
    Answer,
    MessageMalformed,
    Offer,
    answer_signer,
    checksummed,
    offer_signer,
    read,
    write,
)
from oracles.relay.rates import Rate

READ_SECONDS: Final = 5.0
REPLY_SECONDS: Final = 5.0
POLL_SECONDS: Final = 20.0
WORKERS: Final = 4
"""Signatures that are checked at one time."""
PER_ADDRESS: Final = 200
"""Requests a second that one address may make in the long run, before anything of them is read."""

Handler = Callable[[Request], Awaitable[Response]]


@dataclass
class _Counter:
    desk: Desk
    rate: Rate = field(default_factory=lambda: Rate(PER_ADDRESS, PER_ADDRESS * 2))
    limiter: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(WORKERS))

    async def offers(self, request: Request) -> Response:
        """A node's figures: 202 once the relay has them in its hands."""
        offer = read(Offer, await _body(request))
        now = int(time.time())
        if not now <= offer.expires_at <= now + MOST_OFFER_SECONDS:
            return _refused(Reply(422, "expires_at: it has passed, or lies too far ahead"))
        found = await to_thread.run_sync(
            offer_signer, self.desk.chain_id, self.desk.oracle_address, offer, limiter=self.limiter
        )
        if found != checksummed(offer.account):
            return _refused(Reply(403, "signature: the account did not sign this offer for this network"))
        return await self._hand_over(offer)

    async def answers(self, request: Request) -> Response:
        """A vote on a list: 202 once the relay has it in its hands, 404 for a list that it does not know (any more)."""
        answer = read(Answer, await _body(request))
        observations = self.desk.list(answer.list)
        if observations is None:
            return _refused(Reply(404, "list: the relay does not know it"))
        if not 0 < int(answer.mask, 16) < 1 << len(observations):
            return _refused(Reply(422, "mask: it marks no item of the list, or others"))
        desk = self.desk
        found = await to_thread.run_sync(
            answer_signer, desk.chain_id, desk.oracle_address, observations, answer, limiter=self.limiter
        )
        if found != checksummed(answer.account):
            return _refused(Reply(403, "signature: the account did not sign this vote"))
        return await self._hand_over(answer)

    async def proposals(self, request: Request) -> Response:
        """What there is for an account since its cursor; waits a while where there is nothing."""
        query = request.query_params
        account, run, cursor = query.get("account", ""), query.get("run", "")[:64], query.get("cursor", "0")
        try:
            account = checksummed(account)
        except ValueError:
            return _refused(Reply(422, "account: it is no address"))
        if not (cursor.isascii() and cursor.isdigit() and len(cursor) <= 18):
            return _refused(Reply(422, "cursor: it is no number"))
        seconds = 0.0 if query.get("wait") == "0" else POLL_SECONDS
        found = await self.desk.wait(account, run, int(cursor), seconds)
        return Response(write(found), media_type="application/json")

    async def _hand_over(self, message: Offer | Answer) -> Response:
        future = self.desk.put(message)
        if future is None:
            return _refused(Reply(503, "too many requests wait"))
        try:
            async with asyncio.timeout(REPLY_SECONDS):
                reply = await asyncio.wrap_future(future)
        except TimeoutError:
            return _refused(Reply(503, "the network is away, or the relay has too much to do"))
        return _refused(reply) if reply.status >= 400 else Response(status_code=reply.status)

    def guarded(self, handler: Handler) -> Handler:
        async def guarded(request: Request) -> Response:
            peer = request.client.host if request.client else ""
            if not self.rate.allows(peer, 1, time.monotonic()):
                return _refused(Reply(429, "too many requests from this address"))
            try:
                return await handler(request)
            except MessageMalformed as error:
                return _refused(Reply(422, error.why))
            except _BodyRefused as error:
                return _refused(error.reply)
            except ClientDisconnect:
                return _refused(Reply(400, "the connection ended"))

        return guarded


class _BodyRefused(Exception):
    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.text)
        self.reply = reply


def create_app(desk: Desk) -> Starlette:
    """To be mounted under `/relay`."""
    counter = _Counter(desk)
    routes = [
        Route("/offers", counter.guarded(counter.offers), methods=["POST"]),
        Route("/answers", counter.guarded(counter.answers), methods=["POST"]),
        Route("/proposals", counter.guarded(counter.proposals), methods=["GET"]),
    ]
    return Starlette(routes=routes)


async def _body(request: Request) -> bytes:
    data = bytearray()
    try:
        async with asyncio.timeout(READ_SECONDS):
            async for part in request.stream():
                if len(data) + len(part) > MOST_BYTES:
                    raise _BodyRefused(Reply(413, f"a message has {MOST_BYTES} bytes at most"))
                data += part
    except TimeoutError as error:
        raise _BodyRefused(Reply(408, f"it did not arrive within {READ_SECONDS:g} seconds")) from error
    return bytes(data)


def _refused(reply: Reply) -> Response:
    return JSONResponse({"error": reply.text}, reply.status)
