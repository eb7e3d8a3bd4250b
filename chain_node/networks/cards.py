"""Member cards: the public part of one node. Two signatures prove that whoever made it holds the node's key, and that
the organisation, by its member key, stands for it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated, Final, Literal

from coincurve import PublicKey
from eth_account.signers.local import LocalAccount
from eth_utils.crypto import keccak
from pydantic import Field, model_validator

from chain_node.config import Lei
from chain_node.networks.documents import Document, pretty, read_document
from chain_node.networks.errors import FileUnusable
from chain_node.networks.signatures import require_signature, sign
from chain_node.networks.terms import Address, Hash, Host, Name

MOST_CARDS: Final = 1_000
_PURPOSE: Final = "member card"
Plain = Annotated[str, Field(min_length=1, max_length=120, pattern=r"^[^\x00-\x1f\x7f|]*$")]
Role = Literal["validator", "node"]


class CardBody(Document):
    """One node of one organisation. `member` is the account of the organisation's member key; `address` and
    `public_key` are of the node's key; `host` and `port` are where other nodes reach it."""

    format: Literal["portolan-card-1"] = "portolan-card-1"
    network: Name
    terms: Hash
    lei: Lei
    organisation: Plain
    contact: Plain
    member: Address
    node: Name
    role: Role
    address: Address
    public_key: Annotated[str, Field(pattern=r"^[0-9a-f]{128}$")]
    host: Host
    port: Annotated[int, Field(ge=1, le=65_535)]

    @model_validator(mode="after")
    def _key_and_address(self) -> CardBody:
        if address_of_public_key(self.public_key) != self.address:
            raise ValueError(f"address: {self.address} is not that of public_key")
        return self


class Card(Document):
    """A card as it travels."""

    body: CardBody
    member_signature: str
    node_signature: str

    def file(self) -> bytes:
        return pretty(self.model_dump(mode="json"))

    def require_signed(self, where: object) -> None:
        content = self.body.canonical()
        require_signature(f"{where}: node_signature", _PURPOSE, content, self.node_signature, self.body.address)
        require_signature(f"{where}: member_signature", _PURPOSE, content, self.member_signature, self.body.member)


def make_card(body: CardBody, member: LocalAccount, node: LocalAccount) -> Card:
    content = body.canonical()
    card = Card(
        body=body, member_signature=sign(member, _PURPOSE, content), node_signature=sign(node, _PURPOSE, content)
    )
    card.require_signed(f"the card of {body.node}")
    return card


def address_of_public_key(public_key: str) -> str:
    """`public_key` without its leading 04, as enode addresses have it. Raises `ValueError` where it is no key."""
    point = PublicKey(bytes.fromhex("04" + public_key))
    return "0x" + keccak(point.format(compressed=False)[1:])[12:].hex()


def load_card(path: Path) -> Card:
    """Raises where the file is no card, or its signatures are not of the keys that it names."""
    card = read_document(path, Card)
    card.require_signed(path)
    return card


def load_cards(folder: Path) -> list[Card]:
    """All `*.json` of a folder, by file name. Raises `FileUnusable` where there are none."""
    paths = sorted(folder.glob("*.json"))
    if not 0 < len(paths) <= MOST_CARDS:
        raise FileUnusable(folder, f"{len(paths)} cards (*.json) lie there; 1 to {MOST_CARDS} are needed")
    return [load_card(path) for path in paths]


def clashes(bodies: Sequence[CardBody], shared_hosts: bool) -> list[str]:
    """What two nodes may not have in common, each with both their names."""
    found: list[str] = []
    kinds: list[tuple[str, Iterable[object]]] = [
        ("node name", (body.node for body in bodies)),
        ("address", (body.address for body in bodies)),
        ("enode", (body.public_key for body in bodies)),
        ("host and port", (f"{body.host} port {body.port}" for body in bodies)),
    ]
    if not shared_hosts:
        kinds.append(("host", (body.host for body in bodies)))
    for what, values in kinds:
        first: dict[object, CardBody] = {}
        for body, value in zip(bodies, values, strict=True):
            if value in first:
                found.append(f"{_of(first[value])} and {_of(body)} have the same {what}: {value}")
            first.setdefault(value, body)
    return found + _member_clashes(bodies)


def _member_clashes(bodies: Sequence[CardBody]) -> list[str]:
    """One member key for each organisation, and never a node's: a node's key lies open on a server."""
    found: list[str] = []
    by_lei: dict[str, CardBody] = {}
    by_key: dict[str, CardBody] = {}
    nodes = {body.address: body for body in bodies}
    for body in bodies:
        same = by_lei.setdefault(body.lei, body)
        if (same.member, same.organisation) != (body.member, body.organisation):
            found.append(f"{_of(same)} and {_of(body)} are of one LEI with another member key or name")
        other = by_key.setdefault(body.member, body)
        if other.lei != body.lei:
            found.append(f"{_of(other)} and {_of(body)} are of two LEIs with one member key: {body.member}")
        if body.member in nodes:
            found.append(f"{_of(body)}: its member key is the key of the node {nodes[body.member].node}")
    return found


def _of(body: CardBody) -> str:
    return f"{body.node} (of {body.lei})"
