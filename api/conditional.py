"""Conditional requests (RFC 9110, section 13): each GET has an `ETag`, and a write may say which state it is meant for.

An ETag is strong, over the bytes of the answer: two answers are the same if and only if they say the same to the same
caller. It costs a hash of what is written anyway. Answers are private and kept only to be asked about again.
"""

import asyncio
import hashlib
import re
from collections.abc import Container, Iterable
from dataclasses import dataclass
from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.routing import APIRoute
from sqlmodel import Session
from sse_starlette import EventSourceResponse
from starlette.responses import Response, StreamingResponse

from api.db import try_to_hold
from api.errors import PreconditionFailed, Unavailable
from api.idempotency import Attempted

_TAGS = re.compile(r'\*|(?:W/)?("[\x21\x23-\x7e\x80-\xff]*")')
_LONGEST_WAIT_SECONDS: Final = 20.0
_NAP_SECONDS: Final = 0.02
_READ: Final = {"cache-control": "private, no-cache", "vary": "Authorization"}


def tag_of(body: bytes) -> str:
    """The ETag of an answer."""
    return f'"{hashlib.blake2b(body, digest_size=16).hexdigest()}"'


def _names(header: str, tag: str) -> bool:
    """Whether a list of ETags (or `*`) names this one. A proxy may have weakened it: what it names is the same."""
    return any(found.group(1) == tag or found.group(0) == "*" for found in _TAGS.finditer(header))


def tagged(response: Response, if_none_match: str | None) -> Response:
    """The answer to a GET with its ETag; 304 without a body where the client has it already."""
    if response.status_code != 200 or isinstance(response, StreamingResponse | EventSourceResponse):
        return response
    tag = tag_of(bytes(response.body))
    for name, value in _READ.items():
        response.headers.setdefault(name, value)
    response.headers["etag"] = tag
    if if_none_match is None or not _names(if_none_match, tag):
        return response
    kept = {name: response.headers[name] for name in ("etag", "cache-control", "vary")}
    return Response(status_code=304, headers=kept)


@dataclass(frozen=True)
class Resource:
    """What a write changes: that which the longest part of its path names that can be asked for by GET; or nothing."""

    request: Request
    route: APIRoute | None
    path: str

    @classmethod
    def of(cls, request: Request) -> "Resource":
        template = resource_of(request.scope["route"].path, request.app.state.resources)
        route = request.app.state.resources.get(template)
        return cls(request, route, "/".join(request.url.path.split("/")[: template.count("/") + 1]))

    @property
    def turn(self) -> Attempted:
        """For `Answers.turn`: one at a time in this process."""
        return Attempted(f"resource {self.path}", "")

    async def tag(self) -> str:
        """Its ETag as the same caller would get it now; refused as its GET would be."""
        if self.route is None:
            detail = "This write changes nothing that has an ETag; send it without If-Match."
            raise PreconditionFailed("precondition-impossible", detail)
        headers = [(name, value) for name, value in self.request.scope["headers"] if name == b"authorization"]
        scope = {**self.request.scope, "method": "GET", "path": self.path, "query_string": b"", "headers": headers}
        scope |= {"route": self.route, "path_params": self._parameters(), "state": {}}
        answer = await self.route.get_route_handler()(Request(scope))
        return answer.headers.get("etag", "")

    def _parameters(self) -> dict[str, Any]:
        assert self.route is not None
        return {name: self.request.path_params[name] for name in self.route.param_convertors}


def resource_of(path: str, reads: Container[str]) -> str:
    """The longest part of a write's path that names what can be asked for; empty where there is none."""
    while path and path not in reads:
        path = path.rpartition("/")[0]
    return path


def resources(routers: Iterable[APIRouter]) -> dict[str, APIRoute]:
    """The GETs of single things by their paths."""
    routes = [route for router in routers for route in router.routes if isinstance(route, APIRoute)]
    return {its.path: its for its in routes if its.path.endswith("}") and "GET" in (its.methods or ())}


@dataclass(frozen=True)
class Expected:
    """The state that a write is meant for."""

    if_match: str
    resource: Resource

    async def require(self, session: Session) -> None:
        """PreconditionFailed unless the resource is as the client has it, and stays so until the session is done."""
        waited = 0.0
        while not await run_in_threadpool(try_to_hold, session, self.resource.path):
            if waited > _LONGEST_WAIT_SECONDS:
                raise Unavailable("resource-busy", "Other writes of this resource take too long; try again.")
            await asyncio.sleep(_NAP_SECONDS)
            waited += _NAP_SECONDS
        tag = await self.resource.tag()
        if not _names(self.if_match, tag):
            detail = "The resource has changed since the answer that If-Match names; read it again, then decide."
            raise PreconditionFailed("precondition-failed", detail, if_match=self.if_match[:200], etag=tag)
