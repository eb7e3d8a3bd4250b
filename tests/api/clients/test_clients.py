"""/v1/clients: nobody gains by a client what it may not do itself; a secret changes without a pause."""

from typing import Any

import pytest
from door import LEI, OTHER_LEI, Door
from joserfc.jwk import ECKey

JWKS = {"keys": [ECKey.generate_key("P-256", private=True).as_dict(private=False)]}


def made(door: Door, headers: dict[str, str], **body: Any) -> dict[str, Any]:
    answer = door.http.post("/v1/clients", json=body, headers=headers)
    assert answer.status_code == 201, answer.text
    told: dict[str, Any] = answer.json()
    return told


def post(door: Door, path: str, headers: dict[str, str], body: Any = None) -> Any:
    return door.http.post(f"/v1/clients{path}", json=body, headers=headers)


@pytest.mark.parametrize(
    ("body", "status", "error"),
    [
        ({"lei": OTHER_LEI}, 403, "operator-only"),
        ({"operator": True}, 403, "operator-only"),
        ({"scopes": ["cash:write"]}, 403, "scope-beyond-own"),
        ({"scopes": ["nothing:read"]}, 403, "scope-beyond-own"),
        ({"jwks": {"keys": []}}, 422, "jwks-invalid"),
        ({"secret": "mine"}, 422, "request-invalid"),
    ],
)
def test_client_beyond_the_callers_own_is_refused(door: Door, body: Any, status: int, error: str) -> None:
    answer = post(door, "", door.speaks(), body)

    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert door.http.get("/v1/clients", headers=door.speaks()).json()["items"] == []


def test_narrow_client_makes_and_changes_only_narrow_ones(door: Door) -> None:
    narrow = door.speaks("clients:read", "clients:write")
    broad = made(door, door.speaks(), name="all")

    mine = made(door, narrow)

    assert mine["scopes"] == ["clients:read", "clients:write"]
    for path, body in (("secrets", {}), ("keys", {"jwks": JWKS}), ("disabling", None)):
        refused = post(door, f"/{broad['client_id']}/{path}", narrow, body)
        assert (refused.status_code, refused.json()["error"]) == (403, "scope-beyond-own"), path
    assert door.ask({}, (broad["client_id"], broad["client_secret"])).status_code == 200


def test_operators_clients_are_nobody_elses_business_even_under_one_lei(door: Door) -> None:
    operators = door.make(None)
    with door.gateway.database.transaction() as session:
        from api.auth.models import Client

        client = session.get(Client, operators.client_id)
        assert client is not None
        client.lei = LEI
        assert client.operator

    hidden = post(door, f"/{operators.client_id}/secrets", door.speaks(), {})

    assert (hidden.status_code, hidden.json()["error"]) == (404, "client-unknown")
    assert door.http.get("/v1/clients", headers=door.speaks()).json()["items"] == []


def test_organisation_makes_a_client_for_one_purpose(door: Door) -> None:
    client = made(door, door.speaks(), name="ERP", scopes=["invoices:read", "invoices:write"])

    token = door.ask({"scope": "invoices:read"}, (client["client_id"], client["client_secret"]))
    beyond = door.ask({"scope": "pools:read"}, (client["client_id"], client["client_secret"]))

    assert (client["lei"], client["authentication"]) == (LEI, "client_secret")
    assert token.json()["scope"] == "invoices:read"
    assert beyond.json()["error"] == "invalid_scope"
    shown = door.http.get(f"/v1/clients/{client['client_id']}", headers=door.speaks()).text
    assert client["client_secret"] not in shown


def test_secret_changes_with_an_overlap(door: Door) -> None:
    client = made(door, door.speaks())
    first = (client["client_id"], client["client_secret"])

    second = post(door, f"/{first[0]}/secrets", door.speaks(), {"overlap_seconds": 600}).json()

    assert second["client_secret"] != first[1]
    assert second["previous_secret_ends_at"]
    assert door.ask({}, first).status_code == door.ask({}, (first[0], second["client_secret"])).status_code == 200
    third = post(door, f"/{first[0]}/secrets", door.speaks(), {"overlap_seconds": 0}).json()
    assert door.ask({}, first).status_code == door.ask({}, (first[0], second["client_secret"])).status_code == 401
    assert door.ask({}, (first[0], third["client_secret"])).status_code == 200


def test_client_that_signs_has_no_secret_any_more(door: Door) -> None:
    client = made(door, door.speaks())

    changed = post(door, f"/{client['client_id']}/keys", door.speaks(), {"jwks": JWKS}).json()

    assert changed["authentication"] == "private_key_jwt"
    assert door.ask({}, (client["client_id"], client["client_secret"])).status_code == 401
    assert made(door, door.speaks(), jwks=JWKS)["client_secret"] is None


def test_disabled_client_gets_no_token_and_loses_those_it_has(door: Door) -> None:
    client = made(door, door.speaks(), scopes=["clients:read"])
    secret = (client["client_id"], client["client_secret"])
    headers = {"Authorization": f"Bearer {door.ask({}, secret).json()['access_token']}"}
    assert door.http.get("/v1/clients", headers=headers).status_code == 200

    disabled = post(door, f"/{client['client_id']}/disabling", door.speaks())

    assert disabled.json()["disabled_at"]
    assert door.ask({}, secret).status_code == 401
    door.gateway.keys.refresh()  # as its loop does every few seconds
    assert door.http.get("/v1/clients", headers=headers).status_code == 401
    renewed = post(door, f"/{client['client_id']}/secrets", door.speaks(), {})
    assert (renewed.status_code, renewed.json()["error"]) == (409, "client-disabled")


def test_operator_makes_clients_for_others_and_sees_all(door: Door) -> None:
    operator = door.speaks("operator", "clients:read", "clients:write", lei=None)

    theirs = made(door, operator, lei=OTHER_LEI)
    supervisors = made(door, operator, operator=True, scopes=["supervisor", "receivables:read"])

    assert theirs["lei"] == OTHER_LEI
    assert "cash:write" not in theirs["scopes"]
    assert supervisors["scopes"] == ["receivables:read", "supervisor"]
    everybody = door.http.get("/v1/clients", headers=operator).json()["items"]
    assert {client["client_id"] for client in everybody} == {theirs["client_id"], supervisors["client_id"]}
    of_one = door.http.get(f"/v1/clients?lei={OTHER_LEI}", headers=operator).json()["items"]
    assert [client["client_id"] for client in of_one] == [theirs["client_id"]]
    assert post(door, "", operator, {}).json()["error"] == "client-owner-missing"
    assert post(door, "", operator, {"lei": LEI, "scopes": ["cash:write"]}).json()["error"] == "scope-invalid"
    assert door.http.get(f"/v1/clients?lei={OTHER_LEI}", headers=door.speaks()).json()["items"] == []


def test_repeated_request_makes_one_client_and_tells_the_secret_again(door: Door) -> None:
    headers = {**door.speaks(), "Idempotency-Key": "erp"}

    first, again = made(door, headers, name="ERP"), made(door, headers, name="ERP")

    assert first == again
    assert len(door.http.get("/v1/clients", headers=door.speaks()).json()["items"]) == 1
