"""Why a node does not start, or a protection file is not taken."""

from __future__ import annotations

from pathlib import Path

from oracles.errors import OracleError


class ProtectionError(OracleError):
    """Base: nothing is signed until the operator has acted."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(f"{path}: {why}")
        self.path, self.why = path, why


class ProtectionMissing(ProtectionError):
    """There is no store, but the database remembers signatures (or the other way round it would not matter)."""


class ProtectionBehind(ProtectionError):
    """The store is older than the last signature that the database knows of, or is another store."""


class ProtectionDamaged(ProtectionError):
    """The file is torn, or something in it was changed."""


class ProtectionFileRefused(ProtectionError):
    """An interchange file that is not taken; nothing of it was."""
