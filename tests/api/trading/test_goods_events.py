"""Events of orders, goods, pledges, margin calls and policies: told once, in order, and to nobody but the parties."""

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from goods import BUYER, INSURER, STORE, TONNES, Goods
from ordering import accepted, registered
from trading import LEIS, Desk, Trading, await_indexer, eur

from api.events.registry import TYPES, lines_of
from chain_node.client import Milestone

pytestmark = pytest.mark.node
KINDS = {
    "order": "/v1/orders/{id}",
    "announcement": "/v1/receipts/announcements/{id}",
    "receipt": "/v1/receipts/{id}",
    "release_order": "/v1/release-orders/{id}",
    "pledge": "/v1/pledges/{id}",
    "goods_offer": "/v1/pledges/offers/{id}",
    "margin_call": "/v1/margin-calls/{id}",
    "insurance_policy": "/v1/insurance-policies/{id}",
}
NAMES = ("supplier", "debtor", "buyer", "store", "insurer", "lender", "carrier", "stranger")
ALL_OF_THEM = [f"{kind}.*" for kind in KINDS]


def at(goods: Goods, days: int) -> str:
    return (datetime.fromtimestamp(goods.now(), UTC) + timedelta(days=days)).isoformat()


@pytest.fixture(scope="module")
def goods(trading: Trading) -> Goods:
    made = Goods(trading)
    trading.fund(40_000_000)
    return made


@pytest.fixture(scope="module")
def named(goods: Goods) -> dict[str, str]:
    """An order, goods that come in, are parted, sold, pledged, offered, insured, called for and let go."""
    supplier, store, operator = goods.desk("supplier"), goods.desk("store"), goods.trading.operator
    order = accepted(goods.trading, "PO-EVENTS", deposit=eur(3_000_000))["id"]
    cancelled = registered(goods.trading, "PO-NOT")["id"]
    supplier.write(f"/v1/orders/{cancelled}/cancellation")
    withdrawn = store.write("/v1/receipts/announcements", goods.announcement("CT-0", goods.consignment("CT-0")))["id"]
    store.write(f"/v1/receipts/announcements/{withdrawn}/withdrawal")
    receipt, free = goods.store("CT-1"), goods.store("CT-2")
    to = {"to_lei": BUYER, "quantity_thousandths": "1000000"}
    supplier.write(f"/v1/receipts/{free['id']}/transfers", to)
    leaving = {"receipt_id": free["id"], "quantity_thousandths": "1000", "deadline": at(goods, 7)}
    left = supplier.write("/v1/release-orders", {**leaving, "to_lei": LEIS["debtor"]})["release_order"]
    goods.trading.attest(free["subject"], Milestone.RELEASED, 900, "store", "inspector")
    store.write(f"/v1/release-orders/{left['id']}/confirmation")
    declined = supplier.write("/v1/release-orders", leaving)["release_order"]["id"]
    store.write(f"/v1/release-orders/{declined}/declination")
    goods.fresh(receipt["subject"])
    pledge = str(goods.pledge(goods.facility(), receipt["id"])["id"])
    terms = {"quantity_thousandths": "1000", "price": eur(2_000), "until": at(goods, 100)}
    body = {"receipt_id": receipt["id"], **terms}
    offer = supplier.write(f"/v1/pledges/{pledge}/offers", {**body, "buyer_lei": BUYER})["offer"]["id"]
    to_any = supplier.write(f"/v1/pledges/{pledge}/offers", body)["offer"]["id"]
    supplier.write(f"/v1/pledges/offers/{to_any}/withdrawal")
    policy = _insured(goods, receipt, pledge)
    goods.fresh(receipt["subject"], warmth=26_000)
    call = operator.write("/v1/margin-calls", {"pledge_id": pledge})["margin_call"]
    supplier.write(f"/v1/margin-calls/{call['id']}/cure", {"amount": eur(2_000_000)})
    supplier.write(f"/v1/margin-calls/{call['id']}/ending")
    await_indexer(goods.trading.gateway, goods.chain)
    return {
        "order": order,
        "cancelled": cancelled,
        "receipt": receipt["id"],
        "free": free["id"],
        "withdrawn": withdrawn,
        "left": left["id"],
        "declined": declined,
        "pledge": pledge,
        "offer": offer,
        "to_any": to_any,
        "policy": policy,
        "call": call["id"],
    }


def _insured(goods: Goods, receipt: Any, pledge: str) -> str:
    insurer = goods.desk("insurer")
    terms = {
        "financing_id": pledge,
        "kind": "cargo",
        "limit": eur(5_000_000),
        "deductible": eur(100_000),
        "premium": eur(30_000),
        "offer_until": at(goods, 5),
        "pay_by": at(goods, 20),
        "until": at(goods, 60),
        "milestone": "LOST",
        "quantity_thousandths": str(TONNES),
        "subject": receipt["subject"],
    }
    policy = str(insurer.write("/v1/insurance-policies", terms)["id"])
    goods.desk("supplier").write(f"/v1/insurance-policies/{policy}/acceptance")
    insurer.write(f"/v1/insurance-policies/{policy}/withdrawal")
    return policy


def all_of(desk: Desk, **query: Any) -> list[dict[str, Any]]:
    """The oldest first."""
    found: list[dict[str, Any]] = []
    after: str | None = "evt_0000000000000000"
    while after is not None:
        page = desk.get("/v1/events", after=after, limit="100", **{"type": ALL_OF_THEM, **query})
        found += page["items"]
        after = page["next"]
    return found


def types_of(desk: Desk, kind: str, its_id: str) -> list[str]:
    found = all_of(desk, type=[f"{kind}.*"], kind=kind, resource_id=its_id)
    return [event["type"].removeprefix(f"{kind}.") for event in found]


def test_nobody_is_told_of_what_it_may_not_see(goods: Goods, named: dict[str, str]) -> None:
    for name in NAMES:
        desk = goods.desk(name)
        resources = {(event["resource"]["kind"], event["resource"]["id"]) for event in all_of(desk)}
        for kind, its_id in resources:
            answer = desk.client.get(KINDS[kind].format(id=its_id), headers=dict(desk.headers))
            assert answer.status_code == 200, (name, kind, its_id)
    for name in ("lender", "carrier", "stranger"):
        assert all_of(goods.desk(name)) == []


def test_event_of_others_is_absent(goods: Goods, named: dict[str, str]) -> None:
    stranger = goods.desk("stranger")

    for event in all_of(goods.trading.operator):
        answer = stranger.client.get(f"/v1/events/{event['id']}", headers=dict(stranger.headers))
        assert answer.status_code == 404, event["type"]


def test_types_want_the_scope_of_their_resource(goods: Goods, named: dict[str, str]) -> None:
    desk = goods.trading.narrow("supplier", "events:read", "orders:read")

    seen = {event["resource"]["kind"] for event in desk.get("/v1/events", limit="200")["items"]}
    refused = desk.client.get("/v1/events", params={"type": "pledge.*"}, headers=dict(desk.headers))

    assert seen == {"order"}
    assert (refused.status_code, refused.json()["context"]) == (403, {"missing": ["pledges:read"]})
    assert TYPES["insurance_policy.bound"].scope == "insurance:read"
    assert TYPES["release_order.left"].scope == TYPES["announcement.made"].scope == "receipts:read"


def test_each_party_is_told_its_part(goods: Goods, named: dict[str, str]) -> None:
    told: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for name in NAMES:
        for event in all_of(goods.desk(name)):
            told[name].add((event["resource"]["kind"], event["resource"]["id"]))

    assert told["debtor"] == {
        ("order", named["order"]),
        ("order", named["cancelled"]),
        ("release_order", named["left"]),
    }
    assert told["buyer"] == {("receipt", named["free"]), ("goods_offer", named["offer"])}
    assert told["insurer"] == {("insurance_policy", named["policy"])}
    assert {kind for kind, _ in told["store"]} == {"announcement", "receipt", "release_order"}
    assert {kind for kind, _ in told["supplier"]} == set(KINDS)
    assert ("goods_offer", named["to_any"]) in told["supplier"]


def test_life_of_an_order_is_told_to_both_sides(goods: Goods, named: dict[str, str]) -> None:
    for name in ("supplier", "debtor"):
        assert types_of(goods.desk(name), "order", named["order"]) == ["registered", "accepted", "deposited"]
        assert types_of(goods.desk(name), "order", named["cancelled"]) == ["registered", "cancelled"]
    events = all_of(goods.desk("debtor"), type=["order.registered", "order.deposited"], resource_id=named["order"])
    bodies = {event["type"]: event["body"] for event in events}
    assert bodies["order.registered"]["value"] == eur(10_000_000)
    assert bodies["order.registered"]["deliver_by"] == "2026-06-30"
    assert bodies["order.deposited"] == {"amount": eur(3_000_000), "held": eur(3_000_000)}


def test_lives_of_goods_are_told_in_their_order(goods: Goods, named: dict[str, str]) -> None:
    supplier = goods.desk("supplier")

    assert types_of(supplier, "announcement", named["withdrawn"]) == ["made", "withdrawn"]
    assert types_of(supplier, "receipt", named["free"]) == ["minted", "title_passed", "goods_left"]
    assert types_of(goods.desk("buyer"), "receipt", named["free"]) == ["title_passed", "goods_left"]
    assert types_of(goods.desk("store"), "release_order", named["left"]) == ["ordered", "left"]
    assert types_of(supplier, "release_order", named["declined"]) == ["ordered", "declined"]
    assert types_of(supplier, "pledge", named["pledge"]) == ["taken"]
    assert types_of(supplier, "goods_offer", named["to_any"]) == ["made", "withdrawn"]
    assert types_of(supplier, "margin_call", named["call"]) == ["called", "ended"]
    for name in ("supplier", "insurer"):
        life = types_of(goods.desk(name), "insurance_policy", named["policy"])
        assert life == ["offered", "accepted", "ended"]


def test_bodies_say_what_the_resources_say(goods: Goods, named: dict[str, str]) -> None:
    supplier = goods.desk("supplier")
    first = {kind: all_of(supplier, type=[f"{kind}.*"], kind=kind)[0] for kind in KINDS}
    call = supplier.get(f"/v1/margin-calls/{named['call']}")
    policy = supplier.get(f"/v1/insurance-policies/{named['policy']}")
    offer = all_of(supplier, type=["goods_offer.made"], resource_id=named["offer"])[0]
    left = all_of(supplier, type=["release_order.left"])[0]

    assert first["margin_call"]["body"] == {
        "owed": call["owed_at_call"],
        "value": call["value_at_call"],
        "deadline": call["deadline"],
    }
    told = first["insurance_policy"]["body"]
    assert told == {name: policy[name] for name in told if name != "cover"} | {"cover": policy["kind"]}
    assert (offer["body"]["price"], offer["body"]["quantity_thousandths"]) == (eur(2_000), "1000")
    assert (left["body"]["released_thousandths"], left["body"]["kept_thousandths"]) == ("900", "100")
    assert first["pledge"]["body"] == {"receipt_id": named["receipt"], "quantity_thousandths": str(TONNES)}
    handed = {goods.trading.accounts["buyer"], goods.trading.accounts["supplier"], STORE, INSURER}
    for event in all_of(goods.trading.operator, type=["receipt.*"]):
        assert not handed & set(map(str, event["body"].values()))


def test_all_that_the_chain_says_of_goods_is_told_once(goods: Goods, named: dict[str, str]) -> None:
    """Against the node's own logs, line by line."""
    chain, expected = goods.chain, []
    for log in chain.logs(chain.addresses.first_block, chain.block_number()):
        event = chain.decode(log)
        for line in lines_of(event) if event else ():
            if event is not None and line.kind.name in KINDS and (line.when is None or line.when(event)):
                expected.append((line.type, "0x" + log.transaction_hash.hex(), log.block_number))

    found = [(e["type"], e["transaction_hash"], e["block_number"]) for e in all_of(goods.trading.operator)]

    assert len(found) > 25
    assert found == expected
