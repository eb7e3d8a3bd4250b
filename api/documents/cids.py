"""Content identifiers, exactly as `ipfs add --cid-version=1` gives them, computed without a node.

Up to one chunk (256 KiB) the CID names the bytes themselves (raw, SHA-256). Beyond that it names the root of a balanced
UnixFS tree of dag-pb nodes with at most 174 links each, over raw leaves."""

import base64
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

CHUNK_BYTES = 262_144
LINKS_PER_NODE = 174

_RAW = b"\x55"
_DAG_PB = b"\x70"
_CID_V1 = b"\x01"
_SHA2_256 = b"\x12\x20"
_UNIXFS_FILE = b"\x08\x02"


class CidMalformed(ValueError):
    """The text is no CIDv1 of raw or dag-pb content with a SHA-256 digest."""

    def __init__(self, cid: str) -> None:
        super().__init__(f"{cid[:80]!r} is not a CIDv1 in base32 with a SHA-256 digest")


@dataclass(frozen=True)
class _Node:
    """`tree_bytes` counts the node and all below it; `file_bytes` the content below it."""

    cid: bytes
    tree_bytes: int
    file_bytes: int


def cid_of(data: bytes) -> str:
    """The CIDv1 (base32) under which IPFS would file these bytes."""
    nodes = [_leaf(chunk) for chunk in _chunks(data)]
    while len(nodes) > 1:
        nodes = [_parent(nodes[i : i + LINKS_PER_NODE]) for i in range(0, len(nodes), LINKS_PER_NODE)]
    return _text(nodes[0].cid)


def require_cid(cid: str) -> str:
    """The CID itself; refuses with CidMalformed whatever could be no name of ours (a path, say)."""
    if not cid.startswith("b") or not cid[1:].isalnum() or cid != cid.lower():
        raise CidMalformed(cid)
    try:
        raw = base64.b32decode(cid[1:].upper() + "=" * (-len(cid[1:]) % 8))
    except ValueError as error:
        raise CidMalformed(cid) from error
    if len(raw) != 36 or raw[:1] != _CID_V1 or raw[1:2] not in (_RAW, _DAG_PB) or raw[2:4] != _SHA2_256:
        raise CidMalformed(cid)
    return cid


def _chunks(data: bytes) -> Iterator[bytes]:
    for start in range(0, max(len(data), 1), CHUNK_BYTES):
        yield data[start : start + CHUNK_BYTES]


def _leaf(chunk: bytes) -> _Node:
    return _Node(_cid(_RAW, chunk), len(chunk), len(chunk))


def _parent(children: list[_Node]) -> _Node:
    """A dag-pb node over its children: links first, then the UnixFS header, as the codec demands."""
    links = b"".join(_field(2, _link(child)) for child in children)
    file_bytes = sum(child.file_bytes for child in children)
    sizes = b"".join(b"\x20" + _varint(child.file_bytes) for child in children)
    block = links + _field(1, _UNIXFS_FILE + b"\x18" + _varint(file_bytes) + sizes)
    return _Node(_cid(_DAG_PB, block), len(block) + sum(child.tree_bytes for child in children), file_bytes)


def _link(child: _Node) -> bytes:
    return _field(1, child.cid) + _field(2, b"") + b"\x18" + _varint(child.tree_bytes)


def _field(number: int, payload: bytes) -> bytes:
    return bytes([number << 3 | 2]) + _varint(len(payload)) + payload


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def _cid(codec: bytes, block: bytes) -> bytes:
    return _CID_V1 + codec + _SHA2_256 + hashlib.sha256(block).digest()


def _text(cid: bytes) -> str:
    return "b" + base64.b32encode(cid).decode().rstrip("=").lower()
