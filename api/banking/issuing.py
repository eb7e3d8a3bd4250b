"""Issues cash for movements that are matched, and sees to what it is for. Each step is one transaction of the database,
with the intent to send and the status that follows in it; the contract refuses a second issue for one movement."""

from functools import partial
from pathlib import Path

import structlog
from sqlmodel import Session

from api.acting import Acting
from api.auth.principal import Principal
from api.banking import repository
from api.banking.matching import reversal_of, taken_back
from api.banking.models import BankEntry, EntryStatus, payment_reference
from api.banking.naming import bank_references
from api.cash import service as cash
from api.cash.schemas import CashIssueRequest
from api.chain_link import ChainLink
from api.db import Database
from api.errors import GatewayError
from api.payments import service as payments
from api.payments.settling import CLIENT, Overtaken, PayingOn, tried
from api.transactions import outcome
from api.transactions.service import Transactions
from api.turns import Turns
from api.values import PositiveAmount
from chain_node.references import NetworkKey

log = structlog.get_logger()
_TURN = "banking"


class Issuing:
    """One pass of the loop `banking`; one process at a time takes it."""

    def __init__(
        self, database: Database, link: ChainLink, transactions: Transactions, turns: Turns, key_file: Path
    ) -> None:
        self._database, self._link = database, link
        self._transactions, self._turns, self._key_file = transactions, turns, key_file
        self._paying = PayingOn(database, link, transactions)

    def step(self) -> bool:
        """Never more to do at once: what was sent needs a block."""
        with self._turns.taken(_TURN) as is_ours:
            if is_ours:
                self._pass()
        return False

    def _pass(self) -> None:
        with self._database.session() as session:
            matched = repository.in_status(session, EntryStatus.MATCHED)
            issuing = repository.in_status(session, EntryStatus.ISSUING)
        for each in matched:
            tried(partial(self._issue, each.id), partial(self._return, each.id))
        for each in issuing:
            self._database.run(partial(_look, each.id))
        self._paying.step()

    def _issue(self, entry_id: str) -> None:
        chain, key = self._link.chain(), NetworkKey.load(self._key_file)

        def issued(session: Session) -> None:
            entry = repository.entry(session, entry_id)
            if entry is None or entry.status != EntryStatus.MATCHED:
                return
            if _is_taken_back(session, entry):
                return
            operator = Principal(CLIENT, None, frozenset({"operator"}))
            acting = Acting(session, self._transactions, chain, operator)
            sent = cash.issue(acting, key, request_of(entry)).transaction_id
            move = (EntryStatus.MATCHED, EntryStatus.ISSUING)
            if not repository.move(session, entry, *move, transaction_id=sent):
                raise Overtaken

        self._database.run(issued)

    def _return(self, entry_id: str, error: GatewayError) -> None:
        def returned(session: Session) -> None:
            entry = repository.entry(session, entry_id)
            if entry is not None:
                _returned(session, entry, EntryStatus.MATCHED, error.error, error.detail)

        self._database.run(returned)


def _is_taken_back(session: Session, entry: BankEntry) -> bool:
    """Whether its reversal was read meanwhile: then the operator decides, unless it has already, knowing that."""
    if entry.decided_by is not None and entry.reason == "reversed":
        return False
    reversal = reversal_of(session, entry.iban, bank_references(entry.reference), entry)
    if reversal is None:
        return False
    _returned(session, entry, EntryStatus.MATCHED, "reversed", taken_back(reversal))
    return True


def request_of(entry: BankEntry) -> CashIssueRequest:
    return CashIssueRequest(
        lei=entry.lei or "",
        amount=PositiveAmount(amount=str(entry.amount), currency=entry.currency),
        payment_reference=payment_reference(entry.iban, entry.reference),
    )


def _look(entry_id: str, session: Session) -> None:
    entry = repository.entry(session, entry_id)
    if entry is None or entry.transaction_id is None:
        return
    found = outcome.of_all(session, [entry.transaction_id])
    if found.refusal is not None:
        _returned(session, entry, EntryStatus.ISSUING, *found.refusal)
        return
    issued = found.is_done and repository.move(session, entry, EntryStatus.ISSUING, EntryStatus.ISSUED)
    if issued and entry.instruction_id is not None:
        payments.funded(session, entry.instruction_id, entry.transaction_id)


def _returned(session: Session, entry: BankEntry, was: EntryStatus, error: str, detail: str) -> None:
    """The operator decides; the instruction is open again, since nothing was issued for it."""
    if repository.move(session, entry, was, EntryStatus.REVIEW, reason=error, detail=detail, expected=None, found=None):
        log.warning("banking.not-issued", entry=entry.id, error=error)
        if entry.instruction_id is not None:
            payments.release(session, entry.instruction_id)
