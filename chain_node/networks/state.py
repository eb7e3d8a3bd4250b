"""Who is in the network, and what a change makes of it: pure values, the same on every member's machine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from chain_node.networks.cards import Card, CardBody, clashes
from chain_node.networks.errors import MembersRefused
from chain_node.networks.terms import Terms, faults_borne


@dataclass(frozen=True)
class Member:
    """An organisation with at least one node. `key` is the account of its member key."""

    lei: str
    organisation: str
    key: str


@dataclass(frozen=True)
class NetworkState:
    """All nodes by name, and the members that run them."""

    nodes: Mapping[str, CardBody]

    @property
    def ordered(self) -> tuple[CardBody, ...]:
        return tuple(self.nodes[name] for name in sorted(self.nodes))

    @property
    def validators(self) -> tuple[CardBody, ...]:
        """By address, the order that the consensus of all our engines has."""
        return tuple(sorted((n for n in self.nodes.values() if n.role == "validator"), key=lambda its: its.address))

    @property
    def members(self) -> dict[str, Member]:
        found = {n.lei: Member(n.lei, n.organisation, n.member) for n in self.ordered}
        return dict(sorted(found.items()))

    @property
    def voters(self) -> tuple[str, ...]:
        """LEIs of the organisations that run a validator; each has one voice, however many it runs."""
        return tuple(sorted({n.lei for n in self.validators}))

    @property
    def needed(self) -> int:
        """How many voters must agree to a change: more than half."""
        return len(self.voters) // 2 + 1

    def nodes_of(self, lei: str) -> tuple[CardBody, ...]:
        return tuple(n for n in self.ordered if n.lei == lei)

    def with_node(self, body: CardBody) -> NetworkState:
        return replace(self, nodes=MappingProxyType({**self.nodes, body.node: body}))

    def with_member_key(self, lei: str, key: str) -> NetworkState:
        """The organisation's nodes stand under its new member key."""
        nodes = {n: b.model_copy(update={"member": key}) if b.lei == lei else b for n, b in self.nodes.items()}
        return replace(self, nodes=MappingProxyType(nodes))

    def without_node(self, name: str) -> NetworkState:
        return replace(self, nodes=MappingProxyType({n: b for n, b in self.nodes.items() if n != name}))


def first_state(terms: Terms, cards: Sequence[Card]) -> NetworkState:
    """The network that these cards make under these terms. Raises `MembersRefused` with all that is wrong."""
    bodies = [card.body for card in cards]
    problems = [p for body in bodies for p in foreign(terms, body)]
    problems += clashes(bodies, terms.shared_hosts)
    for lei, wanted in sorted(terms.organisations.items()):
        given = sum(1 for body in bodies if body.lei == lei and body.role == "validator")
        if given != wanted:
            problems.append(f"{lei}: {given} validators have cards, the terms say {wanted}")
    unknown = sorted({body.lei for body in bodies} - set(terms.organisations))
    problems += [f"{lei}: is not among the organisations of the terms" for lei in unknown]
    if problems:
        raise MembersRefused(problems)
    return NetworkState(MappingProxyType({body.node: body for body in bodies}))


def foreign(terms: Terms, body: CardBody) -> list[str]:
    """Why a card is not of this network."""
    if body.network != terms.name:
        return [f"the card of {body.node} is of the network {body.network}, not of {terms.name}"]
    if body.terms != terms.hash:
        return [f"the card of {body.node} was made under other terms of {terms.name}: make it anew"]
    return []


def warnings(state: NetworkState) -> list[str]:
    """What is allowed and should be known."""
    found: list[str] = []
    count, borne = len(state.validators), faults_borne(len(state.validators))
    if borne == 0:
        found.append(f"{count} validators bear no fault: the chain halts when one stops. Four bear one.")
    for lei in state.voters:
        its = sum(1 for n in state.validators if n.lei == lei)
        if count > 1 and its > borne:
            found.append(f"{lei} runs {its} of {count} validators: it can halt the chain alone ({borne} may fail).")
    return found
