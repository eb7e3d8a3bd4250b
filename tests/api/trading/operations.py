"""The gateway's operations as its OpenAPI description has them, each with a body to send: its own example."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from fastapi import FastAPI

from api import examples
from api.main import all_routers


@dataclass(frozen=True)
class Operation:
    """One method at one path; `scopes` is empty where anybody may."""

    method: str
    path: str
    scopes: frozenset[str]
    example: Any

    def body(self, places: Mapping[str, str]) -> Any:
        """The example, with the ids of things that are really there in place of those it shows."""
        if self.example is None:
            return None
        stand_ins = {"receivable_id": examples.RECEIVABLE, "subject": examples.SUBJECT, "cid": examples.CID}
        text = json.dumps(self.example)
        for place, shown in stand_ins.items():
            text = text.replace(shown, places[place])
        filled = json.loads(text)
        named = [name for name in places if isinstance(filled, dict) and name in filled]
        return {**filled, **{name: places[name] for name in named}} if named else filled


@cache
def described() -> dict[str, Any]:
    """The whole gateway's OpenAPI description. It takes seconds, and several files ask while they are collected."""
    app = FastAPI()
    for router in all_routers():
        app.include_router(router)
    return app.openapi()


@cache
def all_operations() -> tuple[Operation, ...]:
    return tuple(_operations(described()))


def _operations(description: Mapping[str, Any]) -> Iterator[Operation]:
    for path, methods in description["paths"].items():
        for method, told in methods.items():
            scopes = {scope for needed in told.get("security", []) for held in needed.values() for scope in held}
            yield Operation(method.upper(), path, frozenset(scopes), _example(description, told))


def _example(description: Mapping[str, Any], told: Mapping[str, Any]) -> Any:
    content = told.get("requestBody", {}).get("content", {}).get("application/json")
    return None if content is None else content.get("example", _of_schema(description, content["schema"]))


def _of_schema(description: Mapping[str, Any], schema: Mapping[str, Any]) -> Any:
    if "$ref" in schema:
        schema = description["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    inner = schema.get("anyOf") or schema.get("oneOf") or ()
    return schema.get("example", next((_of_schema(description, part) for part in inner if "$ref" in part), None))
