"""The keys of the access tokens: several processes, one ring; what is old verifies, what is retired does not."""

import stat
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from joserfc.jwk import ECKey
from sqlmodel import select

from api.auth import keys
from api.auth.keys import KeyRing, KeyUnknown, LastKey, retire, rotate
from api.auth.models import SigningKey
from api.auth.principal import Principal
from api.auth.service import create_client
from api.auth.tokens import Tokens
from api.db import Database, utc_now
from api.errors import Unauthenticated
from api.vault import Vault, VaultLocked

PRINCIPAL = Principal("client_1", "999900SOUNDERSURVY30", frozenset({"invoices:read"}))
LIFETIME = 3600


class Process:
    """What one gateway process holds of it."""

    def __init__(self, database: Database, directory: Path) -> None:
        self.vault = Vault(directory / "passphrase")
        self.ring = KeyRing(
            database, self.vault, token_lifetime_seconds=LIFETIME, old_key_file=directory / "token-signing-key.pem"
        )
        self.tokens = Tokens(self.ring, issuer="us", audience="gateway", lifetime_seconds=LIFETIME)


@pytest.fixture
def process(database: Database, tmp_path: Path) -> Callable[[], Process]:
    return lambda: Process(database, tmp_path)


def _at(monkeypatch: pytest.MonkeyPatch, later: timedelta) -> None:
    """The machine's clock, for the keys, shows another time."""
    moment = utc_now() + later
    monkeypatch.setattr(keys, "utc_now", lambda: moment)


def test_processes_share_the_first_key(process: Callable[[], Process], database: Database) -> None:
    one, other = process(), process()

    assert other.tokens.principal(one.tokens.issue(PRINCIPAL)) == PRINCIPAL
    assert one.tokens.jwks() == other.tokens.jwks()
    (published,) = one.tokens.jwks()["keys"]
    assert published["kid"].startswith("k")  # never a hyphen: commands take it as an argument


def test_key_is_unreadable_in_the_database_and_on_disk(process: Callable[[], Process], database: Database) -> None:
    ring = process().ring
    private = ring.signing().key.as_dict(private=True)["d"]

    with database.session() as session:
        row = session.exec(select(SigningKey)).one()
    assert b"PRIVATE" not in row.sealed
    assert str(private).encode() not in row.sealed


def test_another_passphrase_opens_no_key(process: Callable[[], Process], database: Database, tmp_path: Path) -> None:
    process().ring.refresh()
    stranger = Process(database, tmp_path / "elsewhere")

    with pytest.raises(VaultLocked, match="passphrase file"):
        stranger.tokens.issue(PRINCIPAL)


def test_new_key_is_published_before_it_signs(
    process: Callable[[], Process], database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = process(), process()
    old = one.ring.signing().kid
    before = one.tokens.issue(PRINCIPAL)

    made = database.run(lambda s: rotate(s, one.vault, token_lifetime_seconds=LIFETIME))

    other.ring.refresh()
    assert {key["kid"] for key in other.tokens.jwks()["keys"]} == {old, made.kid}
    assert other.ring.signing().kid == old
    _at(monkeypatch, keys.PUBLISHED_BEFORE + timedelta(seconds=1))
    assert other.ring.signing().kid == made.kid
    assert other.tokens.principal(before) == PRINCIPAL


def test_old_key_verifies_until_its_last_token_has_ended(
    process: Callable[[], Process], database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = process()
    token = one.tokens.issue(PRINCIPAL)
    database.run(lambda s: rotate(s, one.vault, token_lifetime_seconds=LIFETIME))
    last = keys.PUBLISHED_BEFORE + timedelta(seconds=LIFETIME)

    _at(monkeypatch, last - timedelta(seconds=1))
    assert process().tokens.principal(token) == PRINCIPAL
    _at(monkeypatch, last + timedelta(seconds=2))
    late = process()
    with pytest.raises(Unauthenticated, match="not signed by this gateway"):
        late.tokens.principal(token)
    assert len(late.tokens.jwks()["keys"]) == 1


def test_token_of_a_key_that_another_process_made_at_once_is_taken(
    process: Callable[[], Process], database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process that checks it has not looked since, and looks once more for the unknown kid."""
    monkeypatch.setattr(keys, "_LOOK_AGAIN_SECONDS", 0.0)
    one, other = process(), process()
    one.tokens.issue(PRINCIPAL)
    other.ring.refresh()
    database.run(lambda s: rotate(s, one.vault, token_lifetime_seconds=LIFETIME, at_once=True))
    one.ring.refresh()

    token = one.tokens.issue(PRINCIPAL)

    assert other.tokens.principal(token) == PRINCIPAL


def test_unknown_keys_do_not_make_the_gateway_read_its_database_all_the_time(
    process: Callable[[], Process], database: Database, tmp_path: Path
) -> None:
    one = process()
    one.ring.refresh()
    looked = one.ring._looked
    forger = ECKey.generate_key("P-256", private=True)

    for _ in range(5):
        from joserfc import jwt

        forged = jwt.encode({"alg": "ES256", "kid": forger.thumbprint()}, {"iss": "us"}, forger, algorithms=["ES256"])
        with pytest.raises(Unauthenticated, match="not signed by this gateway"):
            one.tokens.principal(forged)
    assert one.ring._looked == looked


def test_retired_key_ends_its_tokens_even_those_that_were_seen(
    process: Callable[[], Process], database: Database
) -> None:
    one, other = process(), process()
    token, doubted = one.tokens.issue(PRINCIPAL), one.ring.signing().kid
    assert other.tokens.principal(token) == PRINCIPAL
    database.run(lambda s: rotate(s, one.vault, token_lifetime_seconds=LIFETIME, at_once=True))

    database.run(lambda s: retire(s, doubted))

    other.ring.refresh()
    with pytest.raises(Unauthenticated):
        other.tokens.principal(token)


def test_key_that_signs_alone_cannot_be_retired(process: Callable[[], Process], database: Database) -> None:
    one = process()
    kid = one.ring.signing().kid

    with pytest.raises(LastKey):
        database.run(lambda s: retire(s, kid))
    database.run(lambda s: rotate(s, one.vault, token_lifetime_seconds=LIFETIME))
    with pytest.raises(LastKey):  # the new one does not sign yet
        database.run(lambda s: retire(s, kid))
    with pytest.raises(KeyUnknown):
        database.run(lambda s: retire(s, "nobody"))


def test_key_of_an_earlier_version_is_taken_over_and_its_file_removed(
    process: Callable[[], Process], tmp_path: Path
) -> None:
    old = ECKey.generate_key("P-256", private=True)
    file = tmp_path / "token-signing-key.pem"
    file.write_bytes(old.as_pem(private=True))

    ring = process().ring

    assert ring.signing().kid == old.thumbprint()
    assert not file.exists()


def test_token_of_a_disabled_client_counts_no_more(process: Callable[[], Process], database: Database) -> None:
    from api.auth.models import Client

    one = process()
    made = database.run(lambda session: create_client(session, lei=PRINCIPAL.lei))
    token = one.tokens.issue(Principal(made.client_id, made.lei, frozenset({"invoices:read"})))
    one.tokens.principal(token)
    with database.transaction() as session:
        client = session.get(Client, made.client_id)
        assert client is not None
        client.disabled_at = utc_now()

    one.ring.refresh()

    with pytest.raises(Unauthenticated, match="was disabled"):
        one.tokens.principal(token)


class TestVault:
    def test_what_is_sealed_opens_for_its_purpose_and_subject_only(self, tmp_path: Path) -> None:
        vault = Vault(tmp_path / "passphrase")
        sealed = vault.seal("a", b"content", "x")

        assert vault.open("a", sealed, "x") == b"content"
        assert b"content" not in sealed
        for purpose, about, content in (
            ("b", "x", sealed),
            ("a", "y", sealed),
            ("a", "x", sealed[:-1]),
            ("a", "x", b""),
        ):
            with pytest.raises(VaultLocked):
                vault.open(purpose, content, about)

    def test_passphrase_is_made_once_and_only_we_may_read_it(self, tmp_path: Path) -> None:
        file = tmp_path / "deep" / "passphrase"

        assert Vault(file).key("a") == Vault(file).key("a") != Vault(file).key("b")
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert [entry.name for entry in file.parent.iterdir()] == ["passphrase"]

    def test_plain_key_of_an_earlier_version_is_sealed_where_it_lies(self, tmp_path: Path) -> None:
        vault, file = Vault(tmp_path / "passphrase"), tmp_path / "answers.key"
        file.write_bytes(bytes(range(32)))

        assert vault.kept_key(file, "answers") == bytes(range(32))
        assert bytes(range(32)) not in file.read_bytes()
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert Vault(tmp_path / "passphrase").kept_key(file, "answers") == bytes(range(32))
        file.write_bytes(b"half a ke")
        with pytest.raises(VaultLocked):
            vault.kept_key(file, "answers")
