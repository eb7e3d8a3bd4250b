"""Who may call: credentials, tokens, scopes."""

import hmac
import json
import time
from base64 import b64decode, urlsafe_b64encode

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet
from served import LEI, OTHER_LEI, Served
from sqlmodel import select

from api.auth.keys import RingKey
from api.auth.models import Client
from api.auth.principal import Principal
from api.auth.scopes import OPERATOR_ONLY, ScopeForOperatorOnly, ScopeUnknown, granted
from api.auth.secrets import NOBODY, hash_secret, secret_matches
from api.auth.service import create_client
from api.auth.tokens import Tokens
from api.db import Database, utc_now
from api.errors import Forbidden, Unauthenticated

PRINCIPAL = Principal("client_1", LEI, frozenset({"invoices:read"}))
GRANT = {"grant_type": "client_credentials"}


class OneKey:
    """A ring of one key that never changes."""

    generation = 0

    def __init__(self, key: ECKey) -> None:
        self._key = RingKey(key.thumbprint(), key, utc_now(), None)

    def signing(self) -> RingKey:
        return self._key

    def verifying(self) -> tuple[RingKey, ...]:
        return (self._key,)

    def look_again(self) -> bool:
        return False

    def is_disabled(self, client_id: str) -> bool:
        return False


def tokens(key: ECKey | None = None, *, issuer: str = "us", audience: str = "gateway", lifetime: int = 60) -> Tokens:
    ring = OneKey(key or ECKey.generate_key("P-256", private=True))
    return Tokens(ring, issuer=issuer, audience=audience, lifetime_seconds=lifetime)


@pytest.fixture(scope="module")
def key() -> ECKey:
    return ECKey.generate_key("P-256", private=True)


def test_token_of_another_key_is_refused(key: ECKey) -> None:
    with pytest.raises(Unauthenticated, match=r"^The access token was not signed by this gateway.$"):
        tokens(key).principal(tokens().issue(PRINCIPAL))


def test_token_for_another_audience_is_refused(key: ECKey) -> None:
    with pytest.raises(Unauthenticated, match=r"^The access token is meant for another gateway"):
        tokens(key).principal(tokens(key, audience="elsewhere").issue(PRINCIPAL))


def test_token_of_another_issuer_is_refused(key: ECKey) -> None:
    with pytest.raises(Unauthenticated, match=r"^The access token is meant for another gateway"):
        tokens(key).principal(tokens(key, issuer="them").issue(PRINCIPAL))


def test_token_past_its_time_is_refused(key: ECKey) -> None:
    with pytest.raises(Unauthenticated, match="expired"):
        tokens(key).principal(tokens(key, lifetime=-1).issue(PRINCIPAL))


def test_token_is_refused_once_its_time_is_over_although_it_was_seen_before(
    key: ECKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    issued = tokens(key)
    token = issued.issue(PRINCIPAL)
    assert issued.principal(token) == PRINCIPAL
    later = time.time() + 61
    monkeypatch.setattr(time, "time", lambda: later)

    with pytest.raises(Unauthenticated, match="expired"):
        issued.principal(token)


def test_token_without_signature_is_refused(key: ECKey) -> None:
    header, claims, _ = tokens(key).issue(PRINCIPAL).split(".")
    unsigned = f"eyJhbGciOiJub25lIn0.{claims}."

    for token in (unsigned, f"{header}.{claims}.", "x", ""):
        with pytest.raises(Unauthenticated, match=r"^The access token [a-z :]+\.$"):
            tokens(key).principal(token)


def test_token_signed_with_the_public_key_as_a_secret_is_refused(key: ECKey) -> None:
    claims = {"iss": "us", "aud": "gateway", "sub": "x", "scope": "operator", "exp": int(time.time()) + 60}
    parts = [urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in ({"alg": "HS256"}, claims)]
    signature = hmac.digest(key.as_pem(private=False), b".".join(parts), "sha256")
    forged = b".".join([*parts, urlsafe_b64encode(signature).rstrip(b"=")]).decode()

    with pytest.raises(Unauthenticated):
        tokens(key).principal(forged)


def test_token_says_who_it_speaks_for(key: ECKey) -> None:
    assert tokens(key).principal(tokens(key).issue(PRINCIPAL)) == PRINCIPAL


def test_secret_is_stored_as_a_hash_that_takes_no_other(database: Database) -> None:
    made = database.run(lambda session: create_client(session, lei=LEI))

    with database.session() as session:
        stored = session.exec(select(Client)).one()
    assert made.client_secret not in repr(stored)
    assert secret_matches(made.client_secret, stored.secret_hash)
    assert not secret_matches(made.client_secret + "x", stored.secret_hash)
    assert hash_secret("same") != hash_secret("same")


def test_guess_at_a_secret_takes_sixteen_megabytes() -> None:
    """NOBODY's was hashed before the tests made it cheap."""
    _, n, r, p, salt, digest = NOBODY.split("$")

    assert 128 * int(n) * int(r) >= 2**24
    assert int(p) == 1
    assert (len(b64decode(salt)), len(b64decode(digest))) == (16, 32)


def test_organisation_may_not_hold_the_operators_scopes() -> None:
    for scope in OPERATOR_ONLY:
        with pytest.raises(ScopeForOperatorOnly):
            granted([scope], operator=False)
    with pytest.raises(ScopeUnknown):
        granted(["everything"], operator=True)
    assert not granted([], operator=False) & OPERATOR_ONLY


def test_principal_sees_its_own_and_supervisors_see_all() -> None:
    assert PRINCIPAL.sees(LEI)
    assert not PRINCIPAL.sees(OTHER_LEI, None)
    assert Principal("s", None, frozenset({"supervisor"})).sees(OTHER_LEI)
    assert not Principal("n", None, frozenset()).sees(None)
    with pytest.raises(Forbidden):
        PRINCIPAL.require("invoices:read", "cash:write")


@pytest.mark.node
class TestTokenEndpoint:
    def _ask(self, served: Served, data: dict[str, str], auth: tuple[str, str] | None = None) -> httpx.Response:
        return httpx.post(f"{served.url}/oauth/token", data=data, auth=auth, timeout=120, trust_env=False)

    def _credentials(self, served: Served) -> tuple[str, str]:
        made = served.gateway.database.run(lambda session: create_client(session, lei=LEI))
        return made.client_id, made.client_secret

    def test_unknown_client_and_wrong_secret_get_the_same_answer(self, served: Served) -> None:
        client_id, _ = self._credentials(served)

        wrong = self._ask(served, GRANT, (client_id, "guess"))
        unknown = self._ask(served, GRANT, ("nobody", "guess"))

        assert wrong.status_code == unknown.status_code == 401
        assert wrong.json() == unknown.json()
        assert wrong.json()["error"] == "invalid_client"
        assert wrong.headers["www-authenticate"].startswith("Basic")
        assert wrong.headers["cache-control"] == "no-store"

    def test_refusals_follow_the_standard(self, served: Served) -> None:
        auth = self._credentials(served)

        assert self._ask(served, {"grant_type": "password"}, auth).json()["error"] == "unsupported_grant_type"
        assert self._ask(served, GRANT).json()["error"] == "invalid_client"
        assert self._ask(served, {**GRANT, "scope": "operator"}, auth).json()["error"] == "invalid_scope"
        twice = {**GRANT, "client_id": auth[0], "client_secret": auth[1]}
        assert self._ask(served, twice, auth).json()["error"] == "invalid_request"
        as_json = httpx.post(f"{served.url}/oauth/token", json=GRANT, auth=auth, timeout=120, trust_env=False)
        assert (as_json.status_code, as_json.json()["error"]) == (400, "invalid_request")

    def test_token_is_given_by_basic_and_by_form_and_may_be_narrowed(self, served: Served) -> None:
        client_id, secret = self._credentials(served)

        by_basic = self._ask(served, {**GRANT, "scope": "invoices:read"}, (client_id, secret))
        by_form = self._ask(served, {**GRANT, "client_id": client_id, "client_secret": secret})

        assert by_basic.json()["scope"] == "invoices:read"
        assert by_basic.json()["token_type"] == "Bearer"
        assert "invoices:write" in by_form.json()["scope"].split()

    def test_others_can_check_a_token_by_the_public_key(self, served: Served) -> None:
        token = served.token()
        published = httpx.get(f"{served.url}/.well-known/jwks.json", timeout=120, trust_env=False).json()

        claims = jwt.decode(token, KeySet.import_key_set(published), algorithms=["ES256"]).claims

        assert claims["lei"] == LEI
        assert "d" not in published["keys"][0]

    def test_disabled_client_gets_no_token(self, served: Served) -> None:
        client_id, secret = self._credentials(served)
        with served.gateway.database.transaction() as session:
            client = session.get(Client, client_id)
            assert client is not None
            client.disabled_at = utc_now()
            session.add(client)

        assert self._ask(served, GRANT, (client_id, secret)).status_code == 401

    def test_request_without_token_or_scope_is_refused(self, served: Served) -> None:
        anonymous = httpx.post(f"{served.url}/v1/tellings", json={"value": 1}, timeout=120, trust_env=False)
        reader = served.client(scopes=("invoices:read",))

        refused = reader.post("/v1/tellings", json={"value": 1})

        assert (anonymous.status_code, anonymous.json()["error"]) == (401, "token-missing")
        assert anonymous.headers["www-authenticate"].startswith("Bearer")
        assert (refused.status_code, refused.json()["error"]) == (403, "scope-missing")
        assert refused.headers["content-type"] == "application/problem+json"
