"""The headers of EPCIS 2.0: what a request asks for, what the node offers."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from oracles.capture.problems import Invalid, MediaTypeRefused, NotAcceptable
from standards.epcis.references import OWN_NAMES

Headers = Mapping[str, str]

VERSION: Final = "2.0.0"
OLDEST: Final = (2, 0, 0)
NEWEST: Final = (2, 0, 1)
JSON: Final = "application/json"
JSON_LD: Final = "application/ld+json"
EXTENSIONS: Final = f"portolan={OWN_NAMES}"
VENDOR_VERSION: Final = "portolan-1"

VERSIONS: Final[Headers] = {
    "GS1-EPCIS-Version": VERSION,
    "GS1-CBV-Version": VERSION,
    "GS1-Extensions": EXTENSIONS,
}
DISCOVERY: Final[Headers] = {
    **VERSIONS,
    "GS1-EPCIS-Min": ".".join(map(str, OLDEST)),
    "GS1-EPCIS-Max": ".".join(map(str, NEWEST)),
    "GS1-CBV-Min": ".".join(map(str, OLDEST)),
    "GS1-CBV-Max": ".".join(map(str, NEWEST)),
    "GS1-EPC-Format": "Always_GS1_Digital_Link",
    "GS1-CBV-XML-Format": "Never_Translates",
    "GS1-Vendor-Version": VENDOR_VERSION,
}
_XML_FORMATS: Final = ("No_Preference", "Always_Web_URI", "Always_URN", "Never_Translates")
_LONGEST_VERSION: Final = 32


class EpcFormat(StrEnum):
    """How identifiers are to be written in an answer."""

    ANY = "No_Preference"
    LINKS = "Always_GS1_Digital_Link"
    URNS = "Always_EPC_URN"
    AS_CAPTURED = "Never_Translates"


class ErrorBehaviour(StrEnum):
    """What becomes of a document with a bad event in it."""

    ROLLBACK = "rollback"
    PROCEED = "proceed"


def capture_limits(event_limit: int, limit_bytes: int) -> dict[str, str]:
    return {"GS1-EPCIS-Capture-Limit": str(event_limit), "GS1-EPCIS-Capture-File-Size-Limit": str(limit_bytes)}


def epc_format(headers: Headers) -> EpcFormat:
    """Digital Links where nothing is asked for, as the standard has it. Raises Invalid."""
    return EpcFormat(_one_of(headers, "GS1-EPC-Format", tuple(EpcFormat), EpcFormat.LINKS))


def error_behaviour(headers: Headers) -> ErrorBehaviour:
    """Raises Invalid; `all` is a word of servers."""
    name = "GS1-Capture-Error-Behaviour"
    return ErrorBehaviour(_one_of(headers, name, tuple(ErrorBehaviour), ErrorBehaviour.ROLLBACK))


def check_sent(headers: Headers) -> None:
    """Of a request with a body. Raises MediaTypeRefused, Invalid."""
    kind, _, parameters = headers.get("content-type", "").partition(";")
    if kind.strip().lower() not in (JSON, JSON_LD):
        raise MediaTypeRefused(f"send {JSON} or {JSON_LD}, not {kind.strip() or 'data without a Content-Type'}")
    charset = parameters.lower().replace('"', "").replace(" ", "")
    if "charset=" in charset and "charset=utf-8" not in charset:
        raise MediaTypeRefused(f"JSON is UTF-8, not {parameters.strip()}")
    if headers.get("content-encoding", "identity").lower() != "identity":
        raise MediaTypeRefused(f"send it plain, not as {headers['content-encoding']}")
    for name in ("GS1-EPCIS-Version", "GS1-CBV-Version"):
        version = _version(headers, name)
        if version is not None and not OLDEST <= version <= NEWEST:
            raise MediaTypeRefused(f"{name} is {headers[name]}; read here is {_range()}")


def check_asked(headers: Headers) -> str:
    """Of any request: that the answer can be what it asks for. The media type of it. Raises NotAcceptable, Invalid."""
    for name in ("GS1-EPCIS", "GS1-CBV"):
        least, most = _version(headers, f"{name}-Min"), _version(headers, f"{name}-Max")
        if (least is not None and least > NEWEST) or (most is not None and most < OLDEST):
            raise NotAcceptable(f"{name} is answered in {_range()}")
        if least is not None and most is not None and least > most:
            raise Invalid(f"{name}-Min is above {name}-Max")
    _one_of(headers, "GS1-CBV-XML-Format", _XML_FORMATS, _XML_FORMATS[0])
    return _media_type(headers.get("accept", "*/*"))


def _media_type(accept: str) -> str:
    ranges = {}
    for part in accept.split(","):
        kind, *parameters = (piece.strip().lower() for piece in part.split(";"))
        ranges[kind] = not any(p.replace(" ", "") in ("q=0", "q=0.0", "q=0.00", "q=0.000") for p in parameters)
    for kind in (JSON, JSON_LD):
        if ranges.get(kind, ranges.get("application/*", ranges.get("*/*", False))):
            return kind
    raise NotAcceptable(f"the answer is {JSON} or {JSON_LD}; the request accepts {accept[:100]}")


def _one_of(headers: Headers, name: str, known: tuple[str, ...], default: str) -> str:
    value = headers.get(name, default)
    if value not in known:
        raise Invalid(f"{name} is one of {', '.join(known)}, not {value[:_LONGEST_VERSION]!r}")
    return value


def _version(headers: Headers, name: str) -> tuple[int, ...] | None:
    text = headers.get(name)
    if text is None:
        return None
    parts = text.split(".")
    if len(text) > _LONGEST_VERSION or not all(part.isascii() and part.isdigit() for part in parts):
        raise Invalid(f"{name} is a version such as {VERSION}, not {text[:_LONGEST_VERSION]!r}")
    return (*map(int, parts), *(0,) * (len(OLDEST) - len(parts)))


def _range() -> str:
    return f"{'.'.join(map(str, OLDEST))} to {'.'.join(map(str, NEWEST))}"
