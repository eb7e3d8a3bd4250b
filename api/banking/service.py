"""Statements and movements as the operator sees them, and what it decides on those that were not matched."""

from typing import Any

from sqlmodel import Session

from api.acting import Acting
from api.auth.principal import Principal
from api.banking import repository
from api.banking.models import BankEntry, BankMessage, EntryStatus
from api.banking.schemas import AssignmentRequest, EntryView, StatementView
from api.cash import service as cash
from api.db import utc_now
from api.errors import Conflict, Malformed, NotFound
from api.lists import Asked
from api.participants import service as participants
from api.payments import service as payments
from api.transactions.schemas import transaction_views
from api.values import Amount, Page

_COUNTS = ("entries", "known", "matched", "review", "pending", "noted")
_MOST_UNITS = 10**16 - 1
"""What a `PositiveAmount` can say."""
_DISMISSABLE = (EntryStatus.REVIEW, EntryStatus.PENDING, EntryStatus.NOTED)


# Deciding


def assign(acting: Acting, entry: BankEntry, asked: AssignmentRequest) -> BankEntry:
    """Says whose money a movement is that waits for that; its cash is issued soon. Conflict where it is not money that
    came in, or does not wait."""
    session = acting.session
    if not entry.is_credit or entry.is_reversal:
        what = "a reversal" if entry.is_reversal else "a debit"
        raise Conflict("bank-entry-no-credit", f"It is {what}: nothing came in that could be issued.", id=entry.id)
    currency = cash.require_currency(acting.chain, entry.currency)
    if entry.amount > _MOST_UNITS:
        came = Amount.of(entry.amount, currency)
        detail = f"{came.said} came in; {Amount.of(_MOST_UNITS, currency).said} is the most that is issued at once."
        raise Conflict("amount-out-of-range", detail, id=entry.id, amount=came)
    decided = _decided(acting.principal, asked.reason)
    if asked.instruction_id is None:
        lei = asked.lei or ""
        participants.acting_account(session, lei)
        _move(session, entry, (EntryStatus.REVIEW,), EntryStatus.MATCHED, lei=lei, instruction_id=None, **decided)
        return entry
    instruction = payments.find(session, acting.principal, asked.instruction_id)
    if instruction.currency != currency:
        detail = f"The instruction is in {instruction.currency}, the movement in {currency}."
        raise Malformed("currency-differs", detail, id=entry.id)
    chosen = {"lei": instruction.lei, "instruction_id": instruction.id}
    _move(session, entry, (EntryStatus.REVIEW,), EntryStatus.MATCHED, **chosen, **decided)
    if not payments.book(session, instruction, entry.amount):
        raise payments.not_open(instruction, instruction.status)
    return entry


def dismiss(session: Session, principal: Principal, entry: BankEntry, reason: str) -> BankEntry:
    """Nothing is issued for it, and nothing waits any more."""
    _move(session, entry, _DISMISSABLE, EntryStatus.DISMISSED, **_decided(principal, reason))
    return entry


def _decided(principal: Principal, reason: str) -> dict[str, Any]:
    return {"decided_by": principal.client_id, "decision": reason, "decided_at": utc_now()}


def _move(session: Session, entry: BankEntry, allowed: tuple[EntryStatus, ...], to: EntryStatus, **values: Any) -> None:
    was = EntryStatus(entry.status)
    if was not in allowed or not repository.move(session, entry, was, to, **values):
        detail = f"The movement is {entry.status}, not {' or '.join(allowed)}."
        raise Conflict("bank-entry-decided", detail, id=entry.id, state=entry.status)


# Looking


def find(session: Session, entry_id: str) -> BankEntry:
    """The movement; NotFound where there is none."""
    found = repository.entry(session, entry_id)
    if found is None:
        raise NotFound("bank-entry-absent", f"There is no movement {entry_id[:40]}.", id=entry_id[:40])
    return found


def statement_view(message: BankMessage) -> StatementView:
    return StatementView(
        id=message.id,
        kind=message.kind,
        message_id=message.message_id,
        ibans=message.accounts.split(","),
        received_at=message.received_at,
        **{name: message.counts.get(name, 0) for name in _COUNTS},
    )


def statements(session: Session, asked: Asked) -> Page[StatementView]:
    found = repository.messages(session, asked)
    return Page(items=[statement_view(each) for each in found.rows], next=found.next)


def entries(session: Session, asked: Asked) -> Page[EntryView]:
    found = repository.entries(session, asked)
    return Page(items=[view(session, each) for each in found.rows], next=found.next)


def view(session: Session, entry: BankEntry) -> EntryView:
    told = entry.model_dump(exclude={"sequence", "status", "amount", "is_credit", "transaction_id"})
    return EntryView.model_validate(
        {
            **told,
            "state": entry.status,
            "amount": Amount.of(entry.amount, entry.currency),
            "direction": "credit" if entry.is_credit else "debit",
            "transactions": transaction_views(session, [entry.transaction_id] if entry.transaction_id else []),
        }
    )
