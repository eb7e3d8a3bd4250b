"""/v1/webhooks: who may have what delivered where."""

from hook_door import BODY, Door, refused
from receiving import LEI, OTHER_LEI, Receiver, say
from sqlmodel import select

from api.webhooks.models import Webhook


def webhooks(door: Door) -> list[Webhook]:
    with door.gateway.database.session() as session:
        return list(session.exec(select(Webhook)))


def test_one_webhook_too_many_is_refused(door: Door) -> None:
    most = door.gateway.settings.webhooks.most_per_organisation
    for _ in range(most):
        door.hook(BODY["url"])

    refused(door.ask("POST", "/v1/webhooks", BODY), 409, "webhooks-too-many")

    door.hook(BODY["url"], lei=OTHER_LEI)
    assert len(webhooks(door)) == most + 1


def test_supervisor_makes_no_webhook(door: Door) -> None:
    scopes = frozenset({"webhooks:write", "supervisor", "receivables:read"})

    refused(door.ask("POST", "/v1/webhooks", BODY, lei=None, scopes=scopes), 403, "organisation-missing")


def test_operator_sees_an_organisations_webhook_and_cannot_change_it(door: Door) -> None:
    hook = door.hook(BODY["url"])

    assert door.ask("GET", f"/v1/webhooks/{hook['id']}", lei=None).status_code == 200
    refused(door.ask("PATCH", f"/v1/webhooks/{hook['id']}", {"enabled": False}, lei=None), 404, "webhook-absent")


def test_secret_is_shown_once_and_kept_sealed(door: Door) -> None:
    hook = door.hook(BODY["url"])
    rotated = door.ask("POST", f"/v1/webhooks/{hook['id']}/secret", {"overlap_seconds": 60}).json()

    assert hook["secret"].startswith("whsec_")
    assert hook["secret"] != rotated["secret"]
    shown = [door.get(f"/v1/webhooks/{hook['id']}"), door.get("/v1/webhooks")]
    (row,) = webhooks(door)
    for secret in (hook["secret"], rotated["secret"]):
        assert secret not in repr(shown)
        assert secret.encode() not in row.secret + (row.former_secret or b"")
        assert secret.removeprefix("whsec_") not in repr(row)


def test_change_names_what_changes_and_keeps_the_rest(door: Door) -> None:
    hook = door.hook(BODY["url"], "receivable.*", "pool.deposit")
    path = f"/v1/webhooks/{hook['id']}"

    refused(door.ask("PATCH", path, {"url": "http://192.168.0.1/"}), 422, "target-refused")
    refused(door.ask("PATCH", path, {"types": ["nothing.*"]}), 422, "event-type-unknown")
    changed = door.ask("PATCH", path, {"description": "the new ERP"}).json()

    assert changed == {**{k: v for k, v in hook.items() if k != "secret"}, "description": "the new ERP"}


def test_list_is_paged(door: Door) -> None:
    made = {door.hook(BODY["url"])["id"] for _ in range(5)}

    first = door.get("/v1/webhooks", limit="3")
    second = door.get("/v1/webhooks", limit="3", cursor=first["next"])

    assert [len(first["items"]), len(second["items"]), second["next"]] == [3, 2, None]
    assert {hook["id"] for hook in first["items"] + second["items"]} == made


def test_forgotten_webhook_is_gone_with_its_deliveries(door: Door, receiver: Receiver) -> None:
    hook = door.hook(receiver.url)
    say(door.gateway.database, "0x01")
    door.deliver(hook)

    assert door.ask("DELETE", f"/v1/webhooks/{hook['id']}").status_code == 204
    say(door.gateway.database, "0x01")
    door.gateway.deliverer.step()

    assert door.ask("GET", f"/v1/webhooks/{hook['id']}").status_code == 404
    assert len(receiver.received) == 1
    assert door.get("/v1/webhooks")["items"] == []


def test_replay_of_a_thousand_and_one_is_refused_and_says_where_to_go_on(door: Door) -> None:
    hook = door.hook(BODY["url"])
    ids = say(door.gateway.database, *["0x01"] * 1_001)

    problem = refused(door.ask("POST", f"/v1/webhooks/{hook['id']}/replays", {"first": ids[0]}), 422, "replay-too-long")

    assert problem["context"] == {"most": 1_000, "next": ids[1_000]}


def test_ping_is_not_replayed(door: Door, receiver: Receiver) -> None:
    hook = door.hook(receiver.url)
    ping = door.ask("POST", f"/v1/webhooks/{hook['id']}/ping").json()
    door.deliver(hook)

    assert [(r.told["type"], r.told["id"]) for r in receiver.received] == [("webhook.ping", None)]
    path = f"/v1/webhooks/{hook['id']}/deliveries/{ping['number']}"
    refused(door.ask("POST", f"{path}/replay"), 409, "ping-not-replayed")
    assert door.get(path)["attempts"][0]["status"] == 200


def test_operators_webhook_is_told_of_all(door: Door, receiver: Receiver) -> None:
    hook = door.hook(receiver.url, lei=None)
    ids = say(door.gateway.database, "0x01", leis=[LEI]) + say(door.gateway.database, "0x02", leis=[OTHER_LEI])

    door.gateway.deliverer.step()
    door.deliver()
    while len(receiver.received) < 2:
        door.gateway.deliverer.step()

    assert hook["lei"] is None
    assert sorted(receiver.events()) == ids
