"""`POST /papers`: any paper that the inbox reads, from whoever may send them; on disk before it is acknowledged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import structlog
from anyio import CapacityLimiter, to_thread
from fastapi import Request, Response

from oracles.http.apps import new_app
from oracles.http.bodies import read_body
from oracles.http.clients import Client
from oracles.http.interfaces import Interface, Limits
from oracles.http.problems import MediaTypeRefused, RequestRefused
from oracles.http.settings import Right
from oracles.sources.drop import Drop
from standards import strict_json
from standards.detect import NotRecognised, Standard, detect
from standards.errors import StandardsError

log = structlog.get_logger("oracles")

PATH: Final = "/papers"
WORKERS: Final = 2
"""Papers that are looked at and written at one time."""

XML, JSON, CSV = ".xml", ".json", ".csv"
TABLE: Final = "text/csv"
MEDIA_TYPES: Final[dict[str, str]] = {
    "application/xml": XML,
    "text/xml": XML,
    "application/json": JSON,
    "application/ld+json": JSON,
}
"""Of papers, and how the files of each are called."""
_OTHERS: Final[frozenset[Standard]] = frozenset({"invoice", "order"})


class NotAPaper(RequestRefused):
    """Not well-formed: nobody will ever read it."""

    status = 400
    title = "The data cannot be read"


class WrongPaper(RequestRefused):
    """Well-formed, but nothing that a node reads."""

    status = 422
    title = "Such papers are not taken here"


def look(data: bytes, suffix: str, limit_bytes: int) -> None:
    """What is told cheaply: that it is whole, is what it is said to be, and is of a kind that the inbox reads. What
    its fields say is looked at later, by the node. Raises RequestRefused."""
    opens = data.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    if suffix == CSV:
        if not data.strip():
            raise NotAPaper("the table is empty")
        return
    if suffix == JSON and opens not in (b"{", b"["):
        raise NotAPaper("it is not JSON, as its Content-Type says")
    if suffix == XML and opens in (b"{", b"["):
        raise NotAPaper("it is not XML, as its Content-Type says")
    try:
        found = detect(data, limit_bytes)
    except NotRecognised as error:
        raise WrongPaper(str(error)) from error
    except StandardsError as error:
        raise NotAPaper(str(error)) from error
    if found in _OTHERS:
        raise WrongPaper(f"an {found} is no logistics event; it goes to the gateway")


@dataclass(frozen=True)
class Desk:
    drop: Drop
    limits: Limits
    limiter: CapacityLimiter
    media_types: Mapping[str, str]

    async def post(self, request: Request) -> Response:
        client: Client = request.state.client
        client.needs(Right.PAPERS)
        suffix = _suffix(request, self.media_types)
        data = await read_body(request, self.limits)
        name = await to_thread.run_sync(self._take, data, suffix, client.name, limiter=self.limiter)
        log.info("paper received", file=name, client=client.name, bytes=len(data))
        body = strict_json.write({"paper": name}).encode()
        return Response(body, 202, media_type="application/json")

    def _take(self, data: bytes, suffix: str, sender: str) -> str:
        look(data, suffix, self.limits.body_bytes)
        return self.drop.put(data, suffix, sender)


def papers_interface(drop: Drop, limits: Limits, *, tables: bool = False) -> Interface:
    """The answer 202 names the file as it goes to the archive, or to quarantine with a reason. With `tables` it takes
    CSV too."""
    app = new_app("Papers")
    desk = Desk(drop, limits, CapacityLimiter(WORKERS), MEDIA_TYPES | ({TABLE: CSV} if tables else {}))
    app.add_api_route(PATH, desk.post, methods=["POST"])
    return Interface("papers", PATH, app)


def _suffix(request: Request, media_types: Mapping[str, str]) -> str:
    """Raises MediaTypeRefused before anything is read."""
    headers = request.headers
    kind, _, parameters = headers.get("content-type", "").partition(";")
    suffix = media_types.get(kind.strip().lower())
    if suffix is None:
        known = ", ".join(media_types)
        raise MediaTypeRefused(f"send one of {known}, not {kind.strip()[:100] or 'data without a Content-Type'}")
    charset = parameters.lower().replace('"', "").replace(" ", "")
    if suffix == JSON and "charset=" in charset and "charset=utf-8" not in charset:
        raise MediaTypeRefused(f"JSON is UTF-8, not {parameters.strip()[:100]}")
    if headers.get("content-encoding", "identity").lower() != "identity":
        raise MediaTypeRefused(f"send it plain, not as {headers['content-encoding'][:100]}")
    return suffix
