"""/v1/webhooks: who may have what delivered where."""

import pytest
from hook_door import BODY, Door, refused
from receiving import LEI, OTHER_LEI, Receiver, say
from sqlmodel import select

from api.db import utc_now
from api.webhooks.letters import secrets_of
from api.webhooks.models import Webhook
from api.webhooks.signing import new_secret


def webhooks(door: Door) -> list[Webhook]:
    with door.gateway.database.session() as session:
        return list(session.exec(select(Webhook)))


def counting(door: Door) -> list[str]:
    """The secrets that the only webhook's deliveries are signed with."""
    (row,) = webhooks(door)
    return secrets_of(door.gateway.vault, row)


def end_overlap(door: Door) -> None:
    with door.gateway.database.transaction() as session:
        session.exec(select(Webhook)).one().former_until = utc_now()


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


def test_second_rotation_within_the_overlap_is_refused_until_it_ends(door: Door) -> None:
    hook = door.hook(BODY["url"])
    path = f"/v1/webhooks/{hook['id']}/secret"
    rotated = door.ask("POST", path, {"overlap_seconds": 600}).json()
    (before,) = webhooks(door)

    problem = refused(door.ask("POST", path, {"overlap_seconds": 60}), 409, "webhook-secret-overlaps")

    context = {"id": hook["id"], "former_secret_until": rotated["former_secret_until"]}
    assert problem["context"] == context
    assert rotated["former_secret_until"] in problem["detail"]
    assert counting(door) == [rotated["secret"], hook["secret"]]
    assert webhooks(door) == [before]

    end_overlap(door)
    third = door.ask("POST", path, {"overlap_seconds": 60}).json()["secret"]
    assert counting(door) == [third, rotated["secret"]]


def test_leaked_secret_is_dropped_within_the_overlap(door: Door) -> None:
    hook = door.hook(BODY["url"])
    path = f"/v1/webhooks/{hook['id']}/secret"
    door.ask("POST", path, {"overlap_seconds": 600})

    answer = door.ask("POST", path, {"overlap_seconds": 0})

    assert answer.status_code == 200
    assert answer.json()["former_secret_until"] is None
    assert counting(door) == [answer.json()["secret"]]


@pytest.mark.parametrize("overlap_seconds", [0, 600])
def test_of_two_rotations_at_once_one_is_refused(
    door: Door, monkeypatch: pytest.MonkeyPatch, overlap_seconds: int
) -> None:
    hook = door.hook(BODY["url"])
    path, body = f"/v1/webhooks/{hook['id']}/secret", {"overlap_seconds": overlap_seconds}
    first: list[str] = []

    def another_is_faster() -> str:
        """Between the reading of the one request and its writing, the other does all of its own."""
        monkeypatch.undo()
        first.append(door.ask("POST", path, body).json()["secret"])
        return new_secret()

    monkeypatch.setattr("api.webhooks.service.new_secret", another_is_faster)
    refused(door.ask("POST", path, body), 409, "webhook-secret-rotated")

    assert counting(door) == [*first, *([hook["secret"]] if overlap_seconds else [])]


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
