"""Refusals of requests as RFC 7807 problems."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Final

from oracles.errors import OracleError

PLAIN: Final = "about:blank"
"""The type of a problem that says no more than its status."""

Problem = dict[str, str | int]


class RequestRefused(OracleError):
    """A request that is answered with a problem; `detail` is what its sender must mend."""

    status: ClassVar[int] = 500
    type: ClassVar[str] = PLAIN
    title: ClassVar[str] = "The node failed"

    def __init__(self, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.headers = dict(headers or {})

    @property
    def problem(self) -> Problem:
        return {"type": self.type, "title": self.title, "status": self.status, "detail": self.detail}


class Failed(RequestRefused):
    """Our own fault; the log has its inside."""

    def __init__(self) -> None:
        super().__init__("The node failed; its log says more.")


class BodyMissing(RequestRefused):
    status = 400
    title = "There is no body"


class Unknown(RequestRefused):
    """Nobody that the node knows."""

    status = 401
    title = "Not authenticated"


class Forbidden(RequestRefused):
    status = 403
    title = "Not authorised"


class Absent(RequestRefused):
    status = 404
    title = "There is no such thing"


class MethodRefused(RequestRefused):
    status = 405
    title = "Method not allowed"


class TooSlow(RequestRefused):
    status = 408
    title = "The request took too long to arrive"


class TooLong(RequestRefused):
    status = 413
    title = "More than may be sent at once"


class UriTooLong(RequestRefused):
    status = 414
    title = "The URI is too long"


class MediaTypeRefused(RequestRefused):
    status = 415
    title = "Data in a form that is not read here"
