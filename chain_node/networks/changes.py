"""What members can change together, and what each change makes of the network."""

from __future__ import annotations

from collections.abc import Collection
from typing import Annotated, Literal

from pydantic import Field

from chain_node.networks.cards import Card, CardBody, Role, clashes
from chain_node.networks.catalogue import engine_named
from chain_node.networks.documents import Document
from chain_node.networks.errors import ChangeRefused
from chain_node.networks.state import NetworkState, foreign
from chain_node.networks.terms import Name, Terms


class Addition(Document):
    """A node, perhaps of an organisation that was no member before."""

    kind: Literal["add-validator", "add-node"]
    card: Card


class Removal(Document):
    """A node goes; an organisation whose last node goes is no member any more. It need not agree."""

    kind: Literal["remove-validator", "remove-node"]
    node: Name


class Rotation(Document):
    """A node's key is replaced: the new key is a new node of the same organisation in the same role."""

    kind: Literal["rotate-key"]
    node: Name
    card: Card


Change = Annotated[Addition | Removal | Rotation, Field(discriminator="kind")]


def changed(
    terms: Terms, state: NetworkState, change: Addition | Removal | Rotation, retired: Collection[str]
) -> NetworkState:
    """The network after the change. `retired` are node keys that were removed once: none of them comes back.

    Raises `ChangeRefused`, or `SignatureInvalid` where a card is not signed.
    """
    if isinstance(change, Addition):
        return _added(terms, state, change.card, _role(change.kind), retired)
    if isinstance(change, Removal):
        return _removed(state, change.node, _role(change.kind))
    old = _node(state, change.node)
    new = change.card.body
    if (new.lei, new.role) != (old.lei, old.role):
        raise ChangeRefused(
            f"{new.node}: its card is of a {new.role} of {new.lei}; {old.node} is a {old.role} of {old.lei}"
        )
    if new.node == old.node:
        raise ChangeRefused(f"{new.node}: a new key is a new node: give it a name of its own")
    return _added(terms, state.without_node(old.node), change.card, old.role, {*retired, old.address})


def leaving(state: NetworkState, change: Addition | Removal | Rotation) -> CardBody | None:
    """The node that the change takes out of service."""
    return None if isinstance(change, Addition) else state.nodes[change.node]


def describe(change: Addition | Removal | Rotation) -> str:
    if isinstance(change, Addition):
        body = change.card.body
        return f"{change.kind} {body.node} of {body.organisation} ({body.lei}) at {body.host}"
    if isinstance(change, Removal):
        return f"{change.kind} {change.node}"
    return f"rotate-key {change.node} to {change.card.body.node} ({change.card.body.address})"


def _added(terms: Terms, state: NetworkState, card: Card, role: Role, retired: Collection[str]) -> NetworkState:
    body = card.body
    card.require_signed(f"the card of {body.node}")
    problems = foreign(terms, body)
    if body.role != role:
        problems.append(f"{body.node}: its card is of a {body.role}, not of a {role}")
    if body.address in retired:
        problems.append(f"{body.node}: the key {body.address} was taken out of service; make a new one")
    most = engine_named(terms.engine).most_validators
    if role == "validator" and most is not None and len(state.validators) >= most:
        problems.append(f"{body.node}: there are {most} validators already, and {terms.engine} bears no more")
    problems += clashes([*state.ordered, body], terms.shared_hosts)
    if problems:
        raise ChangeRefused("; ".join(problems))
    return state.with_node(body)


def _removed(state: NetworkState, name: str, role: Role) -> NetworkState:
    node = _node(state, name)
    if node.role != role:
        raise ChangeRefused(f"{name}: is a {node.role}, not a {role}")
    after = state.without_node(name)
    if not after.validators:
        raise ChangeRefused(f"{name}: is the last validator; without it there is no chain")
    return after


def _node(state: NetworkState, name: str) -> CardBody:
    if name not in state.nodes:
        raise ChangeRefused(f"there is no node named {name}; there are {', '.join(sorted(state.nodes))}")
    return state.nodes[name]


def _role(kind: str) -> Role:
    return "validator" if kind.endswith("validator") else "node"
