"""What holds of every operation, whoever wrote it: kinds of values by what they are called, and keys of writes."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from operations import Operation, all_operations
from trading import LEIS, Desk, Trading, invoice

from api.main import openapi

MONEY = re.compile(
    r"(^|_)(amount|value|price|fee|fees|principal|interest|cash|paid|owed|outstanding|balance|limit|drawn|available|base"
    r"|claimable|deposited|withdrawn|impairment|lost|covered|recovered|payable|premium|total|most|held|gross|net)$"
)
MOMENT = re.compile(r"(^|_)(at|until|from)$")
IDENTIFIER = re.compile(r"(^|_)(id|ids|lei|cid|hash|account|number)$")
NUMBERS_OF_THINGS = {"block_number", "line_number", "attempt_number"}
COUNTED = {f"/components/schemas/{name}/number" for name in ("AuditEntryView", "AuditHeadView", "RoundView")}
OF_A_WALLET = "/components/schemas/UnsignedTransaction/"  # its values are what wallets call so, in wei


@pytest.fixture(scope="module")
def description() -> dict[str, Any]:
    return openapi()


def schemas(node: Any, where: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every schema of the description, with the path that leads to it; examples are none."""
    if isinstance(node, dict):
        yield where, node
        for name, part in node.items():
            if name not in ("example", "examples", "default", "enum", "const"):
                yield from schemas(part, f"{where}/{name}")
    elif isinstance(node, list):
        for place, part in enumerate(node):
            yield from schemas(part, f"{where}/{place}")


def fields(description: dict[str, Any]) -> Iterator[tuple[str, str, list[dict[str, Any]]]]:
    """Every field of every body: where it is, its name, and what it may be besides null."""
    known = description["components"]["schemas"]
    for where, schema in schemas(description):
        for name, field in (schema.get("properties") or {}).items() if schema.get("type") == "object" else ():
            choices = [_resolved(known, each) for each in field.get("anyOf", [field])]
            yield f"{where}/{name}", name, [each for each in choices if each.get("type") != "null"]


def _resolved(known: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    its: dict[str, Any] = known[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
    return its


def test_nothing_is_a_floating_point_number(description: dict[str, Any]) -> None:
    assert [where for where, schema in schemas(description) if schema.get("type") == "number"] == []


def test_money_is_text_with_its_currency(description: dict[str, Any]) -> None:
    seen = 0
    for where, name, choices in fields(description):
        if name == "amount" and all(its.get("type") == "string" for its in choices):
            assert all("[0-9]" in its["pattern"] for its in choices), where
        elif MONEY.search(name) and not where.startswith(OF_A_WALLET):
            seen += 1
            assert not any(its.get("type") == "integer" for its in choices), where
            for its in choices:
                if its.get("type") == "object" and "amount" in its.get("properties", {}):
                    assert set(its["required"]) >= {"amount", "currency"}, where

    assert seen > 60


def test_times_say_their_format(description: dict[str, Any]) -> None:
    found = [(where, name, choices) for where, name, choices in fields(description) if "/properties/" not in name]
    moments = [(where, choices) for where, name, choices in found if MOMENT.search(name)]
    days = [(where, choices) for where, name, choices in found if name.endswith("_date")]

    assert len(moments) > 40
    assert len(days) > 5
    for where, choices in moments:  # a statement runs until a day
        assert all(its.get("format") in ("date-time", "date") for its in choices), where
        assert where.endswith(("/until", "/from")) or all(its["format"] == "date-time" for its in choices), where
    for where, choices in days:
        assert all(its.get("format") == "date" for its in choices), where


def test_ids_are_text(description: dict[str, Any]) -> None:
    found = [
        (where, name, choices)
        for where, name, choices in fields(description)
        if IDENTIFIER.search(name) and name not in NUMBERS_OF_THINGS and where not in COUNTED
    ]

    assert len(found) > 80
    for where, _, choices in found:
        assert all(its.get("type") in ("string", "array", "object") for its in choices), where


def test_examples_show_no_floating_point_number(description: dict[str, Any]) -> None:
    shown = [part[name] for _, part in schemas(description) for name in ("example", "examples") if name in part]
    floats: list[str] = []

    json.loads(json.dumps(shown), parse_float=lambda text: floats.append(text))

    assert len(shown) > 100
    assert floats == []


WRITES = [its for its in all_operations() if its.method != "GET" and its.path.startswith("/v1/")]


@pytest.fixture(scope="module")
def places(trading: Trading) -> dict[str, str]:
    trading.network.mine_at_once()
    trading.fund(15_000_000)
    facility, sold = trading.grant()["id"], trading.sell(invoice())
    opening = {"facility_id": facility, "receivable_id": sold["receivable_id"]}
    waiting = trading.desks["supplier"].upload(invoice("AS-2026-81")).json()
    return {
        "lei": LEIS["supplier"],
        "invoice_id": sold["id"],
        "receivable_id": waiting["receivable_id"],
        "cid": sold["document_cid"],
        "facility_id": facility,
        "financing_id": trading.desks["supplier"].write("/v1/financings", opening)["id"],
        "subject": sold["subject"],
        "currency": "EUR",
    }


def sent(desk: Desk, its: Operation, places: dict[str, str], content: bytes, key: str) -> Any:
    kind = "application/xml" if its.path == "/v1/invoices" else "application/json"
    path = its.path
    for name in re.findall(r"\{(\w+)\}", path):
        path = path.replace(f"{{{name}}}", places.get(name, "0x" + "e7" * 32))
    headers = {**desk.headers, "Idempotency-Key": key, "Content-Type": kind}
    return desk.client.request(its.method, path, content=content, headers=headers)


@pytest.mark.node
def test_write_is_done_once_under_its_key(trading: Trading, places: dict[str, str]) -> None:
    """Whichever of the writes somebody may make: repeated it answers the same, with another body it is refused."""
    callers = {"operator": trading.operator, **{name: trading.desks[name] for name in ("supplier", "debtor", "lender")}}
    done = set()
    for its in WRITES:
        body = invoice("AS-2026-82") if its.path == "/v1/invoices" else json.dumps(its.body(places) or {}).encode()
        for name, desk in callers.items():
            key = f"{its.method} {its.path} by {name}"
            first = sent(desk, its, places, body, key)
            if first.status_code == 503 and first.json()["error"] == "target-unavailable":
                continue  # names of the outside are not resolved where tests run
            assert first.status_code < 500, (key, first.text)
            if first.status_code >= 300:
                continue
            again, other = sent(desk, its, places, body, key), sent(desk, its, places, body + b" ", key)
            assert (again.status_code, again.content) == (first.status_code, first.content), key
            assert again.headers["idempotent-replayed"] == "true", key
            assert (other.status_code, other.json()["error"]) == (409, "idempotency-key-reused"), key
            done.add(its.path)

    assert len(done) >= 8, done
