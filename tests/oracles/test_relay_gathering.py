"""A relay's own thread: what becomes of offers and votes, without sockets."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from eth_account import Account
from oracle_bench import Clock
from oracle_fakes import NOBODY, NODE_ACCOUNT, NOON, POLICY, SUBJECT, WAREHOUSE, FakeChain, transaction_hash
from sqlmodel import select

from chain_node.client import Fact, FactStatus, Milestone, Observation, Role, Vote
from chain_node.errors import NodeUnavailable
from oracles.cargo import Manifest
from oracles.cargo.bundles import BundleCargo
from oracles.chain import Key
from oracles.checkpoints import BUNDLE_POINTS, Checkpoint, Point, go_on
from oracles.confirming import Confirming
from oracles.metrics import Metrics
from oracles.outbox import Outbox
from oracles.relay.desk import Desk, Reply
from oracles.relay.gathering import FEWEST_TURNS, Gathering
from oracles.relay.messages import Answer, Offer, item_of, list_id
from oracles.relay.settings import RelaySettings
from oracles.signing import Signer
from oracles.store.bundles import BundleRow
from oracles.store.database import Database

AT = int(NOON.timestamp()) - 3600
OWN = Observation(SUBJECT, int(Milestone.RECEIVED), 1, AT, 950_000)


@dataclass
class RelayBench:
    """A relay that has three organisations to serve, on a network in memory."""

    folder: Path
    chain: FakeChain = field(default_factory=FakeChain)
    clock: Clock = field(default_factory=Clock)
    rules: RelaySettings = field(
        default_factory=lambda: RelaySettings(gather_seconds=1, quorum_seconds=1, answer_seconds=2)
    )
    signers: list[Signer] = field(default_factory=lambda: [Signer(Account.create()) for _ in range(3)])
    stranger: Signer = field(default_factory=lambda: Signer(Account.create()))
    cursors: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        roles = (Role.WAREHOUSE, Role.INSPECTOR, Role.INSPECTOR)
        for number, (signer, role) in enumerate(zip(self.signers, roles, strict=True), 11):
            member = replace(WAREHOUSE, organisation=number, group=number, roles=int(role))
            self.chain.others[signer.address] = member
        self.chain.member = NOBODY
        self.chain.others[NODE_ACCOUNT.address] = NOBODY
        self.start()

    def start(self, checkpoint: Checkpoint = go_on) -> None:
        """A new process on the same disk: offers and lists are forgotten."""
        self.database = Database(self.folder / "relay.db")
        self.database.prepare()
        self.desk = Desk(self.chain.chain_id, self.chain.oracle_address)
        account, metrics = NODE_ACCOUNT.address, Metrics()
        self.gathering = Gathering(
            self.desk, self.database, self.chain, account, self.rules, checkpoint, metrics, self.clock
        )
        manifest = Manifest((BundleCargo(self.chain, metrics),))
        self.outbox = Outbox(
            self.database, self.chain, Signer(NODE_ACCOUNT), manifest, 0, 0, 15, checkpoint, self.clock
        )
        self.confirming = Confirming(self.database, self.chain, manifest, 1, checkpoint)

    def turn(self, seconds: float = 0.0) -> None:
        """One; a relay with little to do takes several while time passes."""
        for _ in range(FEWEST_TURNS if seconds else 0):
            self.gathering.run(self.chain.head())
        self.clock.now += seconds
        self.gathering.run(self.chain.head())

    def offer(self, signer: Signer, *observations: Observation) -> Reply:
        signature = signer.offer(self.chain.chain_id, self.chain.oracle_address, observations, 2**40)
        future = self.desk.put(
            Offer(
                account=signer.address,
                expires_at=2**40,
                observations=[item_of(its) for its in observations],
                signature=signature.hex(),
            )
        )
        assert future is not None
        self.turn()
        return future.result(timeout=0)

    def proposals(self, signer: Signer) -> Iterator[list[Observation]]:
        """What the relay has for a signer that it has not read yet."""
        found = self.desk.read(signer.address, self.desk.run, self.cursors.get(signer.address, 0))
        if found is not None:
            self.cursors[signer.address] = found.cursor
            yield from ([item.observation() for item in its.observations] for its in found.proposals)

    def answer(self, signer: Signer, items: list[Observation], mask: int | None = None) -> Reply:
        vote = signer.vote_on(
            self.chain.chain_id, self.chain.oracle_address, items, mask or (1 << len(items)) - 1, b"\x05" * 32
        )
        future = self.desk.put(
            Answer(
                account=signer.address,
                list=list_id(items),
                mask=hex(vote.mask),
                evidence=vote.evidence.hex(),
                signature=vote.signature.hex(),
            )
        )
        assert future is not None
        self.turn()
        return future.result(timeout=0)

    def bundles(self) -> list[tuple[list[Observation], list[Vote]]]:
        with self.database.session() as session:
            return [(row.items(), row.ballots()) for row in session.exec(select(BundleRow))]


@pytest.fixture
def relay(tmp_path: Path) -> RelayBench:
    return RelayBench(tmp_path)


def test_offer_of_an_account_that_is_not_admitted_is_refused(relay):
    reply = relay.offer(relay.stranger, OWN)

    assert (reply.status, reply.text) == (403, "account: the registry does not admit it")


def test_organisation_that_offers_too_much_is_told_so(relay):
    relay.rules = replace_rules(relay.rules, items_per_second=1)
    relay.start()
    items = [replace(OWN, sequence=number) for number in range(1, 7)]

    assert [relay.offer(relay.signers[0], *items).status for _ in range(2)] == [202, 429]
    assert relay.offer(relay.signers[1], OWN).status == 202


def replace_rules(rules: RelaySettings, **changes: object) -> RelaySettings:
    return rules.model_copy(update=changes)


def test_offers_that_could_not_count_are_in_no_list(relay):
    relay.chain.beneficiaries[b"\x08" * 32] = 11
    relay.chain.beneficiaries[b"\x07" * 32] = 0
    relay.chain.policies[99] = replace(POLICY, threshold=0)
    relay.offer(
        relay.signers[0],
        replace(OWN, subject=b"\x08" * 32),
        replace(OWN, subject=b"\x07" * 32),
        replace(OWN, milestone=99),
    )

    relay.turn(5)

    assert list(relay.proposals(relay.signers[0])) == []


def test_list_has_the_least_quantity_and_the_latest_time(relay):
    relay.offer(relay.signers[0], OWN)
    relay.offer(relay.signers[1], replace(OWN, quantity=945_000, occurred_at=AT + 30))

    relay.turn(1)

    shared = replace(OWN, quantity=945_000, occurred_at=AT + 30)
    assert [list(relay.proposals(signer)) for signer in relay.signers] == [[[shared]], [[shared]], []]


def test_list_does_not_wait_once_all_that_were_heard_of_lately_have_offered(relay):
    for signer in relay.signers:
        relay.offer(signer, replace(OWN, sequence=2))
    relay.turn(1)
    for signer in relay.signers:
        assert list(relay.proposals(signer))

    relay.offer(relay.signers[0], OWN)
    relay.offer(relay.signers[1], OWN)
    assert list(relay.proposals(relay.signers[0])) == []
    relay.offer(relay.signers[2], OWN)

    assert list(relay.proposals(relay.signers[0])) == [[OWN]]


def test_lone_figure_waits_for_those_that_agree(relay):
    """One who errs, or lies, and is first has no list of his own before the others come."""
    relay.rules = replace_rules(relay.rules, quorum_seconds=5)
    relay.start()
    relay.offer(relay.signers[2], replace(OWN, quantity=100))
    relay.turn(2)
    assert list(relay.proposals(relay.signers[2])) == []

    relay.offer(relay.signers[0], OWN)
    relay.offer(relay.signers[1], OWN)
    relay.turn(0.5)

    assert [list(relay.proposals(signer)) for signer in relay.signers[:2]] == [[[OWN]], [[OWN]]]
    assert relay.bundles() == []


def test_lone_figure_does_not_wait_where_votes_are_on_chain(relay):
    relay.rules = replace_rules(relay.rules, quorum_seconds=5)
    relay.start()
    relay.chain.facts[Key(SUBJECT, int(Milestone.RECEIVED), 1)] = Fact(
        950_000, 950_000, AT, 0, 1, 1, FactStatus.GATHERING
    )
    relay.offer(relay.signers[1], OWN)

    relay.turn(1)

    assert list(relay.proposals(relay.signers[1])) == [[OWN]]


def test_lone_figure_has_its_list_in_the_end(relay):
    relay.rules = replace_rules(relay.rules, quorum_seconds=5)
    relay.start()
    relay.offer(relay.signers[1], OWN)

    relay.turn(5)

    assert list(relay.proposals(relay.signers[1])) == [[OWN]]


def test_many_offers_become_lists_of_limited_length(relay):
    relay.rules = replace_rules(relay.rules, list_limit=3)
    relay.start()
    relay.offer(relay.signers[0], *(replace(OWN, sequence=number) for number in range(1, 8)))

    relay.turn(1)

    assert [len(items) for items in relay.proposals(relay.signers[0])] == [3, 3, 1]


def test_quantities_beyond_the_tolerance_are_reported_to_both(relay):
    relay.offer(relay.signers[0], OWN)
    relay.offer(relay.signers[1], replace(OWN, quantity=500_000))

    relay.turn(1)

    for signer in relay.signers[:2]:
        found = relay.desk.read(signer.address, "", 0)
        assert found is not None
        (told,) = found.left_out
        assert told.observation.quantity == 500_000
        assert "[500000, 950000]" in told.reason


def bundled(relay: RelayBench, *voters: int) -> list[Observation]:
    for signer in relay.signers:
        relay.offer(signer, OWN)
    relay.turn(1)
    (items,) = relay.proposals(relay.signers[0])
    for number in voters:
        assert relay.answer(relay.signers[number], items).status == 202
    return items


def test_all_votes_make_one_transaction_at_once(relay):
    bundled(relay, 0, 1, 2)

    ((items, votes),) = relay.bundles()
    assert items == [OWN]
    # The third could change nothing: the quorum is two, and nobody may contradict later.
    assert [vote.signer for vote in votes] == [signer.address for signer in relay.signers[:2]]


def test_votes_that_came_in_time_are_sent_without_the_silent_one(relay):
    bundled(relay, 0)
    assert relay.bundles() == []

    relay.turn(2)

    ((_, votes),) = relay.bundles()
    assert [vote.signer for vote in votes] == [relay.signers[0].address]


def test_list_without_votes_makes_no_transaction(relay):
    bundled(relay)

    relay.turn(10)

    assert relay.bundles() == []


def test_late_vote_goes_into_a_second_transaction_with_the_same_list(relay):
    items = bundled(relay, 0)
    relay.turn(2)

    assert relay.answer(relay.signers[1], items).status == 202

    assert [[vote.signer for vote in votes] for _, votes in relay.bundles()] == [
        [relay.signers[0].address],
        [relay.signers[1].address],
    ]
    assert [found for found, _ in relay.bundles()] == [[OWN], [OWN]]


def test_late_vote_on_what_is_a_fact_already_costs_nothing(relay):
    items = bundled(relay, 0, 1)
    relay.turn(2)
    relay.chain.facts[Key(SUBJECT, int(Milestone.RECEIVED), 1)] = Fact(950_000, 950_000, AT, AT, 1, 2, FactStatus.FINAL)

    assert relay.answer(relay.signers[2], items).status == 202

    assert len(relay.bundles()) == 1


def test_vote_of_somebody_who_offered_nothing_of_the_list_is_refused(relay):
    items = bundled(relay)

    assert relay.answer(relay.stranger, items).status == 403


def test_vote_on_an_unknown_list_is_refused(relay):
    assert relay.answer(relay.signers[0], [OWN]).status == 404


def test_second_vote_of_one_account_changes_nothing(relay):
    items = bundled(relay, 0)

    assert relay.answer(relay.signers[0], items).status == 202
    relay.turn(2)

    ((_, votes),) = relay.bundles()
    assert len(votes) == 1


def test_fact_that_was_voted_on_is_not_proposed_again(relay):
    bundled(relay, 0, 1, 2)
    for _ in range(3):
        relay.offer(relay.signers[0], OWN)
        relay.turn(5)

    assert list(relay.proposals(relay.signers[0])) == []


def test_fact_that_was_not_voted_on_may_be_offered_again(relay):
    bundled(relay)
    relay.turn(10)

    relay.offer(relay.signers[0], OWN)
    relay.turn(1)

    assert list(relay.proposals(relay.signers[0])) == [[OWN]]


def test_lists_are_forgotten_after_a_while(relay):
    items = bundled(relay, 0)

    relay.turn(700)

    assert relay.desk.listed(list_id(items)) is None
    assert not relay.gathering.waits
    assert relay.answer(relay.signers[1], items).status == 404


def test_nothing_is_remembered_of_facts_for_longer_than_lists(relay):
    items = [replace(OWN, sequence=number) for number in range(1, 65)]
    for signer in relay.signers[:2]:
        relay.offer(signer, *items)
    for found in list(relay.proposals(relay.signers[0])):
        for signer in relay.signers[:2]:
            relay.answer(signer, found)
    assert len(relay.bundles()) == 2

    relay.turn(700)

    kept = relay.gathering
    assert [len(its) for its in (kept._waiting, kept._lists, kept._asked, kept._voted_on)] == [0, 0, 0, 0]


def test_votes_that_a_relay_holds_are_sent_when_the_network_is_back(relay):
    items = bundled(relay, 0)
    relay.chain.away = True
    with pytest.raises(NodeUnavailable):
        relay.turn(1)
    relay.chain.away = False

    relay.answer(relay.signers[1], items)
    relay.turn(2)
    relay.outbox.run()
    relay.chain.mine()

    assert [key.subject for key, _, _ in relay.chain.counted] == [SUBJECT, SUBJECT]


def test_late_vote_outlives_a_network_that_goes_away(relay, monkeypatch):
    items = bundled(relay, 0)
    relay.turn(2)

    def away(keys: object, block: int) -> Sequence[Fact]:
        raise NodeUnavailable("http://127.0.0.1:1", "refused")

    with monkeypatch.context() as patch:
        patch.setattr(relay.chain, "facts_of", away)
        with pytest.raises(NodeUnavailable):
            relay.answer(relay.signers[1], items)
    relay.turn()

    assert [[vote.signer for vote in votes] for _, votes in relay.bundles()] == [
        [signer.address] for signer in relay.signers[:2]
    ]


def test_all_lists_of_a_turn_are_bundled_together(relay):
    relay.rules = replace_rules(relay.rules, list_limit=1)
    stored = list[int]()

    def counting(reached: object) -> None:
        if reached is Point.BUNDLE_STORING:
            stored.append(len(relay.bundles()))

    relay.start(counting)
    items = [replace(OWN, sequence=number) for number in range(1, 4)]
    for signer in relay.signers:
        relay.offer(signer, *items)
    relay.turn(1)
    for found in relay.proposals(relay.signers[0]):
        relay.answer(relay.signers[0], found)

    relay.turn(2)

    assert len(relay.bundles()) == 3
    # Nothing of them was on the disk before all were.
    assert stored == [0]


class Died(BaseException):
    """Stands for SIGKILL."""


@pytest.mark.parametrize("point", sorted(BUNDLE_POINTS))
def test_relay_that_dies_while_it_bundles_sends_once_or_not_at_all(relay, point):
    def dying(reached):
        if reached is point:
            raise Died

    relay.start(dying)
    with pytest.raises(Died):
        bundled(relay, 0, 1, 2)

    relay.start()
    relay.outbox.run()
    relay.chain.mine()

    counted = [signer for _, signer, _ in relay.chain.counted]
    assert len(counted) == (2 if point == "bundle-stored" else 0)
    assert len(relay.chain.sent) == len({transaction_hash(raw) for raw in relay.chain.sent})


def test_waiting_ends_when_the_relay_does(relay):
    import asyncio

    async def wait() -> float:
        started = time.monotonic()
        waiting = asyncio.create_task(relay.desk.wait(relay.signers[0].address, "", 0, 60))
        await asyncio.sleep(0)
        relay.desk.close()
        await waiting
        return time.monotonic() - started

    assert asyncio.run(wait()) < 30


# A relay with much to do


def test_outbox_forgets_what_was_answered(relay):
    """A relay sends some ten transactions a second for as long as it runs."""
    for sequence in range(1, 4):
        for signer in relay.signers:
            relay.offer(signer, replace(OWN, sequence=sequence))
        (items,) = relay.proposals(relay.signers[0])
        for signer in relay.signers:
            relay.answer(signer, items)
        relay.outbox.run()
        relay.chain.mine()
        relay.confirming.run(relay.chain.head())
        relay.clock.now += 20

    relay.outbox.run()

    assert len(relay.chain.sent) == 3
    assert relay.outbox._handed_over == {}


def test_offer_that_came_during_a_long_turn_is_waited_for(relay):
    relay.offer(relay.signers[0], OWN)
    relay.turn()

    relay.clock.now += 60
    relay.turn()
    relay.offer(relay.signers[1], OWN)
    relay.turn()

    assert all(list(relay.proposals(signer)) == [[OWN]] for signer in relay.signers[:2])


# What the chain is asked


@pytest.fixture
def asked(relay, monkeypatch):
    """The facts of each question about votes."""
    questions, answer = list[list[int]](), relay.chain.facts_of

    def facts_of(keys: Sequence[Key], block: int) -> Sequence[Fact]:
        questions.append([key.sequence for key in keys])
        return answer(keys, block)

    monkeypatch.setattr(relay.chain, "facts_of", facts_of)
    return questions


def test_chain_is_not_asked_of_facts_on_which_enough_agree(relay, asked):
    items = [replace(OWN, sequence=number) for number in range(1, 4)]
    for signer in relay.signers[:2]:
        relay.offer(signer, *items)

    relay.turn(1)

    assert [len(found) for found in relay.proposals(relay.signers[0])] == [3]
    assert asked == []


def test_chain_is_asked_at_once_of_all_that_wait_for_turns(relay, asked):
    """A relay whose turns take long has many that have waited for as long as they should, and in too few turns."""
    relay.offer(relay.signers[0], *(replace(OWN, sequence=number) for number in range(1, 4)))
    relay.clock.now += 60

    relay.turn()
    relay.turn()

    assert asked == [[1, 2, 3]]
