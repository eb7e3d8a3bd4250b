"""Deliveries: signed, at least once, in order per resource, each receiver's queue its own."""

import json
import re
import threading
import time
from collections import Counter
from typing import Any

import pytest
from hook_door import Door
from hypothesis import given
from hypothesis import strategies as st
from receiving import OTHER_LEI, Received, Receiver, receiving, say, until

from api.building import build_gateway
from api.settings import Settings
from api.transactions.models import Transaction
from api.webhooks.deliverer import pause_seconds
from api.webhooks.settings import WebhookSettings
from chain_node.compile import ROOT


def genuine() -> Any:
    """The check that api/README.md tells receivers to make, as it stands there."""
    (code,) = re.findall(r"```python\n(import hashlib.*?)```", (ROOT / "api" / "README.md").read_text(), re.S)
    assert len(code.splitlines()) <= 12
    names: dict[str, Any] = {}
    exec(code, names)  # noqa: S102 - our own document
    return names["genuine"]


def test_signature_proves_sender_body_and_time(door: Door, receiver: Receiver) -> None:
    hook = door.hook(receiver.url)
    say(door.gateway.database, "0x01")
    door.deliver(hook)

    (request,) = receiver.received
    header, now, check = request.headers["portolan-signature"], time.time(), genuine()
    assert re.fullmatch(r"t=\d+,v1=[0-9a-f]{64}", header)
    assert check(hook["secret"], header, request.body, now)
    assert not check(hook["secret"], header, request.body + b" ", now)
    assert not check("whsec_another", header, request.body, now)
    assert not check(hook["secret"], header, request.body, now + 3_600)
    assert not check(hook["secret"], re.sub(r"t=\d+", f"t={int(now) + 1}", header), request.body, now)


def test_event_of_another_transaction_than_ours_has_no_trace(door: Door, receiver: Receiver) -> None:
    hook = door.hook(receiver.url)
    say(door.gateway.database, "0x01")

    door.deliver(hook)

    (request,) = receiver.received
    assert json.loads(request.body)["trace_id"] is None
    assert "traceparent" not in request.headers


def test_event_that_a_request_caused_is_delivered_with_its_trace(door: Door, receiver: Receiver) -> None:
    hook, trace = door.hook(receiver.url), "4bf92f3577b34da6a3ce929d0e0e4736"
    caused = {"signer": "org", "sender": "0x01", "purpose": "test", "to_address": "0x02", "data": b"", "function": "f"}
    with door.gateway.database.transaction() as session:
        session.add(Transaction(**caused, gas=1, hash="0x" + "cd" * 32, trace_id=trace))
    say(door.gateway.database, "0x01")

    door.deliver(hook)

    (request,) = receiver.received
    assert json.loads(request.body)["trace_id"] == trace
    assert re.fullmatch(rf"00-{trace}-[0-9a-f]{{16}}-0[01]", request.headers["traceparent"])


def test_both_secrets_sign_while_they_overlap(door: Door, receiver: Receiver) -> None:
    hook, check = door.hook(receiver.url), genuine()
    path = f"/v1/webhooks/{hook['id']}/secret"
    second = door.ask("POST", path, {"overlap_seconds": 600}).json()["secret"]
    say(door.gateway.database, "0x01")
    door.deliver(hook)
    third = door.ask("POST", path, {"overlap_seconds": 0}).json()["secret"]
    say(door.gateway.database, "0x01")
    door.deliver(hook)

    first_header, second_header = (r.headers["portolan-signature"] for r in receiver.received)
    body = receiver.received[0].body
    assert all(check(secret, first_header, body, time.time()) for secret in (hook["secret"], second))
    assert (first_header.count("v1="), second_header.count("v1=")) == (2, 1)
    assert check(third, second_header, receiver.received[1].body, time.time())


def test_only_what_was_asked_for_and_concerns_one_is_delivered(door: Door, receiver: Receiver) -> None:
    say(door.gateway.database, "0x00")
    hook = door.hook(receiver.url, "receivable.*", "pool.deposit")
    wanted = say(door.gateway.database, "0x01")
    say(door.gateway.database, "0x01", leis=[OTHER_LEI])
    say(door.gateway.database, "1", type_="financing.drawn")
    wanted += say(door.gateway.database, "EUR", type_="pool.deposit")
    say(door.gateway.database, "EUR", type_="pool.loss_taken")

    door.deliver(hook)

    assert sorted(receiver.events()) == wanted
    told = {request.event: request.told for request in receiver.received}
    shown = {event["id"]: event for event in door.get("/v1/events", limit="200")["items"]}
    for event_id in wanted:
        delivery = told[event_id].pop("delivery")
        assert told[event_id] == shown[event_id]
        assert (delivery["webhook_id"], delivery["attempt"], delivery["missed"]) == (hook["id"], 1, [])


def test_later_event_waits_for_an_earlier_one_of_its_resource_only(door: Door, receiver: Receiver) -> None:
    refusals: Counter[str] = Counter()

    def stubborn(request: Received) -> int:
        if request.told["resource"]["id"] == "0x01" and refusals[request.event] < 2:
            refusals[request.event] += 1
            return 500
        return 200

    receiver.answer = stubborn
    hook = door.hook(receiver.url)
    ids = say(door.gateway.database, "0x01", "0x02", "0x01", "0x02", "0x01")

    door.deliver(hook)

    arrived = {"0x01": list[str](), "0x02": list[str]()}
    for request in receiver.received:
        arrived[request.told["resource"]["id"]].append(request.event)
    assert arrived["0x01"] == [ids[0]] * 3 + [ids[2]] * 3 + [ids[4]] * 3
    assert arrived["0x02"] == [ids[1], ids[3]]
    (first, *_) = door.deliveries(hook)
    assert [attempt["status"] for attempt in first["attempts"]] == [500, 500, 200]
    assert [r.told["delivery"]["attempt"] for r in receiver.received if r.event == ids[0]] == [1, 2, 3]


def test_after_a_dead_letter_the_order_goes_on_and_says_so(door: Door, receiver: Receiver) -> None:
    hook = door.hook(receiver.url)
    ids = say(door.gateway.database, *["0x01"] * 4)
    receiver.answer = lambda request: 500 if request.event in ids[:2] else 200

    door.deliver(hook)

    assert receiver.events() == [ids[0]] * 3 + [ids[1]] * 3 + ids[2:]
    missed = [request.told["delivery"]["missed"] for request in receiver.received]
    assert missed[-2:] == [ids[:2], []]
    assert [d["event_id"] for d in door.deliveries(hook, status="dead")] == ids[:2]
    assert door.get(f"/v1/webhooks/{hook['id']}")["dead"] == 2


def test_dead_letters_are_replayed_once(door: Door, receiver: Receiver) -> None:
    hook = door.hook(receiver.url)
    ids = say(door.gateway.database, "0x01", "0x02", "0x01")
    receiver.answer = lambda request: 503
    door.deliver(hook)
    receiver.answer, receiver.received[:] = lambda request: 200, []
    path = f"/v1/webhooks/{hook['id']}"

    answer = door.ask("POST", f"{path}/replays", {"first": ids[0], "dead_only": True}).json()
    door.deliver(hook)
    again = door.ask("POST", f"{path}/replays", {"first": ids[0], "dead_only": True}).json()

    assert (answer["queued"], again["queued"]) == (3, 0)
    assert sorted(receiver.events()) == ids
    assert all(request.told["delivery"]["is_replay"] for request in receiver.received)
    assert [e for e in receiver.events() if e != ids[1]] == [ids[0], ids[2]]


def test_range_is_replayed_also_from_before_the_webhook(door: Door, receiver: Receiver) -> None:
    ids = say(door.gateway.database, "0x01", "0x01", "0x01", "0x01")
    say(door.gateway.database, "0x01", leis=[OTHER_LEI])
    hook = door.hook(receiver.url)

    answer = door.ask("POST", f"/v1/webhooks/{hook['id']}/replays", {"first": ids[1], "last": ids[2]})
    door.deliver(hook)
    one = door.ask("POST", f"/v1/webhooks/{hook['id']}/deliveries/1/replay").json()
    door.deliver(hook)

    assert (answer.status_code, answer.json()) == (202, {"queued": 2, "first_delivery": "1", "last_delivery": "2"})
    assert one == {"queued": 1, "first_delivery": "3", "last_delivery": "3"}
    assert receiver.events() == [ids[1], ids[2], ids[1]]


def test_webhook_that_is_held_back_loses_nothing(door: Door, receiver: Receiver) -> None:
    hook = door.hook(receiver.url)
    path = f"/v1/webhooks/{hook['id']}"
    first = say(door.gateway.database, "0x01")
    door.gateway.deliverer._fill()
    door.ask("PATCH", path, {"enabled": False})
    held = first + say(door.gateway.database, "0x01", "0x02")

    door.gateway.deliverer.step()
    door.gateway.deliverer.step()
    assert receiver.received == []

    door.ask("PATCH", path, {"enabled": True})
    door.deliver(hook)
    assert sorted(receiver.events()) == held


def test_failing_receiver_holds_its_own_queue_only(
    door: Door, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A busy machine may need longer for the quick ones than those that hang are waited for.
    patient = door.gateway.settings.webhooks.model_copy(update={"timeout_seconds": 60.0})
    monkeypatch.setattr(door.gateway.deliverer, "_settings", patient)
    stuck = threading.Event()
    with receiving() as hanging:
        hanging.answer = lambda _: 200 if stuck.wait(180) else 500
        slow, quick = door.hook(hanging.url), door.hook(receiver.url)
        say(door.gateway.database, *(f"0x{place:02x}" for place in range(100)))

        door.deliver(quick)

        assert len(receiver.received) == 100
        most = door.gateway.settings.webhooks.at_once_per_webhook
        until(lambda: len(hanging.received) >= most, "those that hang have not all arrived")
        assert len(hanging.received) == most
        stuck.set()
        door.deliver(slow)
        assert len(hanging.received) == 100


def test_receiver_that_fails_is_tried_one_delivery_at_a_time(door: Door, receiver: Receiver) -> None:
    under_way, most = [0], [0]
    lock = threading.Lock()
    failed_once = threading.Event()

    def failing(_: Received) -> int:
        with lock:
            under_way[0] += 1
            if failed_once.is_set():
                most[0] = max(most[0], under_way[0])
        time.sleep(0.005)
        with lock:
            under_way[0] -= 1
        return 500

    receiver.answer = failing
    hook = door.hook(receiver.url)
    say(door.gateway.database, "0x00")
    door.deliver(hook)
    failed_once.set()
    say(door.gateway.database, *(f"0x{place:02x}" for place in range(1, 12)))

    door.deliver(hook)

    assert most == [1]
    assert door.get(f"/v1/webhooks/{hook['id']}")["failures"] == 36


def test_receiver_that_is_away_gets_all_once_it_is_back(door: Door) -> None:
    with receiving() as first:
        url = first.url
    hook = door.hook(url)
    (event,) = say(door.gateway.database, "0x01")

    door.deliver(hook)

    (dead,) = door.deliveries(hook)
    assert (dead["status"], dead["event_id"]) == ("dead", event)
    assert [attempt["status"] for attempt in dead["attempts"]] == [None] * 3
    assert {attempt["problem"] for attempt in dead["attempts"]} == {"No connection could be made, or it broke."}


def test_address_that_may_no_longer_be_called_is_not_called(
    door: Door, receiver: Receiver, fast_settings: Settings
) -> None:
    """The address is checked at each call, not only when it was named."""
    hook = door.hook(receiver.url)
    say(door.gateway.database, "0x01")
    strict = build_gateway(fast_settings.model_copy(update={"outgoing": type(fast_settings.outgoing)()}))

    def given_up() -> bool:
        strict.deliverer.step()
        return bool(door.deliveries(hook, status="dead"))

    until(given_up, "it is not given up")
    strict.deliverer.close()
    strict.database.close()

    assert receiver.received == []
    assert "is not on the public internet" in door.deliveries(hook)[0]["attempts"][0]["problem"]


@pytest.mark.parametrize("status", [301, 302, 307, 400, 404, 410, 500])
def test_anything_but_success_is_tried_again(door: Door, receiver: Receiver, status: int) -> None:
    answers = iter([status])
    receiver.answer = lambda _: next(answers, 204)
    hook = door.hook(receiver.url)
    say(door.gateway.database, "0x01")

    door.deliver(hook)

    (delivery,) = door.deliveries(hook)
    assert [attempt["status"] for attempt in delivery["attempts"]] == [status, 204]
    assert delivery["status"] == "delivered"


def test_several_processes_deliver_each_event_once(door: Door, receiver: Receiver, fast_settings: Settings) -> None:
    """Gateways of their own on one database, all at once. A busy machine must not look like a receiver that is away."""
    patient = fast_settings.webhooks.model_copy(update={"timeout_seconds": 60.0})
    settings = fast_settings.model_copy(update={"webhooks": patient})
    hooks = [door.hook(receiver.url) for _ in range(3)]
    gateways = [build_gateway(settings) for _ in range(4)]
    resources = [f"0x{place % 9:02x}" for place in range(60)]
    ids = say(door.gateway.database, *resources)
    stop = threading.Event()

    def run(gateway: Any) -> None:
        while not stop.is_set():
            gateway.deliverer.step()

    threads = [threading.Thread(target=run, args=(gateway,)) for gateway in gateways]
    for thread in threads:
        thread.start()
    until(lambda: len(receiver.received) >= 180, "not all is delivered", seconds=120)
    stop.set()
    for thread in threads:
        thread.join(20)
    for gateway in gateways:
        gateway.deliverer.close()
        gateway.database.close()

    of = {
        hook["id"]: [r for r in receiver.received if r.told["delivery"]["webhook_id"] == hook["id"]] for hook in hooks
    }
    for requests in of.values():
        assert sorted(request.event for request in requests) == ids
        for resource in set(resources):
            mine = [request.event for request in requests if request.told["resource"]["id"] == resource]
            assert mine == sorted(mine)


def test_what_ended_long_ago_is_forgotten(door: Door, receiver: Receiver) -> None:
    from datetime import timedelta

    from api.db import utc_now
    from api.webhooks import queue

    hook = door.hook(receiver.url)
    say(door.gateway.database, "0x01")
    door.deliver(hook)

    with door.gateway.database.engine.begin() as connection:
        queue.forget_before(connection, utc_now() - timedelta(days=1))
    assert len(door.deliveries(hook)) == 1
    with door.gateway.database.engine.begin() as connection:
        queue.forget_before(connection, utc_now() + timedelta(seconds=1))

    assert door.deliveries(hook) == []
    assert door.get("/v1/events", resource_id="0x01")["items"][0]["resource"]["id"] == "0x01"


@given(attempt=st.integers(1, 60))
def test_pause_doubles_up_to_its_most_and_is_never_less_than_half(attempt: int) -> None:
    settings = WebhookSettings()

    pause = pause_seconds(settings, attempt)

    whole = min(settings.first_retry_seconds * 2 ** (attempt - 1), settings.longest_retry_seconds)
    assert whole / 2 <= pause <= whole
