"""Routers of resources: made with `gateway_router(...)`, so that their routes pass the edge."""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.routing import Match
from starlette.types import Scope

from api.edge import READING, committing, read, write
from api.gateway import gateway_of
from api.json_body import BoundedRequest
from api.lists import Listing
from api.problems import READ_PROBLEMS, WRITE_PROBLEMS
from api.transactions.preparing import PREPARE_PARAMETER, PREPARED_RESPONSE


class GatewayRoute(APIRoute):
    """A route whose handler works in `request.state.session`."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        writes = not set(options.get("methods") or ("GET",)) <= READING
        if writes and "commits" not in endpoint.__dict__:
            endpoint = committing(endpoint, options.get("status_code") or 200)
        super().__init__(path, endpoint, **options)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def at_the_edge(received: Request) -> Response:
            request = BoundedRequest(received.scope, received.receive)
            request.deepest = gateway_of(received).settings.limits.json_depth
            if request.method in READING:
                return await read(request, handle)
            response = await write(request, handle)
            response.headers.setdefault("cache-control", "no-store")
            return response

        return at_the_edge


class GatewayRouter(APIRouter):
    """The router of a resource."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """The framework asks one router after the other, each of which tries each of its paths. Most can tell at once
        that it is not theirs."""
        if not scope.get("root_path") and not scope["path"].startswith(self.prefix):
            return Match.NONE, {}
        return super().matches(scope)

    def write(self, path: str, answer: type[BaseModel], summary: str, **options: Any) -> Callable[..., Any]:
        """A POST that causes transactions: 202 and `answer` with them, or 201 once they are in a block; with
        `prepare=true` 200 and what would be sent, of which nothing is stored."""
        responses = {200: PREPARED_RESPONSE, **options.pop("responses", WRITE_PROBLEMS)}
        extra = options.pop("openapi_extra", {})
        parameters = [*extra.get("parameters", []), PREPARE_PARAMETER]
        told = {"responses": responses, "openapi_extra": {**extra, "parameters": parameters}, **options}
        return self.post(path, status_code=202, response_model=answer, summary=summary, **told)

    def lists(self, path: str, page: Any, listing: Listing, summary: str, **options: Any) -> Callable[..., Any]:
        """A GET of a list: its endpoint takes `asked: Annotated[Asked, Depends(listing.asked)]`, see `api.lists`."""
        told = {"responses": READ_PROBLEMS, "openapi_extra": {"parameters": listing.parameters()}, **options}
        return self.get(path, response_model=page, summary=summary, **told)


def gateway_router(prefix: str, tag: str) -> GatewayRouter:
    return GatewayRouter(prefix=prefix, tags=[tag], route_class=GatewayRoute)
