"""The OpenAPI description: what FastAPI knows of each operation, and what holds everywhere: headers, conditional
requests, every refusal with an example."""

import re
from collections.abc import Iterable, Iterator
from threading import Lock
from typing import Any, Final

import orjson
from fastapi import APIRouter, FastAPI, Response
from fastapi.routing import APIRoute

from api.conditional import resource_of, resources
from api.errors import PROBLEM_MEDIA_TYPE, GatewayError, problem
from api.idempotency import HEADER
from api.lists import Listing
from api.problems import MEANINGS, Problem
from api.refusals import refusals_of
from api.routing import GatewayRoute

TAGS: Final = {
    "auth": "Access tokens: OAuth 2 client credentials.",
    "health": "Whether the gateway lives, follows its chain, and how it fares.",
    "transactions": "What a caller's writes came to on chain.",
    "participants": "Organisations by LEI, their accounts, and who admits them.",
    "cash": "Tokenised deposits: issue against bank payments, balances, what could not be paid out.",
    "banking": "What the operator's bank has booked, matched with what participants instructed.",
    "payments": "Money that will come in by bank, each payment with a creditor reference of its own.",
    "receivables": "Invoices on chain: acceptance, payment, transfer in parts, disputes, cancellation.",
    "facilities": "Lines that the credit officer grants, with their ladders.",
    "financings": "Principal against a borrowing base: draws, repayments, amendments, losses.",
    "pools": "The lenders' money: deposits, redemptions, claims, books.",
    "statements": "Accounts over a period: balances, every movement, what was lent and borrowed; JSON, CSV, PDF.",
    "milestones": "What independent organisations attested about goods, with their evidence.",
    "documents": "The papers behind the rights, sealed for their readers.",
    "invoices": "From a paper to a registered receivable.",
}
_METHODS: Final = ("get", "put", "post", "delete", "patch")
_BODY_PROBLEM: Final = {"$ref": "#/components/schemas/Problem"}
_KEY: Final = {
    "name": HEADER,
    "in": "header",
    "required": True,
    "description": "a new one for each thing that is to be done; the same one again when the request is repeated",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]([ -~]*[!-~])?$"},
    "example": "5f0c1f5e-6f0e-4a5e-9d6a-1c1f2a3b4c5d",
}
_PREFER: Final = {
    "name": "Prefer",
    "in": "header",
    "required": False,
    "description": "`wait=N`: answer once the transactions are in blocks, at the latest after N seconds (RFC 7240)",
    "schema": {"type": "string"},
    "example": "wait=20",
}
_TAG_SCHEMA: Final = {"type": "string"}
_IF_MATCH: Final = {
    "name": "If-Match",
    "in": "header",
    "required": False,
    "description": "the ETag of what the path names: nothing is written where it has changed",
    "schema": _TAG_SCHEMA,
}
_IF_NONE_MATCH: Final = {
    "name": "If-None-Match",
    "in": "header",
    "required": False,
    "description": "the ETag that the client has: 304 without a body where it still is so",
    "schema": _TAG_SCHEMA,
}
_ETAG: Final = {"ETag": {"description": "of exactly this answer", "schema": {"type": "string"}}}
_REPLAYED: Final = {
    "Idempotent-Replayed": {"description": "`true` where this is the answer given before", "schema": {"type": "string"}}
}


def describe(app: FastAPI, routers: Iterable[APIRouter]) -> None:
    """Completes the description of the application; it is put together when it is first asked for, by one thread."""
    plain, known, turn = app.openapi, list(routers), Lock()

    def openapi() -> dict[str, Any]:
        with turn:
            if app.openapi_schema is None:
                app.openapi_schema = completed(plain(), known)
            return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]
    _serve_aside(app)


def _serve_aside(app: FastAPI) -> None:
    """Answers with it from a worker thread: FastAPI's own route would put it together on the event loop, where every
    other request waits for seconds."""
    url = str(app.openapi_url)
    app.router.routes[:] = [route for route in app.router.routes if getattr(route, "path", None) != url]

    def description() -> Response:
        return Response(orjson.dumps(app.openapi()), media_type="application/json")

    app.add_api_route(url, description, include_in_schema=False)


def completed(description: dict[str, Any], routers: Iterable[APIRouter]) -> dict[str, Any]:
    """A description with what holds everywhere."""
    known = list(routers)
    reads = resources(known)
    for route, operation in _operations(description, known):
        if isinstance(route, GatewayRoute):
            _complete(route, operation, reads)
    description["servers"] = [{"url": "/", "description": "this gateway"}]
    used = {tag for _, operation in _operations(description, known) for tag in operation.get("tags", ())}
    description["tags"] = [{"name": tag, "description": _tag(tag)} for tag in sorted(used)]
    schemas = description.setdefault("components", {}).setdefault("schemas", {})
    schemas["Problem"] = Problem.model_json_schema()
    _say_whole(schemas)
    return description


def _say_whole(node: Any) -> None:
    """FastAPI writes the bounds of whole numbers as 0.0 and 10000.0."""
    if isinstance(node, dict):
        for bound in ("minimum", "maximum"):
            if isinstance(node.get(bound), float) and node[bound].is_integer():
                node[bound] = int(node[bound])
    for part in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        _say_whole(part)


def _tag(name: str) -> str:
    return TAGS.get(name, name.replace("-", " ").capitalize() + ".")


def _operations(description: dict[str, Any], routers: Iterable[APIRouter]) -> Iterator[tuple[APIRoute, dict[str, Any]]]:
    for router in routers:
        for route in router.routes:
            if isinstance(route, APIRoute) and route.include_in_schema:
                for method in route.methods or ():
                    if method.lower() in _METHODS:
                        yield route, description["paths"][route.path_format][method.lower()]


def _complete(route: GatewayRoute, operation: dict[str, Any], reads: dict[str, APIRoute]) -> None:
    writes = "GET" not in (route.methods or ())
    resource = resource_of(route.path, reads) if writes else ""
    parameters = operation.setdefault("parameters", [])
    parameters += _write_headers(operation, bool(resource)) if writes else [_IF_NONE_MATCH]
    responses = operation["responses"]
    for status, response in responses.items():
        if status.startswith("2"):
            response["headers"] = {**response.get("headers", {}), **(_REPLAYED if writes else _ETAG)}
    if "202" in responses:
        done = {**responses["202"], "description": "Done: its transactions are in blocks (with `Prefer: wait`)"}
        responses.setdefault("201", done)
        responses["202"]["description"] = "Taken on: its transactions are under way"
    if not writes:
        responses["304"] = {"description": "It is as the client has it", "headers": _ETAG}
    _tell_refusals(route, operation, writes=writes, conditional=bool(resource))


def _write_headers(operation: dict[str, Any], conditional: bool) -> list[dict[str, Any]]:
    prefer = [_PREFER] if "202" in operation["responses"] else []
    return [_KEY, *prefer, *([_IF_MATCH] if conditional else [])]


def _tell_refusals(route: GatewayRoute, operation: dict[str, Any], *, writes: bool, conditional: bool) -> None:
    lists = any(isinstance(getattr(its.call, "__self__", None), Listing) for its in route.dependant.dependencies)
    found = refusals_of(route.endpoint, writes=writes, lists=lists, conditional=conditional).by_status
    responses = operation["responses"]
    if lists and 404 not in found:  # declared for all that is read, and a list is never absent
        responses.pop("404", None)
    for status in sorted({int(status) for status in responses if status[0] in "45"} | set(found) - {500}):
        told = responses.setdefault(str(status), {"description": MEANINGS.get(status, "Refused")})
        content = {"schema": _BODY_PROBLEM, "examples": _examples(found.get(status, {}), route.path_format)}
        told["content"] = {PROBLEM_MEDIA_TYPE: content}


def _examples(refusals: dict[str, GatewayError], path: str) -> dict[str, Any]:
    return {
        _name(error): {"summary": its.title, "value": problem(its, path)} for error, its in sorted(refusals.items())
    }


def _name(error: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]", "-", error)
