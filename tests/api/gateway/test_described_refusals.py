"""What the OpenAPI description says of refusals is what would be raised: read in our code and in the ABIs."""

import json
import re
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from door import Door
from typer.testing import CliRunner

from api import description as description_of_all
from api import errors
from api.cli import gateway_app
from api.errors import GatewayError
from api.main import openapi
from api.receivables import acts as receivable_acts
from api.refusals import contracts, sources

HERE = "api.receivables.router"
API = Path(errors.__file__).parent
MEDIA = "application/problem+json"


@pytest.fixture(scope="module")
def description() -> dict[str, Any]:
    return openapi()


def operations(description: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in description["paths"].items():
        for method, operation in methods.items():
            if path.startswith("/v1/"):
                yield method, path, operation


def examples(operation: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for status, response in operation["responses"].items():
        for name, example in response.get("content", {}).get(MEDIA, {}).get("examples", {}).items():
            yield status, name, example["value"]


def test_every_refusal_named_in_the_code_is_found() -> None:
    """By another way: the first argument of everything that is called as one of our errors is."""
    kinds = {name for name, its in vars(errors).items() if isinstance(its, type) and issubclass(its, GatewayError)}
    call = re.compile(rf'\b(?:{"|".join(kinds)})\(\s*"([a-z0-9-]+)"')
    written = {
        error
        for path in API.rglob("*.py")
        if "migrations" not in path.parts
        for error in call.findall(path.read_text(encoding="utf-8"))
    }

    found = {said.error for said in sources.all_said()}

    assert len(written) > 60
    assert written <= found


def test_every_refusal_says_something_whole() -> None:
    for said in sources.all_said():
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)+", said.error), said
        assert " " in said.detail, said
        assert "{" not in re.sub(r"\{'where.*?\}", "", said.detail), said


def test_refusals_are_followed_through_what_an_endpoint_calls() -> None:
    said = {each.error for function in sources.reached(HERE, "pay") for each in sources.said_by(function)}

    assert {"not-debtor-of", "payment-exceeds-outstanding", "cash-too-low", "receivable-absent"} <= said
    assert "units-out-of-range" not in said


def test_words_are_those_of_the_line_that_raises() -> None:
    (said,) = (
        each
        for function in sources.functions(receivable_acts.__name__, "_require_payable")
        for each in sources.said_by(function)
        if each.error == "payment-exceeds-outstanding"
    )

    assert said.detail == "The payment of EUR 100,000.01 exceeds the EUR 100,000.00 outstanding."


@pytest.mark.parametrize(
    "name", sorted({*contracts.WHO_MAY_ACT, *(n for its in contracts.BY_CALL.values() for n in its)})
)
def test_error_of_a_contract_is_told_as_it_would_be_decoded(name: str) -> None:
    example = contracts.example(name)

    assert example.error == errors.kebab(name)
    assert " " in example.detail


def test_every_write_that_is_sent_to_the_chain_shows_who_may_act(description: dict[str, Any]) -> None:
    for method, path, operation in operations(description):
        answer = operation["responses"].get("202", {}).get("content", {}).get("application/json", {}).get("schema", {})
        schema = description["components"]["schemas"].get(answer.get("$ref", "").rpartition("/")[2], {})
        if "transactions" in schema.get("properties", {}):
            shown = {name for _, name, _ in examples(operation)}
            assert {"not-admitted", "account-is-frozen", "role-missing"} <= shown, (method, path)


def test_every_problem_of_every_operation_has_an_example_that_is_one(description: dict[str, Any]) -> None:
    for method, path, operation in operations(description):
        shown = [(status, name, value) for status, name, value in examples(operation)]
        assert len(shown) >= 4, (method, path)
        for status, name, value in shown:
            assert (value["status"], value["error"]) == (int(status), name)
            assert value["type"] == f"urn:portolan:problem:{name}"
            assert set(value) == {"type", "title", "status", "detail", "error", "context", "instance"}


def test_every_operation_describes_its_headers(description: dict[str, Any]) -> None:
    for method, path, operation in operations(description):
        headers = {its["name"]: its for its in operation.get("parameters", ()) if its["in"] == "header"}
        if method == "get":
            assert "If-None-Match" in headers, path
            assert set(operation["responses"]) >= {"200", "304"}, path
            assert "ETag" in operation["responses"]["200"]["headers"], path
        else:
            assert headers["Idempotency-Key"]["required"] is True, path
            assert {"idempotency-key-missing", "idempotency-key-reused"} <= {name for _, name, _ in examples(operation)}
        assert ("If-Match" in headers) == ("412" in operation["responses"]), path


def test_every_tag_is_described(description: dict[str, Any]) -> None:
    described = {tag["name"] for tag in description["tags"]}

    assert description["openapi"].startswith("3.1")
    assert description["servers"] == [{"url": "/", "description": "this gateway"}]
    assert all(tag["description"].endswith(".") for tag in description["tags"])
    assert all(set(operation["tags"]) <= described for _, _, operation in operations(description))


def test_description_is_printed(description: dict[str, Any]) -> None:
    printed = CliRunner().invoke(gateway_app, ["openapi"])

    assert printed.exit_code == 0
    assert json.loads(printed.stdout)["paths"] == description["paths"]


def test_others_are_answered_while_the_description_is_put_together(
    door_with: Callable[..., Door], monkeypatch: pytest.MonkeyPatch
) -> None:
    door, begun, go_on = door_with(), threading.Event(), threading.Event()

    def slow(*_: Any) -> dict[str, Any]:
        begun.set()
        assert go_on.wait(120)
        return {"paths": {}}

    monkeypatch.setattr(description_of_all, "completed", slow)
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(door.http.get, "/openapi.json")
        assert begun.wait(120)
        other = door.http.get("/healthz")
        go_on.set()

    assert (other.status_code, asked.result().json()) == (200, {"paths": {}})
