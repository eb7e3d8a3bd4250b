"""Sanctions and watch lists as files: CSV or JSON in one simple form, every mistake told with its place.

CSV: a header line, then `id,kind,name,aliases,country,lei,accounts,remark`; `aliases` and `accounts` are separated by
semicolons; columns may be missing but for id, kind and name. JSON: `{"entries": [{"id": ..., "kind": ..., "name": ...,
"aliases": [...], "country": ..., "lei": ..., "accounts": [...], "remark": ...}]}`. UTF-8. `kind` is `organisation`,
`person` or `account`; an account needs no name.
"""

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from stdnum import lei as lei_number

from api.errors import Malformed

COLUMNS: Final = ("id", "kind", "name", "aliases", "country", "lei", "accounts", "remark")
KINDS: Final = ("organisation", "person", "account")
_MOST_ENTRIES: Final = 200_000
_MOST_TOLD: Final = 20
_LONGEST: Final = 1_000
_ADDRESS: Final = re.compile(r"0x[0-9a-fA-F]{40}")


@dataclass(frozen=True)
class Listed:
    """One entry of a list. Accounts in lower case."""

    id: str
    kind: str
    names: tuple[str, ...]
    country: str
    lei: str
    accounts: tuple[str, ...]
    remark: str

    @property
    def digest(self) -> str:
        """Of what is compared: while it stays, decisions on the entry stand. The remark is not part of it."""
        compared = [self.kind, list(self.names), self.country, self.lei, list(self.accounts)]
        return sha256(json.dumps(compared).encode()).hexdigest()


class ListInvalid(Malformed):
    """All that is wrong with a list, or the first of it."""

    def __init__(self, problems: list[str]) -> None:
        more = f" and {len(problems) - _MOST_TOLD} more" if len(problems) > _MOST_TOLD else ""
        told = problems[:_MOST_TOLD]
        super().__init__("list-invalid", f"The list was not taken: {'; '.join(told)}{more}.", problems=told)


def read_list(content: bytes, media_type: str) -> list[Listed]:
    """The entries of a list, by id; ListInvalid with every problem, and nothing taken."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ListInvalid([f"it is not UTF-8 (byte {error.start})"]) from error
    rows = _json_rows(text) if media_type == "application/json" else _csv_rows(text)
    problems: list[str] = []
    entries: dict[str, Listed] = {}
    for place, row in rows:
        if len(entries) >= _MOST_ENTRIES:
            raise ListInvalid([f"it has more than {_MOST_ENTRIES} entries"])
        entry = _entry(row, place, problems)
        if entry.id in entries:
            problems.append(f"{place}: the id {entry.id!r} occurs twice")
        entries[entry.id] = entry
    if not entries and not problems:
        problems.append("it has no entries; an empty list would take back every open hit")
    if problems:
        raise ListInvalid(problems)
    return sorted(entries.values(), key=lambda entry: entry.id)


def _csv_rows(text: str) -> Iterator[tuple[str, dict[str, Any]]]:
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    try:
        header = [name.strip().lower() for name in reader.fieldnames or ()]
        missing = [name for name in COLUMNS[:3] if name not in header]
        unknown = [name for name in header if name not in COLUMNS]
        if missing or unknown or len(set(header)) != len(header):
            raise ListInvalid(
                [f"line 1 must name the columns {', '.join(COLUMNS)}; it names {', '.join(header)[:200]}"]
            )
        reader.fieldnames = header
        for row in reader:
            place = f"line {reader.line_num}"
            if None in row:
                raise ListInvalid([f"{place} has more values than columns"])
            split = {name: _parts(row.get(name) or "") for name in ("aliases", "accounts")}
            yield place, {**row, **split}
    except csv.Error as error:
        raise ListInvalid([f"line {reader.line_num} is not CSV: {error}"]) from error


def _json_rows(text: str) -> Iterator[tuple[str, dict[str, Any]]]:
    try:
        told = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ListInvalid(["it is not JSON"]) from error
    entries = told.get("entries") if isinstance(told, dict) else None
    if not isinstance(entries, list):
        raise ListInvalid(['it must be {"entries": [...]}'])
    for number, row in enumerate(entries):
        place = f"entries[{number}]"
        if not isinstance(row, dict) or (unknown := [name for name in row if name not in COLUMNS]):
            raise ListInvalid([f"{place} must be an object of {', '.join(COLUMNS)}"])
        del unknown
        yield place, row


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.split(";") if part.strip()]


def _entry(row: dict[str, Any], place: str, problems: list[str]) -> Listed:
    def word(name: str) -> str:
        value = row.get(name)
        if value is not None and not isinstance(value, str):
            problems.append(f"{place}: {name} must be text")
            return ""
        text = " ".join((value or "").replace("\x00", "").split())
        if len(text) > _LONGEST:
            problems.append(f"{place}: {name} has more than {_LONGEST} characters")
        return text

    def words(name: str) -> Iterable[str]:
        value = row.get(name) or []
        if not isinstance(value, list) or not all(isinstance(each, str) and len(each) <= _LONGEST for each in value):
            problems.append(f"{place}: {name} must be a list of texts")
            return []
        return [" ".join(each.replace("\x00", "").split()) for each in value if each.strip()]

    entry = Listed(
        id=word("id"),
        kind=word("kind").lower(),
        names=tuple(dict.fromkeys(name for name in (word("name"), *words("aliases")) if name)),
        country=word("country").upper(),
        lei=word("lei").upper(),
        accounts=tuple(sorted({account.lower() for account in words("accounts")})),
        remark=word("remark"),
    )
    problems.extend(f"{place}: {why}" for why in _wrong(entry))
    return entry


def _wrong(entry: Listed) -> Iterator[str]:
    if not entry.id:
        yield "id is missing"
    if entry.kind not in KINDS:
        yield f"kind is {entry.kind[:40]!r}, not one of {', '.join(KINDS)}"
    elif entry.kind == "account" and not entry.accounts:
        yield "an account needs an address in accounts"
    elif entry.kind != "account" and not entry.names:
        yield "name is missing"
    if entry.country and re.fullmatch(r"[A-Z]{2}", entry.country) is None:
        yield f"country is {entry.country[:40]!r}, not two letters"
    if entry.lei and not lei_number.is_valid(entry.lei):
        yield f"lei {entry.lei[:40]!r} has wrong check digits"
    for account in entry.accounts:
        if _ADDRESS.fullmatch(account) is None:
            yield f"account {account[:60]!r} is not 0x and 40 hexadecimal digits"
