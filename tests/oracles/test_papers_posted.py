"""Papers that come by `POST /papers`: refused where that is cheap, else on disk before they are acknowledged."""

from __future__ import annotations

import asyncio
import json

import pytest
from capture_desk import Desk, lone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from oracle_fakes import dcsa_departure, epcis, epcis_event, price_list, receipt_advice

from oracles.checkpoints import DROP_POINTS
from oracles.http.settings import Right
from oracles.sources.drop import source_of
from oracles.store.models import DocumentRow

XML, JSON = "application/xml", "application/json"


def post(desk: Desk, body: bytes, kind: str = XML, right: Right = Right.PAPERS, **headers: str):
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    token = desk.token(f"of {right}", right)
    return desk.ask("POST", "/papers", token=token, headers={"Content-Type": kind} | named, content=body)


def problem(answer) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body["status"] == answer.status_code
    assert body["title"]
    return answer.status_code, body["detail"]


def lying(desk: Desk) -> list[str]:
    """What is in the inbox, half-written files as well."""
    return [path.name for path in desk.bench.settings.inbox.iterdir()]


@pytest.mark.parametrize("right", [Right.CAPTURE, Right.QUERY])
def test_who_may_do_something_else_sends_no_papers(desk, right):
    answer = post(desk, receipt_advice(), right=right)

    assert problem(answer)[0] == 403
    assert lying(desk) == []


def test_stranger_is_refused_before_anything_is_read(desk):
    read = []

    async def body():
        read.append(True)
        yield b"<a/>"

    answer = asyncio.run(desk.send("POST", "/papers", headers={"Content-Type": XML}, content=body()))

    assert problem(answer)[0] == 401
    assert answer.headers["connection"] == "close"
    assert read == []


@pytest.mark.parametrize(
    ("kind", "headers"),
    [
        ("", {}),
        ("text/plain", {}),
        ("application/pdf", {}),
        ("application/json; charset=latin-1", {}),
        (XML, {"Content_Encoding": "gzip"}),
    ],
)
def test_form_that_is_not_read_is_refused_before_the_body_is(desk, kind, headers):
    read = []

    async def body():
        read.append(True)
        yield b"<a/>"

    named = {"Content-Type": kind} | {name.replace("_", "-"): value for name, value in headers.items()}
    token = desk.token("erp", Right.PAPERS)
    answer = asyncio.run(desk.send("POST", "/papers", token=token, headers=named, content=body()))

    assert problem(answer)[0] == 415
    assert read == []


@pytest.mark.parametrize(
    ("body", "kind", "status", "why"),
    [
        (b"", XML, 400, "no body"),
        (b"<a>\xff\xfe</a>", XML, 400, "XML refused at line 1"),
        (receipt_advice()[:-3], XML, 400, "XML refused"),
        (b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', XML, 400, "document type"),
        (b"<a/>", XML, 422, "root element a"),
        (b'<Invoice xmlns="urn:oasis:names:specification:ubl:schema:xsd:Invoice-2"/>', XML, 422, "goes to the gateway"),
        (b"%PDF-1.7", XML, 422, "goes to the gateway"),
        (b"{}", XML, 400, "it is not XML"),
        (receipt_advice(), JSON, 400, "it is not JSON"),
        (b'{"a": "\xff"}', JSON, 400, "UTF-8"),
        (b'{"a": 1', JSON, 400, "JSON refused"),
        (b'{"a": 1, "a": 2}', JSON, 400, "given twice"),
        (b"[" * 200_000, JSON, 400, "nested deeper"),
        (b"{}", JSON, 422, "neither an EPCIS 2.0 document"),
        (b"[]", JSON, 422, "list of events is empty"),
        (b"text", JSON, 400, "it is not JSON"),
    ],
)
def test_what_nobody_will_ever_read_is_refused_and_not_stored(desk, body, kind, status, why):
    answer = post(desk, body, kind)

    assert problem(answer)[0] == status
    assert why in answer.json()["detail"]
    assert lying(desk) == []


def test_table_is_taken_only_where_the_node_reads_tables(desk, tmp_path):
    assert problem(post(desk, b"order;quantity\n", "text/csv"))[0] == 415

    desk.bench.settings_changes["csv"] = [{"files": "http~*.csv", "mapping": tmp_path / "wms.toml"}]
    desk.__dict__.pop("app")

    assert problem(post(desk, b" \n", "text/csv"))[0] == 400
    answer = post(desk, b"order;quantity\n", "text/csv; charset=latin-1")
    assert answer.status_code == 202
    assert lying(desk) == [answer.json()["paper"]]


def test_body_beyond_the_limit_is_cut_off(desk):
    read = []

    async def body():
        for _ in range(100):
            read.append(True)
            yield b" " * 1024 * 1024

    token = desk.token("erp", Right.PAPERS)
    answer = asyncio.run(desk.send("POST", "/papers", token=token, headers={"Content-Type": XML}, content=body()))

    assert problem(answer)[0] == 413
    assert len(read) == 9


def test_large_paper_is_taken_where_the_node_is_told_to(desk):
    desk.bench.settings_changes["file_limit_bytes"] = 16 * 1024 * 1024
    desk.restart()
    paper = receipt_advice((950, 0)).replace(b"</ReceiptAdvice>", b" " * 9_000_000 + b"</ReceiptAdvice>")

    assert post(desk, paper).status_code == 202
    desk.bench.settle()
    assert [quantity for _, quantity, _ in desk.bench.chain.counted] == [950_000]


def test_body_that_does_not_come_is_given_up(desk):
    desk.bench.settings_changes["http"] |= {"read_seconds": 0.05}

    async def body():
        yield b"<"
        await asyncio.sleep(30)

    token = desk.token("erp", Right.PAPERS)
    answer = asyncio.run(desk.send("POST", "/papers", token=token, headers={"Content-Type": XML}, content=body()))

    assert problem(answer)[0] == 408
    assert lying(desk) == []


@pytest.mark.parametrize("point", sorted(DROP_POINTS))
def test_disk_that_fails_acknowledges_nothing(desk, point, capsys):
    def full(reached) -> None:
        if reached is point:
            raise OSError(28, "No space left on device", "/var/lib/node")

    desk.restart(full)

    answer = post(desk, receipt_advice())

    assert problem(answer)[0] == 500
    assert "/var/lib" not in answer.text
    assert "No space left" in capsys.readouterr().out


def test_other_methods_and_paths_are_refused(desk):
    token = desk.token("erp", Right.PAPERS)

    assert problem(desk.ask("GET", "/papers", token=token))[0] == 405
    assert problem(desk.ask("GET", "/papers/x", token=token))[0] == 404


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (receipt_advice((950, 0)), XML),
        (receipt_advice((950, 0)), "text/xml; charset=utf-8"),
        (b"\xef\xbb\xbf" + receipt_advice((950, 0)), XML),
        (epcis(epcis_event()), JSON),
        (json.dumps(lone()).encode(), "application/ld+json"),
        (dcsa_departure(), JSON),
        (price_list("12.5"), JSON),
    ],
)
def test_paper_is_on_disk_when_it_is_acknowledged(desk, body, kind):
    answer = post(desk, body, kind)

    assert answer.status_code == 202
    name = answer.json()["paper"]
    assert source_of(name) == "http"
    assert (desk.bench.settings.inbox / name).read_bytes() == body
    assert lying(desk) == [name]


def test_paper_becomes_a_fact_and_goes_to_the_archive(desk):
    name = post(desk, receipt_advice((950, 0))).json()["paper"]
    desk.bench.settle()

    assert [quantity for _, quantity, _ in desk.bench.chain.counted] == [950_000]
    assert desk.bench.archived() == [name]


def test_paper_that_says_nothing_sound_is_quarantined_with_its_reason(desk):
    name = post(desk, receipt_advice((950, 0)).replace(b">950<", b">many<")).json()["paper"]
    desk.bench.settle()

    assert desk.bench.quarantined() == [name, f"{name}.reason.txt"]


def test_same_paper_sent_again_adds_nothing(desk):
    for _ in range(3):
        assert post(desk, receipt_advice((950, 0))).status_code == 202
        desk.bench.settle()

    assert len(desk.bench.chain.counted) == 1
    assert len(desk.bench.rows(DocumentRow)) == 3


def test_nothing_of_a_paper_is_logged(desk, capsys):
    post(desk, receipt_advice((950, 0), number="SECRET-NUMBER"))
    post(desk, b"<SECRET-NUMBER>")

    assert "SECRET-NUMBER" not in capsys.readouterr().out


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    body=st.binary(min_size=1, max_size=200)
    | st.text(min_size=1, max_size=50).map(lambda text: f"<a>{text}</a>".encode("utf-8", "replace"))
    | st.builds(lambda at, new: receipt_advice()[:at] + new + receipt_advice()[at:], st.integers(0, 900), st.binary()),
    kind=st.sampled_from([XML, JSON]),
)
def test_no_body_makes_the_node_fail(desk, body, kind):
    assert post(desk, body, kind).status_code in (202, 400, 422)
