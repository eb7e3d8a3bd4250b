"""Where the readings of several nodes meet: a folder that they share, one small file a signed reading.

A report needs the readings of a quorum at once, so a node hands its reading to whoever relays. What lies here is
signed: whoever can write here can keep a report from being made, but cannot make one up.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

import structlog
from eth_account import Account
from eth_keys.exceptions import BadSignature
from eth_typing import Hash32
from eth_utils.exceptions import ValidationError

from chain_node.client import FeedKind, reading_digest
from oracles.chain import FeedKey

log = structlog.get_logger("oracles")

SUFFIX: Final = ".reading.json"
MOST_BYTES: Final = 4096
MOST_FILES: Final = 4096
Stamp = tuple[int, int, int]


@dataclass(frozen=True)
class SignedReading:
    """A value of a feed as one node vouches for it: for one round, under one version of the policy, on one network."""

    chain_id: int
    feed_oracle: str
    key: FeedKey
    round: int
    version: int
    value: int
    observed_at: int
    signer: str
    signature: bytes
    late: bool = False
    """Whether it is no newer than the feed's value was: beside the reading for the next value there is room for one."""

    @property
    def file_name(self) -> str:
        name = f"{self.key.feed.hex()[:24]}-{self.round}-{self.signer.lower().removeprefix('0x')}"
        return f"{name}{'-late' if self.late else ''}{SUFFIX}"

    @property
    def is_signed(self) -> bool:
        """Whether the signature is the signer's."""
        digest = reading_digest(
            self.chain_id,
            self.feed_oracle,
            feed=self.key.feed,
            round=self.round,
            version=self.version,
            value=self.value,
            observed_at=self.observed_at,
        )
        try:
            return str(Account._recover_hash(Hash32(digest), signature=self.signature)) == self.signer
        except (BadSignature, ValidationError, ValueError, IndexError):
            return False

    def as_json(self) -> bytes:
        plain = asdict(self) | {
            "kind": self.key.kind.name,
            "policy_id": self.key.policy_id.hex(),
            "subject": self.key.subject.hex(),
            "value": str(self.value),
            "signature": self.signature.hex(),
        }
        del plain["key"]
        return json.dumps(plain, indent=1).encode()

    @classmethod
    def from_json(cls, data: bytes) -> SignedReading:
        """Raises ValueError, KeyError, TypeError, AttributeError for anything else than `as_json` writes."""
        plain: dict[str, Any] = json.loads(data)
        policy_id, subject = bytes.fromhex(plain["policy_id"]), bytes.fromhex(plain["subject"])
        if len(policy_id) != 32 or len(subject) != 32:
            raise ValueError("policy_id and subject have 32 bytes")
        numbers = [plain[name] for name in ("chain_id", "round", "version", "observed_at")]
        if any(type(number) is not int or not 0 <= number < 2**40 for number in numbers):
            raise ValueError("chain_id, round, version and observed_at are whole numbers")
        chain_id, round_, version, observed_at = numbers
        return cls(
            chain_id,
            str(plain["feed_oracle"]),
            FeedKey(FeedKind[plain["kind"]], policy_id, subject),
            round_,
            version,
            int(plain["value"]),
            observed_at,
            str(plain["signer"]),
            bytes.fromhex(plain["signature"]),
            plain.get("late") is True,
        )


@dataclass
class Exchange:
    """`own` readings are written whole or not at all; those of others are read again only where their file changed."""

    folder: Path
    _seen: dict[str, tuple[Stamp, SignedReading | None]] = field(default_factory=dict)

    def prepare(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)

    def publish(self, its: SignedReading) -> None:
        """On disk when this returns. Again it changes nothing; another reading of the same round takes its place."""
        unfinished = self.folder / f".{its.file_name}.part"
        with unfinished.open("wb") as file:
            file.write(its.as_json())
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(self.folder / its.file_name)

    def withdraw(self, file_name: str) -> None:
        (self.folder / file_name).unlink(missing_ok=True)

    def readings(self) -> list[SignedReading]:
        """Every reading that is what it says and signed by whom it names."""
        found = dict(self._entries())
        self._seen = {name: known for name, known in self._seen.items() if name in found}
        for name, stamp in found.items():
            if name not in self._seen or self._seen[name][0] != stamp:
                self._seen[name] = (stamp, self._read(name))
        return [its for _, its in self._seen.values() if its is not None]

    def _entries(self) -> Iterator[tuple[str, Stamp]]:
        with os.scandir(self.folder) as entries:
            for number, entry in enumerate(entries):
                if number >= MOST_FILES:
                    log.error(
                        "exchange too full", folder=str(self.folder), most=MOST_FILES, operator_action_required=True
                    )
                    return
                if entry.name.startswith(".") or not entry.name.endswith(SUFFIX):
                    continue
                try:
                    status = entry.stat(follow_symlinks=False)
                except FileNotFoundError:
                    continue
                if stat.S_ISREG(status.st_mode) and status.st_size <= MOST_BYTES:
                    yield entry.name, (status.st_ino, status.st_size, status.st_mtime_ns)

    def _read(self, name: str) -> SignedReading | None:
        try:
            its = SignedReading.from_json((self.folder / name).read_bytes())
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            log.warning("reading not understood", file=name, reason=f"{type(error).__name__}: {error}")
            return None
        if not its.is_signed:
            log.warning("reading not signed by whom it names", file=name, signer=its.signer)
            return None
        return its
