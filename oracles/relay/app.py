"""The relay over HTTP: bounded, checked and handed to the relay's own thread, which answers."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import Annotated, Final, cast

from anyio import CapacityLimiter, to_thread
from fastapi import Depends, Request, Response

from oracles.http.apps import new_app
from oracles.http.bodies import read_body
from oracles.http.interfaces import Interface, Limits
from oracles.http.problems import Absent, Forbidden, RequestRefused
from oracles.relay.desk import Desk
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

LIMITS: Final = Limits(MOST_BYTES, 5.0)
REPLY_SECONDS: Final = 5.0
POLL_SECONDS: Final = 20.0
WORKERS: Final = 4
"""Signatures that are checked at one time."""
PER_ADDRESS: Final = 200
"""Requests a second that one address may make in the long run, before anything of them is read."""


class Malformed(RequestRefused):
    status = 422
    title = "No message of a node"


class TooMuch(RequestRefused):
    status = 429
    title = "Too much at a time"


class Busy(RequestRefused):
    status = 503
    title = "Not now"


REFUSALS: Final = {its.status: its for its in (Absent, Forbidden, Malformed, TooMuch, Busy)}


@dataclass
class Counter:
    """Where nodes are served."""

    desk: Desk
    rate: Rate = field(default_factory=lambda: Rate(PER_ADDRESS, PER_ADDRESS * 2))
    limiter: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(WORKERS))

    def admit(self, request: Request) -> None:
        """Raises TooMuch."""
        peer = request.client.host if request.client else ""
        if not self.rate.allows(peer, 1, time.monotonic()):
            raise TooMuch("too many requests from this address")

    async def hand_over(self, message: Offer | Answer) -> Response:
        """Waits for what the relay's thread says."""
        future = self.desk.put(message)
        if future is None:
            raise Busy("too many requests wait")
        try:
            async with asyncio.timeout(REPLY_SECONDS):
                reply = await asyncio.wrap_future(future)
        except TimeoutError as error:
            raise Busy("the network is away, or the relay has too much to do") from error
        if reply.status in REFUSALS:
            raise REFUSALS[reply.status](reply.text)
        return Response(status_code=reply.status)


def _counter(request: Request) -> Counter:
    counter = cast(Counter, request.app.state.counter)
    counter.admit(request)
    return counter


CounterDep = Annotated[Counter, Depends(_counter)]


async def offers(request: Request, counter: CounterDep) -> Response:
    """A node's figures: 202 once the relay has them in its hands."""
    body = await read_body(request, LIMITS)
    try:
        offer = read(Offer, body)
    except MessageMalformed as error:
        raise Malformed(error.why) from error
    now = int(time.time())
    if not now <= offer.expires_at <= now + MOST_OFFER_SECONDS:
        raise Malformed("expires_at: it has passed, or lies too far ahead")
    desk = counter.desk
    signer = await to_thread.run_sync(offer_signer, desk.chain_id, desk.oracle_address, offer, limiter=counter.limiter)
    if signer != checksummed(offer.account):
        raise Forbidden("signature: the account did not sign this offer for this network")
    return await counter.hand_over(offer)


async def answers(request: Request, counter: CounterDep) -> Response:
    """A vote on a list: 202 once the relay has it in its hands, 404 for a list that it does not know (any more)."""
    body = await read_body(request, LIMITS)
    try:
        answer = read(Answer, body)
    except MessageMalformed as error:
        raise Malformed(error.why) from error
    desk = counter.desk
    observations = desk.listed(answer.list)
    if observations is None:
        raise Absent("list: the relay does not know it")
    if not 0 < int(answer.mask, 16) < 1 << len(observations):
        raise Malformed("mask: it marks no item of the list, or others")
    signer = await to_thread.run_sync(
        answer_signer, desk.chain_id, desk.oracle_address, observations, answer, limiter=counter.limiter
    )
    if signer != checksummed(answer.account):
        raise Forbidden("signature: the account did not sign this vote")
    return await counter.hand_over(answer)


async def proposals(
    counter: CounterDep, account: str = "", run: str = "", cursor: str = "0", wait: str = "1"
) -> Response:
    """What there is for an account since its cursor; waits a while where there is nothing."""
    try:
        account = checksummed(account)
    except ValueError as error:
        raise Malformed("account: it is no address") from error
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) <= 18):
        raise Malformed("cursor: it is no number")
    seconds = 0.0 if wait == "0" else POLL_SECONDS
    found = await counter.desk.wait(account, run[:64], int(cursor), seconds)
    return Response(write(found), media_type="application/json")


def relay_interface(desk: Desk) -> Interface:
    """Whoever is admitted to the network's registry may come: nodes are known by what they sign."""
    app = new_app("Relay")
    app.state.counter = Counter(desk)
    app.add_api_route("/relay/offers", offers, methods=["POST"])
    app.add_api_route("/relay/answers", answers, methods=["POST"])
    app.add_api_route("/relay/proposals", proposals, methods=["GET"])
    return Interface("relay", "/relay", app, knows_senders=True)
