"""/v1/events over a trade: each party is told what it is a party to, and nobody anything else."""

from typing import Any

import pytest
from httpx import Response
from refusing import refused
from trading import LEIS, Desk, Trading, await_indexer, eur, invoice, until

from api.compliance.cases import service as cases
from api.compliance.cases.service import Finding
from api.events.registry import KINDS, TYPES, lines_of
from chain_node.client import Milestone

pytestmark = pytest.mark.node


@pytest.fixture(scope="module")
def trade(trading: Trading) -> dict[str, str]:
    """Funded, sold, financed, departed, a part handed on, paid."""
    trading.network.mine_at_once()
    trading.fund(15_000_000)
    trading.issue("debtor", 10_000_000)
    facility = trading.grant()["id"]
    sold = trading.sell(invoice("AS-2026-0801"))
    handed = trading.sell(invoice("AS-2026-0802"))["receivable_id"]
    path = f"/v1/receivables/{handed}/transfers"
    trading.desks["supplier"].write(path, {"to_lei": LEIS["lender"], "amount": eur(1_000)})
    body = {"facility_id": facility, "receivable_id": sold["receivable_id"]}
    financing = trading.desks["supplier"].write("/v1/financings", body)["id"]
    trading.attest(sold["subject"], Milestone.DEPARTED, 1_000_000, "carrier", "inspector")
    trading.desks["debtor"].write(f"/v1/receivables/{handed}/payments", {"amount": eur(250)})
    await_indexer(trading.gateway, trading.chain)
    return {"receivable": sold["receivable_id"], "subject": sold["subject"], "financing": financing, "handed": handed}


def ask(desk: Desk, **query: Any) -> Response:
    answer: Response = desk.client.get("/v1/events", params=query, headers=dict(desk.headers))
    return answer


def all_of(desk: Desk, **query: Any) -> list[dict[str, Any]]:
    """The oldest first, page by page."""
    found: list[dict[str, Any]] = []
    after: str | None = "evt_0000000000000000"
    while after is not None:
        page = desk.get("/v1/events", after=after, limit="7", **query)
        found += page["items"]
        after = page["next"]
    return found


def types(events: list[dict[str, Any]]) -> list[str]:
    return [event["type"] for event in events]


@pytest.mark.parametrize(
    ("query", "error"),
    [
        ({"type": "receivable.exploded"}, "event-type-unknown"),
        ({"type": "planet.*"}, "event-type-unknown"),
        ({"before": "evt_0000000000000001", "after": "evt_0000000000000001"}, "page-unknown"),
        ({"before": "41"}, "request-invalid"),
        ({"after": "evt_zzzzzzzzzzzzzzzz"}, "request-invalid"),
        ({"after": "evt_ffffffffffffffff"}, "event-id-malformed"),
        ({"limit": "0"}, "request-invalid"),
    ],
)
def test_malformed_question_is_refused(query: dict[str, str], error: str, trading: Trading) -> None:
    refused(ask(trading.desks["supplier"], **query), 422, error)


def test_type_whose_scope_the_token_lacks_is_refused(trading: Trading) -> None:
    desk = trading.narrow("supplier", "events:read", "receivables:read")

    problem = refused(ask(desk, type="financing.drawn"), 403, "scope-missing")

    assert problem["context"] == {"missing": ["financings:read"]}


def test_token_without_any_reading_scope_sees_no_event(trading: Trading, trade: dict[str, str]) -> None:
    assert all_of(trading.narrow("supplier", "events:read")) == []
    narrow = all_of(trading.narrow("supplier", "events:read", "receivables:read"))
    assert {event["resource"]["kind"] for event in narrow} == {"receivable"}


def test_supplier_is_told_the_life_of_its_financing(trading: Trading, trade: dict[str, str]) -> None:
    found = all_of(trading.desks["supplier"], kind="financing", resource_id=trade["financing"])

    assert types(found)[0] == "financing.opened"
    (drawn,) = [event for event in found if event["type"] == "financing.drawn"]
    seen = trading.desks["supplier"].get(f"/v1/financings/{trade['financing']}")["draws"][0]
    assert drawn["body"] == {name: seen[name] for name in ("amount", "fee", "reserve", "base", "principal")}
    assert drawn["transaction_hash"] == seen["transaction_hash"]
    assert drawn["occurred_at"] == seen["at"]
    alone = trading.desks["supplier"].get(f"/v1/events/{drawn['id']}")
    assert alone == drawn


def test_each_party_is_told_what_it_may_see(trading: Trading, trade: dict[str, str]) -> None:
    told = {name: all_of(trading.desks[name]) for name in ("supplier", "debtor", "lender", "carrier", "stranger")}
    of = {
        name: {(e["resource"]["kind"], e["resource"]["id"]) for e in events if e["resource"]["kind"] != "participant"}
        for name, events in told.items()
    }

    assert ("milestone", trade["subject"]) in of["supplier"] & of["debtor"]
    assert "milestone.final" in types(told["supplier"])
    assert ("financing", trade["financing"]) not in of["debtor"] | of["lender"]
    assert of["lender"] == {("pool", "EUR"), ("cash", LEIS["lender"]), ("receivable", trade["handed"])}
    assert of["carrier"] == of["stranger"] == set()


def test_transfer_is_told_to_the_two_between_whom_it_went(trading: Trading, trade: dict[str, str]) -> None:
    told = {
        name: types(all_of(trading.desks[name], kind="receivable", resource_id=trade["handed"]))
        for name in ("supplier", "lender", "debtor")
    }

    assert told["supplier"].count("receivable.transferred") == told["lender"].count("receivable.transferred") == 1
    assert "receivable.transferred" not in told["debtor"]
    assert told["lender"] == ["receivable.transferred", "receivable.paid"]
    assert told["debtor"] == ["receivable.registered", "receivable.accepted", "receivable.paid"]


def test_event_of_others_is_as_absent_as_none(trading: Trading, trade: dict[str, str]) -> None:
    drawn = all_of(trading.desks["supplier"], type="financing.drawn")[0]["id"]
    desk = trading.desks["debtor"]

    hidden = refused(desk.client.get(f"/v1/events/{drawn}", headers=dict(desk.headers)), 404, "event-absent")
    absent = refused(
        desk.client.get("/v1/events/evt_00000000ffffffff", headers=dict(desk.headers)), 404, "event-absent"
    )

    assert hidden["detail"].replace(drawn, "evt_00000000ffffffff") == absent["detail"]


def test_both_ways_of_paging_show_the_same(trading: Trading, trade: dict[str, str]) -> None:
    desk = trading.desks["supplier"]
    backwards: list[dict[str, Any]] = []
    page = desk.get("/v1/events", limit="5")
    while True:
        backwards += page["items"]
        if page["next"] is None:
            break
        page = desk.get("/v1/events", limit="5", before=page["next"])

    forwards = all_of(desk)

    assert forwards == backwards[::-1]
    assert [event["id"] for event in forwards] == sorted({event["id"] for event in forwards})


def test_kinds_and_types_narrow_the_list(trading: Trading, trade: dict[str, str]) -> None:
    found = all_of(trading.operator, type=["financing.*", "pool.deposit"])

    assert {event["resource"]["kind"] for event in found} == {"financing", "pool"}
    assert {t for t in types(found) if t.startswith("pool.")} == {"pool.deposit"}


def test_all_that_the_chain_says_is_told_once(trading: Trading, trade: dict[str, str]) -> None:
    """Against the node's own logs, line by line."""
    chain = trading.chain
    expected = []
    for log in chain.logs(chain.addresses.first_block, chain.block_number()):
        event = chain.decode(log)
        for line in lines_of(event) if event else ():
            if event is not None and (line.when is None or line.when(event)):
                expected.append((line.type, "0x" + log.transaction_hash.hex(), log.block_number))

    told = (event for event in all_of(trading.operator) if event["transaction_hash"] is not None)
    found = [(e["type"], e["transaction_hash"], e["block_number"]) for e in told]

    assert len(found) > 40
    assert found == expected


def test_every_type_is_listed_with_its_scope(trading: Trading) -> None:
    listed = trading.desks["stranger"].get("/v1/events/types")["items"]

    assert {each["type"]: each["scope"] for each in listed} == {name: kind.scope for name, kind in TYPES.items()}
    assert {"financing", "pool", "receivable", "milestone", "participant", "cash", "facility"} <= set(KINDS)


def done(desk: Desk, path: str, body: dict[str, Any] | None = None) -> Any:
    """A write that causes no transaction."""
    answer = desk.post(path, body)
    assert answer.status_code in (200, 201, 202), answer.text
    return answer.json()


def test_quotes_are_told_to_their_supplier_alone(trading: Trading, trade: dict[str, str]) -> None:
    desk = trading.desks["supplier"]
    sold = trading.sell(invoice("AS-2026-0803"))["receivable_id"]
    wish = {"facility_id": trading.grant()["id"], "receivable_id": sold, "accept": False}
    one, other = (done(desk, "/v1/financings", wish)["quote"] for _ in range(2))
    done(desk, f"/v1/quotes/{one['id']}/withdrawal")
    desk.write(f"/v1/quotes/{other['id']}/acceptance")

    found = until(lambda: len(told := all_of(desk, type="quote.*")) == 4 and told, "the quotes are not told")

    assert [(event["type"], event["resource"]["id"]) for event in found] == [
        ("quote.offered", one["id"]),
        ("quote.offered", other["id"]),
        ("quote.withdrawn", one["id"]),
        ("quote.accepted", other["id"]),
    ]
    of = {"receivable_id": sold, "order_id": None}
    body = {"facility_id": wish["facility_id"], **of, "valid_until": one["valid_until"]}
    assert (found[0]["body"], found[0]["transaction_hash"]) == (body, None)
    assert all_of(trading.operator, type="quote.*") == found
    for name in ("debtor", "lender", "stranger"):
        foreign = trading.desks[name]
        assert all_of(foreign, type="quote.*") == []
        hidden = foreign.client.get(f"/v1/events/{found[0]['id']}", headers=dict(foreign.headers))
        refused(hidden, 404, "event-absent")


def test_cases_are_told_to_compliance_and_never_to_whom_they_are_about(trading: Trading, trade: dict[str, str]) -> None:
    finding = Finding("price", LEIS["supplier"], "a price to look at", ("events",))
    (case,) = trading.gateway.database.run(lambda session: cases.open_new(session, [finding, finding]))
    done(trading.operator, f"/v1/cases/{case}/comments", {"text": "what only we may read"})
    done(trading.operator, f"/v1/cases/{case}/closing", {"reason": "It was a discount."})

    def of_case() -> list[dict[str, Any]]:
        return all_of(trading.operator, kind="case", resource_id=case)

    found = until(lambda: len(told := of_case()) == 3 and told, "the case is not told")

    assert types(found) == ["case.opened", "case.commented", "case.closed"]
    assert all(event["body"] == {"kind": "price", "lei": LEIS["supplier"]} for event in found)
    assert types(all_of(trading.supervisor(), kind="case", resource_id=case)) == types(found)
    refused(ask(trading.desks["supplier"], type="case.opened"), 403, "scope-missing")
    assert "case" not in {event["resource"]["kind"] for event in all_of(trading.desks["supplier"])}
