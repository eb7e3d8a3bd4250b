"""Refusals as EPCIS 2.0 names them: RFC 7807 problems with an `epcisException:` type."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Final

from oracles.errors import OracleError
from standards import strict_json

MEDIA_TYPE: Final = "application/problem+json"

Problem = dict[str, str | int]


class CaptureRefused(OracleError):
    """A request that is answered with a problem; `detail` is what its sender must mend."""

    status: ClassVar[int] = 500
    type: ClassVar[str] = "epcisException:ImplementationException"
    title: ClassVar[str] = "The node failed"

    def __init__(self, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.headers = dict(headers or {})

    @property
    def problem(self) -> Problem:
        return {"type": self.type, "title": self.title, "status": self.status, "detail": self.detail}

    @property
    def body(self) -> bytes:
        return strict_json.write(self.problem).encode()


class NodeFailed(CaptureRefused):
    """Our own fault; the log has its inside."""


class NotOffered(CaptureRefused):
    """A part of the standard that this node does not have."""

    status = 501
    title = "This part of EPCIS is not offered here"


class Invalid(CaptureRefused):
    status = 400
    type = "epcisException:ValidationException"
    title = "The data are not EPCIS 2.0"


class ParameterInvalid(CaptureRefused):
    status = 400
    type = "epcisException:QueryParameterException"
    title = "The query cannot be understood"


class Unknown(CaptureRefused):
    """Nobody that the node knows."""

    status = 401
    type = "epcisException:SecurityException"
    title = "Not authenticated"


class Forbidden(CaptureRefused):
    status = 403
    type = "epcisException:SecurityException"
    title = "Not authorised"


class Absent(CaptureRefused):
    status = 404
    type = "epcisException:NoSuchResourceException"
    title = "There is no such thing"


class MethodRefused(CaptureRefused):
    status = 405
    type = "about:blank"
    title = "Method not allowed"


class NotAcceptable(CaptureRefused):
    status = 406
    type = "epcisException:NotAcceptableException"
    title = "The answer cannot be given in the form asked for"


class TooSlow(CaptureRefused):
    status = 408
    type = "about:blank"
    title = "The request took too long to arrive"


class AlreadyThere(CaptureRefused):
    status = 409
    type = "epcisException:ResourceAlreadyExistsException"
    title = "It was captured before"


class LimitExceeded(CaptureRefused):
    status = 413
    type = "epcisException:CaptureLimitExceededException"
    title = "More than may be captured at once"


class TooManyFound(CaptureRefused):
    status = 413
    type = "epcisException:QueryTooLargeException"
    title = "The query finds too much"


class UriTooLong(CaptureRefused):
    status = 414
    type = "epcisException:URITooLongException"
    title = "The URI is too long"


class MediaTypeRefused(CaptureRefused):
    status = 415
    type = "epcisException:UnsupportedMediaTypeException"
    title = "Data in a form that is not read here"
