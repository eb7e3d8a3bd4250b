"""What can go wrong in a node, in words of its operator."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

FLAWS: Final = (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError)
"""What our own code raises on a paper that it cannot take: such a paper must not stop the node, nor be lost."""


class OracleError(Exception):
    """Base of everything that this package raises."""


class SettingsInvalid(OracleError):
    """The configuration cannot be used. Carries all problems, each naming its setting."""

    def __init__(self, path: Path, problems: Sequence[str]) -> None:
        super().__init__("\n".join(f"{path}: {problem}" for problem in problems))
        self.path = path
        self.problems = tuple(problems)


class RulesInvalid(OracleError):
    """A rules file cannot be used. Carries all problems, each with its line."""

    def __init__(self, path: Path, problems: Sequence[str]) -> None:
        super().__init__("\n".join(f"{path}: {problem}" for problem in problems))
        self.path = path
        self.problems = tuple(problems)


class NotHeld(OracleError):
    """The operator cannot decide about an event that the node does not hold."""

    def __init__(self, event_hash: str, why: str) -> None:
        super().__init__(f"{event_hash}: only events that are held wait for the operator; {why}")
        self.event_hash = event_hash
        self.why = why


class DocumentRefused(OracleError):
    """A file is not a document that this node reads; `why` is what its sender must mend."""

    def __init__(self, name: str, why: str) -> None:
        super().__init__(f"{name}: {why}")
        self.name = name
        self.why = why


class DatabaseInUse(OracleError):
    """Another process works on this database: two instances of one node would sign for each other."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path}: another process of this node is at work on this database; stop it first")
        self.path = path


class DatabaseTooNew(OracleError):
    """The database was written by a later version of this program."""

    def __init__(self, path: Path, found: int, known: int) -> None:
        super().__init__(f"{path}: written by a later version (schema {found}, this program knows {known})")
        self.path = path
        self.found = found
        self.known = known


class KeystoreUnreadable(OracleError):
    """The node's key cannot be opened. Never carries the passphrase."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(f"{path}: {why}")
        self.path = path
        self.why = why


class PortUnusable(OracleError):
    """The metrics cannot be served there."""

    def __init__(self, port: int, why: str) -> None:
        super().__init__(f"setting 'metrics_port': nothing can listen on port {port}: {why}")
        self.port = port


class DatabaseOfOtherNetwork(OracleError):
    """The node's memory is about another network; going on would mix two histories."""

    def __init__(self, path: Path, remembered: str, found: str) -> None:
        super().__init__(f"{path}: belongs to {remembered}, but the settings lead to {found}; use another database")
        self.path = path
        self.remembered = remembered
        self.found = found
