"""What can go wrong among the members of a network. No text has a key or a passphrase in it."""

from __future__ import annotations

from collections.abc import Sequence

from chain_node.errors import OperatorActionRequired


class NetworkError(OperatorActionRequired):
    """Base of all errors of this package."""


class FileUnusable(NetworkError):
    """A file of the network cannot be read, or is not what it should be."""

    def __init__(self, where: object, why: str) -> None:
        super().__init__(f"{where}: {why}")
        self.where, self.why = str(where), why


class SignatureInvalid(NetworkError):
    """A signature is not of the key that must have made it."""

    def __init__(self, where: object, why: str) -> None:
        super().__init__(f"{where}: {why}")
        self.where, self.why = str(where), why


class MembersRefused(NetworkError):
    """The cards do not make a network; `problems` has a line for each thing wrong."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = list(problems)


class BundleDiffers(NetworkError):
    """The files on this machine are not those that the members agreed on; `problems` names each."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = list(problems)


class ChangeRefused(NetworkError):
    """A change of the network that its rules forbid."""


class CeremonyRefused(NetworkError):
    """An entry of the ceremony's log cannot stand; `entry` is its number, from 1."""

    def __init__(self, where: object, entry: int, why: str) -> None:
        super().__init__(f"{where}: entry {entry}: {why}")
        self.where, self.entry, self.why = str(where), entry, why


class EngineUnknown(NetworkError):
    """No engine of that name is known."""

    def __init__(self, kind: str, known: Sequence[str]) -> None:
        super().__init__(f"no engine is named {kind!r}; known are {', '.join(known)}")
        self.kind = kind


class VoteFailed(NetworkError):
    """A node did not do what a decided change asks of it."""

    def __init__(self, node: str, why: str) -> None:
        super().__init__(f"{node}: {why}")
        self.node, self.why = node, why


class PortUnusable(NetworkError):
    """Figures cannot be told there."""

    def __init__(self, where: str, why: str) -> None:
        super().__init__(f"--listen {where}: {why}")
        self.where, self.why = where, why
