"""Submitting intents and waiting for what became of them."""

from collections.abc import Callable, Sequence

from sqlalchemy import Connection
from sqlmodel import Session

from api.chain_link import ChainLink
from api.checkpoints import Checkpoint, Point
from api.db import AFTER_COMMIT, Database, defer, is_put_off
from api.errors import Conflict, NotFound, of_chain
from api.signers import OUTSIDE, Signers
from api.transactions import outbox, repository
from api.transactions.foresight import Foresight
from api.transactions.gas import offered
from api.transactions.models import FINAL, SUBMITTED, WAITING, Transaction, intended
from api.transactions.settling import Settling
from chain_node.client import Call
from chain_node.errors import ChainError

PREPARING = "preparing"
"""In a session's info: what is submitted will be shown and taken back, see `api.transactions.preparing`."""


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
        at: Checkpoint,
        fee_per_gas: int = 0,
    ) -> None:
        """`gas_limit`: the most that a transaction is offered; `fee_per_gas` in wei, as the sender offers it."""
        self._foresight = Foresight(link, signers, fee_per_gas)
        self._database = database
        self._link = link
        self._signers = signers
        self._settling = settling
        self._gas_limit = gas_limit
        self._wake = wake
        self._at = at

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
        A remote signer signs first: Unavailable where it is away, Forbidden where it refuses, and nothing is stored.
        Submit before writing rows of your own: trial and signer then hold no lock.
        """
        if signer.startswith(OUTSIDE) and not session.info.get(PREPARING):
            detail = f"The gateway has no key of {signer.removeprefix(OUTSIDE)}: ask with ?prepare=true."
            raise Conflict("key-kept-by-organisation", detail, account=signer.removeprefix(OUTSIDE))
        sender = self._signers.address(signer)
        if after is None:
            self.require_possible(call, sender)
        self._at(Point.INTENT_TRYING)
        transaction = intended(
            signer=signer,
            sender=sender,
            owner_lei=owner_lei,
            purpose=purpose,
            subject_id=subject_id,
            to_address=call.to,
            data=bytes(call.data),
            function=call.function,
            gas=offered(call, self._gas_limit),
        )
        if not session.info.get(PREPARING):
            self.require_signature(session, signer, call)
        waiting: list[Transaction] | None = session.info.get(WAITING)
        if waiting is None or not self._defer(session, waiting):
            self._store_one(session.connection(), transaction)
        else:
            waiting.append(transaction)
        self.follow(session, transaction)
        return transaction

    def _store_one(self, connection: Connection, transaction: Transaction) -> None:
        """One by one: the row numbers are the order of sending."""
        transaction.sequence = outbox.store_intent(connection, transaction)
        self._at(Point.INTENT_STORING)

    def store(self, connection: Connection, transactions: Sequence[Transaction]) -> None:
        """Stores intents that were put off; their row numbers, in this order, are the order of sending."""
        outbox.store_intents(connection, transactions)
        for _ in transactions:
            self._at(Point.INTENT_STORING)

    def _defer(self, session: Session, waiting: list[Transaction]) -> bool:
        """Whether the intent may be stored with those of other requests, at the end of this one."""

        def now(connection: Connection) -> None:
            for transaction in waiting:
                self._store_one(connection, transaction)
            waiting.clear()

        connection = session.connection()
        if not is_put_off(connection):
            waiting.clear()  # what a transaction that was rolled back had
        return defer(connection, now)

    def submit_signed(self, session: Session, transaction: Transaction) -> str:
        """Stores a transaction that its organisation has signed; its id, that of before where its bytes are known."""
        known = outbox.store_signed(session.connection(), transaction)
        stored = repository.by_id(session, transaction.id if known is None else known)
        assert stored is not None
        return self.follow(session, stored)

    def follow(self, session: Session, transaction: Transaction) -> str:
        """Counts a transaction among those that the request has caused: who waits, waits for it. Its id."""
        session.info.setdefault(SUBMITTED, {})[transaction.id] = transaction
        session.info[AFTER_COMMIT] = self._committed
        return transaction.id

    def account_of(self, signer: str) -> str:
        """The address of a signer; NotFound where the gateway keeps no such key."""
        return str(self._signers.address(signer))

    def require_signature(self, session: Session, signer: str, call: Call) -> None:
        """As `submit` does; for writes that first store elsewhere than in the database."""
        self._foresight.require_signature(session, signer, call, offered(call, self._gas_limit))

    def _committed(self) -> None:
        self._at(Point.INTENT_STORED)
        self._wake()

    def require_possible(self, call: Call, sender: str) -> None:
        """Tries the call; the contract's reason as a GatewayError where it would refuse."""
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


def require_idle(session: Session, account: str, signer: str) -> None:
    """Locks the account's lane until the request ends, so that `signer` may take it over; Conflict while transactions
    of the account are open."""
    connection = session.connection()
    outbox.open_lane(connection, outbox.Lane(account, signer), 0)
    outbox.lock_lane(connection, account)
    under_way, waiting = outbox.under_way_and_waiting(connection, account)
    if under_way + waiting:
        detail = f"{under_way + waiting} transactions of {account} are under way; wait until they are in blocks."
        raise Conflict("transactions-open", detail, account=account, open=under_way + waiting)
