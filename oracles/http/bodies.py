"""Reading a body: counted while it arrives, and not for ever."""

from __future__ import annotations

import asyncio

from starlette.requests import Request

from oracles.http.interfaces import Limits
from oracles.http.problems import BodyMissing, RequestRefused, TooLong, TooSlow


async def read_body(request: Request, limits: Limits, too_long: RequestRefused | None = None) -> bytes:
    """Raises `too_long`, or TooLong, as soon as it is too much; TooSlow, BodyMissing."""
    too_much = too_long or TooLong(f"a body may have {limits.body_bytes} bytes")
    announced = request.headers.get("content-length", "")
    if announced.isascii() and announced.isdigit() and int(announced) > limits.body_bytes:
        raise too_much
    data = bytearray()
    try:
        async with asyncio.timeout(limits.read_seconds):
            async for part in request.stream():
                if len(data) + len(part) > limits.body_bytes:
                    raise too_much
                data += part
    except TimeoutError as error:
        raise TooSlow(f"it did not arrive within {limits.read_seconds:g} seconds") from error
    if not data:
        raise BodyMissing("the request has no body")
    return bytes(data)
