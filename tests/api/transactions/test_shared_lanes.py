"""Two gateways, each with a database of its own, send for one account: no nonce twice, nothing out of order."""

import shutil
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from token_chain import TOKEN, TokenChain, call_of

from api.building import build_gateway
from api.db import Database
from api.gateway import Gateway
from api.settings import Settings
from api.transactions import outbox
from api.transactions.models import OPEN, Status
from api.transactions.shared_lanes import LaneFileUnusable, SharedLanes

pytestmark = pytest.mark.node
LEI = "999900SOUNDERSURVY30"
RESEND, PATIENCE = 0.1, 0.5


@pytest.fixture
def lanes_dir(tmp_path: Path) -> Path:
    return tmp_path / "lanes"


@pytest.fixture
def pair(
    database: Database,
    database_url: str,
    sqlite_tables: Path,
    token_chain: TokenChain,
    settings_for: Callable[..., Settings],
    tmp_path: Path,
    lanes_dir: Path,
) -> Iterator[tuple[Gateway, Gateway]]:
    """Their loops do not run: a test takes each step itself."""
    shutil.copyfile(sqlite_tables, tmp_path / "other.db")
    its: dict[str, Any] = {"rpc_url": token_chain.rpc_url, "deployments": token_chain.deployments}
    its |= {"lanes_dir": lanes_dir, "resend_after_seconds": RESEND, "replace_after_seconds": PATIENCE}
    old = build_gateway(settings_for(database_url=database_url, **its))
    old.signers.create_organisation(LEI)
    shutil.copytree(old.settings.keystores_dir, tmp_path / "other" / "keystores")
    new = build_gateway(
        settings_for(database_url=f"sqlite:///{tmp_path / 'other.db'}", data_dir=tmp_path / "other", **its)
    )
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
