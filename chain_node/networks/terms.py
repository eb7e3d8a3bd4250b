"""terms.json: what all members agree on before any of them makes a key. Its hash is in every card, so that a card is
also its member's signature under the terms."""

from __future__ import annotations

import ipaddress
import re
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field, model_validator

from chain_node.config import Lei
from chain_node.networks.documents import Document, digest, pretty, read_bytes, read_document
from chain_node.networks.errors import FileUnusable

TERMS_FILE: Final = "terms.json"
AGREED_INPUTS: Final = ("network.toml", "participants.toml")


def _is_address(text: str) -> str:
    if not re.fullmatch(r"0x[0-9a-f]{40}", text) or int(text, 16) == 0:
        raise ValueError(f"{text!r} is not an account: 0x and 40 small hexadecimal digits are needed")
    return text


def _is_host(text: str) -> str:
    """Engines dial numbers, not names: a name could lead elsewhere tomorrow."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        raise ValueError(f"{text!r} is not an IP address") from None
    if address.is_unspecified or address.is_multicast or str(address) != text:
        raise ValueError(f"{text!r} is not an address of one machine in its usual form")
    return text


Address = Annotated[str, AfterValidator(_is_address)]
Host = Annotated[str, AfterValidator(_is_host)]
Hash = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,31}$")]


class Terms(Document):
    """`organisations` maps LEIs to how many validators each runs at the start. `accounts` may send transactions at
    once, before the ParticipantRegistry admits anyone. `inputs` are SHA-256 of network.toml and participants.toml."""

    format: Literal["portolan-terms-1"] = "portolan-terms-1"
    name: Name
    chain_id: Annotated[int, Field(ge=1, le=2**53)]
    engine: Name
    engine_version: Annotated[str, Field(pattern=r"^\d{1,4}\.\d{1,4}\.\d{1,4}$")]
    organisations: dict[Lei, Annotated[int, Field(ge=0, le=100)]]
    accounts: tuple[Address, ...]
    shared_hosts: bool = False
    inputs: dict[str, Hash]

    @model_validator(mode="after")
    def _makes_sense(self) -> Terms:
        if sum(self.organisations.values()) < 1:
            raise ValueError("organisations: at least one validator is needed")
        if list(self.accounts) != sorted(set(self.accounts)):
            raise ValueError("accounts: each once, in ascending order")
        if sorted(self.inputs) != sorted(AGREED_INPUTS):
            raise ValueError(f"inputs: exactly {' and '.join(AGREED_INPUTS)} are needed")
        return self

    @property
    def hash(self) -> str:
        return digest(self.model_dump(mode="json"))

    def file(self) -> bytes:
        return pretty(self.model_dump(mode="json"))


def load_terms(folder: Path) -> Terms:
    """Raises `FileUnusable` also where network.toml or participants.toml is not the one that the terms name."""
    terms = read_document(folder / TERMS_FILE, Terms)
    for name, wanted in terms.inputs.items():
        if sha256(read_bytes(folder / name)).hexdigest() != wanted:
            raise FileUnusable(folder / name, f"is not the file that {folder / TERMS_FILE} names by its SHA-256")
    return terms


def faults_borne(validators: int) -> int:
    """How many validators may fail or lie, at most, while the others go on: f = (n - 1) // 3."""
    return (validators - 1) // 3
