"""Refusals as EPCIS 2.0 names them: RFC 7807 problems with an `epcisException:` type."""

from __future__ import annotations

from typing import Final

from oracles.http.problems import RequestRefused

TYPES: Final = {
    400: "epcisException:ValidationException",
    401: "epcisException:SecurityException",
    403: "epcisException:SecurityException",
    404: "epcisException:NoSuchResourceException",
    413: "epcisException:CaptureLimitExceededException",
    414: "epcisException:URITooLongException",
    415: "epcisException:UnsupportedMediaTypeException",
    500: "epcisException:ImplementationException",
}
"""What the standard calls refusals that every interface has."""


class CaptureRefused(RequestRefused):
    """What this interface refuses by itself."""

    type = "epcisException:ImplementationException"


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


class Absent(CaptureRefused):
    status = 404
    type = "epcisException:NoSuchResourceException"
    title = "There is no such thing"


class NotAcceptable(CaptureRefused):
    status = 406
    type = "epcisException:NotAcceptableException"
    title = "The answer cannot be given in the form asked for"


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


class MediaTypeRefused(CaptureRefused):
    status = 415
    type = "epcisException:UnsupportedMediaTypeException"
    title = "Data in a form that is not read here"
