"""What the standard wants of every request: that its answer can be in the form and the version asked for."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from oracles.capture.headers import check_asked


class Negotiating:
    """ASGI middleware. Raises NotAcceptable, Invalid; the answer's media type goes with the request."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["state"]["media_type"] = check_asked(Headers(scope=scope))
        await self._app(scope, receive, send)
