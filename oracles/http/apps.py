"""A bare web application whose refusals, and those of its framework, are problems."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from fastapi import FastAPI, Request, Response
from starlette.exceptions import HTTPException

from oracles.http.problems import PLAIN, Absent, Failed, MethodRefused, RequestRefused
from standards import strict_json

MEDIA_TYPE: Final = "application/problem+json"


def new_app(title: str) -> FastAPI:
    """Without pages of documentation, and without redirects: a path is what it is."""
    app = FastAPI(title=title, openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)
    app.add_exception_handler(RequestRefused, _refused)
    app.add_exception_handler(HTTPException, _refused_by_framework)
    # The exception goes on to the door, which logs it.
    app.add_exception_handler(Exception, _failed)
    return app


def problem_response(error: RequestRefused, types: Mapping[int, str]) -> Response:
    """`types` are an interface's own names of refusals, by their status."""
    problem = error.problem
    if problem["type"] == PLAIN:
        problem["type"] = types.get(error.status, PLAIN)
    return Response(strict_json.write(problem).encode(), error.status, error.headers, MEDIA_TYPE)


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestRefused)
    return problem_response(error, _types(request))


async def _refused_by_framework(request: Request, error: Exception) -> Response:
    """What the framework refuses by itself: an unknown path, or method."""
    assert isinstance(error, HTTPException)
    path = request.scope["path"]
    refused: RequestRefused = Failed()
    if error.status_code == 405:
        refused = MethodRefused(f"{request.method} is not possible there", error.headers)
    elif error.status_code == 404:
        refused = Absent(f"there is nothing at {path[:200]}")
    return problem_response(refused, _types(request))


async def _failed(request: Request, _: Exception) -> Response:
    return problem_response(Failed(), _types(request))


def _types(request: Request) -> Mapping[int, str]:
    types: Mapping[int, str] = request.state.interface.problem_types
    return types
