"""Tables of events as CSV, for firms that have nothing else: a mapping file says what the columns mean."""

from standards.tables.errors import CellProblem, MappingInvalid, RowProblem, TableRefused
from standards.tables.events import Cancellation, RowEvent, event_of, skipped
from standards.tables.mapping import Mapping, read_mapping
from standards.tables.rows import Row, Table, read_table, write_rows

__all__ = [
    "Cancellation",
    "CellProblem",
    "Mapping",
    "MappingInvalid",
    "Row",
    "RowEvent",
    "RowProblem",
    "Table",
    "TableRefused",
    "event_of",
    "read_mapping",
    "read_table",
    "skipped",
    "write_rows",
]
