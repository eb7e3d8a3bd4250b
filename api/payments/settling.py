"""What is done with cash that came in for something: it is paid on, once, in steps that are stored before they are
taken. Each step is one transaction of the database, which holds the intents to send and the status that follows, so
that whoever dies in between leaves either both or neither."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import structlog
from sqlmodel import Session

from api.acting import Acting
from api.auth.principal import Principal
from api.chain_link import ChainLink
from api.clock import indexed_now
from api.db import Database
from api.errors import GatewayError, Unavailable
from api.financings import acts as financing_acts
from api.financings.schemas import RepaymentRequest
from api.payments import repository
from api.payments.models import InstructionStatus, PaymentInstruction, Purpose
from api.receivables import acts as receivable_acts
from api.receivables.schemas import PaymentRequest
from api.transactions import outcome
from api.transactions.service import Transactions
from api.values import PositiveAmount

log = structlog.get_logger()
CLIENT: Final = "bank-reconciliation"


class Overtaken(Exception):
    """Another process has taken the step: what this one has begun is rolled back."""


def tried(work: Callable[[], Any], refused: Callable[[GatewayError], None]) -> None:
    """One step. What is refused for good is told to `refused`; what may go later is left as it is."""
    try:
        work()
    except Overtaken:
        log.info("banking.overtaken")
    except Unavailable as error:
        log.info("banking.waits", error=error.error)
    except GatewayError as error:
        refused(error)


@dataclass(frozen=True)
class PayingOn:
    """Pays receivables and financings out of what came in for them, by the payers' keys that the gateway has."""

    database: Database
    link: ChainLink
    transactions: Transactions

    def step(self) -> None:
        with self.database.session() as session:
            funded = repository.in_status(session, InstructionStatus.FUNDED)
            paying = repository.in_status(session, InstructionStatus.PAYING)
        for each in funded:
            tried(partial(self._pay, each.id), partial(self._hold, each.id))
        for each in paying:
            self.database.run(partial(_look, each.id))

    def _pay(self, instruction_id: str) -> None:
        chain = self.link.chain()

        def paid(session: Session) -> None:
            its = repository.by_id(session, instruction_id)
            if its is None or its.status != InstructionStatus.FUNDED:
                return
            acting = Acting(session, self.transactions, chain, Principal(CLIENT, its.lei, frozenset()))
            ids = [*its.transaction_ids, *pay(acting, its)]
            move = (InstructionStatus.FUNDED, InstructionStatus.PAYING)
            if not repository.move(session, its, *move, transaction_ids=ids):
                raise Overtaken

        self.database.run(paid)

    def _hold(self, instruction_id: str, error: GatewayError) -> None:
        def held(session: Session) -> None:
            its = repository.by_id(session, instruction_id)
            if its is not None:
                _held(session, its, InstructionStatus.FUNDED, error.error, error.detail)

        self.database.run(held)


def pay(acting: Acting, its: PaymentInstruction) -> list[str]:
    """Sends what pays its target, no more than was instructed; the transactions' ids."""
    units = min(its.amount, its.received)
    amount, target = PositiveAmount(amount=str(units), currency=its.currency), its.target_id or ""
    if its.purpose == Purpose.RECEIVABLE:
        return receivable_acts.pay(acting, target, PaymentRequest(amount=amount))
    return financing_acts.repay(acting, target, RepaymentRequest(amount=amount))


def _look(instruction_id: str, session: Session) -> None:
    its = repository.by_id(session, instruction_id)
    if its is None:
        return
    found = outcome.of_all(session, its.transaction_ids)
    if found.refusal is not None:
        _held(session, its, InstructionStatus.PAYING, *found.refusal)
    elif found.is_done:
        now = indexed_now(session)
        repository.move(session, its, InstructionStatus.PAYING, InstructionStatus.SETTLED, ended_at=now)


def _held(session: Session, its: PaymentInstruction, was: InstructionStatus, error: str, detail: str) -> None:
    refusal = {"error": error, "detail": detail}
    if repository.move(session, its, was, InstructionStatus.HELD, refusal=refusal, ended_at=indexed_now(session)):
        log.warning("banking.held", instruction=its.id, error=error)
