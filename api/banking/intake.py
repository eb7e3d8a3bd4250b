"""Reading a message of the bank: all of it, once, or nothing of it."""

from collections import Counter
from collections.abc import Sequence
from hashlib import sha256
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from api.banking import repository
from api.banking.matching import Verdict, judge
from api.banking.models import BankEntry, BankMessage, EntryStatus
from api.banking.naming import Named, is_unbooked, named
from api.db import try_to_hold
from api.errors import Conflict, Malformed, Unavailable
from api.payments import service as payments
from api.payments.settings import BankingSettings
from standards.errors import StandardsError
from standards.iso20022 import Entry, Statement, read_statement

KINDS = ("camt.053", "camt.054")
# One at a time: two that name the same movements in another order would wait for each other.
_READING = "reading a bank statement"


def take(session: Session, banking: BankingSettings, data: bytes) -> BankMessage:
    """Stores the message and what it says; what was read before, where the same bytes come again. Malformed where it
    cannot be read or is of an account that is not the operator's, Conflict where it contradicts what was read before:
    then nothing of it is kept."""
    statements = _read(data)
    _require_ours(banking, statements)
    kind, message_id = statements[0].kind, statements[0].message_id
    accounts = ",".join(sorted({statement.iban for statement in statements}))
    digest = sha256(data).hexdigest()
    known = repository.message(session, kind, message_id, accounts)
    if known is not None:
        if known.sha256 != digest:
            detail = f"Another {kind} with the MsgId {message_id[:40]} was read before; its bytes were others."
            raise Conflict("statement-differs", detail, message_id=message_id[:40], sha256=digest, known=known.sha256)
        return known
    if not try_to_hold(session, _READING):
        detail = "Another statement is being read just now; send this one again in a moment."
        raise Unavailable("statement-being-read", detail)
    message = BankMessage(kind=kind, message_id=message_id, accounts=accounts, sha256=digest)
    session.add(message)
    try:
        session.flush()
    except IntegrityError as error:
        detail = f"The {kind} with the MsgId {message_id[:40]} is being read by another request."
        raise Unavailable("statement-being-read", detail) from error
    counts = Counter[str]()
    for its in named(session, message_id, statements):
        counts[_taken(session, banking, message, its)] += 1
    message.counts = {**counts, "entries": counts.total()}
    return message


def _read(data: bytes) -> list[Statement]:
    try:
        statements = read_statement(data)
    except StandardsError as error:
        raise Malformed("statement-unreadable", f"The statement cannot be read: {error}.") from error
    kind = statements[0].kind
    if kind not in KINDS:
        detail = f"A {kind} may change within the day; send the {' or '.join(KINDS)}."
        raise Malformed("statement-kind-wrong", detail, kind=kind)
    return statements


def _require_ours(banking: BankingSettings, statements: Sequence[Statement]) -> None:
    ours = {account.iban for account in banking.accounts.values()}
    for statement in statements:
        if statement.iban not in ours:
            detail = f"The statement is of the account {statement.iban[:40]}, which is none of the operator's."
            raise Malformed("account-unknown", detail, iban=statement.iban[:40])


def _taken(session: Session, banking: BankingSettings, message: BankMessage, its: Named) -> str:
    """Stores one movement unless it is known; under which word it counts."""
    verdict = _weighed(its, judge(session, banking, its.statement, its.entry))
    values = {**_facts(message, its), **_verdict(verdict)}
    row = its.known
    if row is not None:
        if not is_unbooked(row) or verdict.status == EntryStatus.PENDING:
            return "known"
        changes = {name: value for name, value in values.items() if name not in ("id", "status")}
        if not repository.move(session, row, EntryStatus(row.status), verdict.status, **changes):
            return "known"
    elif not repository.store(session, values):
        detail = f"The movement {its.reference[:60]} is being read by another request."
        raise Unavailable("statement-being-read", detail)
    if verdict.status == EntryStatus.MATCHED:
        row = repository.entry(session, its.id)
        assert verdict.instruction is not None
        assert row is not None
        if not payments.book(session, verdict.instruction, its.entry.amount):
            return _too_late(session, row, verdict.instruction.status)
    return verdict.status.value


def _weighed(its: Named, verdict: Verdict) -> Verdict:
    """The verdict, or a person's to judge where what was told before speaks against it."""
    if verdict.status != EntryStatus.MATCHED:
        return verdict
    if its.other is not None:
        detail = f"An earlier message names another payment by the bank's reference {its.other.reference[:60]}."
        before, now = (_payment_named(each) for each in (its.other, its.entry))
        told = ("reference-differs", detail, before, now)
    elif its.known is not None and its.known.status == EntryStatus.DISMISSED:
        detail = "It was dismissed when the bank had only announced it; now the bank has booked it."
        told = ("dismissed-before", detail, "PDNG", its.entry.status)
    else:
        return verdict
    return Verdict(EntryStatus.REVIEW, *told, verdict.instruction)


def _payment_named(its: BankEntry | Entry) -> str:
    return ", ".join(name for name in (*its.creditor_references, its.end_to_end_id) if name)


def _too_late(session: Session, row: BankEntry, status: str) -> str:
    """Another movement has paid the instruction meanwhile."""
    detail = f"The instruction is {status}."
    told = {"reason": "already-paid", "detail": detail, "expected": "open", "found": status}
    repository.move(session, row, EntryStatus.MATCHED, EntryStatus.REVIEW, **told)
    return EntryStatus.REVIEW.value


def _facts(message: BankMessage, its: Named) -> dict[str, Any]:
    entry = its.entry
    return {
        "id": its.id,
        "statement_id": message.id,
        "iban": its.statement.iban,
        "reference": its.reference,
        "amount": entry.amount,
        "currency": entry.currency,
        "is_credit": entry.is_credit,
        "is_reversal": entry.is_reversal,
        "booked_on": entry.booked_on.isoformat(),
        "end_to_end_id": entry.end_to_end_id,
        "creditor_references": list(entry.creditor_references),
        "debtor_name": entry.debtor_name,
        "debtor_iban": entry.debtor_iban,
        "remittance": entry.remittance,
    }


def _verdict(verdict: Verdict) -> dict[str, Any]:
    return {
        "status": verdict.status.value,
        "reason": verdict.reason,
        "detail": verdict.detail,
        "expected": verdict.expected,
        "found": verdict.found,
        "instruction_id": verdict.instruction.id if verdict.instruction else None,
        "lei": verdict.instruction.lei if verdict.instruction else None,
    }
