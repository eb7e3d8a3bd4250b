"""What members can change together, and what each change makes of the network."""

from __future__ import annotations

from collections.abc import Collection
from typing import Annotated, Final, Literal

from eth_account.signers.local import LocalAccount
from pydantic import Field

from chain_node.config import Lei
from chain_node.networks.cards import Card, CardBody, Role, clashes
from chain_node.networks.catalogue import engine_named
from chain_node.networks.documents import Document, canonical
from chain_node.networks.errors import ChangeRefused
from chain_node.networks.signatures import require_signature, sign
from chain_node.networks.state import NetworkState, foreign
from chain_node.networks.terms import Address, Name, Terms

_KEY_PURPOSE: Final = "member key"


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


class MemberKey(Document):
    """An organisation speaks with another member key from then on; none but itself proposes that. `proof` is the new
    key's signature: nobody can take a key that it has not."""

    kind: Literal["rotate-member-key"]
    lei: Lei
    old: Address
    key: Address
    proof: str


AnyChange = Addition | Removal | Rotation | MemberKey
Change = Annotated[AnyChange, Field(discriminator="kind")]


def changed(terms: Terms, state: NetworkState, change: AnyChange, retired: Collection[str]) -> NetworkState:
    """The network after the change. `retired` are keys that were taken out of service: none of them comes back.

    Raises `ChangeRefused`, or `SignatureInvalid` where a card is not signed.
    """
    if isinstance(change, Addition):
        return _added(terms, state, change.card, _role(change.kind), retired)
    if isinstance(change, Removal):
        return _removed(state, change.node, _role(change.kind))
    if isinstance(change, MemberKey):
        return _rekeyed(terms, state, change, retired)
    old = _node(state, change.node)
    new = change.card.body
    if (new.lei, new.role) != (old.lei, old.role):
        raise ChangeRefused(
            f"{new.node}: its card is of a {new.role} of {new.lei}; {old.node} is a {old.role} of {old.lei}"
        )
    if new.node == old.node:
        raise ChangeRefused(f"{new.node}: a new key is a new node: give it a name of its own")
    return _added(terms, state.without_node(old.node), change.card, old.role, {*retired, old.address})


def leaving(state: NetworkState, change: AnyChange) -> CardBody | None:
    """The node that the change takes out of service."""
    return None if isinstance(change, Addition | MemberKey) else state.nodes[change.node]


def retiring(state: NetworkState, change: AnyChange, after: NetworkState) -> frozenset[str]:
    """The keys that the change takes out of service: a node's, and the member key of whoever leaves by it."""
    if isinstance(change, MemberKey):
        return frozenset({change.old})
    gone = leaving(state, change)
    left = {member.key for lei, member in state.members.items() if lei not in after.members}
    return frozenset(left) if gone is None else frozenset({gone.address, *left})


def silenced(state: NetworkState, change: AnyChange, after: NetworkState) -> frozenset[str]:
    """LEIs whose answers so far count no more: they were given with a key that the change takes out of service."""
    rekeyed = {change.lei} if isinstance(change, MemberKey) else set()
    return frozenset(rekeyed | (set(state.members) - set(after.members)))


def new_member_key(terms: Terms, lei: str, old: str, key: LocalAccount) -> MemberKey:
    """What a member proposes; signed by the key that shall come."""
    said = {"lei": lei, "old": old.lower(), "key": key.address.lower()}
    return MemberKey(kind="rotate-member-key", **said, proof=sign(key, _KEY_PURPOSE, _proven(terms, **said)))


def describe(change: AnyChange) -> str:
    if isinstance(change, MemberKey):
        return f"rotate-member-key of {change.lei} to {change.key}"
    if isinstance(change, Addition):
        body = change.card.body
        return f"{change.kind} {body.node} of {body.organisation} ({body.lei}) at {body.host}"
    if isinstance(change, Removal):
        return f"{change.kind} {change.node}"
    return f"rotate-key {change.node} to {change.card.body.node} ({change.card.body.address})"


def new_accounts(change: AnyChange) -> dict[str, str]:
    """The accounts of keys that it brings in, by what they are: a card is signed by its own keys, so that whoever votes
    has them read out by the organisation that they are said to be of."""
    if isinstance(change, MemberKey):
        return {"member key": change.key}
    if isinstance(change, Removal):
        return {}
    return {change.card.body.role: change.card.body.address, "member key": change.card.body.member}


def _added(terms: Terms, state: NetworkState, card: Card, role: Role, retired: Collection[str]) -> NetworkState:
    body = card.body
    card.require_signed(f"the card of {body.node}")
    problems = foreign(terms, body)
    if body.role != role:
        problems.append(f"{body.node}: its card is of a {body.role}, not of a {role}")
    if body.member in retired:
        problems.append(f"{body.node}: its card is signed with a member key that was replaced or left: {body.member}")
    if body.address in retired:
        problems.append(f"{body.node}: the key {body.address} was taken out of service; make a new one")
    most = engine_named(terms.engine).most_validators
    if role == "validator" and most is not None and len(state.validators) >= most:
        problems.append(f"{body.node}: there are {most} validators already, and {terms.engine} bears no more")
    problems += clashes([*state.ordered, body], terms.shared_hosts)
    if problems:
        raise ChangeRefused("; ".join(problems))
    return state.with_node(body)


def _rekeyed(terms: Terms, state: NetworkState, change: MemberKey, retired: Collection[str]) -> NetworkState:
    member = state.members.get(change.lei)
    if member is None:
        raise ChangeRefused(f"{change.lei}: is no member")
    if member.key != change.old:
        raise ChangeRefused(f"{change.lei}: its member key is {member.key}, not {change.old}")
    if change.key == change.old or change.key in retired:
        raise ChangeRefused(f"{change.lei}: the key {change.key} was in service before; make a new one")
    proven = _proven(terms, change.lei, change.old, change.key)
    require_signature("the proof of the new member key", _KEY_PURPOSE, proven, change.proof, change.key)
    after = state.with_member_key(change.lei, change.key)
    problems = clashes(after.ordered, terms.shared_hosts)
    if problems:
        raise ChangeRefused("; ".join(problems))
    return after


def _proven(terms: Terms, lei: str, old: str, key: str) -> bytes:
    return canonical({"terms": terms.hash, "lei": lei, "old": old, "key": key})


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
