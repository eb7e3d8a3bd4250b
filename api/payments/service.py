"""Payment instructions: said, looked at, taken back, and written for the payer's own bank."""

import secrets
from collections.abc import Sequence
from datetime import date
from typing import Final

from sqlmodel import Session

from api.acting import Acting
from api.auth.principal import Principal
from api.cash import service as cash
from api.clock import indexed_now
from api.errors import Conflict, Malformed, NotFound
from api.financings import acts as financing_acts
from api.lists import Asked
from api.participants import service as participants
from api.payments import repository
from api.payments.listing import is_in
from api.payments.models import InstructionStatus, PaymentInstruction, Purpose
from api.payments.schemas import CreditorView, InstructionRequest, InstructionView, RefusalView
from api.payments.settings import BankAccountSettings, BankingSettings
from api.receivables import acts as receivable_acts
from api.transactions.schemas import transaction_views
from api.values import Amount, Page, moment, moment_or_none
from standards.iso20022 import Account, Iso20022Invalid, Transfer, creditor_reference, write_transfers

_DAY: Final = 86_400
# Without vowels and their look-alikes, so that no reference spells a word or is misread on paper.
_ALPHABET: Final = "23456789BCDFGHJKMNPQRSTVWXZ"
_BODY_LENGTH: Final = 16


# Saying what will come


def instruct(acting: Acting, banking: BankingSettings, asked: InstructionRequest) -> PaymentInstruction:
    """Stores what the caller will pay in, with a reference of its own. Refused where the money could not be taken, or
    where what it is for could not be paid so."""
    session, now = acting.session, indexed_now(acting.session)
    currency = cash.require_currency(acting.chain, asked.amount.currency)
    creditor_of(banking, currency)
    participants.acting_account(session, acting.lei)
    _require_target(acting, asked)
    expires_at = int(asked.expires_at.timestamp()) if asked.expires_at is not None else now + banking.valid_days * _DAY
    if expires_at <= now:
        detail = f"The instruction would expire at {moment(expires_at)}, and it is {moment(now)}."
        raise Malformed("expiry-in-past", detail, expires_at=moment(expires_at).isoformat(), now=now)
    instruction = PaymentInstruction(
        lei=acting.lei,
        purpose=asked.purpose,
        target_id=asked.target_id,
        currency=currency,
        amount=asked.amount.units,
        reference=creditor_reference("".join(secrets.choice(_ALPHABET) for _ in range(_BODY_LENGTH))),
        end_to_end_id=f"PI{secrets.token_hex(12).upper()}",
        created_at=now,
        expires_at=expires_at,
    )
    session.add(instruction)
    session.flush()
    return instruction


def creditor_of(banking: BankingSettings, currency: str) -> BankAccountSettings:
    """Where money of the currency is taken in; Conflict where it is not."""
    found = banking.accounts.get(currency)
    if found is None:
        detail = f"This gateway takes no {currency} in by bank: its operator has named no account for it."
        raise Conflict("bank-account-missing", detail, currency=currency, known=sorted(banking.accounts))
    return found


def _require_target(acting: Acting, asked: InstructionRequest) -> None:
    purpose = Purpose(asked.purpose)
    if (asked.target_id is None) is not (purpose is Purpose.DEPOSIT):
        wanted = "names no target" if purpose is Purpose.DEPOSIT else "names the id of what it pays"
        raise Malformed("target-wrong", f"An instruction for a {purpose} {wanted}.", purpose=purpose)
    if purpose is Purpose.RECEIVABLE:
        receivable_acts.payable(acting, asked.target_id or "", asked.amount)
    elif purpose is Purpose.FINANCING:
        financing_acts.repayable(acting, asked.target_id or "", asked.amount)


# Taking it back


def cancel(session: Session, instruction: PaymentInstruction) -> PaymentInstruction:
    """Money that comes in for it all the same waits for the operator. Conflict unless it is open or expired."""
    if not repository.move(
        session,
        instruction,
        InstructionStatus.OPEN,
        InstructionStatus.CANCELLED,
        ended_at=indexed_now(session),
    ):
        raise not_open(instruction, instruction.status)
    return instruction


def not_open(instruction: PaymentInstruction, state: str) -> Conflict:
    detail = f"The instruction is {state}, not open."
    return Conflict("instruction-not-open", detail, id=instruction.id, state=state, needed="open")


# Its money coming in


def named(session: Session, references: Sequence[str], end_to_end_id: str) -> list[PaymentInstruction]:
    """Those that a payment names by creditor reference, otherwise by its end-to-end id."""
    found = repository.by_references(session, references) if references else []
    return found or (repository.by_end_to_end_id(session, end_to_end_id) if end_to_end_id else [])


def book(session: Session, instruction: PaymentInstruction, units: int) -> bool:
    """So many minor units have come in for it; whether it was open."""
    booked = (InstructionStatus.OPEN, InstructionStatus.BOOKED)
    return repository.move(session, instruction, *booked, received=units)


def release(session: Session, instruction_id: str) -> None:
    """What was booked could not be issued: it is open again."""
    instruction = repository.by_id(session, instruction_id)
    if instruction is not None:
        repository.move(session, instruction, InstructionStatus.BOOKED, InstructionStatus.OPEN, received=0)


def funded(session: Session, instruction_id: str, transaction_id: str) -> None:
    """The cash is on the payer's account: a deposit is done with that, all else is paid on."""
    instruction = repository.by_id(session, instruction_id)
    if instruction is None:
        return
    done = instruction.purpose == Purpose.DEPOSIT
    to = InstructionStatus.SETTLED if done else InstructionStatus.FUNDED
    ended = {"ended_at": indexed_now(session)} if done else {}
    repository.move(session, instruction, InstructionStatus.BOOKED, to, transaction_ids=[transaction_id], **ended)


# For the payer's bank


def pain001(
    session: Session,
    banking: BankingSettings,
    instruction: PaymentInstruction,
    debtor_name: str,
    debtor_iban: str,
    execute_on: date | None,
) -> bytes:
    """The transfer as pain.001.001.09, the same bytes whenever the same is asked for. Conflict unless it is open."""
    state = state_of(instruction, indexed_now(session))
    if state != InstructionStatus.OPEN:
        raise not_open(instruction, state)
    creditor = creditor_of(banking, instruction.currency).account
    said_at = moment(instruction.created_at)
    try:
        debtor = Account(debtor_name, debtor_iban.replace(" ", "").upper())
    except Iso20022Invalid as invalid:
        raise Malformed("debtor-account-invalid", f"The payer's account cannot be used: {invalid.why}.") from invalid
    transfer = Transfer(
        end_to_end_id=instruction.end_to_end_id,
        amount=instruction.amount,
        currency=instruction.currency,
        creditor=creditor,
        reference=instruction.reference,
    )
    return write_transfers(
        instruction.end_to_end_id, debtor, execute_on or moment(instruction.created_at).date(), [transfer], said_at
    )


# Looking


def state_of(instruction: PaymentInstruction, now: int) -> str:
    """Its status, or `expired` once an open one's time is up."""
    over = instruction.status == InstructionStatus.OPEN and instruction.expires_at <= now
    return "expired" if over else instruction.status


def find(session: Session, principal: Principal, instruction_id: str) -> PaymentInstruction:
    """The instruction; NotFound where there is none of the caller's."""
    found = repository.by_id(session, instruction_id)
    if found is None or not principal.sees(found.lei):
        detail = f"There is no payment instruction {instruction_id[:40]} of yours."
        raise NotFound("instruction-absent", detail, id=instruction_id[:40])
    return found


def view(session: Session, banking: BankingSettings, instruction: PaymentInstruction) -> InstructionView:
    return _views(session, banking, [instruction])[0]


def page(session: Session, banking: BankingSettings, principal: Principal, asked: Asked) -> Page[InstructionView]:
    """What is asked for of the caller's instructions; of all for who sees all."""
    lei = None if principal.sees_all else principal.organisation()
    found = repository.page(session, asked.where(state=is_in(indexed_now(session))), lei=lei)
    return Page(items=_views(session, banking, found.rows), next=found.next)


def _views(
    session: Session, banking: BankingSettings, instructions: Sequence[PaymentInstruction]
) -> list[InstructionView]:
    now = indexed_now(session)
    return [_view(session, banking, instruction, now) for instruction in instructions]


def _view(session: Session, banking: BankingSettings, instruction: PaymentInstruction, now: int) -> InstructionView:
    creditor = banking.accounts.get(instruction.currency)
    return InstructionView.model_validate(
        {
            "id": instruction.id,
            "lei": instruction.lei,
            "purpose": instruction.purpose,
            "target_id": instruction.target_id,
            "amount": Amount.of(instruction.amount, instruction.currency),
            "reference": instruction.reference,
            "end_to_end_id": instruction.end_to_end_id,
            "state": state_of(instruction, now),
            "creditor": None if creditor is None else CreditorView(**creditor.model_dump()),
            "received": Amount.of(instruction.received, instruction.currency),
            "refusal": None if instruction.refusal is None else RefusalView(**instruction.refusal),
            "created_at": moment(instruction.created_at),
            "expires_at": moment(instruction.expires_at),
            "ended_at": moment_or_none(instruction.ended_at),
            "transactions": transaction_views(session, instruction.transaction_ids),
        }
    )
