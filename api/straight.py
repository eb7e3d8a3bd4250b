"""GETs that are asked for hundreds of times a second: one function on the event loop, and the bytes that it makes are
what is sent.

    @straight(router, "/{receivable_id}", ReceivableView, "See one receivable", "receivables:read")
    async def receivable(gateway: Gateway, principal: Principal, receivable_id: str) -> bytes:
        return await showing.shown_soon(gateway.database, gateway.link, principal, receivable_id)

What the framework would do for each request (solve dependencies, check the answer against its model, encode it) is left
out, and there is no session: the function reads what it needs by `api.reading`, and waits for nothing but by `await`.
Nor does the request pass the framework's layers: `Straight` finds the route by what stands before its one parameter.
The description, the ETag, the limits, the audit trail of supervisors and every refusal are those of other GETs. What
the answer is, tests have to hold.
"""

from collections.abc import Awaitable, Callable, Coroutine, Iterable
from inspect import Parameter, Signature, signature
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel
from starlette.types import Scope

from api.auth.principal import Principal
from api.deps import requires
from api.edge import answered
from api.gateway import gateway_of
from api.problems import READ_PROBLEMS
from api.routing import GatewayRoute

Read = Callable[..., Awaitable[bytes]]


class StraightRoute(GatewayRoute):
    """A route whose endpoint carries the function that reads, and the scopes that it takes."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        super().__init__(path, endpoint, **options)
        self.answer = self.get_route_handler()
        self.before, _, named = path.rpartition("/")
        self.parameter = named.strip("{}")
        if "{" in self.before or named != f"{{{self.parameter}}}":
            raise TypeError(f"{path} is not found in front: it has to end with its one parameter")

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        read: Read = self.endpoint.__dict__["reads"]
        scopes: tuple[str, ...] = self.endpoint.__dict__["scopes"]

        async def at_the_edge(request: Request) -> Response:
            async def reading() -> Response:
                gateway = gateway_of(request)
                principal = gateway.principal(request)
                principal.require(*scopes)
                body = await read(gateway, principal, **request.path_params)
                return Response(body, media_type="application/json")

            return await answered(request, reading)

        return at_the_edge


class Straight:
    """The straight routes of an application."""

    def __init__(self, routers: Iterable[APIRouter]) -> None:
        routes = (route for router in routers for route in router.routes if isinstance(route, StraightRoute))
        self._routes = {route.before: route for route in routes}

    def found(self, scope: Scope) -> StraightRoute | None:
        """The route that a request is for, noted in its scope as the framework would do; None: leave it to that."""
        before, _, value = scope["path"].rpartition("/")
        route = self._routes.get(before)
        if route is None or not value or scope["method"] != "GET" or scope.get("root_path"):
            return None
        scope["route"], scope["endpoint"] = route, route.endpoint
        scope["path_params"] = {route.parameter: value}
        return route


def straight(
    router: APIRouter, path: str, answer: type[BaseModel], summary: str, *scopes: str
) -> Callable[[Read], Read]:
    """Adds a GET of `path`; the function gets the gateway, who asks, and the path's parameters, all of them text."""

    def register(read: Read) -> Read:
        def described(**_: Any) -> None:
            """Never called: the framework describes the operation by its signature."""

        own = [each for each in signature(read).parameters.values() if f"{{{each.name}}}" in path]
        caller = Parameter(
            "principal", Parameter.KEYWORD_ONLY, annotation=Annotated[Principal, Depends(requires(*scopes))]
        )
        named = [each.replace(kind=Parameter.KEYWORD_ONLY) for each in own]
        described.__dict__.update(reads=read, scopes=scopes, __signature__=Signature([*named, caller]))
        described.__name__, described.__doc__ = read.__name__, read.__doc__
        router.add_api_route(
            path,
            described,
            methods=["GET"],
            response_model=answer,
            summary=summary,
            responses=READ_PROBLEMS,
            route_class_override=StraightRoute,
        )
        return read

    return register
