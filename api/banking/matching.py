"""Whose money a movement is: the instruction that its structured creditor reference names, otherwise its end-to-end id.
What is not exactly as instructed is left to a person, with the two values compared."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session

from api.banking import repository
from api.banking.models import BankEntry, EntryStatus
from api.banking.naming import is_dropped
from api.payments import service as payments
from api.payments.models import InstructionStatus, PaymentInstruction
from api.payments.settings import BankingSettings
from api.values import Amount, moment
from standards.iso20022 import Entry, Statement

_DAYS_END = "camt.053"


@dataclass(frozen=True)
class Verdict:
    """What becomes of a movement, and why where it is not matched."""

    status: EntryStatus
    reason: str | None = None
    detail: str | None = None
    expected: Any = None
    found: Any = None
    instruction: PaymentInstruction | None = None


def judge(session: Session, banking: BankingSettings, statement: Statement, entry: Entry) -> Verdict:
    """The verdict on one movement, as the database is now."""
    return _of_its_kind(statement, entry) or _of_its_instruction(session, banking, statement, entry)


def _of_its_kind(statement: Statement, entry: Entry) -> Verdict | None:
    """Of what nothing is to be issued for, whoever sent it."""
    if not entry.is_named and statement.kind != _DAYS_END:
        detail = "The bank gives it no reference of its own; it is booked from the day's camt.053."
        return Verdict(EntryStatus.NOTED, "not-named", detail, _DAYS_END, statement.kind)
    if not entry.is_booked:
        detail = f"The bank has not booked it: its status is {entry.status[:20] or 'not said'}."
        return Verdict(EntryStatus.PENDING, "pending", detail, "BOOK", entry.status[:20])
    if entry.is_reversal:
        detail = "It takes back what was booked before; cash that was issued for that is not taken back by itself."
        return Verdict(EntryStatus.REVIEW, "reversed", detail, "false", "true")
    if not entry.is_credit:
        return Verdict(EntryStatus.REVIEW, "debit", "Money has left the account.", "CRDT", "DBIT")
    return None


def _of_its_instruction(session: Session, banking: BankingSettings, statement: Statement, entry: Entry) -> Verdict:
    named = payments.named(session, entry.creditor_references, entry.end_to_end_id)
    if len(named) != 1:
        reason = "several-instructions" if named else "unmatched"
        detail = f"It names {len(named)} of our payment instructions by reference or end-to-end id, not one."
        return Verdict(EntryStatus.REVIEW, reason, detail, "1", str(len(named)))
    (instruction,) = named
    difference = _difference(banking, statement, entry, instruction)
    if difference is not None:
        reason, detail, expected, found = difference
        return Verdict(EntryStatus.REVIEW, reason, detail, expected, found, instruction)
    reversal = reversal_of(session, statement.iban, {entry.bank_reference} if entry.is_named else set(), entry)
    if reversal is not None:
        return Verdict(EntryStatus.REVIEW, "reversed", taken_back(reversal), "no reversal", reversal.id, instruction)
    return Verdict(EntryStatus.MATCHED, instruction=instruction)


def reversal_of(session: Session, iban: str, references: Collection[str], its: Entry | BankEntry) -> BankEntry | None:
    """What takes the money back, by one of the bank's references, or by its amount and what it was paid for. One that
    the bank had only announced counts until the operator has dismissed it."""
    for row in repository.reversals(session, iban, references, its.amount, its.currency):
        is_paid_for = bool(row.end_to_end_id and row.end_to_end_id == its.end_to_end_id)
        shared = set(row.creditor_references) & set(its.creditor_references)
        if not is_dropped(row) and (row.reference in references or is_paid_for or shared):
            return row
    return None


def taken_back(reversal: BankEntry) -> str:
    return f"The bank has taken it back: see the movement {reversal.id}, {reversal.reference[:60]}."


def _difference(
    banking: BankingSettings, statement: Statement, entry: Entry, instruction: PaymentInstruction
) -> tuple[str, str, Any, Any] | None:
    """Reason, detail, expected and found of the first thing that is not as instructed; None where all is."""
    if entry.currency != instruction.currency:
        detail = f"{instruction.currency} were instructed, {entry.currency} came in."
        return "wrong-currency", detail, instruction.currency, entry.currency
    account = banking.accounts.get(instruction.currency)
    if account is None or account.iban != statement.iban:
        iban = "none" if account is None else account.iban
        detail = f"{instruction.currency} are taken in at {iban}; it came to {statement.iban}."
        return "wrong-account", detail, iban, statement.iban
    if instruction.status != InstructionStatus.OPEN:
        cancelled = instruction.status == InstructionStatus.CANCELLED
        reason, detail = "cancelled" if cancelled else "already-paid", f"The instruction is {instruction.status}."
        return reason, detail, InstructionStatus.OPEN.value, instruction.status
    if entry.amount != instruction.amount:
        expected, found = (Amount.of(units, entry.currency) for units in (instruction.amount, entry.amount))
        reason = "too-little" if entry.amount < instruction.amount else "too-much"
        detail = f"{expected.said} were instructed, {found.said} came in."
        return reason, detail, expected.model_dump(), found.model_dump()
    last = moment(instruction.expires_at).date()
    if entry.booked_on > last:
        detail = f"The instruction was good until {last}; it was booked on {entry.booked_on}."
        return "expired", detail, str(last), str(entry.booked_on)
    return None
