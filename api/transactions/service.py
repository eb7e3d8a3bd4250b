"""Submitting intents and waiting for what became of them."""

from collections.abc import Callable

from sqlmodel import Session

from api.chain_link import ChainLink
from api.db import AFTER_COMMIT, Database
from api.errors import NotFound, of_chain
from api.signers import Signers
from api.transactions import outbox, repository
from api.transactions.models import FINAL, Transaction
from api.transactions.settling import Settling
from chain_node.client import Call
from chain_node.errors import ChainError

SUBMITTED = "transactions"


class Transactions:
    """What resources use. Nothing here talks to the node except the simulation: the sender does, after the commit."""

    def __init__(
        self,
        database: Database,
        link: ChainLink,
        signers: Signers,
        settling: Settling,
        *,
        gas_limit: int,
        wake: Callable[[], None],
    ) -> None:
        self._database = database
        self._link = link
        self._signers = signers
        self._settling = settling
        self._gas_limit = gas_limit
        self._wake = wake

    def submit(
        self,
        session: Session,
        *,
        signer: str,
        call: Call,
        owner_lei: str | None,
        purpose: str,
        subject_id: str | None = None,
        after: Transaction | None = None,
    ) -> Transaction:
        """Stores the intent to send `call`; it is sent once, and only if the session commits.

        The call is tried first: what would revert raises the contract's reason as a GatewayError and stores nothing.
        With `after`, a transaction of the same signer that has to come first, there is nothing to try it against yet.
        Submit before writing rows of your own: the trial then holds no lock.
        """
        account = self._signers.get(signer)
        if after is None:
            self._try(call, account.address)
        transaction = Transaction(
            signer=signer,
            sender=account.address,
            owner_lei=owner_lei,
            purpose=purpose,
            subject_id=subject_id,
            to_address=call.to,
            data=bytes(call.data),
            function=call.function,
            gas=self._gas_limit,
        )
        # Stored one by one: the row numbers are the order of sending.
        transaction.sequence = outbox.store_intent(session.connection(), transaction)
        session.info.setdefault(SUBMITTED, []).append(transaction.id)
        session.info[AFTER_COMMIT] = self._committed
        return transaction

    def _committed(self) -> None:
        self._wake()

    def _try(self, call: Call, sender: str) -> None:
        try:
            self._link.chain().simulate(call, sender)
        except ChainError as error:
            raise of_chain(error) from error

    def wait(self, transaction_id: str, timeout_seconds: float) -> Transaction:
        """The transaction once it is final and its block's events are in the database; as it is when time is up."""
        self._settling.wait([transaction_id], timeout_seconds)
        with self._database.session() as session:
            transaction = repository.by_id(session, transaction_id)
        if transaction is None:
            raise NotFound("transaction-unknown", f"There is no transaction {transaction_id}.", id=transaction_id)
        return transaction


def is_final(transaction: Transaction) -> bool:
    return transaction.status in FINAL
