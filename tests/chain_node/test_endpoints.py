"""Several nodes in the place of one, without a socket: who is refused, left, read from, and what is repeated."""

import pytest
from fake_nodes import CHAIN_ID, FakeNode, Several, block_hash

from chain_node.client.endpoints import EndpointRules
from chain_node.errors import AnswerMalformed, BlockMissing, NodeUnavailable, NoEndpointUsable, WrongNetwork

A, B, C = "http://a:8545", "http://b:8545", "http://c:8545"
RAW = "0x02aa"


def hash_bytes(number: int, branch: str = "main") -> bytes:
    return bytes.fromhex(block_hash(branch, number)[2:])


def started(*heads: int, **given: object) -> Several:
    several = Several(*heads, **given)  # type: ignore[arg-type]
    several.watch.check()
    several.changes.clear()
    for fake in several.fakes:
        fake.asked.clear()
    return several


# At the start


def test_node_of_another_chain_id_is_refused_by_name() -> None:
    several = Several(10, 10)
    several.fakes[1].chain_id = 7

    with pytest.raises(WrongNetwork, match=r"http://b:8545 serves another network: .*chain id is 7, fake has 412346"):
        several.watch.check()


def test_node_without_the_contracts_is_refused_by_name() -> None:
    several = Several(10, 10)
    several.fakes[0].has_contract = False

    with pytest.raises(WrongNetwork, match=r"http://a:8545 serves.*no contract at .* where CashToken:EUR should be"):
        several.watch.check()


def test_nodes_with_other_first_blocks_are_refused_both() -> None:
    several = Several(10, 10)
    several.fakes[1].branch = "elsewhere"

    with pytest.raises(WrongNetwork, match=r"http://a:8545.*http://b:8545.*its block 0 is"):
        several.watch.check()


def test_of_three_the_one_with_another_first_block_is_refused() -> None:
    several = Several(10, 10, 10)
    several.fakes[0].branch = "elsewhere"

    with pytest.raises(WrongNetwork) as refused:
        several.watch.check()

    assert refused.value.rpc_url == A


def test_start_without_any_node_is_unavailable_and_says_why_of_each() -> None:
    several = Several(10, 10)
    for fake in several.fakes:
        fake.away = True

    with pytest.raises(NoEndpointUsable, match="http://a:8545: no connection; http://b:8545: no connection"):
        several.watch.check()


def test_start_goes_on_with_what_answers() -> None:
    several = Several(10, 10)
    several.fakes[0].away = True

    several.watch.check()

    assert several.in_use == B


def test_node_that_comes_later_and_is_of_another_network_is_set_apart() -> None:
    several = Several(10, 10)
    several.fakes[1].away = True
    several.watch.check()
    several.fakes[1].away, several.fakes[1].chain_id = False, 7

    several.look()

    assert several.standings() == ["in use", "quarantined"]
    (alert,) = several.told("quarantined")
    assert alert.is_alert
    assert alert.fields["reason"] == "it serves another network: its chain id is 7, fake has 412346"


# Reading


def test_preferred_node_answers_alone() -> None:
    several = started(10, 10)

    assert several.node.request("web3_clientVersion") == A
    assert several.fakes[1].asked == []
    assert several.changes == []


@pytest.mark.parametrize("fault", ["away", "malformed"])
def test_what_one_does_not_answer_another_is_asked(fault: str) -> None:
    several = started(10, 10)
    setattr(several.fakes[0], fault, True)

    assert several.node.request("web3_clientVersion") == B
    assert several.node.request("web3_clientVersion") == B
    assert [change.what for change in several.changes] == ["away", "switched"]
    assert several.told("switched")[0].fields == {"endpoint": B, "before": A, "block": 10}


def test_node_that_forked_since_the_last_look_does_not_answer_for_one_that_makes_no_sense() -> None:
    several = started(10, 10)
    several.fakes[1].branch, several.fakes[1].fork = "elsewhere", 9
    several.fakes[0].malformed = True

    with pytest.raises(AnswerMalformed):
        several.node.request("eth_call", {}, hex(9))

    assert [change.what for change in several.changes] == ["quarantined"]


def test_batch_is_answered_by_one_node() -> None:
    several = started(10, 10)
    several.fakes[0].away = True

    answers = several.node.batch([("web3_clientVersion", ()), ("eth_blockNumber", ()), ("web3_clientVersion", ())])

    assert answers == [B, "0xa", B]


def test_question_that_nobody_makes_sense_of_costs_no_node_its_place() -> None:
    several = started(10, 10)
    for fake in several.fakes:
        fake.malformed = True

    with pytest.raises(AnswerMalformed):
        several.node.request("web3_clientVersion")

    assert several.in_use == A
    assert several.changes == []


def test_block_that_one_lacks_is_asked_of_another_and_nobody_is_blamed() -> None:
    several = started(10, 12)

    assert several.node.request("eth_call", {}, hex(12)) == block_hash("main", 12)
    with pytest.raises(BlockMissing):
        several.node.request("eth_call", {}, hex(99))
    assert several.in_use == A
    assert several.changes == []


def test_nobody_answers_and_every_reason_is_said_once() -> None:
    several = started(10, 10)
    for fake in several.fakes:
        fake.away = True

    for _ in range(5):
        with pytest.raises(NoEndpointUsable, match=r"http://a:8545: no connection; http://b:8545: no connection"):
            several.node.block_number()

    assert [change.what for change in several.changes] == ["away", "away", "none usable"]
    assert several.told("none usable")[0].is_alert


def test_network_that_comes_back_is_found_at_the_next_request() -> None:
    several = started(10, 10)
    for fake in several.fakes:
        fake.away = True
    with pytest.raises(NodeUnavailable):
        several.node.block_number()
    several.fakes[1].away = False
    several.clock.now += 1

    assert several.node.request("web3_clientVersion") == B


def test_failed_node_is_asked_again_after_pauses_that_double() -> None:
    several = started(10, 10)
    several.fakes[0].away = True
    several.look(0.1, 600)

    looks = several.watch.endpoints[0].failures

    assert 5 <= looks <= 8
    assert several.in_use == B


def test_preferred_node_is_returned_to_once_it_is_steady() -> None:
    several = started(10, 10)
    several.fakes[0].away = True
    several.look()
    several.fakes[0].away = False

    several.look(1.0, 8)
    early = several.in_use
    several.look(1.0, 6)

    assert (early, several.in_use) == (B, A)
    assert [change.fields["endpoint"] for change in several.told("switched")] == [B, A]


def test_node_that_comes_and_goes_is_not_followed_to_and_fro() -> None:
    several = started(10, 10)
    for turn in range(60):
        several.fakes[0].away = turn % 4 == 0
        several.look()

    assert [change.fields["endpoint"] for change in several.told("switched")] == [B]


def test_other_requests_go_to_one_node_once() -> None:
    several = started(10, 10)
    several.fakes[0].away = True

    with pytest.raises(NodeUnavailable):
        several.node.request("evm_mine")

    assert "evm_mine" not in several.fakes[1].asked


# Behind


def test_node_that_lags_is_not_read_from() -> None:
    several = started(10, 10)
    several.grow(1, blocks=3)
    several.look()
    within = several.in_use
    several.grow(1)
    several.look(several.watch.rules.steady_seconds)

    assert (within, several.in_use) == (A, B)
    assert several.watch.status()[0].reason == "it is 4 blocks behind"


def test_nobody_is_taken_back_in_time() -> None:
    several = started(12, 10)
    assert several.node.block_number() == 12
    several.fakes[0].away = True

    with pytest.raises(NoEndpointUsable, match=r"http://b:8545: its newest block is 10; 12 was read already"):
        several.node.block_number()

    several.grow(1, blocks=2)
    several.clock.now += 1
    assert several.node.block_number() == 12


def test_node_that_lost_its_newest_blocks_is_left() -> None:
    several = started(12, 12)
    several.node.block_number()
    several.fakes[0].head = 9

    assert several.node.block().number == 12
    assert several.in_use == B


def test_node_that_is_set_back_and_catches_up_within_a_question_stays() -> None:
    several = started(12, 11)
    several.node.block_number()
    transport = several.node._nodes[0]
    answers = iter(["0xb", "0xc"])
    transport.request = lambda *_, **__: next(answers)  # type: ignore[method-assign]

    assert several.node.block_number() == 12
    assert several.in_use == A


# Forks


def test_of_two_the_one_that_left_what_was_read_is_set_apart() -> None:
    several = started(10, 10)
    several.look()
    several.fakes[0].branch, several.fakes[0].fork = "other", 10

    several.look()

    assert several.in_use == B
    (alert,) = several.told("quarantined")
    assert alert.is_alert
    assert f"its block 10 is {block_hash('other', 10)}, not {block_hash('main', 10)}" in alert.fields["reason"]


def test_fork_further_back_is_found_where_the_record_reaches() -> None:
    several = started(10, 10)
    several.look()
    several.grow()
    several.fakes[0].branch, several.fakes[0].fork = "other", 8

    several.look()

    assert several.standings() == ["quarantined", "in use"]


def test_network_that_left_the_record_is_not_followed() -> None:
    several = started(10, 10, 10)
    several.look()
    for fake in several.fakes:
        fake.branch, fake.fork, fake.head = "other", 9, 11

    several.look()

    assert several.standings() == ["quarantined"] * 3
    assert not several.watch.has_trusted
    assert len(several.told("none usable")) == 1
    with pytest.raises(NoEndpointUsable, match="it tells another chain"):
        several.node.block_number()


def test_what_was_recorded_before_the_start_decides() -> None:
    several = Several(10, 10, recorded={9: hash_bytes(9)})
    several.fakes[0].branch, several.fakes[0].fork = "other", 5

    several.watch.check()

    assert several.in_use == B
    assert several.standings() == ["quarantined", "in use"]


def test_nobody_is_taken_back_behind_what_was_recorded_before_the_start() -> None:
    several = Several(8, 8, recorded={9: hash_bytes(9)})

    with pytest.raises(NoEndpointUsable, match="its newest block is 8; 9 was read already"):
        several.watch.check()

    several.grow(1)
    several.clock.now += 1
    assert several.node.block_number() == 9


def test_quarantine_of_the_only_node_takes_nobody_back_behind_the_record() -> None:
    several = started(10, 10)
    several.look()
    several.fakes[1].away = True
    several.fakes[0].branch, several.fakes[0].fork = "other", 9
    several.fakes[0].head = 12
    several.look()
    several.fakes[1].away, several.fakes[1].head = False, 9
    several.look(40.0)

    assert several.standings() == ["quarantined", "behind"]
    several.grow(1)
    several.look()
    assert several.in_use == B


def test_fork_of_blocks_that_are_not_final_is_nobodys_fault() -> None:
    several = started(10, 10, rules=EndpointRules(final_depth_blocks=2))
    several.fakes[1].branch, several.fakes[1].fork = "other", 9
    several.look()
    before = several.standings()
    several.grow()

    several.look()

    assert before == ["in use", "healthy"]
    assert several.standings() == ["in use", "quarantined"]


def test_node_in_quarantine_that_was_mended_is_trusted_again() -> None:
    several = started(10, 10)
    several.fakes[1].branch, several.fakes[1].fork = "other", 9
    several.look()
    several.fakes[1].branch = "main"

    several.look(1.0, 9)
    early = several.standings()
    several.look(1.0, 3)

    assert early == ["in use", "quarantined"]
    assert several.standings() == ["in use", "healthy"]
    assert len(several.told("trusted again")) == 1


def test_what_a_quarantined_node_claimed_of_newer_blocks_binds_nobody() -> None:
    several = started(10, 10)
    several.look()
    several.fakes[0].branch, several.fakes[0].fork, several.fakes[0].head = "other", 10, 12
    several.node.block_number()

    several.look()

    assert several.node.block_number() == 10
    assert several.in_use == B


# Sending


def test_signed_transaction_goes_to_the_next_node_where_the_first_is_away() -> None:
    several = started(10, 10)
    several.fakes[0].away = True

    several.node.send_raw(bytes.fromhex(RAW[2:]))

    assert several.fakes[1].pool == [RAW]


def test_signed_transaction_that_a_node_took_and_died_is_handed_over_again_as_it_is() -> None:
    several = started(10, 10)
    several.fakes[0].dies_after_taking = True
    several.fakes[1].pool.append(RAW)  # the first has passed it on before it died

    known = several.node.send_raw(bytes.fromhex(RAW[2:]))

    assert several.fakes[0].pool == several.fakes[1].pool == [RAW]
    assert known == bytes.fromhex(Several(10).fakes[0]._take(RAW)[2:])


def test_what_a_pool_has_had_before_is_handed_to_the_others_too() -> None:
    several = started(10, 10, 10)
    several.fakes[0].pool.append(RAW)
    several.fakes[2].away = True

    answers = several.node.try_batch([("eth_sendRawTransaction", (RAW,)), ("eth_sendRawTransaction", ("0x02bb",))])

    assert [type(answer).__name__ for answer in answers] == ["AlreadyKnown", "str"]
    assert several.fakes[1].pool == [RAW]
    assert several.in_use == A


def test_what_is_handed_over_again_is_handed_to_the_others_too() -> None:
    several = started(10, 10)
    several.node.send_raw(b"\x02\xaa")
    several.fakes[0].pool.clear()  # it has lost its pool, and says nothing of it

    several.node.send_raw(b"\x02\xaa")

    assert several.fakes[0].pool == several.fakes[1].pool == [RAW]


def test_node_of_another_chain_is_handed_nothing() -> None:
    several = started(10, 10)
    several.look()
    several.fakes[1].branch, several.fakes[1].fork = "other", 9
    several.look()
    several.fakes[0].away = True

    with pytest.raises(NodeUnavailable):
        several.node.send_raw(b"\x02\xaa")

    assert several.fakes[1].pool == []


def test_node_that_lags_may_be_handed_a_transaction() -> None:
    several = started(10, 10)
    several.grow(0, blocks=9)
    several.look()
    several.fakes[0].away = True

    several.node.send_raw(b"\x02\xaa")

    assert several.fakes[1].pool == [RAW]


def test_fake_nodes_have_the_networks_chain_id() -> None:
    assert FakeNode("http://a").chain_id == CHAIN_ID
