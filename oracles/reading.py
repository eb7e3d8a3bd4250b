"""What a node reads, by its settings: the one reader of the inbox, the archive, and of whoever asks before."""

from __future__ import annotations

from functools import partial

from oracles.adapters import read_document
from oracles.settings import NodeSettings
from oracles.tables.reading import Reader, reader_of


def reader(settings: NodeSettings, *, archived: bool = False) -> Reader:
    """Raises SettingsInvalid where a mapping cannot be used. `archived`: the good rows of a table, in any case."""
    other = partial(read_document, dcsa_versions=settings.dcsa.schema_versions)
    return reader_of(settings.csv, other, skips_bad_rows=archived)
