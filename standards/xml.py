"""The one door through which XML comes in: bounded, offline, without entities or document types."""

from __future__ import annotations

import re
from typing import Final

from lxml import etree

from standards.errors import StandardsError

DEFAULT_LIMIT_BYTES: Final = 8 * 1024 * 1024
PLACE_REPEATED: Final = re.compile(r", line \d+, column \d+$")


class XmlRefused(StandardsError):
    """The bytes are not XML that we take. `line` and `column` count from 1; both are None where no place is known."""

    def __init__(self, why: str, line: int | None = None, column: int | None = None) -> None:
        place = "" if line is None else f" at line {line}, column {column}"
        super().__init__(f"XML refused{place}: {why}")
        self.why = why
        self.line = line
        self.column = column


def parse(data: bytes, limit_bytes: int = DEFAULT_LIMIT_BYTES) -> etree._Element:
    """Return the root element of `data`.

    Never resolves an entity, loads a document type or opens a connection. Comments and processing instructions
    are dropped. Raises XmlRefused for bytes beyond `limit_bytes`, a document type, or anything not well-formed.
    """
    if len(data) > limit_bytes:
        raise XmlRefused(f"{len(data)} bytes are more than the {limit_bytes} allowed")
    if not data.strip():
        raise XmlRefused("the document is empty")
    try:
        root = etree.fromstring(data, _parser())
    except etree.XMLSyntaxError as error:
        raise _refusal(error) from error
    _refuse_document_type(root)
    return root


def _parser() -> etree.XMLParser:
    # A parser per call: a shared one keeps the error log of the document before, and is not safe between threads.
    return etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        attribute_defaults=False,
        huge_tree=False,
        recover=False,
        remove_comments=True,
        remove_pis=True,
    )


def _refusal(error: etree.XMLSyntaxError) -> XmlRefused:
    line, column = error.position
    why = PLACE_REPEATED.sub("", error.msg or "not well-formed")
    return XmlRefused(why, line or None, column if line else None)


def _refuse_document_type(root: etree._Element) -> None:
    if root.getroottree().docinfo.internalDTD is not None:
        raise XmlRefused("a document type (DOCTYPE) is not allowed")
