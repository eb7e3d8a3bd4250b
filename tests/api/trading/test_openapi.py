"""The OpenAPI description: every operation of a resource says what it does, shows it, and names its refusals."""

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from pydantic import BaseModel

from api.auth.router import router as auth_router
from api.auth.scopes import SCOPES
from api.description import describe
from api.resources import load_routers
from api.transactions.router import router as transactions_router

STANDARD = {"401", "403", "429", "503"}


@pytest.fixture(scope="module")
def description() -> dict[str, Any]:
    app, routers = FastAPI(), (transactions_router, *load_routers())
    for router in routers:
        app.include_router(router)
    describe(app, routers)
    return app.openapi()


def operations(description: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in description["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def has_example(description: dict[str, Any], schema: dict[str, Any]) -> bool:
    """Whether the schema, or what it is a list or page of, shows an example."""
    if "$ref" in schema:
        schema = description["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    if "example" in schema:
        return True
    inner = [*schema.get("properties", {}).values(), *([schema["items"]] if "items" in schema else [])]
    return any(has_example(description, part) for part in inner if "$ref" in part or "items" in part)


def test_every_operation_has_a_summary_of_its_own(description: dict[str, Any]) -> None:
    summaries = [operation.get("summary", "") for _, operation in operations(description)]

    assert len(set(summaries)) == len(summaries) == 220
    assert all(" " in summary for summary in summaries)


def test_every_operation_names_the_problems_it_answers_with(description: dict[str, Any]) -> None:
    for name, operation in operations(description):
        assert set(operation["responses"]) >= STANDARD, name
        for status, response in operation["responses"].items():
            if status >= "400":
                assert set(response["content"]) == {"application/problem+json"}, (name, status)


def test_every_json_body_and_answer_shows_an_example(description: dict[str, Any]) -> None:
    for name, operation in operations(description):
        body = operation.get("requestBody", {}).get("content", {})
        for media_type, content in body.items():
            shown = "example" in content or media_type == "application/pdf"
            assert shown or has_example(description, content["schema"]), f"body of {name}"
        for status in ("200", "202"):
            answer = operation["responses"].get(status, {}).get("content", {}).get("application/json")
            assert answer is None or has_example(description, answer["schema"]), f"{status} of {name}"


def test_every_operation_names_its_scopes(description: dict[str, Any]) -> None:
    (flow,) = description["components"]["securitySchemes"]["oauth2"]["flows"].values()

    assert (flow["tokenUrl"], flow["scopes"]) == ("/oauth/token", SCOPES)
    for name, operation in operations(description):
        (scopes,) = (needed["oauth2"] for needed in operation["security"])
        assert set(scopes) <= set(SCOPES), name
        assert scopes, name
    assert description["paths"]["/v1/cash/issues"]["post"]["security"] == [{"oauth2": ["cash:write"]}]


def test_token_endpoint_shows_its_form_and_its_answers() -> None:
    app = FastAPI()
    app.include_router(auth_router)
    operation = app.openapi()["paths"]["/oauth/token"]["post"]

    form = operation["requestBody"]["content"]["application/x-www-form-urlencoded"]
    assert set(form["example"]) < set(form["schema"]["properties"])
    for status in ("200", "400", "401"):
        assert operation["responses"][status]["content"]["application/json"]["example"], status


def test_every_example_is_a_valid_one() -> None:
    models = [model for model in _below(BaseModel) if model.__module__.endswith((".schemas", ".views"))]
    shown = [(model, (model.model_config.get("json_schema_extra") or {})) for model in models]
    examples = [(model, extra["example"]) for model, extra in shown if isinstance(extra, dict) and "example" in extra]

    assert len(examples) > 20
    for model, example in examples:
        model.model_validate(example)


def _below(kind: type[BaseModel]) -> Iterator[type[BaseModel]]:
    for child in kind.__subclasses__():
        yield child
        yield from _below(child)
