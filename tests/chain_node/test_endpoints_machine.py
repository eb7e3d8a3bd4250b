"""Nodes that die, lag, fork, are mended and return, in any order: readers see one chain that only grows.

The model is simple on purpose. It knows which branch the network is on and what readers have read; it does not know how
nodes are chosen."""

import string

from fake_nodes import FakeNode, Several, block_hash
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from chain_node.client.endpoints import EndpointRules, EndpointStatus
from chain_node.errors import AnswerMalformed, BlockMissing, NodeUnavailable

LAG = 2
NO_ANSWER = (NodeUnavailable, AnswerMalformed)
places = st.integers(0, 3)


class Nodes(RuleBasedStateMachine):
    several: Several

    @initialize(count=st.integers(2, 4), depth=st.integers(0, 1))
    def start(self, count: int, depth: int) -> None:
        rules = EndpointRules(lag_blocks=LAG, final_depth_blocks=depth, steady_seconds=3)
        self.several = Several(*[10] * count, rules=rules)
        self.several.watch.check()
        self.several.look()
        self.depth, self.read, self.sent = depth, {}, []
        """Final blocks as readers were told them, by number."""
        self.newest, self.network = 0, 10

    def fake(self, place: int) -> FakeNode:
        return self.several.fakes[place % len(self.several.fakes)]

    @property
    def forked(self) -> int:
        return sum(fake.branch != "main" for fake in self.several.fakes)

    # What happens to nodes. The network itself never forks: those on "main" are right.

    @rule(blocks=st.integers(1, 4), left_behind=st.sets(places, max_size=2))
    def network_grows(self, blocks: int, left_behind: set[int]) -> None:
        for place, fake in enumerate(self.several.fakes):
            if place not in left_behind:
                fake.head += blocks
        self.network = max(self.network, *(fake.head for fake in self.several.fakes))

    @rule(place=places)
    def node_catches_up(self, place: int) -> None:
        self.fake(place).head = self.network

    @rule(place=places, how=st.sampled_from(["away", "malformed"]))
    def node_fails(self, place: int, how: str) -> None:
        setattr(self.fake(place), how, True)

    @rule(place=places)
    def node_returns(self, place: int) -> None:
        self.fake(place).away = self.fake(place).malformed = False

    @rule(place=places, blocks=st.integers(1, 5))
    def node_loses_blocks(self, place: int, blocks: int) -> None:
        fake = self.fake(place)
        fake.head = max(10, fake.head - blocks)

    @precondition(lambda self: self.forked == 0)
    @rule(place=places, letter=st.sampled_from(string.ascii_lowercase), deep=st.integers(0, 3))
    def node_forks(self, place: int, letter: str, deep: int) -> None:
        """One at a time, not the one that is read from, and at a block that is recorded: of what a single node has told
        nobody can know that it is wrong."""
        fake, recorded = self.fake(place), self.several.watch._record.newest or 1
        if self.several.in_use != fake.url:
            fake.branch, fake.fork = f"fork {letter}", max(1, recorded - deep)

    @rule(place=places)
    def node_is_mended(self, place: int) -> None:
        self.fake(place).branch = "main"

    @rule(seconds=st.sampled_from([0.3, 1.0, 5.0, 40.0]))
    def look(self, seconds: float) -> None:
        self.several.look(seconds)

    # What readers do

    @rule()
    def read_newest(self) -> None:
        before = self.newest
        try:
            block = self.several.node.block()
        except NO_ANSWER:
            return
        assert block.number >= before, "readers were taken back in time"
        self.newest = block.number

    @precondition(lambda self: self.newest > 0)
    @rule(back=st.integers(0, 5))
    def read_at_a_block(self, back: int) -> None:
        """At a block that was read, whoever answers has it; twice the same, once it is final."""
        number = max(self.newest - back, 1)
        try:
            said = self.several.node.request("eth_call", {}, hex(number))
        except NO_ANSWER:
            return
        except BlockMissing:
            # The one that is read from lost it just now: then nobody is left who is known to be well and has it.
            known = zip(self.several.watch.status(), self.several.fakes, strict=True)
            well = [fake for status, fake in known if status.standing in ("in use", "healthy") and self.had(status)]
            assert not [fake.url for fake in well if fake.head >= self.newest], f"the block {number} was read before"
            return
        looked_at = self.several.watch._record.newest or 0
        if number <= looked_at:
            assert said == block_hash("main", number), "a fork on final blocks was followed"

    def had(self, status: EndpointStatus) -> bool:
        """Whether the watch knows that this node had all that was read."""
        return status.block is not None and status.block >= self.several.watch.floor

    @rule()
    def send(self) -> None:
        raw = f"0x02{len(self.sent):04x}"
        try:
            self.several.node.send_raw(bytes.fromhex(raw[2:]))
        except NO_ANSWER:
            return
        self.sent.append(raw)
        assert any(raw in fake.pool for fake in self.several.fakes)

    # What holds all the time

    @invariant()
    def record_is_of_the_network(self) -> None:
        if hasattr(self, "several"):
            for height, said in self.several.watch._record.told.items():
                assert "0x" + said.hex() == block_hash("main", height)

    @invariant()
    def nobody_reads_from_a_quarantined_node(self) -> None:
        if hasattr(self, "several") and self.several.watch.current is not None:
            assert not self.several.watch.endpoints[self.several.watch.current].quarantine

    @invariant()
    def pools_hold_each_transaction_once(self) -> None:
        if hasattr(self, "several"):
            for fake in self.several.fakes:
                assert len(fake.pool) == len(set(fake.pool))

    def teardown(self) -> None:
        """Once all is mended the preferred node is read from, and changes were told and not requests."""
        if not hasattr(self, "several"):
            return
        for fake in self.several.fakes:
            fake.away = fake.malformed = False
            fake.branch, fake.head = "main", self.network
        self.several.look(40.0)
        self.several.look(4.0, 3)
        assert self.several.in_use == self.several.watch.names[0]
        assert set(self.several.standings()) == {"in use", "healthy"}


Nodes.TestCase.settings = settings(max_examples=150, stateful_step_count=40)
TestNodes = Nodes.TestCase
