"""Blocks that are taken back: what was counted in them is counted again, once."""

from __future__ import annotations

import pytest
from oracle_fakes import SUBJECT, declared_error, epcis, epcis_event
from oracle_nodes import Trade, until
from structlog.testing import capture_logs

from chain_node.client import Milestone, Role
from chain_node.engines.base import hasten
from oracles.chain import Key
from oracles.checkpoints import Point
from oracles.store.models import ObservationRow, ObservationStatus, SubmissionRow, SubmissionStatus
from oracles.store.retractions import RetractionRow, RetractionStatus

RECEIVED = Key(SUBJECT, Milestone.RECEIVED, 1)


def test_vote_in_a_block_that_was_taken_back_is_sent_again(bench):
    bench.drop("receiving.json", epcis(epcis_event()))
    bench.settle()
    (before,) = bench.rows(SubmissionRow)
    bench.chain.take_back()

    with capture_logs() as logs:
        bench.settle()

    (after,) = bench.rows(SubmissionRow)
    assert [line["submissions"] for line in logs if line["event"] == "blocks taken back"] == [[before.id]]
    assert (after.status, after.raw, after.nonce) == (SubmissionStatus.SETTLED, before.raw, before.nonce)
    assert [row.status for row in bench.rows(ObservationRow)] == [ObservationStatus.COUNTED]
    assert [key for key, _, _ in bench.chain.counted] == [RECEIVED]


def test_vote_that_was_taken_back_is_taken_back_again(bench):
    bench.drop("receiving.json", epcis(epcis_event()))
    bench.settle()
    bench.drop("error.json", epcis(declared_error(epcis_event())))
    bench.settle()
    bench.chain.take_back()

    bench.settle()

    assert [row.status for row in bench.rows(ObservationRow)] == [ObservationStatus.RETRACTED]
    assert [row.status for row in bench.rows(RetractionRow)] == [RetractionStatus.RETRACTED]
    assert [key for key, _ in bench.chain.retracted] == [RECEIVED]


def test_blocks_that_were_taken_back_while_the_node_was_away_are_noticed(bench):
    bench.drop("receiving.json", epcis(epcis_event()))
    bench.settle()
    bench.database.close()
    bench.chain.take_back()

    bench.restart()
    bench.settle()

    assert [key for key, _, _ in bench.chain.counted] == [RECEIVED]
    assert [row.status for row in bench.rows(SubmissionRow)] == [SubmissionStatus.SETTLED]


class Died(BaseException):
    pass


def test_death_while_votes_are_opened_again_leaves_none_behind(bench):
    bench.drop("receiving.json", epcis(epcis_event()))
    bench.settle()
    bench.chain.take_back()

    def dying(point: Point) -> None:
        if point is Point.BLOCKS_TAKEN_BACK:
            raise Died

    bench.restart(dying)
    with pytest.raises(Died):
        bench.settle()
    bench.restart()
    bench.settle()

    assert [key for key, _, _ in bench.chain.counted] == [RECEIVED]


def test_blocks_that_only_follow_each_other_open_nothing(bench):
    bench.drop("receiving.json", epcis(epcis_event()))
    bench.settle()

    with capture_logs() as logs:
        for _ in range(300):
            bench.chain.block += 1
            bench.turn()

    assert not [line for line in logs if line["event"] == "blocks taken back"]
    assert len(bench.chain.sent) == 1


@pytest.mark.node
def test_vote_survives_a_reorganisation_of_a_real_chain(own_network, tmp_path):
    """With the settings that a node has by itself."""
    trade = Trade(own_network, tmp_path)
    node, request = trade.node("warehouse", Role.WAREHOUSE), own_network.chain.node.request
    subject = trade.open("PO-REORG")
    before = request("evm_snapshot")

    with node.running() as process:
        node.drop("receiving.json", epcis(epcis_event(at=trade.moment(60), order="PO-REORG")))
        process.wait_for("vote counted")
        until(lambda: node.transactions() == ["settled"])
        assert request("evm_revert", before)
        for _ in range(5):
            hasten(own_network.chain.node)
        process.wait_for("blocks taken back")
        process.wait_for("vote counted", 2)

    assert [milestone for milestone, _ in trade.votes(subject)] == [Milestone.RECEIVED]
