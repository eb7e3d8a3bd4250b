"""The mapping file: which columns of a table say what, validated as a whole, every problem with its key."""

from __future__ import annotations

import re
import tomllib
from datetime import time
from typing import Annotated, Any, Final, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt, StrictStr, ValidationError, model_validator
from pydantic import field_validator as validates

from standards.epcis.references import ReferenceKind
from standards.epcis.vocabulary import BUSINESS_STEPS, DISPOSITIONS, TRANSACTION_TYPES
from standards.tables.errors import MappingInvalid

Column = Annotated[StrictInt, Field(ge=1, le=1024)] | Annotated[StrictStr, Field(min_length=1, max_length=200)]
"""A name of the header, or a number from 1."""

UNIT: Final = re.compile(r"[A-Z0-9]{2,3}", re.ASCII)
DIRECTIVES: Final = frozenset("YymdjHIMSfpz%")
"""What a time's format may hold: nothing that depends on a language."""
MOST_ROWS: Final = 20_000
_DIRECTIVE: Final = re.compile(r"%(.?)", re.DOTALL)
_PLAINER: Final = {
    "missing": "is missing",
    "extra_forbidden": "is not known",
    "literal_error": "should be one of {expected}",
}


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class FileForm(Part):
    """How the file is written."""

    delimiter: Annotated[str, Field(pattern=r'^[^"\r\n\x00]$')] = ","
    quote: Annotated[str, Field(pattern=r"^[^\r\n\x00\s]$")] = '"'
    encoding: Literal["utf-8", "utf-8-sig", "latin-1", "cp1252"] = "utf-8"
    header: StrictBool = True
    """Whether the first row names the columns; else they are numbers."""
    skip_lines: Annotated[StrictInt, Field(ge=0, le=100)] = 0
    """Rows before the header, or before the first row of a table without one."""
    rows_limit: Annotated[StrictInt, Field(ge=1, le=MOST_ROWS)] = 5_000
    """A file is stored as a whole, about a thousand rows a second, and meanwhile the node does nothing else."""
    cell_limit: Annotated[StrictInt, Field(ge=1, le=65_536)] = 4_096
    """Characters of one cell."""

    @model_validator(mode="after")
    def _differ(self) -> Self:
        if self.delimiter == self.quote:
            raise ValueError("delimiter and quote are the same")
        return self


class Cell(Part):
    """A value for each row: of a column, perhaps through a table, or the same for all."""

    column: Column | None = None
    constant: Annotated[str, Field(min_length=1)] | None = None
    values: dict[str, str] | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.column is None) == (self.constant is None):
            raise ValueError("needs either 'column' or 'constant'")
        if self.values is not None and (self.column is None or not self.values):
            raise ValueError("'values' belongs to a 'column' and is not empty")
        return self

    @property
    def results(self) -> list[str]:
        """Every value that the mapping itself states."""
        return [self.constant] if self.constant is not None else list((self.values or {}).values())

    @property
    def columns(self) -> list[Column]:
        return [] if self.column is None else [self.column]


class Numbers(Part):
    """How numbers are written."""

    decimal: Literal[".", ","] = "."
    thousands: Literal["", ".", ",", " ", "'", "\u00a0", "\u202f"] = ""

    @model_validator(mode="after")
    def _differ(self) -> Self:
        if self.decimal == self.thousands:
            raise ValueError("decimal and thousands are the same sign")
        return self


class Moment(Part):
    """When it happened. Several columns are read with one blank between them; the first format that fits counts."""

    column: Column | None = None
    columns: Annotated[tuple[Column, ...], Field(max_length=4)] = ()
    formats: Annotated[tuple[str, ...], Field(min_length=1, max_length=10)]
    zone: str | None = None
    """IANA name of the zone in which the times are; none where the formats have %z."""
    time_of_day: time | None = None
    """For a table that has dates only."""

    @validates("formats")
    @classmethod
    def _formats(cls, formats: tuple[str, ...]) -> tuple[str, ...]:
        for text in formats:
            unknown = [name for name in _DIRECTIVE.findall(text) if name not in DIRECTIVES]
            if unknown:
                raise ValueError(
                    f"{text!r} has %{unknown[0]}; known are {' '.join(f'%{d}' for d in sorted(DIRECTIVES))}"
                )
            names = set(_DIRECTIVE.findall(text))
            if not ({"Y", "y"} & names and ({"m", "d"} <= names or "j" in names)):
                raise ValueError(f"{text!r} names no whole date (%Y or %y, with %m and %d, or %j)")
            if "I" in names and "p" not in names:
                raise ValueError(f"{text!r} has %I without %p: which half of the day would be guessed")
        return formats

    @validates("zone")
    @classmethod
    def _zone(cls, name: str | None) -> str | None:
        if name is not None:
            try:
                ZoneInfo(name)
            except (ValueError, OSError, LookupError):
                raise ValueError(f"{name!r} is no time zone of the IANA list, such as Europe/Berlin") from None
        return name

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if (self.column is None) == (not self.columns):
            raise ValueError("needs either 'column' or 'columns'")
        for text in self.formats:
            names = set(_DIRECTIVE.findall(text))
            if ("z" in names) == (self.zone is not None):
                raise ValueError(f"{text!r}: the zone stands either in the format (%z) or in 'zone'")
            has_hours = bool({"H", "I"} & names)
            if has_hours == (self.time_of_day is not None):
                raise ValueError(f"{text!r}: the time of day stands either in the format (%H) or in 'time_of_day'")
            if has_hours and "M" not in names:
                raise ValueError(f"{text!r} has hours without minutes (%M)")
        if self.time_of_day is not None and self.time_of_day.tzinfo is not None:
            raise ValueError("'time_of_day' has no zone of its own")
        return self

    @property
    def all_columns(self) -> tuple[Column, ...]:
        return self.columns if self.column is None else (self.column,)


class Amount(Part):
    """How much: `column` a number, `unit` as UN/CEFACT code, `item` a GTIN or the firm's own name for the goods."""

    column: Column
    unit: Cell
    item: Cell | None = None
    required: StrictBool = True

    @validates("unit")
    @classmethod
    def _codes(cls, unit: Cell) -> Cell:
        wrong = [code for code in unit.results if not UNIT.fullmatch(code)]
        if wrong:
            raise ValueError(f"{wrong[0]!r} is no UN/CEFACT unit code, such as KGM or C62")
        return unit


class NamedReference(Cell):
    """A number under which others know the consignment."""

    kind: ReferenceKind
    required: StrictBool = False


class Place(Cell):
    kind: Literal["gln", "unlocode"]


class PaperNumber(Cell):
    """The firm's own document; `type` as in the CBV."""

    type: str = "recadv"

    @validates("type")
    @classmethod
    def _type(cls, word: str) -> str:
        return _word(word, TRANSACTION_TYPES, "transaction type")


class Skip(Part):
    """Rows that are no events: those with one of `values` in the column, or with nothing in it."""

    column: Column
    values: tuple[str, ...] = ()
    empty: StrictBool = False

    @model_validator(mode="after")
    def _says_which(self) -> Self:
        if bool(self.values) == self.empty:
            raise ValueError("needs either 'values' or 'empty = true'")
        return self


class Cancels(Part):
    """Rows that take back an earlier one: it has the same cells, or the event id of `of` (the row's own, without).

    Where there is `of`, no cancelling row may leave it empty.
    """

    column: Column
    values: Annotated[tuple[str, ...], Field(min_length=1)]
    of: Cell | None = None
    reason: Literal["did_not_occur", "incorrect_data"] = "did_not_occur"


class Mapping(Part):
    """The whole file. `source` is the firm's own short name for the table: event ids and documents stand under it."""

    source: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")]
    file: FileForm = FileForm()
    numbers: Numbers = Numbers()
    time: Moment
    step: Cell
    disposition: Cell | None = None
    quantity: Amount | None = None
    references: Annotated[tuple[NamedReference, ...], Field(min_length=1, max_length=20)]
    place: Place | None = None
    document: PaperNumber | None = None
    event_id: Cell | None = None
    skip: Annotated[tuple[Skip, ...], Field(max_length=20)] = ()
    cancellation: Cancels | None = None

    @validates("step")
    @classmethod
    def _steps(cls, cell: Cell) -> Cell:
        for word in cell.results:
            _word(word, BUSINESS_STEPS, "business step")
        return cell

    @validates("disposition")
    @classmethod
    def _dispositions(cls, cell: Cell | None) -> Cell | None:
        for word in cell.results if cell else ():
            _word(word, DISPOSITIONS, "disposition")
        return cell

    @model_validator(mode="after")
    def _columns_are_of_one_kind(self) -> Self:
        wanted = str if self.file.header else int
        for column in self.columns:
            if not isinstance(column, wanted):
                kinds = "names, because 'file.header' is true" if self.file.header else "numbers: there is no header"
                raise ValueError(f"column {column!r}: columns are {kinds}")
        return self

    @property
    def columns(self) -> list[Column]:
        """All that the mapping reads, each once."""
        cells = [self.step, self.disposition, self.place, self.document, self.event_id, *self.references]
        if self.quantity is not None:
            cells += [self.quantity.unit, self.quantity.item]
        found = [*self.time.all_columns, *(column for cell in cells if cell for column in cell.columns)]
        found += [self.quantity.column] if self.quantity else []
        found += [skip.column for skip in self.skip]
        if self.cancellation is not None:
            found += [self.cancellation.column, *(self.cancellation.of.columns if self.cancellation.of else ())]
        return list(dict.fromkeys(found))


def read_mapping(data: bytes) -> Mapping:
    """Raises MappingInvalid with all problems at once."""
    try:
        table = tomllib.loads(data.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise MappingInvalid([f"is not TOML: {error}"]) from error
    try:
        return Mapping.model_validate(table)
    except ValidationError as error:
        details = error.errors()
        # A list whose entries are wrong is not too short besides.
        wrong = {detail["loc"][:-2] for detail in details}
        told = [d for d in details if d["type"] != "too_short" or d["loc"] not in wrong]
        raise MappingInvalid([_sentence(detail) for detail in told]) from error


def _word(word: str, known: frozenset[str], what: str) -> str:
    if word not in known:
        raise ValueError(f"{word!r} is no {what} of the CBV; known are {', '.join(sorted(known))}")
    return word


def _sentence(detail: Any) -> str:
    where = ".".join(str(part) for part in detail["loc"] if part not in ("str", "int", "constrained-str"))
    message = str(detail["msg"]).removeprefix("Value error, ")
    if detail["type"] in _PLAINER:
        message = _PLAINER[detail["type"]].format(**detail.get("ctx", {}))
    return f"'{where}': {message}" if where else message
