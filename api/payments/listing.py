"""By what the list of payment instructions may be filtered and sorted."""

from collections.abc import Callable
from typing import Any, get_args

from sqlalchemy import and_, not_
from sqlmodel import col

from api.lists import CURRENCY, LEI, MOMENT, NUMBER, TEXT, UNITS, Listing, bound, column, words
from api.payments.models import InstructionStatus, PaymentInstruction, Purpose
from api.payments.schemas import InstructionState

INSTRUCTIONS = Listing(
    bound("state", words(*get_args(InstructionState))),
    column("lei", LEI, PaymentInstruction.lei),
    column("purpose", words(Purpose), PaymentInstruction.purpose),
    column("target_id", TEXT, PaymentInstruction.target_id),
    column("currency", CURRENCY, PaymentInstruction.currency),
    column("amount", UNITS, PaymentInstruction.amount),
    column("reference", TEXT, PaymentInstruction.reference),
    column("end_to_end_id", TEXT, PaymentInstruction.end_to_end_id),
    column("created_at", MOMENT, PaymentInstruction.created_at),
    column("expires_at", MOMENT, PaymentInstruction.expires_at),
    key=column("sequence", NUMBER, PaymentInstruction.sequence),
    key_is_shown=False,
)


def is_in(now: int) -> Callable[[str], Any]:
    """The condition that an instruction has a state at a Unix second, as its view tells it."""

    def condition(state: str) -> Any:
        status, over = col(PaymentInstruction.status), col(PaymentInstruction.expires_at) <= now
        if state in ("open", "expired"):
            return and_(status == InstructionStatus.OPEN.value, over if state == "expired" else not_(over))
        return status == state

    return condition
