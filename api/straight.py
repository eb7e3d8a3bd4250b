"""GETs that are asked for hundreds of times a second: one function on the event loop, and the bytes that it makes are
what is sent.

    @straight(router, "/{receivable_id}", ReceivableView, "See one receivable", "receivables:read")
    async def receivable(gateway: Gateway, principal: Principal, receivable_id: str) -> bytes:
        return await showing.shown_soon(gateway.database, gateway.link, principal, receivable_id)

What the framework would do for each request (solve dependencies, check the answer against its model, encode it) is left
out, and there is no session: the function reads what it needs by `api.reading`, and waits for nothing but by `await`.
The description, the ETag, the limits, the audit trail of supervisors and every refusal are those of other GETs. What
the answer is, tests have to hold.
"""

from collections.abc import Awaitable, Callable, Coroutine
from copy import copy
from inspect import Parameter, Signature, signature
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel
from starlette.types import Receive, Scope, Send

from api.auth.principal import Principal
from api.deps import requires
from api.edge import GatewayRoute, answered
from api.gateway import gateway_of
from api.problems import READ_PROBLEMS

Read = Callable[..., Awaitable[bytes]]


class StraightRoute(GatewayRoute):
    """A route whose endpoint carries the function that reads, and the scopes that it takes."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        super().__init__(path, endpoint, **options)
        handle = self.get_route_handler()

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            # What is raised is made a problem by the application's own handlers, further out.
            response = await handle(Request(scope, receive))
            await response(scope, receive, send)

        self.app = app

    def in_front(self) -> "StraightRoute":
        """The same for the application's own list, which is looked through before its routers are; described once."""
        front = copy(self)
        front.include_in_schema = False
        return front

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
