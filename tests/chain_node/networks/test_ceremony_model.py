"""Random walks of the ceremony, legal and illegal steps alike, against the model."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, ClassVar

import pytest
from ceremony_model import Illegal, Model
from consortium import LEIS
from eth_account import Account
from eth_keys.datatypes import PrivateKey
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from chain_node.networks.cards import Card, CardBody, make_card
from chain_node.networks.ceremony import Ceremony, play
from chain_node.networks.changes import Addition, Removal, Rotation
from chain_node.networks.entries import Answer, Done, Entry, EntryBody, Propose, sign_entry
from chain_node.networks.errors import CeremonyRefused
from chain_node.networks.state import first_state
from chain_node.networks.terms import Terms

NOW = datetime(2026, 5, 4, tzinfo=UTC)
TERMS = Terms(
    name="walk",
    chain_id=1,
    engine="besu",
    engine_version="26.8.0",
    organisations=dict.fromkeys(LEIS[:4], 1),
    accounts=(),
    inputs={"network.toml": "0" * 64, "participants.toml": "0" * 64},
)
KEYS = {lei: Account.from_key((i + 1).to_bytes(32, "big")) for i, lei in enumerate(LEIS)}


def card(number: int, lei: str, role: str) -> Card:
    secret = (1_000 + number).to_bytes(32, "big")
    body = CardBody(
        network="walk",
        terms=TERMS.hash,
        lei=lei,
        organisation=f"Firm {lei}",
        contact="ops",
        member=KEYS[lei].address.lower(),
        node=f"n{number}",
        role=role,  # type: ignore[arg-type]
        address=Account.from_key(secret).address.lower(),
        public_key=PrivateKey(secret).public_key.to_bytes().hex(),
        host=f"10.1.0.{number + 1}",
        port=30303,
    )
    return make_card(body, KEYS[lei], Account.from_key(secret))


FIRST = [card(i, LEIS[i], "validator") for i in range(4)]
MORE = [
    card(4 + 3 * i + j, lei, role)
    for i, lei in enumerate(LEIS)
    for j, role in enumerate(("validator",) * 2 + ("node",))
]
CARDS = {c.body.node: c for c in (*FIRST, *MORE)}
names = st.sampled_from(sorted(CARDS))
speakers = st.sampled_from(LEIS)
changes = (
    st.tuples(st.sampled_from(["add-validator", "add-node", "remove-validator", "remove-node"]), names)
    | st.tuples(st.just("rotate-key"), names, names)
)  # fmt: skip


def as_change(change: tuple[str, ...]) -> Any:
    kind, first, *rest = change
    if kind == "rotate-key":
        return Rotation(kind="rotate-key", node=first, card=CARDS[rest[0]])
    if kind.startswith("add"):
        return Addition(kind=kind, card=CARDS[first])  # type: ignore[arg-type]
    return Removal(kind=kind, node=first)  # type: ignore[arg-type]


class Walk(RuleBasedStateMachine):
    seen: ClassVar[set[str]] = set()

    def __init__(self) -> None:
        super().__init__()
        self.begun = Ceremony(TERMS, tuple(FIRST), first_state(TERMS, FIRST))
        self.real = self.begun
        who = {c.body.node: (c.body.lei, str(c.body.role)) for c in FIRST}
        self.model = Model({n: (c.body.lei, str(c.body.role)) for n, c in CARDS.items()}, who)

    def step(self, lei: str, action: Any, expect: Any) -> None:
        """Signed by that organisation's key even where it is no member: the log must refuse it by itself."""
        try:
            expect()
            legal = True
        except Illegal:
            legal = False
        body = EntryBody(
            network="walk",
            number=len(self.real.entries) + 1,
            previous=self.real.head,
            author=lei,
            at=NOW.strftime("%Y-%m-%dT%H:%M:%SZ"),
            action=action,
        )
        entry = sign_entry(body, KEYS[lei])
        if legal:
            self.real = self.real.then(entry, "walk")
        else:
            with pytest.raises(CeremonyRefused):
                self.real.then(entry, "walk")

    @rule(lei=speakers, change=changes)
    def propose(self, lei: str, change: tuple[str, ...]) -> None:
        self.step(lei, Propose(change=as_change(change), why="walk"), lambda: self.model.propose(lei, change))

    @rule(lei=speakers, kind=st.sampled_from(["add-validator", "rotate-key", "remove"]), data=st.data())
    def propose_what_may_be(self, lei: str, kind: str, data: st.DataObject) -> None:
        """Mostly legal, or the walks would stay near their start."""
        here = sorted(self.model.who)
        idle = sorted(set(CARDS) - set(here) - self.model.used_up)
        if not idle:
            return  # organisations that left have used up their cards
        if kind == "add-validator":
            new = data.draw(st.sampled_from(idle))
            change: tuple[str, ...] = ("add-" + self.model.cards[new][1], new)
        elif kind == "remove":
            old = data.draw(st.sampled_from(here))
            change = ("remove-" + self.model.who[old][1], old)
        else:
            old = data.draw(st.sampled_from(here))
            fitting = [n for n in idle if self.model.cards[n] == self.model.who[old]]
            change = ("rotate-key", old, data.draw(st.sampled_from(fitting or idle)))
        self.propose(lei, change)

    @rule(lei=speakers, agrees=st.booleans() | st.just(True), data=st.data())
    def answer(self, lei: str, agrees: bool, data: st.DataObject) -> None:
        number = data.draw(st.sampled_from([*self.model.ballots, 1, self.model.said + 1]))
        kind: Any = "approve" if agrees else "reject"
        self.step(lei, Answer(kind=kind, proposal=number), lambda: self.model.answer(lei, number, agrees))

    @rule(agree=st.booleans(), data=st.data())
    def all_answer(self, agree: bool, data: st.DataObject) -> None:
        open_ones = [n for n, b in self.model.ballots.items() if b.standing == "open"]
        if open_ones:
            number = data.draw(st.sampled_from(open_ones))
            for lei in sorted(self.model.voters()):
                ask = Answer(kind="approve" if agree else "reject", proposal=number)
                self.step(lei, ask, lambda lei=lei: self.model.answer(lei, number, agree))

    @rule(lei=speakers, data=st.data())
    def done(self, lei: str, data: st.DataObject) -> None:
        number = data.draw(st.sampled_from([*self.model.verdicts, 1]))
        self.step(lei, Done(proposal=number), lambda: self.model.done(lei, number))

    @rule(data=st.data())
    def replayed(self, data: st.DataObject) -> None:
        """An entry that stood once never stands again."""
        if self.real.entries:
            entry = data.draw(st.sampled_from(self.real.entries))
            with pytest.raises(CeremonyRefused):
                self.real.then(entry, "walk")

    @rule(data=st.data())
    def cut_short(self, data: st.DataObject) -> None:
        """A log from which one entry is taken does not play."""
        if len(self.real.entries) > 1:
            at = data.draw(st.integers(0, len(self.real.entries) - 2))
            with pytest.raises(CeremonyRefused) as refused:
                play("walk", self.begun, self.real.entries[:at] + self.real.entries[at + 1 :])
            assert refused.value.entry == at + 1

    @invariant()
    def both_say_the_same(self) -> None:
        self.seen.update(p.standing for p in self.real.proposals.values())
        nodes = {n: (b.lei, b.role) for n, b in self.real.state.nodes.items()}
        assert nodes == self.model.who
        assert set(self.real.state.voters) == self.model.voters()
        assert len(self.real.entries) == self.model.said
        assert {n: p.standing for n, p in self.real.proposals.items()} == {
            n: b.standing for n, b in self.model.ballots.items()
        }
        for number, proposal in self.real.proposals.items():
            ballot = self.model.ballots[number]
            assert (proposal.must, proposal.done) == (ballot.todo, ballot.did)

    def teardown(self) -> None:
        """Another machine that plays the log from its file comes to the same."""
        entries = [Entry.model_validate_json(e.model_dump_json()) for e in self.real.entries]
        assert play("copy", self.begun, entries) == self.real


def test_ceremony_is_as_the_model() -> None:
    Walk.seen.clear()
    run_state_machine_as_test(Walk, settings=settings(max_examples=60, stateful_step_count=40, deadline=None))

    assert Walk.seen >= {"open", "decided"}
