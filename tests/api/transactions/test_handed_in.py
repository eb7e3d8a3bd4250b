"""Transactions that came signed are sent as they are and followed like others; nobody here can sign them anew."""

import time

import pytest
from token_chain import TokenChain, call_of

from api.errors import Conflict
from api.gateway import Gateway
from api.signers import Signer
from api.transactions import outbox, receipts
from api.transactions.models import Status, Transaction
from api.transactions.preparing import outside_signer
from api.transactions.repository import by_id
from api.transactions.signing import SignedBytes, sign

pytestmark = pytest.mark.node
LEI = "999900SOUNDERSURVY30"
OWN = Signer("own", (11).to_bytes(32, "big"))


def signed(token_chain: TokenChain, value: int, nonce: int) -> SignedBytes:
    call = call_of(value)
    return sign(
        OWN, chain_id=token_chain.chain.chain_id, nonce=nonce, gas=200_000, fee_per_gas=0, to=call.to, data=call.data
    )


def hand_in(gateway: Gateway, token_chain: TokenChain, value: int, nonce: int) -> str:
    call, its = call_of(value), signed(token_chain, value, nonce)
    transaction = Transaction(
        signer=outside_signer(OWN.address),
        sender=OWN.address,
        owner_lei=LEI,
        purpose="own",
        to_address=call.to,
        data=call.data,
        function=call.function,
        gas=200_000,
        nonce=nonce,
        hash=its.hash,
        raw=its.raw,
    )
    with gateway.database.transaction() as session:
        lane = outbox.Lane(OWN.address, outside_signer(OWN.address))
        outbox.open_lane(session.connection(), lane, 0)
        return gateway.transactions.submit_signed(session, transaction)


def state(gateway: Gateway, transaction_id: str) -> tuple[str, int | None]:
    with gateway.database.session() as session:
        found = by_id(session, transaction_id)
    assert found is not None
    return found.status, found.nonce


def turn(gateway: Gateway, token_chain: TokenChain, rounds: int = 1) -> None:
    """A few turns of everything, a block each."""
    for _ in range(rounds):
        gateway.loops[0]._step()
        token_chain.mine()
        gateway.follower._hash_checked = float("-inf")
        while gateway.follower.step():
            pass
        time.sleep(0.21)  # `resend_after_seconds` of the tests' settings


def test_gateway_signs_nothing_for_such_an_account(token_gateway: Gateway) -> None:
    def submit(session: object) -> None:
        token_gateway.transactions.submit(
            session,  # type: ignore[arg-type]
            signer=outside_signer(OWN.address),
            call=call_of(1),
            owner_lei=LEI,
            purpose="own",
        )

    with pytest.raises(Conflict) as refusal:
        token_gateway.database.run(submit)

    assert refusal.value.error == "key-kept-by-organisation"
    with token_gateway.database.engine.connect() as connection:
        assert outbox.lanes_with_work(connection) == []


def test_signed_transactions_are_mined_in_the_order_of_their_nonces(
    token_gateway: Gateway, token_chain: TokenChain
) -> None:
    late, early = hand_in(token_gateway, token_chain, 2, 1), hand_in(token_gateway, token_chain, 1, 0)

    turn(token_gateway, token_chain)

    assert [state(token_gateway, each) for each in (early, late)] == [(Status.MINED, 0), (Status.MINED, 1)]
    assert token_chain.effects() == 2


def test_same_bytes_are_stored_once(token_gateway: Gateway, token_chain: TokenChain) -> None:
    first = hand_in(token_gateway, token_chain, 1, 0)

    assert hand_in(token_gateway, token_chain, 1, 0) == first
    turn(token_gateway, token_chain, 2)
    assert hand_in(token_gateway, token_chain, 1, 0) == first
    turn(token_gateway, token_chain)

    assert token_chain.effects() == 1


def test_gap_is_left_to_its_organisation(token_gateway: Gateway, token_chain: TokenChain) -> None:
    waiting = hand_in(token_gateway, token_chain, 2, 1)

    turn(token_gateway, token_chain, 3)
    assert state(token_gateway, waiting)[0] == Status.SENT
    first = hand_in(token_gateway, token_chain, 1, 0)
    turn(token_gateway, token_chain, 2)

    assert [state(token_gateway, each)[0] for each in (first, waiting)] == [Status.MINED] * 2


def test_what_the_node_forgot_is_sent_again(token_gateway: Gateway, token_chain: TokenChain) -> None:
    forgotten = hand_in(token_gateway, token_chain, 1, 0)
    token_gateway.loops[0]._step()
    token_chain.request("anvil_dropTransaction", signed(token_chain, 1, 0).hash)

    turn(token_gateway, token_chain, 3)

    assert state(token_gateway, forgotten) == (Status.MINED, 0)
    assert token_chain.effects() == 1


def test_transaction_whose_nonce_another_used_is_given_up(token_gateway: Gateway, token_chain: TokenChain) -> None:
    beaten = hand_in(token_gateway, token_chain, 1, 0)
    token_chain.chain.send_raw(signed(token_chain, 5, 0).raw)
    token_chain.mine()

    turn(token_gateway, token_chain, 5)

    with token_gateway.database.session() as session:
        found = by_id(session, beaten)
    assert found is not None
    assert (found.status, (found.error or {})["name"]) == (Status.REPLACED, "NonceTaken")
    assert token_chain.effects() == 1


def test_reorganisation_sends_the_same_bytes_again(token_gateway: Gateway, token_chain: TokenChain) -> None:
    turn(token_gateway, token_chain)
    snapshot = token_chain.request("evm_snapshot")
    moved = hand_in(token_gateway, token_chain, 1, 0)
    turn(token_gateway, token_chain)
    assert state(token_gateway, moved) == (Status.MINED, 0)
    token_chain.request("evm_revert", snapshot)
    token_chain.request("evm_increaseTime", 100)
    token_chain.mine(2)

    turn(token_gateway, token_chain, 4)

    assert state(token_gateway, moved) == (Status.MINED, 0)
    assert token_chain.effects() == 1


def test_on_another_chain_it_has_to_be_signed_anew(token_gateway: Gateway, token_chain: TokenChain) -> None:
    open_still = hand_in(token_gateway, token_chain, 1, 7)

    with token_gateway.database.engine.begin() as connection:
        receipts.start_anew(connection)

    assert state(token_gateway, open_still) == (Status.FAILED, None)
    turn(token_gateway, token_chain)
