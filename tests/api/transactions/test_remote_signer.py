"""Accounts at a remote signer: what is not believed, what its absence does, and that transactions go their way."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from signer_child import CHANGES, TOKEN, SignerChild, signer_child
from sqlalchemy import select, update
from token_chain import TokenChain, call_of

from api.building import build_gateway
from api.db import Database
from api.errors import Forbidden, Malformed, NotFound, Unavailable
from api.gateway import Gateway
from api.remote_signing import remote_name
from api.settings import Settings, SettingsInvalid, load_settings
from api.transactions import outbox
from api.transactions.models import Status, Transaction
from api.transactions.repository import by_id

pytestmark = pytest.mark.node
LEI = "999900SOUNDERSURVY30"


@pytest.fixture
def signer(tmp_path: Path) -> Iterator[SignerChild]:
    with signer_child(tmp_path) as child:
        yield child


@pytest.fixture
def settings(
    database: Database,
    database_url: str,
    token_chain: TokenChain,
    settings_for: Callable[..., Settings],
    signer: SignerChild,
) -> Callable[..., Settings]:
    def make(**changes: Any) -> Settings:
        values = {
            "rpc_url": token_chain.rpc_url,
            "deployments": token_chain.deployments,
            "database_url": database_url,
            "remote_signers": {"hsm": signer.place()},
        }
        return settings_for(**{**values, **changes})

    return make


@pytest.fixture
def gateway(settings: Callable[..., Settings]) -> Iterator[Gateway]:
    made = build_gateway(settings())
    yield made
    made.close()


def named(signer: SignerChild, place: str = "hsm") -> str:
    return remote_name(place, signer.account.address)


def submit(gateway: Gateway, name: str, value: int, **more: Any) -> str:
    given = {"call": call_of(value), "owner_lei": LEI, "purpose": "test", **more}
    return str(gateway.database.run(lambda session: gateway.transactions.submit(session, signer=name, **given).id))


def row_of(gateway: Gateway, transaction_id: str) -> Transaction:
    with gateway.database.session() as session:
        found = by_id(session, transaction_id)
    assert found is not None
    return found


def sends(gateway: Gateway) -> bool:
    """One pass for the lanes of the remote signer."""
    (loop,) = [loop for loop in gateway.loops if loop.name == "sender hsm"]
    return bool(loop._step())


def settle(gateway: Gateway, token_chain: TokenChain, until: Callable[[], bool]) -> None:
    """Turns of everything, a block each, until something holds."""
    deadline = time.monotonic() + 120
    while not until():
        assert time.monotonic() < deadline, "it never came so far"
        sends(gateway)
        token_chain.mine()
        while gateway.follower.step():
            pass
        time.sleep(0.1)


def is_mined(gateway: Gateway, *ids: str) -> Callable[[], bool]:
    return lambda: all(row_of(gateway, id_).status == Status.MINED for id_ in ids)


def is_empty(gateway: Gateway) -> bool:
    with gateway.database.engine.connect() as connection:
        return connection.execute(select(outbox.T)).first() is None


# What is not believed


def test_signer_that_changes_the_transaction_is_refused_and_nothing_is_stored(
    gateway: Gateway, signer: SignerChild
) -> None:
    moods = [*CHANGES, "another key", "redirecting"]
    for mood in moods:
        signer.mood(mood)

        with pytest.raises(Unavailable) as refusal:
            submit(gateway, named(signer), 1)

        assert refusal.value.error == "signer-unusable", mood
        assert refusal.value.context == {"signer": "hsm", "account": signer.account.address}
        assert is_empty(gateway), mood
    assert len(signer.asked()) == len(moods)


def test_signers_no_is_told_in_its_words_and_nothing_is_stored(gateway: Gateway, signer: SignerChild) -> None:
    signer.mood("declining")

    with pytest.raises(Forbidden, match="refused to sign: not on a Sunday") as refusal:
        submit(gateway, named(signer), 1)

    assert refusal.value.error == "signer-refused"
    assert "combination" not in refusal.value.detail
    assert is_empty(gateway)


def test_without_the_right_token_nothing_is_signed(
    settings: Callable[..., Settings], signer: SignerChild, tmp_path: Path
) -> None:
    wrong = tmp_path / "wrong.token"
    wrong.touch(mode=0o600)
    wrong.write_text("nobody's")
    gateway = build_gateway(settings(remote_signers={"hsm": signer.place(token_file=wrong)}))

    with pytest.raises(Unavailable) as refusal:
        submit(gateway, named(signer), 1)

    assert refusal.value.error == "signer-unusable"
    assert signer.asked() == []
    gateway.close()


def test_call_that_would_revert_is_not_shown_to_the_signer(gateway: Gateway, signer: SignerChild) -> None:
    with pytest.raises(Malformed):
        submit(gateway, named(signer), 0)

    assert signer.asked() == []


@pytest.mark.parametrize(
    ("name", "kind", "error"),
    [
        ("remote:other:0x" + "11" * 20, Unavailable, "signer-unconfigured"),
        ("remote:hsm:nobody", NotFound, "signer-unknown"),
    ],
)
def test_signer_that_the_settings_do_not_have_is_refused(
    name: str, kind: type[Exception], error: str, gateway: Gateway
) -> None:
    with pytest.raises(kind) as refusal:
        gateway.signers.sending(name)

    assert refusal.value.error == error  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ('url = "http://signer.example:9000"', "needs https"),
        ('url = "https://me:secret@signer.example"', "pattern"),
        ('url = "https://signer.example"\nclient_key = "k.pem"', "go together"),
        ('url = "https://signer.example"\ntoken_file = "absent"', "there is no"),
        ('url = "https://signer.example"\norganisations = ["nobody"]', "organisations"),
        ('url = "https://signer.example"\nredirects = true', "is not a setting"),
    ],
)
def test_settings_of_a_signer_say_what_is_wrong(line: str, problem: str, tmp_path: Path) -> None:
    config = tmp_path / "gateway.toml"
    for name in ("deployments.json", "network.key"):
        (tmp_path / name).touch()
    (tmp_path / "keys").mkdir()
    head = 'rpc_url = "http://127.0.0.1:9"\ndeployments = "deployments.json"\ndata_dir = "data"\nkeys_dir = "keys"\n'
    config.write_text(f'{head}network_key_file = "network.key"\n[remote_signers.hsm]\n{line}\n')

    with pytest.raises(SettingsInvalid, match=problem):
        load_settings(config)


def test_token_that_others_may_read_ends_the_start(settings: Callable[..., Settings], signer: SignerChild) -> None:
    signer.token_file.chmod(0o644)

    with pytest.raises(SettingsInvalid, match="mode 0644") as refusal:
        build_gateway(settings())

    assert TOKEN not in str(refusal.value)


# What is away


def test_killed_signer_refuses_the_write_leaves_no_gap_and_goes_on_once_it_is_back(
    gateway: Gateway, signer: SignerChild, token_chain: TokenChain
) -> None:
    first = submit(gateway, named(signer), 1)
    settle(gateway, token_chain, is_mined(gateway, first))
    waiting = submit(gateway, named(signer), 2)
    signer.kill()
    gateway.signers.sending(named(signer))._kept.clear()  # type: ignore[union-attr] # as after a restart of the gateway

    sends(gateway)
    with pytest.raises(Unavailable, match="does not answer; nothing was changed") as refusal:
        submit(gateway, named(signer), 3)
    assert refusal.value.error == "signer-unavailable"
    assert (row_of(gateway, waiting).status, row_of(gateway, waiting).nonce) == (Status.PENDING, None)

    signer.start_again()
    settle(gateway, token_chain, is_mined(gateway, waiting))
    after = submit(gateway, named(signer), 4)
    settle(gateway, token_chain, is_mined(gateway, after))
    assert [row_of(gateway, id_).nonce for id_ in (first, waiting, after)] == [0, 1, 2]
    assert token_chain.effects() == 3


def test_signer_that_is_away_is_not_asked_by_everybody(
    gateway: Gateway, signer: SignerChild, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.remote_signing._LEFT_ALONE_SECONDS", 600.0)
    signer.kill()
    with pytest.raises(Unavailable):
        submit(gateway, named(signer), 1)
    signer.start_again()

    with pytest.raises(Unavailable) as refusal:
        submit(gateway, named(signer), 1)

    assert refusal.value.error == "signer-unavailable"
    assert signer.asked() == []


def test_others_are_served_while_a_signer_is_away(
    gateway: Gateway, signer: SignerChild, token_chain: TokenChain
) -> None:
    stuck = submit(gateway, named(signer), 1)
    signer.kill()
    gateway.signers.sending(named(signer))._kept.clear()  # type: ignore[union-attr]
    other = submit(gateway, gateway.signers.create_organisation(LEI).name, 2)

    sends(gateway)
    gateway.loops[0]._step()
    token_chain.mine()
    while gateway.follower.step():
        pass

    assert row_of(gateway, other).status == Status.MINED
    assert row_of(gateway, stuck).nonce is None


def test_intent_that_the_signer_refuses_later_fails_alone(
    gateway: Gateway, signer: SignerChild, token_chain: TokenChain
) -> None:
    refused = submit(gateway, named(signer), 1)
    gateway.signers.sending(named(signer))._kept.clear()  # type: ignore[union-attr]
    signer.mood("declining")
    sends(gateway)
    signer.mood("honest")
    following = submit(gateway, named(signer), 2)
    settle(gateway, token_chain, is_mined(gateway, following))

    row = row_of(gateway, refused)
    assert (row.status, row.nonce, row.hash) == (Status.FAILED, None, None)
    assert row.error == {"name": "SignerRefused", "detail": "The signer refused: not on a Sunday.", "context": {}}
    assert row_of(gateway, following).nonce == 0
    assert token_chain.effects() == 1


def test_intent_waits_where_the_signer_answers_something_else(
    gateway: Gateway, signer: SignerChild, token_chain: TokenChain
) -> None:
    id_ = submit(gateway, named(signer), 1)
    gateway.signers.sending(named(signer))._kept.clear()  # type: ignore[union-attr]
    signer.mood("a value")
    sends(gateway)
    assert (row_of(gateway, id_).status, row_of(gateway, id_).raw) == (Status.PENDING, None)

    signer.mood("honest")
    settle(gateway, token_chain, is_mined(gateway, id_))

    assert token_chain.effects() == 1


# What is signed


def test_intents_are_signed_once_and_mined_in_order(
    gateway: Gateway, signer: SignerChild, token_chain: TokenChain
) -> None:
    ids = [submit(gateway, named(signer), value) for value in range(1, 31)]

    settle(gateway, token_chain, is_mined(gateway, *ids))

    assert [row_of(gateway, id_).nonce for id_ in ids] == list(range(30))
    assert {row_of(gateway, id_).sender for id_ in ids} == {signer.account.address}
    assert token_chain.effects() == 30
    # What was signed when it was asked for was kept until it had its nonce.
    assert [question["method"] for question in signer.asked()] == ["eth_signTransaction"] * 30


def test_wrongly_foreseen_nonce_is_signed_anew(gateway: Gateway, signer: SignerChild, token_chain: TokenChain) -> None:
    ids = [submit(gateway, named(signer), value) for value in (1, 2)]
    with gateway.database.engine.begin() as connection:
        given_up = outbox.T.c.id == ids[0]
        connection.execute(update(outbox.T).where(given_up).values(status=Status.FAILED.value))

    settle(gateway, token_chain, is_mined(gateway, ids[1]))

    assert row_of(gateway, ids[1]).nonce == 0
    assert [int(question["params"][0]["nonce"], 16) for question in signer.asked()] == [0, 1, 0]


def test_stuck_transaction_is_replaced_through_the_signer(
    settings: Callable[..., Settings], signer: SignerChild, token_chain: TokenChain
) -> None:
    fees = {"max_fee_per_gas": 100, "highest_fee_per_gas": 1_000, "replace_after_seconds": 0.1}
    gateway = build_gateway(settings(**fees))
    token_chain.request("anvil_setBalance", signer.account.address, hex(10**18))
    id_ = submit(gateway, named(signer), 1)
    sends(gateway)
    first = row_of(gateway, id_).hash
    token_chain.request("anvil_setNextBlockBaseFeePerGas", hex(110))
    token_chain.mine()

    deadline = time.monotonic() + 120
    while row_of(gateway, id_).status != Status.MINED:
        assert time.monotonic() < deadline
        token_chain.request("anvil_setNextBlockBaseFeePerGas", hex(110))
        sends(gateway)
        token_chain.mine()
        while gateway.follower.step():
            pass
        time.sleep(0.21)

    row = row_of(gateway, id_)
    assert (row.nonce, row.hash == first, row.fee_per_gas > 100) == (0, False, True)
    assert [int(question["params"][0]["maxFeePerGas"], 16) for question in signer.asked()][:2] == [100, 113]
    assert token_chain.effects() == 1
    gateway.close()


def test_gap_is_filled_through_the_signer(gateway: Gateway, signer: SignerChild, token_chain: TokenChain) -> None:
    first = submit(gateway, named(signer), 1)
    settle(gateway, token_chain, is_mined(gateway, first))
    with gateway.database.engine.begin() as connection:
        connection.execute(update(outbox.LANES).values(next_nonce=outbox.LANES.c.next_nonce + 1))

    id_ = submit(gateway, named(signer), 2)
    settle(gateway, token_chain, is_mined(gateway, id_))

    assert row_of(gateway, id_).nonce == 2
    assert token_chain.effects() == 2
