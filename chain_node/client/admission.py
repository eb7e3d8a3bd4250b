"""What an organisation's node sends to ask for admission: who it is, which account it acts by, and proof of its key.

A request is JSON that a person can read. The account's signature (EIP-712) covers every field, the network by its
chain and its registry: it proves that whoever asks holds the key, and it is good for that network and until it expires.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from eth_account import Account
from eth_keys.exceptions import BadSignature
from eth_typing import Hash32
from eth_utils.exceptions import ValidationError
from stdnum import lei as lei_number

from chain_node.client.typed_data import digest, typed_data
from chain_node.interface import checksum
from chain_node.vocabulary import ORACLE_ROLES, Role

KIND: Final = "PortolanAdmissionRequest"
VERSION: Final = 1
MOST_BYTES: Final = 64 * 1024
_TYPES: Final = {
    "Admission": [
        {"name": "network", "type": "string"},
        {"name": "lei", "type": "string"},
        {"name": "name", "type": "string"},
        {"name": "jurisdiction", "type": "string"},
        {"name": "roles", "type": "string[]"},
        {"name": "account", "type": "address"},
        {"name": "expiresAt", "type": "uint64"},
    ],
}


class AdmissionInvalid(ValueError):
    """A request that cannot be acted on; the message says why."""


@dataclass(frozen=True)
class AdmissionRequest:
    """`roles` by name, in the order of their bits; `expires_at` in Unix seconds, on the chain's clock."""

    network: str
    chain_id: int
    registry: str
    lei: str
    name: str
    jurisdiction: str
    roles: tuple[str, ...]
    account: str
    expires_at: int

    @property
    def role_bits(self) -> int:
        return sum(int(Role[name]) for name in self.roles)

    @property
    def digest(self) -> bytes:
        """The 32 bytes that the account signs."""
        return digest(self.typed_data)

    @property
    def typed_data(self) -> dict[str, Any]:
        """EIP-712 typed data, as wallets take it."""
        message = {
            "network": self.network,
            "lei": self.lei,
            "name": self.name,
            "jurisdiction": self.jurisdiction,
            "roles": list(self.roles),
            "account": self.account,
            "expiresAt": self.expires_at,
        }
        return typed_data("ParticipantRegistry", self.chain_id, self.registry, _TYPES, "Admission", message)

    def text(self, signature: bytes) -> str:
        """The request as it is sent."""
        table = {"type": KIND, "version": VERSION, **asdict(self), "signature": "0x" + signature.hex()}
        return json.dumps(table, indent=2, ensure_ascii=False) + "\n"


def read_request(path: Path, now: int) -> AdmissionRequest:
    """A request whose account has signed it. `now` is the chain's time. Raises AdmissionInvalid, OSError."""
    with path.open("rb") as file:
        data = file.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise AdmissionInvalid(f"{path}: larger than the {MOST_BYTES} bytes of any request")
    try:
        table = json.loads(data)
        if table.pop("type") != KIND or table.pop("version") != VERSION:
            raise AdmissionInvalid(f"{path}: is no {KIND} of version {VERSION}")
        signature = bytes.fromhex(str(table.pop("signature")).removeprefix("0x"))
        request = AdmissionRequest(**table | {"roles": tuple(table["roles"]), "account": checksum(table["account"])})
    except AdmissionInvalid:
        raise
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise AdmissionInvalid(f"{path}: is no {KIND}: {type(error).__name__} at {error}") from error
    problem = request_problem(request) or _signature_problem(request, signature)
    if problem is None and request.expires_at <= now:
        moment = datetime.fromtimestamp(request.expires_at, UTC)
        problem = f"it expired at {moment:%Y-%m-%dT%H:%M:%SZ}; have it made anew"
    if problem is not None:
        raise AdmissionInvalid(f"{path}: {problem}")
    return request


def request_problem(request: AdmissionRequest) -> str | None:
    """What is wrong with its fields, as a sentence; None where nothing is."""
    if not all(isinstance(value, str) for value in (request.network, request.lei, request.name, request.jurisdiction)):
        return "a field that must be text is none"
    if not isinstance(request.chain_id, int) or not isinstance(request.expires_at, int):
        return "a field that must be a number is none"
    checks: Mapping[str, Any] = {
        f"{request.lei!r} is not an LEI (20 characters, ISO 17442 check digits)": lei_number.is_valid(request.lei),
        "the name must have 1 to 200 printable characters": 0 < len(request.name) <= 200 and request.name.isprintable(),
        f"{request.jurisdiction!r} is not a country code of two capital letters": re.fullmatch(
            "[A-Z]{2}", request.jurisdiction
        ),
        f"roles must be among {', '.join(ROLE_NAMES)}, each once": request.roles
        and len(set(request.roles)) == len(request.roles)
        and set(request.roles) <= set(ROLE_NAMES),
    }
    return next((problem for problem, holds in checks.items() if not holds), None)


ROLE_NAMES: Final = tuple(str(role.name) for role in Role if role & ORACLE_ROLES)
"""The roles that a node may ask for: those that witness facts."""


def _signature_problem(request: AdmissionRequest, signature: bytes) -> str | None:
    try:
        signer = Account._recover_hash(Hash32(request.digest), signature=signature)
    except (BadSignature, ValidationError, ValueError, TypeError, OverflowError):
        return "its signature is none"
    return None if signer == request.account else f"its signature is of {signer}, not of {request.account}"
