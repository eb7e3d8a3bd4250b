"""Two gateways, each with a database of its own, send for one account: no nonce twice, nothing out of order."""

import random
import shutil
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from gateway_child import Child, children
from sqlalchemy import select
from token_chain import TOKEN, TokenChain, call_of

from api.auth.service import create_client
from api.building import build_gateway
from api.checkpoints import Point
from api.db import Database
from api.gateway import Gateway
from api.settings import Settings
from api.signers import Signers
from api.transactions import outbox
from api.transactions.models import OPEN, Status
from api.transactions.shared_lanes import LaneFileUnusable, SharedLanes

pytestmark = pytest.mark.node
LEI = "999900SOUNDERSURVY30"
RESEND, PATIENCE = 0.1, 0.5


class KilledError(Exception):
    """Where a process would have died."""


@pytest.fixture
def lanes_dir(tmp_path: Path) -> Path:
    return tmp_path / "lanes"


SettingsOfBoth = Callable[..., tuple[Settings, Settings]]


@pytest.fixture
def settings_of_both(
    database_url: str,
    sqlite_tables: Path,
    token_chain: TokenChain,
    settings_for: Callable[..., Settings],
    tmp_path: Path,
    lanes_dir: Path,
) -> SettingsOfBoth:
    """One organisation, whose keystore both have; each gateway has a database of its own."""

    def made(**changes: Any) -> tuple[Settings, Settings]:
        its = {"rpc_url": token_chain.rpc_url, "deployments": token_chain.deployments, "lanes_dir": lanes_dir} | changes
        other = tmp_path / "other"
        shutil.copyfile(sqlite_tables, other.with_suffix(".db"))
        old = settings_for(database_url=database_url, **its)
        Signers(old.keys_dir, old.keystores_dir).create_organisation(LEI)
        shutil.copytree(old.keystores_dir, other / "keystores")
        return old, settings_for(database_url=f"sqlite:///{other.with_suffix('.db')}", data_dir=other, **its)

    return made


@pytest.fixture
def pair(database: Database, settings_of_both: SettingsOfBoth) -> Iterator[tuple[Gateway, Gateway]]:
    """Their loops do not run: a test takes each step itself."""
    both = settings_of_both(resend_after_seconds=RESEND, replace_after_seconds=PATIENCE)
    old, new = (build_gateway(settings) for settings in both)
    yield old, new
    old.close()
    new.close()


def submit(gateway: Gateway, *values: int) -> None:
    def work(session: Any) -> None:
        for value in values:
            words = {"call": call_of(value), "owner_lei": LEI, "purpose": "test"}
            gateway.transactions.submit(session, signer=f"org:{LEI}", **words)

    gateway.database.run(work)


def index(gateway: Gateway) -> None:
    while gateway.follower.step():
        pass


def rows(gateway: Gateway) -> list[Any]:
    with gateway.database.engine.connect() as connection:
        return list(connection.execute(select(outbox.T).order_by(outbox.T.c.sequence)).all())


def in_order(token_chain: TokenChain) -> list[int]:
    """The values that the token took, in the order of the chain."""
    whole = {"address": TOKEN, "fromBlock": "0x0", "toBlock": "latest"}
    return [int(log["data"], 16) for log in token_chain.request("eth_getLogs", whole)]


def settle(token_chain: TokenChain, *gateways: Gateway) -> None:
    """Until all that was submitted is in blocks."""
    deadline = time.monotonic() + 60
    while any(row.status in OPEN for gateway in gateways for row in rows(gateway)):
        assert time.monotonic() < deadline, [row.status for gateway in gateways for row in rows(gateway)]
        for gateway in gateways:
            gateway.sender.step()
            gateway.healer.step()
        token_chain.mine()
        for gateway in gateways:
            index(gateway)
        time.sleep(0.02)


def test_lane_file_that_holds_no_nonce_is_refused(token_chain: TokenChain, pair: Any, lanes_dir: Path) -> None:
    old, _ = pair
    submit(old, 1)
    settle(token_chain, old)
    (file,) = lanes_dir.iterdir()
    file.write_text("twelve")

    with (
        pytest.raises(LaneFileUnusable, match="it does not hold a nonce"),
        SharedLanes(lanes_dir, old.link).taken(old.signers.address(f"org:{LEI}")),
    ):
        pass
    submit(old, 2)
    old.sender.step()
    assert [row.nonce for row in rows(old)] == [0, None]


def test_lane_that_another_gateway_has_is_left_for_the_next_turn(token_chain: TokenChain, pair: Any) -> None:
    old, new = pair
    submit(old, 1)
    with new.sender.lanes.taken(old.signers.address(f"org:{LEI}")) as shared:
        assert shared is not None
        old.sender.step()
        assert [row.nonce for row in rows(old)] == [None]

    settle(token_chain, old)
    assert token_chain.effects() == 1


def test_what_one_has_under_way_is_not_overtaken_by_the_other(token_chain: TokenChain, pair: Any) -> None:
    """Both lanes are busy, so that neither asks the chain where it stands."""
    old, new = pair
    expected = []
    for turn in range(4):
        for gateway, begin in ((old, 100), (new, 200)):
            values = [begin + 10 * turn + number for number in range(3)]
            submit(gateway, *values)
            gateway.sender.step()
            expected += values

    settle(token_chain, old, new)

    assert in_order(token_chain) == expected
    nonces = sorted(row.nonce for gateway in pair for row in rows(gateway))
    assert nonces == list(range(len(expected)))
    assert {row.status for gateway in pair for row in rows(gateway)} == {Status.MINED}


def test_both_at_once_send_each_intent_once_and_in_its_order(token_chain: TokenChain, pair: Any) -> None:
    old, new = pair

    def work(gateway: Gateway, begin: int) -> list[int]:
        values = list(range(begin, begin + 60))
        for start in range(0, len(values), 3):
            submit(gateway, *values[start : start + 3])
            gateway.sender.step()
            gateway.healer.step()
            token_chain.mine()
            index(gateway)
        return values

    with ThreadPoolExecutor(2) as threads:
        done = list(threads.map(work, pair, (1000, 2000)))
    settle(token_chain, old, new)

    took = in_order(token_chain)
    for gateway, values in zip(pair, done, strict=True):
        assert [value for value in took if value in set(values)] == values
        assert {row.status for row in rows(gateway)} == {Status.MINED}
    assert len(took) == token_chain.effects() == 120
    with old.database.engine.connect() as connection:
        assert connection.execute(select(outbox.ATTEMPTS)).all() == []


def test_nonces_of_a_gateway_that_never_comes_back_are_filled_and_it_sends_anew_in_order_if_it_does(
    token_chain: TokenChain, pair: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = pair
    submit(old, 1, 2, 3)
    with monkeypatch.context() as patch:
        # As if it were killed between the commit and the broadcast.
        patch.setattr(old.sender, "broadcast", lambda lane, outgoing: None)
        old.sender.step()
    submit(new, 11, 12)

    settle(token_chain, new)
    assert in_order(token_chain) == [11, 12]
    assert sum(row.function == "transfer nothing" for row in rows(new)) == 3
    settle(token_chain, old, new)

    assert in_order(token_chain) == [11, 12, 1, 2, 3]
    assert {row.status for gateway in pair for row in rows(gateway)} == {Status.MINED}


def test_nonces_that_were_told_and_never_committed_stop_nobody(token_chain: TokenChain, pair: Any) -> None:
    old, new = pair

    def dying(point: Point) -> None:
        if point is Point.NONCES_GIVING:
            raise KilledError

    alive, old.sender._at = old.sender._at, dying
    submit(old, 1, 2, 3)
    with pytest.raises(KilledError):
        old.sender.step()
    old.sender._at = alive
    submit(new, 11, 12)

    settle(token_chain, new, old)

    took = in_order(token_chain)
    assert ([value for value in took if value < 10], [value for value in took if value > 10]) == ([1, 2, 3], [11, 12])
    assert {row.status for gateway in pair for row in rows(gateway)} == {Status.MINED}


def test_folder_that_keeps_no_locks_is_refused(
    token_chain: TokenChain, pair: Any, lanes_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_locks(descriptor: int, operation: int) -> None:
        raise OSError(37, "No locks available")

    monkeypatch.setattr("api.transactions.shared_lanes.fcntl.flock", no_locks)

    with (
        pytest.raises(LaneFileUnusable, match=r"it keeps no lock \(No locks available\)"),
        SharedLanes(lanes_dir, pair[0].link).taken("0x" + "11" * 20),
    ):
        pass


def test_what_a_node_forgot_of_the_other_gateways_is_the_others_to_send_again(
    token_chain: TokenChain, pair: Any
) -> None:
    old, new = pair
    submit(old, 1, 2)
    old.sender.step()
    submit(new, 11)
    new.sender.step()
    token_chain.request("anvil_dropAllTransactions")
    time.sleep(RESEND)

    for gateway in (new, old):
        index(gateway)
        gateway.healer.step()
    settle(token_chain, old, new)

    assert in_order(token_chain) == [1, 2, 11]
    assert not any(row.function == "transfer nothing" for gateway in pair for row in rows(gateway))


def test_chain_that_is_begun_anew_has_lanes_of_its_own(token_chain: TokenChain, pair: Any, lanes_dir: Path) -> None:
    old, _ = pair
    submit(old, 1)
    settle(token_chain, old)
    (file,) = lanes_dir.iterdir()
    assert file.read_text() == f"{1:020d}\n"
    file.rename(lanes_dir / ("0" * 16 + file.name[16:]))

    with SharedLanes(lanes_dir, old.link).taken(old.signers.address(f"org:{LEI}")) as shared:
        assert shared is not None
        assert shared.next_nonce == 0


@pytest.mark.slow
def test_gateway_that_is_killed_among_requests_loses_and_doubles_nothing(
    database: Database, token_chain: TokenChain, settings_of_both: SettingsOfBoth
) -> None:
    """As processes: one is killed while both send, and comes back."""
    token_chain.mine_every(1)
    old, new = settings_of_both(replace_after_seconds=5.0)
    other = Database(new.database_url)
    accepted: list[int] = []

    with children(new, 1) as (second,):
        to_new = bearer(other, second)
        with children(old, 1) as (first,):
            to_old = bearer(database, first)
            with ThreadPoolExecutor(8) as threads:
                asked = [(first, to_old, value) for value in range(1, 61)]
                asked += [(second, to_new, value) for value in range(101, 161)]
                random.Random(7).shuffle(asked)
                turns = [threads.submit(tell, *one, accepted) for one in asked]
                until(lambda: len(accepted) >= 40)
                first.kill()
                for turn in turns:
                    turn.result()
        with children(old, 1):
            until(lambda: not any(open_in(each) for each in (database, other)), 120)

    assert sum(value > 100 for value in accepted) == 60
    took = in_order(token_chain)
    assert len(took) == len(set(took))
    # What was killed before it could answer may have been taken, too.
    assert set(accepted) <= set(took)
    assert len(took) - len(accepted) <= 8
    other.close()


def bearer(database: Database, child: Child) -> dict[str, str]:
    made = database.run(lambda session: create_client(session, lei=LEI, scopes=(), operator=False))
    asked = {"grant_type": "client_credentials"}
    credentials = (made.client_id, made.client_secret)
    answer = httpx.post(f"{child.url}/oauth/token", data=asked, auth=credentials, timeout=60, trust_env=False)
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


def tell(child: Child, headers: dict[str, str], value: int, accepted: list[int]) -> None:
    named = {"Idempotency-Key": f"value {value}", **headers}
    with suppress(httpx.HTTPError):
        url, body = f"{child.url}/v1/tellings", {"value": value}
        answer = httpx.post(url, json=body, headers=named, timeout=60, trust_env=False)
        assert answer.status_code == 202, answer.text
        accepted.append(value)


def open_in(database: Database) -> bool:
    with database.engine.connect() as connection:
        return connection.execute(select(outbox.T).where(outbox.T.c.status.in_(OPEN))).first() is not None


def until(found: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not found():
        assert time.monotonic() < deadline
        time.sleep(0.02)
