"""Tokens of other issuers: believed as far as the settings say, by keys that are fetched ahead."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from door import LEI, OTHER_LEI, Door
from joserfc import jws
from joserfc.jwk import ECKey, RSAKey

from api.auth.issuer_settings import IssuerSettings
from api.auth.issuers import Issuer, Issuers
from api.auth.keys import RingKey
from api.auth.tokens import Tokens
from api.errors import Unauthenticated, Unavailable
from api.outgoing import Answered, TargetUnavailable

NAME = "https://id.acme.example"
KEY = RSAKey.generate_key(2048, {"kid": "one"}, private=True)


def settings(**changes: Any) -> dict[str, Any]:
    told = {"issuer": NAME, "audience": "portolan-gateway", "organisation_claim": "org", "organisations": {"acme": LEI}}
    return {**told, "jwks_uri": "https://id.acme.example/keys", **changes}


def token(key: Any = KEY, alg: str = "RS256", header: Any = None, **changes: Any) -> str:
    claims = {"iss": NAME, "aud": "portolan-gateway", "sub": "erp", "exp": int(time.time()) + 60, "org": "acme"}
    told = {"scope": "clients:read invoices:read", **claims, **changes}
    kid = {"kid": key.kid} if key.kid else {}
    kept = json.dumps({name: value for name, value in told.items() if value is not None})
    return jws.serialize_compact({"alg": alg, **kid, **(header or {})}, kept, key, algorithms=[alg])


class Provider:
    """Stands for an issuer's server; `keys` None: it is away."""

    def __init__(self, *keys: Any) -> None:
        self.keys: tuple[Any, ...] | None = keys
        self.asked = 0

    def request(self, method: str, url: str) -> Answered:
        self.asked += 1
        if self.keys is None:
            raise TargetUnavailable("No connection could be made, or it broke.")
        body = json.dumps({"keys": [key.as_dict(private=False) for key in self.keys]}).encode()
        return Answered(200, {}, body)


class StillKeys:
    """The gateway's own keys, which nothing happens to."""

    generation = 0

    def signing(self) -> RingKey:
        raise AssertionError("nothing is signed here")

    def verifying(self) -> tuple[RingKey, ...]:
        return ()

    def look_again(self) -> bool:
        return False

    def is_disabled(self, client_id: str) -> bool:
        return False


class Only(Issuers):
    """One issuer, whose keys the test has fetched."""

    def __init__(self, issuer: Issuer) -> None:
        self._issuers = {NAME: issuer}


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def issuer(provider: Provider, clock: Clock, **changes: Any) -> Issuer:
    return Issuer(IssuerSettings.model_validate(settings(**changes)), provider, clock)


def test_no_token_counts_before_the_keys_are_known() -> None:
    provider, clock = Provider(KEY), Clock()
    provider.keys = None
    asked = issuer(provider, clock)
    asked.fetch_if_due()

    with pytest.raises(Unavailable, match="cannot be fetched"):
        asked.check(token())


def test_issuer_that_is_away_is_asked_ever_more_seldom_and_its_keys_are_kept() -> None:
    provider, clock = Provider(KEY), Clock()
    asked = issuer(provider, clock)
    asked.fetch_if_due()
    provider.keys, provider.asked = None, 0

    for _ in range(3_600):
        clock.now += 1
        asked.fetch_if_due()

    assert 8 <= provider.asked <= 20
    assert asked.check(token())[0].lei == LEI
    clock.now += 86_400
    with pytest.raises(Unavailable):
        asked.check(token())
    provider.keys = (KEY,)
    asked.fetch_if_due()
    assert asked.check(token())[0].lei == LEI


def test_new_key_is_fetched_once_a_token_names_it_and_unknown_ones_do_not_make_us_ask_all_the_time() -> None:
    new = ECKey.generate_key("P-256", {"kid": "two"}, private=True)
    provider, clock = Provider(KEY), Clock()
    asked = issuer(provider, clock)
    asked.fetch_if_due()
    provider.keys, provider.asked = (KEY, new), 0

    with pytest.raises(Exception, match="two"):
        asked.check(token(new, "ES256"))
    for _ in range(60):
        clock.now += 1
        asked.fetch_if_due()
    assert provider.asked == 1
    assert asked.check(token(new, "ES256"))[0].lei == LEI
    stranger = ECKey.generate_key("P-256", {"kid": "three"}, private=True)
    for _ in range(60):
        clock.now += 1
        with pytest.raises(Exception, match="three"):
            asked.check(token(stranger, "ES256"))
        asked.fetch_if_due()
    assert provider.asked <= 8


def test_withdrawn_key_counts_no_more_after_the_next_fetch() -> None:
    provider, clock = Provider(KEY), Clock()
    asked = issuer(provider, clock)
    asked.fetch_if_due()
    provider.keys = (ECKey.generate_key("P-256", {"kid": "two"}, private=True),)

    clock.now += 301
    asked.fetch_if_due()

    with pytest.raises(Exception, match="one"):
        asked.check(token())


def test_scopes_are_mapped_and_never_the_operators() -> None:
    asked = issuer(Provider(KEY), Clock(), scopes={"billing": ["invoices:read", "invoices:write"]}, scope_claim="roles")
    plain = issuer(Provider(KEY), Clock())
    for one in (asked, plain):
        one.fetch_if_due()

    assert asked.check(token(roles=["billing", "pools:write", 7]))[0].scopes == {"invoices:read", "invoices:write"}
    assert asked.check(token(roles={"a": 1}))[0].scopes == set()
    assert plain.check(token(scope="operator supervisor cash:write pools:read"))[0].scopes == {"pools:read"}


def test_issuer_speaks_for_no_other_organisation() -> None:
    asked = issuer(Provider(KEY), Clock())
    asked.fetch_if_due()

    for named in (OTHER_LEI, LEI, None, 7, ["acme"]):
        with pytest.raises(Unauthenticated, match="names no organisation"):
            asked.check(token(org=named))


@pytest.mark.parametrize(
    "changes",
    [
        {"jwks_uri": ""},
        {"jwks_file": "keys.json"},
        {"organisations": {}},
        {"organisations": {"acme": "no LEI"}},
        {"scopes": {"all": ["operator"]}},
        {"secret": "x"},
    ],
    ids=str,
)
def test_settings_that_would_believe_too_much_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="IssuerSettings"):
        IssuerSettings.model_validate(settings(**changes))


def test_gateway_itself_is_no_other_issuer(door_with: Callable[..., Door]) -> None:
    with pytest.raises(ValueError, match="none is the gateway itself"):
        door_with(issuers=[settings(issuer="http://127.0.0.1:8000")])


class Keys(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = json.dumps({"keys": [KEY.as_dict(private=False)]}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing on the test's screen."""


@pytest.fixture
def provider_url() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Keys)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/keys"
    server.shutdown()
    server.server_close()
    thread.join(10)


def ask(door: Door, bearer: str) -> Any:
    return door.http.get("/v1/clients", headers={"Authorization": f"Bearer {bearer}"})


def until_known(door: Door) -> None:
    deadline = time.monotonic() + 120
    while ask(door, token()).status_code == 503 and time.monotonic() < deadline:
        time.sleep(0.05)


def test_gateway_takes_tokens_of_an_issuer_that_it_believes(door_with: Callable[..., Door], provider_url: str) -> None:
    outgoing = {"allowed_networks": ["127.0.0.0/8"]}
    door = door_with(issuers=[settings(jwks_uri=provider_url)], outgoing=outgoing)
    mine = door.make()
    until_known(door)

    answer = ask(door, token())

    assert [client["client_id"] for client in answer.json()["items"]] == [mine.client_id]
    forger = RSAKey.generate_key(2048, {"kid": "one"}, private=True)
    pem = KEY.as_pem(private=False)
    for forged in (
        token(forger),
        token(exp=1),
        token(aud="elsewhere"),
        token(iss="https://other.example"),
        token(sub=None),
        token(sub="\ud800"),
        token(sub="x" * 300),
        _unsigned("none", b""),
        _unsigned("HS256", pem),
    ):
        refused = ask(door, forged)
        assert refused.status_code == 401
    assert ask(door, token(exp=10**400)).status_code == 200
    assert ask(door, token(scope="invoices:read")).json()["error"] == "scope-missing"
    assert door.http.get("/v1/clients", headers=door.speaks()).status_code == 200


def test_issuer_inside_is_not_asked_unless_the_settings_allow_it(
    door_with: Callable[..., Door], provider_url: str
) -> None:
    door = door_with(issuers=[settings(jwks_uri=provider_url)])
    time.sleep(0.2)

    assert ask(door, token()).json()["error"] == "issuer-unavailable"


def test_keys_may_lie_in_a_file(door_with: Callable[..., Door], tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    file.write_text(json.dumps({"keys": [KEY.as_dict(private=False)]}))
    door = door_with(issuers=[settings(jwks_uri="", jwks_file=file)])
    until_known(door)

    assert ask(door, token()).status_code == 200


def test_token_that_counted_ends_with_its_key(door_with: Callable[..., Door], tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    file.write_text(json.dumps({"keys": [KEY.as_dict(private=False)]}))
    door = door_with(issuers=[settings(jwks_uri="", jwks_file=file, refresh_seconds=1)])
    until_known(door)
    used = token(exp=int(time.time()) + 10 * 86_400)
    assert ask(door, used).status_code == 200

    new = ECKey.generate_key("P-256", {"kid": "two"}, private=True)
    (tmp_path / "new.json").write_text(json.dumps({"keys": [new.as_dict(private=False)]}))
    (tmp_path / "new.json").replace(file)
    deadline = time.monotonic() + 120
    while ask(door, token(new, "ES256")).status_code == 401 and time.monotonic() < deadline:
        time.sleep(0.05)

    assert ask(door, token(new, "ES256")).status_code == 200
    assert ask(door, used).status_code == 401


def test_token_is_looked_at_again_once_its_key_is_gone_or_not_known_any_more() -> None:
    provider, clock = Provider(KEY), Clock()
    asked = issuer(provider, clock, refresh_seconds=3_600)
    asked.fetch_if_due()
    tokens = Tokens(StillKeys(), issuer="us", audience="us", lifetime_seconds=60, others=Only(asked))
    used = token(exp=int(time.time()) + 10 * 86_400)
    assert tokens.principal(used).lei == LEI

    provider.keys = (ECKey.generate_key("P-256", {"kid": "one"}, private=True),)
    clock.now += 3_601
    asked.fetch_if_due()

    with pytest.raises(Unauthenticated):
        tokens.principal(used)


@pytest.mark.parametrize(("refresh", "passed", "believed"), [(300, 0, 300), (3_600, 86_000, 400), (300, 86_000, 300)])
def test_token_is_believed_no_longer_than_its_keys(refresh: int, passed: int, believed: int) -> None:
    provider, clock = Provider(KEY), Clock()
    asked = issuer(provider, clock, refresh_seconds=refresh)
    asked.fetch_if_due()
    clock.now += passed
    before = time.time()

    until = asked.check(token(exp=int(before) + 10 * 86_400))[1]

    assert before + believed <= until <= time.time() + believed
    ends = int(time.time()) + 60
    assert asked.check(token(exp=ends))[1] == ends


def test_key_of_one_organisation_says_nothing_to_another_of_the_same_subject(
    door_with: Callable[..., Door], tmp_path: Path
) -> None:
    file = tmp_path / "keys.json"
    file.write_text(json.dumps({"keys": [KEY.as_dict(private=False)]}))
    organisations = {"acme": LEI, "bayard": OTHER_LEI}
    door = door_with(issuers=[settings(jwks_uri="", jwks_file=file, organisations=organisations)])
    until_known(door)

    def make(named: str) -> Any:
        bearer = token(org=named, scope="clients:read clients:write invoices:read")
        headers = {"Authorization": f"Bearer {bearer}", "Idempotency-Key": "AC-1"}
        return door.http.post("/v1/clients", json={"name": "erp", "scopes": ["invoices:read"]}, headers=headers)

    acme, bayard, again = make("acme"), make("bayard"), make("acme")

    assert (acme.status_code, bayard.status_code) == (201, 201)
    assert bayard.json()["client_id"] != acme.json()["client_id"]
    assert bayard.json()["client_secret"] != acme.json()["client_secret"]
    assert again.json() == acme.json()
    listed = ask(door, token(org="bayard")).json()["items"]
    assert [client["client_id"] for client in listed] == [bayard.json()["client_id"]]


def _unsigned(alg: str, secret: bytes) -> str:
    """A token that claims to be signed with an algorithm for which no key of the issuer is."""
    import hmac
    from base64 import urlsafe_b64encode

    claims = {"iss": NAME, "aud": "portolan-gateway", "sub": "erp", "exp": int(time.time()) + 60, "org": "acme"}
    header = {"alg": alg, "kid": "one"}
    parts = b".".join(urlsafe_b64encode(json.dumps(p).encode()).rstrip(b"=") for p in (header, claims))
    signature = urlsafe_b64encode(hmac.digest(secret, parts, "sha256")).rstrip(b"=") if secret else b""
    return (parts + b"." + signature).decode()
