"""The nonce lane: one nonce for one transaction, the same bytes again, and a lane laid anew when it broke."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest
from oracle_fakes import epcis, epcis_event, fields_of
from structlog.testing import capture_logs

from chain_node.client import Call, Refusal
from chain_node.errors import ChainError, ContractReverted, GasTooMuch, NodeUnavailable, PoolFull, RequestRefused
from oracles.chain import Outcome
from oracles.store.models import EventStatus, SubmissionStatus


def nonces(bench) -> list[int]:
    return [fields_of(raw)["nonce"] for raw in bench.chain.sent]


def test_nonces_follow_the_account_on_chain(bench):
    bench.chain.count = 41
    bench.settings_changes = {"batch_limit": 1}
    bench.restart()
    bench.drop("events.json", epcis(epcis_event("loading"), epcis_event("departing")))

    bench.turn()

    assert nonces(bench) == [41, 42]


def test_transaction_costs_nothing_and_brings_gas_for_a_quorum_it_may_complete(bench):
    bench.drop("receiving.json", epcis(epcis_event()))

    bench.turn()

    fields = fields_of(bench.chain.sent[0])
    assert (fields["maxFeePerGas"], fields["maxPriorityFeePerGas"], fields["value"]) == (0, 0, 0)
    assert fields["gas"] == 100_000 + 30_000 + 600_000


def test_unanswered_transaction_is_repeated_with_the_same_bytes(bench):
    bench.drop("receiving.json", epcis(epcis_event()))
    bench.turn()
    bench.chain.pool.clear()

    bench.turn(16)

    assert len(bench.chain.sent) == 2
    assert bench.chain.sent[0] == bench.chain.sent[1]


def test_waiting_transaction_is_not_repeated_before_its_time(bench):
    bench.drop("receiving.json", epcis(epcis_event()))
    bench.turn()
    bench.chain.pool.clear()

    bench.turn(14)

    assert len(bench.chain.sent) == 1


def test_nonce_that_went_to_something_else_is_replaced(bench):
    bench.drop("receiving.json", epcis(epcis_event()))
    bench.turn()
    bench.chain.pool.clear()
    bench.chain.count = 3

    with capture_logs() as logs:
        bench.settle()

    assert len(bench.chain.counted) == 1
    assert nonces(bench) == [0, 3]
    assert any(line["event"] == "nonce lane laid anew" for line in logs)


def test_lane_with_a_gap_is_laid_anew(bench):
    """The network lost blocks: its count went back below the lowest open nonce."""
    bench.chain.count = 5
    bench.drop("receiving.json", epcis(epcis_event()))
    bench.turn()
    bench.chain.pool.clear()
    bench.chain.count = 4

    bench.settle()

    assert nonces(bench) == [5, 4]
    assert len(bench.chain.counted) == 1


def test_full_pool_is_waited_for(bench, monkeypatch):
    def refuse(raw: bytes) -> None:
        raise PoolFull("txpool is full")

    with monkeypatch.context() as patch:
        patch.setattr(bench.chain, "send", refuse)
        bench.drop("receiving.json", epcis(epcis_event()))
        bench.turn()

    bench.settle()

    assert len(bench.chain.counted) == 1


def test_transaction_that_no_block_can_hold_is_raised_and_frees_its_nonce(bench, monkeypatch):
    def refuse(raw: bytes) -> None:
        raise GasTooMuch("exceeds block gas limit")

    with monkeypatch.context() as patch:
        patch.setattr(bench.chain, "send", refuse)
        bench.drop("receiving.json", epcis(epcis_event()))
        bench.turn()
    bench.drop("storing.json", epcis(epcis_event("storing")))
    bench.settle()

    assert [row.status for row in bench.submissions()] == [SubmissionStatus.FAILED, SubmissionStatus.SETTLED]
    assert [row.nonce for row in bench.submissions()] == [0, 0]
    assert bench.events()[0].status == EventStatus.HELD


def test_call_that_the_contract_would_undo_is_raised_without_a_nonce(bench, monkeypatch):
    def revert(account: str, call: object) -> int:
        raise ContractReverted("BatchSizeWrong", {}, "the batch has 0 items")

    monkeypatch.setattr(bench.chain, "gas", revert)
    bench.drop("receiving.json", epcis(epcis_event()))

    bench.turn()

    (row,) = bench.submissions()
    assert (row.status, row.nonce) == (SubmissionStatus.FAILED, None)
    assert bench.event.reason == "its transaction failed: BatchSizeWrong: the batch has 0 items"


def test_transaction_out_of_gas_is_repeated_with_twice_as_much(bench):
    bench.chain.revert_next = Outcome(0, out_of_gas=True)
    bench.drop("receiving.json", epcis(epcis_event()))

    bench.settle()

    first, second = (fields_of(raw)["gas"] for raw in bench.chain.sent)
    assert second == 2 * first
    assert len(bench.chain.counted) == 1


def test_reverted_transaction_is_recorded_with_its_reason(bench):
    bench.chain.revert_next = Outcome(0, reverted="the network is paused")
    bench.drop("receiving.json", epcis(epcis_event()))

    bench.settle()

    assert bench.event.status == EventStatus.HELD
    assert bench.event.reason == "its transaction failed: the network is paused"


def test_own_vote_that_arrives_twice_is_no_alarm(bench):
    bench.chain.refuse = Refusal.ALREADY_VOTED
    bench.drop("receiving.json", epcis(epcis_event()))

    with capture_logs() as logs:
        bench.settle()

    assert not any(line.get("operator_action_required") for line in logs)


def test_vote_is_settled_only_at_the_depth_that_the_settings_ask_for(bench):
    bench.settings_changes = {"confirmations": 3}
    bench.restart()
    bench.drop("receiving.json", epcis(epcis_event()))
    bench.turn()
    bench.chain.mine()
    bench.chain.mine()
    bench.turn()
    assert bench.submissions()[0].status == SubmissionStatus.SENT

    bench.chain.mine()
    bench.turn()

    assert bench.submissions()[0].status == SubmissionStatus.SETTLED


def test_paper_to_send_is_measured(bench):
    bench.drop("receiving.json", epcis(epcis_event()))

    bench.turn()

    count = bench.node.metrics.registry.get_sample_value("portolan_oracle_paper_to_send_seconds_count")
    assert count == 1


def test_transaction_that_goes_nowhere_leaves_no_gap_before_those_prepared_with_it(bench, monkeypatch):
    bench.chain.count = 41
    bench.settings_changes = {"batch_limit": 1}
    bench.restart()
    taken, refused = bench.chain.send, list[bytes]()

    def send(raw: bytes) -> None:
        if not refused:
            refused.append(raw)
            raise GasTooMuch("exceeds block gas limit")
        taken(raw)

    monkeypatch.setattr(bench.chain, "send", send)
    bench.drop("events.json", epcis(epcis_event("loading"), epcis_event("departing")))

    bench.turn()
    bench.turn()

    assert fields_of(refused[0])["nonce"] == 41
    assert nonces(bench) == [41]


# Several at once


@pytest.fixture
def two(bench):
    """Two votes under signatures of their own, decided and not signed yet."""
    bench.chain.count = 41
    bench.settings_changes = {"batch_limit": 1}
    bench.restart()
    bench.drop("events.json", epcis(epcis_event("loading"), epcis_event("departing")))
    return bench


def refusing_first(bench, monkeypatch, error: ChainError) -> None:
    """The network says this of the first call, as often as it is asked, until the patch is undone."""
    answer, first = bench.chain.gas, list[bytes]()

    def gas(account: str, call: Call) -> int:
        first.append(call.data)
        if call.data == first[0]:
            raise error
        return answer(account, call)

    monkeypatch.setattr(bench.chain, "gas", gas)


def test_call_that_would_be_undone_leaves_no_gap_before_those_asked_with_it(two, monkeypatch):
    refusing_first(two, monkeypatch, ContractReverted("BatchSizeWrong", {}, "the batch has 0 items"))

    two.settle()

    assert nonces(two) == [41]
    assert [row.status for row in two.submissions()] == [SubmissionStatus.FAILED, SubmissionStatus.SETTLED]


def test_call_that_the_network_says_nothing_of_keeps_no_other(two, monkeypatch):
    with monkeypatch.context() as patch:
        refusing_first(two, patch, RequestRefused("eth_estimateGas", -32005, "limit exceeded"))
        two.turn()
    assert nonces(two) == [41]
    assert [(row.status, row.nonce) for row in two.submissions()] == [
        (SubmissionStatus.SIGNED, None),
        (SubmissionStatus.SENT, 41),
    ]

    two.turn(60)
    two.settle()

    assert nonces(two) == [41, 42]
    assert len(two.chain.counted) == 2


def test_network_that_goes_away_between_parts_is_told_the_rest_later(two, monkeypatch):
    monkeypatch.setattr("oracles.outbox.MOST_TOGETHER", 1)
    answer, asked = two.chain.gas_of, list[int]()

    def gas_of(account: str, calls: Sequence[Call]) -> Sequence[int | ChainError]:
        asked.append(len(calls))
        if len(asked) == 2:
            raise NodeUnavailable("http://127.0.0.1:1", "no answer in time")
        return answer(account, calls)

    monkeypatch.setattr(two.chain, "gas_of", gas_of)
    two.turn()
    assert [row.status for row in two.submissions()] == [SubmissionStatus.SENT, SubmissionStatus.SIGNED]

    two.turn(60)
    two.settle()

    assert len(two.chain.counted) == 2
    assert sorted({fields_of(raw)["nonce"] for raw in two.chain.sent}) == [41, 42]


def test_outcomes_that_break_off_are_read_again(two, monkeypatch):
    two.turn()
    two.chain.mine()
    answer = two.chain.outcome

    def outcomes(hashes: Sequence[bytes]) -> Iterator[Outcome | None]:
        yield answer(hashes[0])
        raise NodeUnavailable("http://127.0.0.1:1", "no answer in time")

    with monkeypatch.context() as patch:
        patch.setattr(two.chain, "outcomes", outcomes)
        two.turn()
    assert [row.status for row in two.submissions()] == [SubmissionStatus.SENT] * 2

    two.turn(60)
    two.chain.mine()
    two.turn(60)

    assert [row.status for row in two.submissions()] == [SubmissionStatus.SETTLED] * 2
    assert len(two.chain.counted) == 2
