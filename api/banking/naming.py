"""Which movement each one of a message is: one that an earlier message told, or a new one. A bank may give several
payments one reference, so within a message each is a movement of its own; the second and later ones are told apart by
their place among those of the name."""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import Session

from api.banking import repository
from api.banking.models import BankEntry, EntryStatus, entry_id
from api.errors import Conflict
from api.values import Amount
from standards.iso20022 import Entry, Statement

_PLACE = re.compile(r" \(\d+\)$")


@dataclass(frozen=True)
class Named:
    """A movement under its name. `known` is what was stored of it before; `other` another payment that an earlier
    message told under the same reference of the bank."""

    statement: Statement
    entry: Entry
    id: str
    reference: str
    known: BankEntry | None = None
    other: BankEntry | None = None


@dataclass(frozen=True)
class _Name:
    iban: str
    reference: str
    is_credit: bool
    is_reversal: bool

    def at(self, place: int) -> tuple[str, str]:
        """Id and reference of the movement that has the place among those of the name, from 1."""
        direction = {"is_credit": self.is_credit, "is_reversal": self.is_reversal}
        reference = self.reference if place == 1 else f"{self.reference} ({place})"
        return entry_id(self.iban, self.reference, **direction, place=place), reference


def named(session: Session, message_id: str, statements: Sequence[Statement]) -> list[Named]:
    """The movements of a message, reversals first: what they take back is not issued. Conflict where one has another
    amount than an earlier message booked for it."""
    told = defaultdict[_Name, list[tuple[Statement, Entry]]](list)
    for statement in statements:
        for entry in statement.entries:
            # What the bank gives no name is told apart by its message: places and numbers of statements may come again.
            reference = entry.bank_reference if entry.is_named else f"{message_id}/{entry.bank_reference}"
            told[_Name(statement.iban, reference, entry.is_credit, entry.is_reversal)].append((statement, entry))
    found = [its for name, movements in told.items() for its in _of_one_name(session, name, movements)]
    return sorted(found, key=lambda its: not its.entry.is_reversal)


def bank_references(reference: str) -> set[str]:
    """What the bank may have called it: without our place, where it has one."""
    return {reference, _PLACE.sub("", reference)}


def is_unbooked(row: BankEntry) -> bool:
    """The bank had only announced it, whether or not the operator has dismissed it since."""
    return row.status == EntryStatus.PENDING or is_dropped(row)


def is_dropped(row: BankEntry) -> bool:
    """The operator has dismissed it when the bank had only announced it."""
    return row.status == EntryStatus.DISMISSED and row.reason == "pending"


def _of_one_name(session: Session, name: _Name, movements: list[tuple[Statement, Entry]]) -> list[Named]:
    # What is booked takes what was booked first, so that announcing it once more does not make it another.
    movements = sorted(movements, key=lambda its: not its[1].is_booked)
    stored = _stored(session, name)
    left = sorted(stored, key=is_unbooked)
    known: dict[int, BankEntry] = {}
    for is_alike in (_is_same, _agrees):
        for n, (_, entry) in enumerate(movements):
            row = next((row for row in left if is_alike(row, entry)), None) if n not in known else None
            if row is not None:
                known[n] = row
                left.remove(row)
    found, place = list[Named](), len(stored)
    for n, (statement, entry) in enumerate(movements):
        row, other = known.get(n), None
        if row is None and left:
            row, other = _differing(left, entry)
        if row is None:
            place += 1
            found.append(Named(statement, entry, *name.at(place), other=other))
        else:
            found.append(Named(statement, entry, row.id, row.reference, known=row))
    return found


def _stored(session: Session, name: _Name) -> list[BankEntry]:
    rows = list[BankEntry]()
    while (row := repository.entry(session, name.at(len(rows) + 1)[0])) is not None:
        rows.append(row)
    return rows


def _differing(left: list[BankEntry], entry: Entry) -> tuple[BankEntry | None, BankEntry | None]:
    """What it is of those that an earlier message told otherwise, or of which other payment it has the name."""
    row = next((row for row in left if is_unbooked(row)), None)
    if row is not None:
        left.remove(row)
        return row, None
    row = next((row for row in left if _details_agree(row, entry)), None)
    if not entry.is_booked:
        return row or left[0], None  # an announcement says nothing against what was booked
    if row is None:
        return None, left[0]
    before, now = Amount.of(row.amount, row.currency), Amount.of(entry.amount, entry.currency)
    detail = f"The movement {row.reference[:60]} was {before.said} in an earlier message, it is {now.said} here."
    raise Conflict("bank-entry-differs", detail, id=row.id, before=before, now=now, line=entry.line)


def _is_same(row: BankEntry, entry: Entry) -> bool:
    before = (row.amount, row.currency, row.end_to_end_id, set(row.creditor_references))
    return before == (entry.amount, entry.currency, entry.end_to_end_id, set(entry.creditor_references))


def _agrees(row: BankEntry, entry: Entry) -> bool:
    return (row.amount, row.currency) == (entry.amount, entry.currency) and _details_agree(row, entry)


def _details_agree(row: BankEntry, entry: Entry) -> bool:
    """Neither names another payment than the other does; one message may say less of it."""
    ids, references = (row.end_to_end_id, entry.end_to_end_id), (row.creditor_references, entry.creditor_references)
    same_id = not all(ids) or ids[0] == ids[1]
    return same_id and (not all(references) or not set(references[0]).isdisjoint(references[1]))
