"""A node that claims to be further than it is: it is outvoted, and binds nobody once it is gone."""

import pytest
from fake_nodes import Several, block_hash

from chain_node.client.endpoints.reach import PATIENCE_LOOKS
from chain_node.errors import AnswerMalformed, NoEndpointUsable

A, B, C = "http://a:8545", "http://b:8545", "http://c:8545"
FAR = 1_000_000


def started(*heads: int) -> Several:
    several = Several(*heads)
    several.watch.check()
    several.look()
    return several


def recorded(several: Several) -> int:
    return several.watch._record.newest or 0


# Outvoted


@pytest.mark.parametrize("liar", [0, 1, 2])
def test_node_that_claims_too_much_is_not_read_from_and_binds_nobody(liar: int) -> None:
    several = started(100, 100, 100)
    several.fakes[liar].head = FAR

    several.look()

    assert several.standings()[liar] == "ahead"
    assert several.node.block_number() == 100
    several.fakes[liar].away = True
    several.grow()
    several.look()
    assert several.node.block_number() == 101
    assert recorded(several) == 101


@pytest.mark.parametrize("heads", [(100, 100, 100), (100, 100)])
def test_claim_between_two_looks_is_not_read(heads: tuple[int, ...]) -> None:
    several = started(*heads)
    several.fakes[0].head = FAR

    assert several.node.block().number == 100
    assert several.in_use == B
    assert several.watch.floor == 100


def test_receipt_of_a_block_that_nobody_has_is_not_read() -> None:
    several = started(100, 100, 100)
    first, others = several.node._nodes[0], several.node._nodes[1:]
    first.request = lambda *_, **__: {"blockNumber": hex(FAR)}  # type: ignore[method-assign]
    for other in others:
        other.request = lambda *_, **__: {"blockNumber": "0x9"}  # type: ignore[method-assign]

    assert several.node.request("eth_getTransactionReceipt", "0xaa") == {"blockNumber": "0x9"}
    assert several.watch.floor == 100
    assert several.watch.status()[0].reason == f"it tells of block {FAR}, which the others lack"


def test_node_that_climbs_ahead_of_the_others_is_left() -> None:
    several = started(100, 100, 100)
    for _ in range(50):
        several.grow(0, blocks=3)
        several.look()
    several.fakes[0].away = True
    several.grow(1, 2, blocks=several.watch.rules.lag_blocks)
    several.look()

    assert several.node.block_number() == 103
    assert recorded(several) <= 103


def test_of_two_the_one_that_leaps_while_the_other_grows_is_left() -> None:
    several = started(100, 100)
    several.fakes[0].head = FAR
    for _ in range(60):
        several.grow(1)
        several.look()

    assert several.standings() == ["ahead", "in use"]
    assert several.watch.status()[0].reason == "it claims to be 999840 blocks ahead, which the others lack"
    assert several.node.block_number() == 160


def test_four_of_which_two_lag_agree_on_what_most_have() -> None:
    several = started(100, 100, 100, 100)
    several.grow(0, 1, 2, blocks=9)

    several.look()

    assert several.standings() == ["in use", "healthy", "healthy", "behind"]
    assert several.node.block_number() == 109


# What is kept


def test_block_that_another_told_for_one_that_makes_no_sense_was_read() -> None:
    several = started(10, 10)
    several.grow()
    several.fakes[0].malformed = True
    assert several.node.block_number() == 11
    several.fakes[1].head = 10

    with pytest.raises(NoEndpointUsable, match="11 was read already"):
        several.node.block_number()


def test_other_that_lost_blocks_does_not_answer_for_one_that_makes_no_sense() -> None:
    several = started(10, 10, 10)
    several.fakes[0].away = True
    several.grow(1, 2, blocks=3)
    assert several.node.block_number() == 13
    several.fakes[1].malformed, several.fakes[2].head = True, 12

    with pytest.raises(AnswerMalformed):
        several.node.block()

    several.fakes[2].head = 13
    assert several.node.block().number == 13


def test_other_that_claims_too_much_does_not_answer_for_one_that_makes_no_sense() -> None:
    several = started(10, 10, 10)
    several.fakes[0].malformed, several.fakes[1].head = True, 1_000

    assert several.node.block_number() == 10


def test_nodes_that_catch_up_do_not_outvote_the_one_that_was_read() -> None:
    several = started(100, 100, 100)
    several.fakes[1].away = several.fakes[2].away = True
    several.look()
    several.grow(0, blocks=900)
    several.look()
    several.fakes[1].away = several.fakes[2].away = False
    several.look(40.0)

    assert several.standings() == ["in use", "behind", "behind"]
    assert several.node.block_number() == 1000


def test_what_one_told_while_the_others_were_silent_is_waited_for_and_then_given_up() -> None:
    several = started(100, 100, 100)
    several.fakes[1].away = several.fakes[2].away = True
    several.look()
    several.fakes[0].head = FAR
    assert several.node.block_number() == FAR
    several.fakes[0].away = True
    several.fakes[1].away = several.fakes[2].away = False
    several.look(40.0)
    with pytest.raises(NoEndpointUsable, match=f"its newest block is 100; {FAR} was read already"):
        several.node.block_number()

    for _ in range(PATIENCE_LOOKS):
        several.grow(1, 2)
        several.look()

    assert several.node.block_number() == 100 + PATIENCE_LOOKS
    (alert,) = several.told("gave up")
    assert alert.is_alert
    assert alert.fields["read"] == FAR
    assert several.node.request("eth_call", {}, hex(101)) == block_hash("main", 101)
    assert recorded(several) == 100 + PATIENCE_LOOKS


def test_nodes_that_will_soon_have_what_was_read_are_waited_for() -> None:
    several = started(100, 100)
    several.fakes[1].away = True
    several.grow(0, blocks=1000)
    several.look()
    several.fakes[0].away, several.fakes[1].away = True, False
    several.look(40.0)

    for _ in range(249):
        several.grow(1, blocks=4)
        several.look()

    with pytest.raises(NoEndpointUsable, match="1100 was read already"):
        several.node.block_number()
    several.grow(1, blocks=4)
    several.look()
    assert several.node.block_number() == 1100
    assert several.told("gave up") == []


def test_what_most_nodes_have_had_is_never_given_up() -> None:
    several = started(100, 100, 100)
    for fake in several.fakes:
        fake.head = 90

    several.look(1.0, 3 * PATIENCE_LOOKS)

    with pytest.raises(NoEndpointUsable, match="100 was read already"):
        several.node.block_number()
    assert several.told("gave up") == []
