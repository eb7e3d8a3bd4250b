"""Keyed names: what stands on chain for an invoice, a document number or a consignment; a rival cannot guess them.

Each is an HMAC-SHA256 under the network's key, with a label of its own, so that no kind can be passed off as another.
"""

from __future__ import annotations

import hmac
import json
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Final

KEY_BYTES: Final = 32
REFERENCE_KINDS: Final = (
    "invoice",
    "order",
    "booking",
    "transport_document",
    "container",
    "sscc",
    "despatch_advice",
    "consignment",
)

_FINGERPRINT_LABEL: Final = b"portolan invoice fingerprint 1"
_REFERENCE_LABEL: Final = b"portolan trade reference 1"
_SUBJECT_LABEL: Final = b"portolan consignment subject 1"


class ReferenceInvalid(ValueError):
    """A reference, or the key that would hide it, is not of the form that the network can use."""


@dataclass(frozen=True)
class NetworkKey:
    """The secret that all honest parties of one network share: 32 bytes. Never printed."""

    secret: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.secret) != KEY_BYTES:
            raise ReferenceInvalid(f"a network key has {KEY_BYTES} bytes, this one has {len(self.secret)}")

    @classmethod
    def load(cls, path: Path | str) -> NetworkKey:
        """Reads a file of 64 hexadecimal digits; says what is wrong with it without repeating its content."""
        try:
            text = Path(path).read_text(encoding="ascii").strip()
            return cls(bytes.fromhex(text.removeprefix("0x")))
        except OSError as error:
            raise ReferenceInvalid(f"{path}: the network key cannot be read: {error.strerror}") from error
        except ReferenceInvalid as error:
            raise ReferenceInvalid(f"{path}: {error}") from error
        except ValueError:
            raise ReferenceInvalid(f"{path}: the network key is not written in hexadecimal digits") from None


def normalise(value: str) -> str:
    """The one spelling of a document number: Unicode NFKC, upper case, no white space."""
    return "".join(unicodedata.normalize("NFKC", value).upper().split())


def fingerprint(key: NetworkKey, identity: Mapping[str, str]) -> int:
    """The id of an invoice: one for every syntax and file with the same identity. An unsigned 256-bit number."""
    if not identity:
        raise ReferenceInvalid("an invoice without an identity has no fingerprint")
    canonical = json.dumps(dict(identity), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return int.from_bytes(_keyed(key, _FINGERPRINT_LABEL, canonical.encode()), "big")


def reference(key: NetworkKey, kind: str, value: str) -> bytes:
    """The keyed form (32 bytes) of a document number that several parties have in their papers."""
    if kind not in REFERENCE_KINDS:
        raise ReferenceInvalid(f"{kind!r} is not a kind of reference; known are {', '.join(REFERENCE_KINDS)}")
    normalised = normalise(value)
    if not normalised:
        raise ReferenceInvalid(f"the {kind} reference is empty")
    return _keyed(key, _REFERENCE_LABEL, kind.encode() + b"\0" + normalised.encode())


def subject(key: NetworkKey, fingerprint: int) -> bytes:
    """The consignment (32 bytes) that an invoice's goods form, under which facts about it are gathered."""
    return _keyed(key, _SUBJECT_LABEL, fingerprint.to_bytes(32, "big"))


def _keyed(key: NetworkKey, label: bytes, message: bytes) -> bytes:
    return hmac.new(key.secret, label + b"\0" + message, sha256).digest()
