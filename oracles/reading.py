"""How a node reads a document: by its own tables and versions, wherever it comes from."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from oracles.adapters import read_document
from oracles.canonical import Document
from oracles.settings import NodeSettings
from oracles.tables.reading import reader_of


def reader(settings: NodeSettings) -> Callable[[str, bytes, int], Document]:
    """Takes a name, the bytes, and the most bytes there may be. The reader raises DocumentRefused."""
    return reader_of(settings.csv, partial(read_document, dcsa_versions=settings.dcsa.schema_versions))
