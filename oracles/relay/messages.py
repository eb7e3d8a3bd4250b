"""What nodes and relays say to each other: JSON over HTTP, every number bounded, every offer signed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from hashlib import sha256
from typing import Annotated, Any, Final, TypeVar

from eth_account import Account
from eth_typing import Hash32
from eth_utils.address import to_checksum_address
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from chain_node.client import Observation, attestation_digest
from chain_node.client.typed_data import array_hash, digest_of, struct_hash, type_hash, typed_data
from oracles.errors import FLAWS, OracleError

MOST_ITEMS: Final = 64
"""Of an offer and of a list: what the contract takes."""
MOST_MESSAGES: Final = 64
"""Of one answer to who asks for proposals."""
MOST_BYTES: Final = 1024 * 1024
"""Of any body, in both directions."""
OFFER_SECONDS: Final = 120
"""How long an offer is good, on the clock of the machines."""
MOST_OFFER_SECONDS: Final = 600

_OFFER_TYPES: Final = {
    "Observation": [
        {"name": "subject", "type": "bytes32"},
        {"name": "milestone", "type": "uint32"},
        {"name": "sequence", "type": "uint32"},
        {"name": "occurredAt", "type": "uint64"},
        {"name": "quantity", "type": "uint64"},
    ],
    "Offer": [{"name": "observations", "type": "Observation[]"}, {"name": "expiresAt", "type": "uint64"}],
}
_OBSERVATION: Final = type_hash(_OFFER_TYPES, "Observation")
_OFFER: Final = type_hash(_OFFER_TYPES, "Offer", "Observation")

Bytes32 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Address = Annotated[str, Field(pattern=r"^0x[0-9a-fA-F]{40}$")]
Signature = Annotated[str, Field(pattern=r"^[0-9a-f]{130}$")]
Uint32 = Annotated[int, Field(ge=0, lt=1 << 32)]
Uint64 = Annotated[int, Field(ge=0, lt=1 << 64)]


class MessageMalformed(OracleError):
    """Somebody sent something that is no message of this protocol."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class _Message(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Item(_Message):
    """One observation."""

    subject: Bytes32
    milestone: Uint32
    sequence: Uint32
    occurred_at: Uint64
    quantity: Uint64

    def observation(self) -> Observation:
        return Observation(bytes.fromhex(self.subject), self.milestone, self.sequence, self.occurred_at, self.quantity)


Items = Annotated[list[Item], Field(min_length=1, max_length=MOST_ITEMS)]


class Offer(_Message):
    """A node's own figures, which it has decided to vouch for. `expires_at`: Unix seconds."""

    account: Address
    expires_at: Uint64
    observations: Items
    signature: Signature


class Proposal(_Message):
    """A list that those who offered parts of it may vote on."""

    observations: Items


class LeftOut(_Message):
    """An offer that is in no list, because what others offered differs from it too much."""

    observation: Item
    reason: Annotated[str, Field(max_length=200)]


class Proposals(_Message):
    """What a relay has for an account since `cursor`; `run` is another one after each of its starts."""

    run: Annotated[str, Field(max_length=64)]
    cursor: Annotated[int, Field(ge=0, lt=1 << 63)]
    proposals: Annotated[list[Proposal], Field(max_length=MOST_MESSAGES)]
    left_out: Annotated[list[LeftOut], Field(max_length=MOST_MESSAGES * MOST_ITEMS)]


class Answer(_Message):
    """A vote on a proposed list; `list` is its id, `mask` hexadecimal."""

    account: Address
    list: Bytes32
    mask: Annotated[str, Field(pattern=r"^0x[0-9a-f]{1,16}$")]
    evidence: Bytes32
    signature: Signature


M = TypeVar("M", bound=_Message)


def read(kind: type[M], data: bytes) -> M:
    """Raises MessageMalformed, which names what is wrong and quotes nothing."""
    try:
        return kind.model_validate(json.loads(data))
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False, include_context=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise MessageMalformed(f"{where or 'the message'}: {first['msg']}") from None
    except FLAWS:
        raise MessageMalformed("it is not JSON") from None


def write(message: _Message) -> bytes:
    return message.model_dump_json().encode()


def item_of(observation: Observation) -> Item:
    # Not checked again: what an observation can hold, an item can.
    o = observation
    return Item.model_construct(
        subject=o.subject.hex(),
        milestone=int(o.milestone),
        sequence=o.sequence,
        occurred_at=o.occurred_at,
        quantity=o.quantity,
    )


def list_id(observations: Sequence[Observation]) -> str:
    """The same list has the same id, so that nobody can answer for another than he has seen."""
    digest_ = sha256()
    for o in observations:
        digest_.update(o.subject)
        for number in (int(o.milestone), o.sequence, o.occurred_at, o.quantity):
            digest_.update(number.to_bytes(8))
    return digest_.hexdigest()


def offer_digest(chain_id: int, oracle_address: str, observations: Sequence[Observation], expires_at: int) -> bytes:
    """What the offering account signs (EIP-712), under a domain that no contract has: an offer is never a vote."""
    items = [
        struct_hash(_OBSERVATION, [o.subject, int(o.milestone), o.sequence, o.occurred_at, o.quantity])
        for o in observations
    ]
    return digest_of("Relay", chain_id, oracle_address, struct_hash(_OFFER, [array_hash(items), expires_at]))


def offer_typed_data(
    chain_id: int, oracle_address: str, observations: Sequence[Observation], expires_at: int
) -> dict[str, Any]:
    """The whole of what `offer_digest` stands for."""
    items = [
        {
            "subject": o.subject,
            "milestone": int(o.milestone),
            "sequence": o.sequence,
            "occurredAt": o.occurred_at,
            "quantity": o.quantity,
        }
        for o in observations
    ]
    message = {"observations": items, "expiresAt": expires_at}
    return typed_data("Relay", chain_id, oracle_address, _OFFER_TYPES, "Offer", message)


def offer_signer(chain_id: int, oracle_address: str, offer: Offer) -> str | None:
    """Whose key signed the offer; None for nobody's."""
    observations = [item.observation() for item in offer.observations]
    return _recovered(offer_digest(chain_id, oracle_address, observations, offer.expires_at), offer.signature)


def answer_signer(
    chain_id: int, oracle_address: str, observations: Sequence[Observation], answer: Answer
) -> str | None:
    """Whose key signed the vote; None for nobody's."""
    evidence = bytes.fromhex(answer.evidence)
    its = attestation_digest(chain_id, oracle_address, observations, int(answer.mask, 16), evidence)
    return _recovered(its, answer.signature)


def checksummed(account: str) -> str:
    return str(to_checksum_address(account))


def _recovered(hash_: bytes, signature: str) -> str | None:
    try:
        return str(Account._recover_hash(Hash32(hash_), signature=bytes.fromhex(signature)))
    except Exception as error:
        # Each backend of the curve has errors of its own for what is no signature.
        if isinstance(error, (MemoryError, RecursionError)):
            raise
        return None
