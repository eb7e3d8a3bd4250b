"""Intents become exactly one effect each, in order, whatever the node says."""

import time
from collections.abc import Callable

import pytest
from eth_utils.address import to_checksum_address
from sqlalchemy import update
from token_chain import TokenChain, call_of

from api.errors import Malformed
from api.gateway import Gateway
from api.signers import Signer
from api.transactions import outbox
from api.transactions.models import Status, Transaction
from api.transactions.repository import by_id
from api.transactions.signing import sign
from chain_node.client import Call, Chain

pytestmark = pytest.mark.node
LEI = "999900SOUNDERSURVY30"


def _submit(gateway: Gateway, value: int, **changes: object) -> str:
    def work(session: object) -> str:
        signer = gateway.signers.create_organisation(LEI).name
        return gateway.transactions.submit(
            session,
            signer=signer,
            call=call_of(value),
            owner_lei=LEI,
            purpose="test",
            **changes,  # type: ignore[arg-type]
        ).id

    return str(gateway.database.run(work))


def _state(gateway: Gateway, transaction_id: str) -> Transaction:
    with gateway.database.session() as session:
        found = by_id(session, transaction_id)
    assert found is not None
    return found


def _index(gateway: Gateway) -> None:
    while gateway.follower.step():
        pass


def _settle(gateway: Gateway, token_chain: TokenChain, rounds: int = 1) -> None:
    """A few turns of everything, a block each."""
    for _ in range(rounds):
        gateway.loops[0]._step()
        token_chain.mine()
        _index(gateway)
        time.sleep(0.21)  # `resend_after_seconds` of the tests' settings


def _address(gateway: Gateway) -> str:
    return gateway.signers.address(f"org:{LEI}")


def test_call_that_would_revert_is_refused_and_leaves_nothing(token_gateway: Gateway) -> None:
    with pytest.raises(Malformed) as refusal:
        _submit(token_gateway, 0)

    assert refusal.value.error == "payment-reference-missing"
    with token_gateway.database.engine.connect() as connection:
        assert outbox.lanes_with_work(connection) == []
        assert connection.execute(outbox.T.select()).first() is None


def test_intents_are_mined_in_the_order_of_submission(token_gateway: Gateway, token_chain: TokenChain) -> None:
    ids = [_submit(token_gateway, value) for value in range(1, 6)]

    _settle(token_gateway, token_chain)

    rows = [_state(token_gateway, id_) for id_ in ids]
    assert [row.status for row in rows] == [Status.MINED] * 5
    assert [row.nonce for row in rows] == [0, 1, 2, 3, 4]
    assert token_chain.effects() == 5


def test_intent_of_a_request_that_rolls_back_is_never_sent(token_gateway: Gateway, token_chain: TokenChain) -> None:
    signer = token_gateway.signers.create_organisation(LEI).name
    with token_gateway.database.session() as session:
        token_gateway.transactions.submit(session, signer=signer, call=call_of(1), owner_lei=LEI, purpose="test")
        session.rollback()

    _settle(token_gateway, token_chain)

    assert token_chain.effects() == 0


def test_revert_on_chain_is_recorded_with_its_reason(token_gateway: Gateway, token_chain: TokenChain) -> None:
    id_ = _submit(token_gateway, 1)
    token_chain.shut()

    _settle(token_gateway, token_chain)

    row = _state(token_gateway, id_)
    assert row.status == Status.REVERTED
    assert row.error is not None
    assert row.error["name"] == "PaymentReferenceMissing"
    assert row.block_number is not None


def test_lane_starts_at_the_chains_count(token_gateway: Gateway, token_chain: TokenChain) -> None:
    signer = token_gateway.signers.create_organisation(LEI)
    _send_elsewhere(token_gateway, token_chain, signer, nonce=0)
    token_chain.mine()

    id_ = _submit(token_gateway, 5)
    _settle(token_gateway, token_chain)

    row = _state(token_gateway, id_)
    assert (row.status, row.nonce) == (Status.MINED, 1)


def _send_elsewhere(
    gateway: Gateway, token_chain: TokenChain, signer: Signer, nonce: int, to: str | None = None
) -> None:
    """Somebody else uses the key."""
    signed = sign(
        signer,
        chain_id=token_chain.chain.chain_id,
        nonce=nonce,
        gas=100_000,
        fee_per_gas=0,
        to=to or signer.address,
        data=b"",
    )
    token_chain.chain.send_raw(signed.raw)


def _lose_to_another(gateway: Gateway, token_chain: TokenChain, nonce: int) -> None:
    """The node forgets what it was sent, and somebody else's transaction takes the nonce."""
    gateway.loops[0]._step()
    token_chain.request("anvil_dropAllTransactions")
    _send_elsewhere(gateway, token_chain, gateway.signers.get(f"org:{LEI}"), nonce)
    token_chain.mine()


def test_idle_lane_moves_on_where_the_chain_is_ahead(token_gateway: Gateway, token_chain: TokenChain) -> None:
    _submit(token_gateway, 1)
    _settle(token_gateway, token_chain)
    _send_elsewhere(token_gateway, token_chain, token_gateway.signers.get(f"org:{LEI}"), nonce=1)
    token_chain.mine()
    id_ = _submit(token_gateway, 2)

    _settle(token_gateway, token_chain)

    row = _state(token_gateway, id_)
    assert (row.status, row.nonce) == (Status.MINED, 2)


def test_nonce_that_another_used_is_given_up_and_the_intent_sent_once(
    token_gateway: Gateway, token_chain: TokenChain
) -> None:
    first = _submit(token_gateway, 1)
    _settle(token_gateway, token_chain)
    second = _submit(token_gateway, 2)
    _lose_to_another(token_gateway, token_chain, nonce=1)

    _settle(token_gateway, token_chain, rounds=4)

    assert _state(token_gateway, first).nonce == 0
    row = _state(token_gateway, second)
    assert (row.status, row.nonce) == (Status.MINED, 2)
    assert token_chain.effects() == 2


def test_intent_that_became_impossible_while_its_nonce_was_taken_is_not_sent(
    token_gateway: Gateway, token_chain: TokenChain
) -> None:
    _submit(token_gateway, 1)
    _settle(token_gateway, token_chain)
    id_ = _submit(token_gateway, 2)
    _lose_to_another(token_gateway, token_chain, nonce=1)
    token_chain.shut()

    _settle(token_gateway, token_chain, rounds=4)

    row = _state(token_gateway, id_)
    assert (row.status, row.block_number) == (Status.REVERTED, None)
    assert row.error is not None
    assert row.error["name"] == "PaymentReferenceMissing"
    assert token_chain.effects() == 1


def test_count_that_runs_ahead_of_the_receipts_gives_nothing_up(
    token_gateway: Gateway, token_chain: TokenChain, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A node that is adding a block may answer for the one before with the new count."""
    _submit(token_gateway, 1)
    _settle(token_gateway, token_chain)
    count = Chain.transaction_count
    monkeypatch.setattr(Chain, "transaction_count", lambda self, address, block="latest": count(self, address))
    id_ = _submit(token_gateway, 2)
    token_gateway.loops[0]._step()
    token_chain.mine()
    for _ in range(3):
        time.sleep(0.21)
        token_gateway.loops[0]._step()
    assert _state(token_gateway, id_).nonce == 1

    _settle(token_gateway, token_chain, rounds=2)

    assert _state(token_gateway, id_).status == Status.MINED
    assert token_chain.effects() == 2


def test_what_the_node_forgot_is_sent_again(token_gateway: Gateway, token_chain: TokenChain) -> None:
    ids = [_submit(token_gateway, value) for value in (1, 2, 3)]
    token_gateway.loops[0]._step()
    token_chain.request("anvil_dropAllTransactions")
    token_chain.mine()
    assert token_chain.effects() == 0

    _settle(token_gateway, token_chain, rounds=2)

    assert [_state(token_gateway, id_).status for id_ in ids] == [Status.MINED] * 3
    assert token_chain.effects() == 3


def test_gap_in_a_lane_is_filled(token_gateway: Gateway, token_chain: TokenChain) -> None:
    _submit(token_gateway, 1)
    _settle(token_gateway, token_chain)
    with token_gateway.database.engine.begin() as connection:
        connection.execute(update(outbox.LANES).values(next_nonce=outbox.LANES.c.next_nonce + 1))
    id_ = _submit(token_gateway, 2)

    _settle(token_gateway, token_chain, rounds=3)

    row = _state(token_gateway, id_)
    assert (row.status, row.nonce) == (Status.MINED, 2)
    assert token_chain.effects() == 2


def test_transaction_the_node_will_never_take_fails_and_does_not_hold_up_the_lane(
    token_gateway: Gateway, token_chain: TokenChain
) -> None:
    hopeless = _submit(token_gateway, 1)
    with token_gateway.database.engine.begin() as connection:
        connection.execute(update(outbox.T).values(gas=10**12))
    following = _submit(token_gateway, 2)

    _settle(token_gateway, token_chain, rounds=3)

    assert _state(token_gateway, hopeless).status == Status.FAILED
    assert _state(token_gateway, following).status == Status.MINED
    assert token_chain.effects() == 1


def test_stuck_transaction_is_replaced_under_a_higher_fee(
    database: object,
    database_url: str,
    token_chain: TokenChain,
    settings_for: Callable[..., object],
) -> None:
    from api.building import build_gateway

    settings = settings_for(
        rpc_url=token_chain.rpc_url,
        deployments=token_chain.deployments,
        database_url=database_url,
        max_fee_per_gas=100,
        highest_fee_per_gas=1_000,
        replace_after_seconds=0.1,
    )
    gateway = build_gateway(settings)  # type: ignore[arg-type]
    signer = gateway.signers.create_organisation(LEI)
    token_chain.request("anvil_setBalance", signer.address, hex(10**18))
    id_ = _submit(gateway, 1)
    gateway.loops[0]._step()
    first_hash = _state(gateway, id_).hash
    token_chain.request("anvil_setNextBlockBaseFeePerGas", hex(110))
    token_chain.mine()

    for _ in range(4):
        token_chain.request("anvil_setNextBlockBaseFeePerGas", hex(110))
        _settle(gateway, token_chain)

    row = _state(gateway, id_)
    assert row.status == Status.MINED
    assert row.hash != first_hash
    assert token_chain.effects() == 1
    gateway.close()


def test_two_processes_never_give_one_nonce_twice(
    database_url: str,
    token_gateway: Gateway,
    token_chain: TokenChain,
    settings_for: Callable[..., object],
) -> None:
    from concurrent.futures import ThreadPoolExecutor

    from api.building import build_gateway

    settings = settings_for(rpc_url=token_chain.rpc_url, deployments=token_chain.deployments, database_url=database_url)
    other = build_gateway(settings)  # type: ignore[arg-type]
    ids = [_submit(token_gateway, value) for value in range(1, 61)]

    with ThreadPoolExecutor(4) as threads:
        for turn in [threads.submit(g.loops[0]._step) for g in (token_gateway, other) * 10]:
            turn.result()
    _settle(token_gateway, token_chain, rounds=2)

    nonces = [_state(token_gateway, id_).nonce for id_ in ids]
    assert nonces == list(range(60))
    assert token_chain.effects() == 60
    other.close()


def test_dependent_call_is_not_tried_before_the_one_it_waits_for(
    token_gateway: Gateway, token_chain: TokenChain
) -> None:
    token_chain.shut(shut=False)
    signer = token_gateway.signers.create_organisation(LEI).name
    with token_gateway.database.transaction() as session:
        first = token_gateway.transactions.submit(
            session, signer=signer, call=call_of(1), owner_lei=LEI, purpose="approve"
        )
        second = token_gateway.transactions.submit(
            session, signer=signer, call=call_of(0), owner_lei=LEI, purpose="pay", after=first
        )
        ids = (first.id, second.id)

    _settle(token_gateway, token_chain)

    assert [_state(token_gateway, id_).status for id_ in ids] == [Status.MINED, Status.REVERTED]


def test_own_encoder_signs_what_eth_account_signs(tmp_path: object) -> None:
    from eth_account import Account

    key = bytes(range(1, 33))
    to = to_checksum_address("0x" + "ab" * 20)
    for data, nonce, fee in ((b"", 0, 0), (b"\x01", 127, 1), (b"x" * 55, 128, 7), (b"y" * 5000, 2**40, 10**12)):
        fields = {
            "chainId": 412_346,
            "nonce": nonce,
            "gas": 3_000_000,
            "maxFeePerGas": fee,
            "maxPriorityFeePerGas": fee,
        }
        theirs = Account.from_key(key).sign_transaction({**fields, "to": to, "value": 0, "data": data, "type": 2})

        ours = sign(
            Signer("test", key), chain_id=412_346, nonce=nonce, gas=3_000_000, fee_per_gas=fee, to=to, data=data
        )

        assert ours.raw == bytes(theirs.raw_transaction)
        assert ours.hash == "0x" + bytes(theirs.hash).hex()


def test_call_names_are_kept_for_the_record(token_gateway: Gateway) -> None:
    id_ = _submit(token_gateway, 3)

    row = _state(token_gateway, id_)

    assert isinstance(call_of(3), Call)
    assert (row.function, row.purpose, row.owner_lei) == ("CashToken.issue", "test", LEI)
