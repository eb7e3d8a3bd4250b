"""Whether code on a chain is what the sources compile to."""

from __future__ import annotations

from enum import Enum

from chain_node.compile import Artifact, blank


class CodeMatch(Enum):
    """The compiler ends code with a hash over its sources and settings: comments change it, behaviour does not."""

    SAME = "is the build's"
    OTHER_METADATA = "does what the build's does, but was compiled from sources with other comments or paths"
    DIFFERENT = "is not what the sources compile to"
    MISSING = "there is no contract"
    UNKNOWN = "the build has no contract of that kind"


def compare_code(code: bytes, artifact: Artifact) -> CodeMatch:
    """Immutables are set aside: they are values of the deployment, not of the build."""
    if not code:
        return CodeMatch.MISSING
    if artifact.is_code(code):
        return CodeMatch.SAME
    built = blank(bytes.fromhex(artifact.deployed_bytecode), artifact.immutables)
    if len(code) == len(built) and _without_metadata(blank(code, artifact.immutables)) == _without_metadata(built):
        return CodeMatch.OTHER_METADATA
    return CodeMatch.DIFFERENT


def _without_metadata(code: bytes) -> bytes:
    """The last two bytes say how long the CBOR map before them is; a map of solc's begins with a1 to a3."""
    length = int.from_bytes(code[-2:], "big") + 2
    if length < len(code) and code[-length] in (0xA1, 0xA2, 0xA3):
        return code[:-length]
    return code
