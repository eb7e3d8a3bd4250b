"""Reading a body: counted while it arrives, and not for ever."""

from __future__ import annotations

import asyncio

from fastapi import Request

from oracles.capture.headers import capture_limits
from oracles.capture.problems import Invalid, LimitExceeded, TooSlow


async def read_body(request: Request, limit_bytes: int, event_limit: int, read_seconds: float) -> bytes:
    """Raises LimitExceeded as soon as it is too much, TooSlow, Invalid."""
    too_much = LimitExceeded(
        f"a document may have {limit_bytes} bytes and {event_limit} events", capture_limits(event_limit, limit_bytes)
    )
    announced = request.headers.get("content-length", "")
    if announced.isascii() and announced.isdigit() and int(announced) > limit_bytes:
        raise too_much
    data = bytearray()
    try:
        async with asyncio.timeout(read_seconds):
            async for part in request.stream():
                if len(data) + len(part) > limit_bytes:
                    raise too_much
                data += part
    except TimeoutError as error:
        raise TooSlow(f"it did not arrive within {read_seconds:g} seconds") from error
    if not data:
        raise Invalid("the request has no body")
    return bytes(data)
