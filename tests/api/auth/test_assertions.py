"""private_key_jwt: what a client has signed proves it, once, for this gateway, for a short while."""

import hmac
import json
import time
import uuid
from base64 import urlsafe_b64encode
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from door import Door
from joserfc import jws
from joserfc.jwk import ECKey, OKPKey, RSAKey

from api.auth.assertions import ASSERTION_TYPE
from api.auth.jose import JwksInvalid, public_keys

KEY = ECKey.generate_key("P-256", {"kid": "erp"}, private=True)
JWKS = {"keys": [KEY.as_dict(private=False)]}
ISSUER = "http://127.0.0.1:8000"


def signed(client_id: str, key: Any = KEY, alg: str = "ES256", header: Any = None, **changes: Any) -> str:
    now = int(time.time())
    claims = {
        "iss": client_id,
        "sub": client_id,
        "aud": f"{ISSUER}/oauth/token",
        "exp": now + 60,
        "jti": uuid.uuid4().hex,
    }
    told = {name: value for name, value in {**claims, **changes}.items() if value is not None}
    told_as = {"alg": alg, "kid": "erp", **(header or {})}
    return jws.serialize_compact(told_as, json.dumps(told), key, algorithms=[alg])


def ask(door: Door, assertion: str, **form: str) -> Any:
    return door.ask({"client_assertion_type": ASSERTION_TYPE, "client_assertion": assertion, **form})


def test_client_gets_a_token_by_what_it_signed(door: Door) -> None:
    client = door.make(jwks=JWKS, scopes=("clients:read",))

    answer = ask(door, signed(client.client_id), client_id=client.client_id)

    assert answer.status_code == 200, answer.text
    headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    assert door.http.get("/v1/clients", headers=headers).json()["items"][0]["authentication"] == "private_key_jwt"
    assert ask(door, signed(client.client_id, aud=[ISSUER])).status_code == 200


def test_assertion_counts_once(door: Door) -> None:
    client = door.make(jwks=JWKS)
    assertion = signed(client.client_id)
    assert ask(door, assertion).status_code == 200

    again = ask(door, assertion)

    assert (again.status_code, again.json()["error"]) == (401, "invalid_client")
    assert "used before" in again.json()["error_description"]


def test_of_equal_assertions_at_once_one_counts(door: Door) -> None:
    client = door.make(jwks=JWKS)
    assertion = signed(client.client_id)

    with ThreadPoolExecutor(6) as threads:
        answers = [turn.result() for turn in [threads.submit(ask, door, assertion) for _ in range(6)]]

    assert sorted(answer.status_code for answer in answers) == [200, *[401] * 5]


def test_same_jti_of_another_client_counts(door: Door) -> None:
    one, other = door.make(jwks=JWKS), door.make(jwks=JWKS)

    assert ask(door, signed(one.client_id, jti="1")).status_code == 200
    assert ask(door, signed(other.client_id, jti="1")).status_code == 200
    assert ask(door, signed(one.client_id, jti="1")).status_code == 401


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "somebody"},
        {"aud": "https://elsewhere.example/oauth/token"},
        {"aud": None},
        {"aud": 7},
        {"exp": None},
        {"exp": 1},
        {"exp": 4_000_000_000},
        {"exp": "soon"},
        {"exp": 2**70},
        {"nbf": 4_000_000_000},
        {"jti": None},
        {"jti": ""},
        {"jti": 7},
        {"jti": "x" * 256},
        {"jti": "\ud800"},
        {"sub": "\x00"},
        {"sub": "\ud800"},
        {"sub": {"a": 1}},
        {"exp": float("inf")},
    ],
    ids=str,
)
def test_assertion_with_a_wrong_claim_is_refused(door: Door, changes: dict[str, Any]) -> None:
    client = door.make(jwks=JWKS)

    refused = ask(door, signed(client.client_id, **changes))

    assert (refused.status_code, refused.json()["error"]) == (401, "invalid_client")
    assert ask(door, signed(client.client_id)).status_code == 200


def test_assertion_of_another_key_or_client_is_refused_in_the_same_words(door: Door) -> None:
    client, with_secret = door.make(jwks=JWKS), door.make()
    stranger = ECKey.generate_key("P-256", private=True)

    answers = [
        ask(door, signed(client.client_id, stranger)),
        ask(door, signed(client.client_id, stranger, header={"kid": "other"})),
        ask(door, signed("nobody")),
        ask(door, signed(with_secret.client_id)),
        ask(door, signed(client.client_id), client_id="another"),
        ask(door, "rubbish"),
        ask(door, "a.b.c"),
        ask(door, "x" * 9_000),
    ]

    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.text for answer in answers}) == 1


def test_public_key_is_no_shared_secret_and_none_is_no_signature(door: Door) -> None:
    client = door.make(jwks=JWKS)
    claims = {"iss": client.client_id, "sub": client.client_id, "aud": ISSUER, "exp": int(time.time()) + 60, "jti": "1"}

    def forged(header: dict[str, str], secret: bytes | None) -> str:
        parts = b".".join(urlsafe_b64encode(json.dumps(p).encode()).rstrip(b"=") for p in (header, claims))
        signature = b"" if secret is None else urlsafe_b64encode(hmac.digest(secret, parts, "sha256")).rstrip(b"=")
        return (parts + b"." + signature).decode()

    pem, jwk = KEY.as_pem(private=False), json.dumps(JWKS["keys"][0]).encode()
    assert ask(door, forged({"alg": "none"}, None)).status_code == 401
    assert ask(door, forged({"alg": "none", "kid": "erp"}, pem)).status_code == 401
    assert ask(door, forged({"alg": "HS256", "kid": "erp"}, pem)).status_code == 401
    assert ask(door, forged({"alg": "HS256"}, jwk)).status_code == 401


def test_names_that_no_client_has_are_just_unknown(door: Door) -> None:
    for name in ("\x00", "x" * 10_000, "ü", ""):
        answer = door.ask({"client_id": name, "client_secret": "x"})
        assert answer.json()["error"] in ("invalid_client", "invalid_request"), name
        assert answer.status_code in (400, 401)


def test_client_proves_itself_in_one_way_only(door: Door) -> None:
    client = door.make(jwks=JWKS)
    assertion = {"client_assertion_type": ASSERTION_TYPE, "client_assertion": signed(client.client_id)}

    assert door.ask({**assertion, "client_secret": "x"}).json()["error"] == "invalid_request"
    assert door.ask(assertion, auth=(client.client_id, "x")).json()["error"] == "invalid_request"
    assert door.ask({"client_assertion": assertion["client_assertion"]}).json()["error"] == "invalid_request"
    assert door.ask({}, auth=(client.client_id, "")).json()["error"] == "invalid_client"


@pytest.mark.parametrize(
    ("key", "alg"),
    [
        (RSAKey.generate_key(2048, private=True), "RS256"),
        (RSAKey.generate_key(2048, private=True), "PS256"),
        (ECKey.generate_key("P-384", private=True), "ES384"),
        (OKPKey.generate_key("Ed25519", private=True), "EdDSA"),
    ],
    ids=["RS256", "PS256", "ES384", "EdDSA"],
)
def test_usual_kinds_of_keys_count(door: Door, key: Any, alg: str) -> None:
    client = door.make(jwks={"keys": [key.as_dict(private=False)]})

    assert ask(door, signed(client.client_id, key, alg)).status_code == 200


@pytest.mark.parametrize(
    ("jwks", "why"),
    [
        ({}, "A JWKS is"),
        ({"keys": []}, "1 to 20 keys"),
        ({"keys": [7]}, "A JWKS is"),
        ({"keys": [KEY.as_dict(private=True)]}, "private part"),
        ({"keys": [{"kty": "oct", "k": "c2VjcmV0"}]}, "private part"),
        ({"keys": [{"kty": "EC", "crv": "P-256"}]}, "cannot be read"),
        ({"keys": [RSAKey.generate_key(1024, private=True).as_dict(private=False)]}, "at least 2048"),
        ({"keys": [{**JWKS["keys"][0], "use": "enc"}]}, "None of the keys"),
        ({"keys": [{"kty": "new"}]}, "None of the keys"),
        ({"keys": [JWKS["keys"][0], JWKS["keys"][0]]}, "no two the same"),
    ],
)
def test_keys_that_cannot_be_used_are_refused(jwks: dict[str, Any], why: str) -> None:
    with pytest.raises(JwksInvalid, match=why):
        public_keys(jwks)


def test_metadata_names_what_is_served(door: Door) -> None:
    told = door.http.get("/.well-known/oauth-authorization-server").json()

    assert told["issuer"] == ISSUER
    assert told["token_endpoint"] == f"{ISSUER}/oauth/token"
    assert door.http.get(told["jwks_uri"].removeprefix(ISSUER)).json()["keys"]
    assert "private_key_jwt" in told["token_endpoint_auth_methods_supported"]
    assert not {"none", "HS256"} & set(told["token_endpoint_auth_signing_alg_values_supported"])
