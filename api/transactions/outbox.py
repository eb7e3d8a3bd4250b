"""The statements of the transaction manager. Each function is one step; its caller commits before the next.

A lane is one account's row in `transaction_lanes`. Whoever hands out, takes back or fills nonces holds that row's
lock, so that two gateway processes on one database never give two intents one nonce.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, Table, bindparam, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import SQLModel

from api.compiled_sql import CompiledSql
from api.db import insert_new, utc_now
from api.indexer.models import Cursor
from api.remote_signing import place_of
from api.signers import OUTSIDE
from api.transactions import models
from api.transactions.models import OPEN, Status
from api.transactions.signing import SignedBytes


def _table(model: type[SQLModel]) -> Table:
    return SQLModel.metadata.tables[str(model.__tablename__)]


T = _table(models.Transaction)
LANES = _table(models.Lane)
ATTEMPTS = _table(models.Attempt)
_CURSOR = _table(Cursor)


@dataclass(frozen=True)
class Lane:
    """An account and who signs for it."""

    sender: str
    signer: str

    @property
    def is_outside(self) -> bool:
        """Whether its transactions come signed: the gateway gives out none of its nonces."""
        return self.signer.startswith(OUTSIDE)

    @property
    def place(self) -> str:
        """The remote signer that its key lies at; empty where it lies at none."""
        return place_of(self.signer)


@dataclass(frozen=True)
class Intent:
    sequence: int
    to: str
    data: bytes
    gas: int
    trace_id: str | None = None


@dataclass(frozen=True)
class Outgoing:
    """A signed transaction that is, or should be, at the node."""

    sequence: int
    nonce: int
    hash: str
    raw: bytes
    trace_id: str | None = None


Sign = Callable[[Intent, int], SignedBytes]


_STORED = [column.name for column in T.c if column.name != "sequence"]
_STORE = CompiledSql(insert(T).returning(T.c.sequence), _STORED)
_STORE_ALL = CompiledSql(insert(T).inline(), _STORED)


def store_intent(connection: Connection, intent: models.Transaction) -> int:
    """Adds an intent; its row number, which is its place in the order of sending."""
    return int(_STORE.run(connection, {name: getattr(intent, name) for name in _STORED})[0][0])


def store_intents(connection: Connection, intents: Sequence[models.Transaction]) -> None:
    """Adds intents that follow each other, in the order of sending."""
    _STORE_ALL.run_all(connection, [{name: getattr(intent, name) for name in _STORED} for intent in intents])


def store_signed(connection: Connection, transaction: models.Transaction) -> str | None:
    """Adds a transaction that was signed elsewhere; the id of the one that has its bytes where there is one."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    values = {name: getattr(transaction, name) for name in _STORED}
    stored = dialect.insert(T).values(values).on_conflict_do_nothing(index_elements=[T.c.hash]).returning(T.c.id)
    if connection.execute(stored).first() is not None:
        return None
    return str(connection.execute(select(T.c.id).where(T.c.hash == transaction.hash)).scalar_one())


def lanes_with_work(connection: Connection) -> list[Lane]:
    """Accounts with intents that have no nonce yet, or with transactions from outside that were not sent yet."""
    unsent = T.c.nonce.is_(None) | T.c.signer.startswith(OUTSIDE, autoescape=True)
    waiting = select(T.c.sender, T.c.signer).where(T.c.status == Status.PENDING.value, unsent).distinct()
    return [Lane(row.sender, row.signer) for row in connection.execute(waiting)]


def lanes_under_way(connection: Connection) -> list[Lane]:
    """Accounts with transactions that have a nonce and are not final."""
    under_way = select(T.c.sender, T.c.signer).where(T.c.status.in_(OPEN), T.c.nonce.is_not(None)).distinct()
    return [Lane(row.sender, row.signer) for row in connection.execute(under_way)]


def following_open(connection: Connection, sender: str) -> int:
    """What follows the highest nonce of what is not final; 0 where there is none."""
    held = select(func.max(T.c.nonce)).where(T.c.sender == sender, T.c.status.in_(OPEN))
    highest = connection.execute(held).scalar()
    return 0 if highest is None else int(highest) + 1


def under_way_and_waiting(connection: Connection, sender: str) -> tuple[int, int]:
    """How many of the account's transactions have a nonce and are not final, and how many have none yet."""
    mine = (T.c.sender == sender) & T.c.status.in_(OPEN)
    held, every = connection.execute(select(func.count(T.c.nonce), func.count()).select_from(T).where(mine)).one()
    return int(held), int(every - held)


def waiting_before(connection: Connection, intent: models.Transaction) -> int:
    """How many intents of the account wait for a nonce ahead of this one."""
    ahead = select(func.count()).where(
        T.c.sender == intent.sender,
        T.c.status == Status.PENDING.value,
        T.c.nonce.is_(None),
        T.c.sequence < intent.sequence,
    )
    return int(connection.execute(ahead).scalar_one())


def unsent(connection: Connection, sender: str, limit: int) -> list[Outgoing]:
    """Signed, and not known to be at the node; lowest nonce first."""
    chosen = (
        select(T.c.sequence, T.c.nonce, T.c.hash, T.c.raw, T.c.trace_id)
        .where(T.c.sender == sender, T.c.status == Status.PENDING.value, T.c.raw.is_not(None))
        .order_by(T.c.nonce)
        .limit(limit)
    )
    return [Outgoing(*row) for row in connection.execute(chosen)]


def next_nonce(connection: Connection, sender: str) -> int | None:
    """Without the lock; None where the lane was never used."""
    return connection.execute(select(LANES.c.next_nonce).where(LANES.c.sender == sender)).scalar()


def open_lane(connection: Connection, lane: Lane, nonce: int) -> None:
    """Makes the lane at first use. Another process may do the same: whoever is second changes nothing."""
    made = {"sender": lane.sender, "signer": lane.signer, "next_nonce": nonce}
    insert_new(connection, LANES, made)


def lock_lane(connection: Connection, sender: str) -> int:
    """Takes the lane's lock until the transaction ends; the next free nonce."""
    locked = update(LANES).where(LANES.c.sender == sender).values(sender=LANES.c.sender).returning(LANES.c.next_nonce)
    return int(connection.execute(locked).scalar_one())


def set_next_nonce(connection: Connection, sender: str, nonce: int) -> None:
    connection.execute(update(LANES).where(LANES.c.sender == sender).values(next_nonce=nonce))


def assign(
    connection: Connection, lane: Lane, sign: Sign, *, most_in_flight: int, group: int, fee: int
) -> list[Outgoing]:
    """Gives the oldest intents of a lane their nonces and signatures, in order, without a gap."""
    nonce = lock_lane(connection, lane.sender)
    intents = waiting(connection, lane.sender, most_in_flight=most_in_flight, group=group)
    outgoing = [signed_by(sign, intent, number) for number, intent in enumerate(intents, nonce)]
    store_signatures(connection, lane, nonce, outgoing, fee)
    return outgoing


def waiting(connection: Connection, sender: str, *, most_in_flight: int, group: int) -> list[Intent]:
    """The oldest intents without a nonce, as many as may be under way."""
    mine = T.c.sender == sender
    flying = select(func.count()).where(T.c.status.in_(OPEN), mine, T.c.nonce.is_not(None))
    room = min(group, most_in_flight - int(connection.execute(flying).scalar_one()))
    if room <= 0:
        return []
    chosen = (
        select(T.c.sequence, T.c.to_address, T.c.data, T.c.gas, T.c.trace_id)
        .where(T.c.status == Status.PENDING.value, mine, T.c.nonce.is_(None))
        .order_by(T.c.sequence)
        .limit(room)
    )
    return [Intent(*row) for row in connection.execute(chosen)]


def signed_by(sign: Sign, intent: Intent, nonce: int) -> Outgoing:
    signed = sign(intent, nonce)
    return Outgoing(intent.sequence, nonce, signed.hash, signed.raw, intent.trace_id)


def store_signatures(connection: Connection, lane: Lane, nonce: int, outgoing: Sequence[Outgoing], fee: int) -> None:
    """Stores nonces and signatures from the lane's free `nonce` on, under its lock."""
    if not outgoing:
        return
    statement = (
        update(T)
        .where(T.c.sequence == bindparam("s"))
        .values(nonce=bindparam("n"), hash=bindparam("h"), raw=bindparam("r"), fee_per_gas=fee)
    )
    connection.execute(statement, [{"s": o.sequence, "n": o.nonce, "h": o.hash, "r": o.raw} for o in outgoing])
    set_next_nonce(connection, lane.sender, nonce + len(outgoing))


def give_up_unsigned(connection: Connection, sequence: int, error: dict[str, Any]) -> None:
    """Ends an intent that never had a nonce."""
    still = (T.c.sequence == sequence) & (T.c.status == Status.PENDING.value) & T.c.nonce.is_(None)
    connection.execute(update(T).where(still).values(status=Status.FAILED.value, error=error))


def mark_sent(connection: Connection, outgoing: Sequence[Outgoing]) -> None:
    """Records that the node has them. One that got into a block meanwhile stays as it is."""
    statement = (
        update(T)
        .where(T.c.sequence == bindparam("s"), T.c.hash == bindparam("h"), T.c.status == Status.PENDING.value)
        .values(status=Status.SENT.value, sent_at=utc_now())
    )
    connection.execute(statement, [{"s": o.sequence, "h": o.hash} for o in outgoing])


def mark_refused(connection: Connection, sequence: int, hash_: str, status: Status, error: dict[str, Any]) -> bool:
    """Ends a transaction that will never be in a block. Its nonce is free again, and its hash remembered."""
    held = select(T.c.nonce).where(T.c.sequence == sequence, T.c.hash == hash_, T.c.status.in_(OPEN))
    nonce = connection.execute(held).scalar()
    if nonce is None:
        return False
    remember_attempt(connection, sequence, hash_, nonce)
    ended = {"status": status.value, "error": error, "nonce": None, "raw": None}
    connection.execute(update(T).where(T.c.sequence == sequence).values(ended))
    return True


def remember_attempt(connection: Connection, sequence: int, hash_: str, nonce: int) -> None:
    known = select(ATTEMPTS.c.hash).where(ATTEMPTS.c.hash == hash_)
    if connection.execute(known).first() is None:
        values = {"hash": hash_, "transaction_sequence": sequence, "nonce": nonce, "replaced_at": utc_now()}
        connection.execute(insert(ATTEMPTS).values(values))


def take_back(connection: Connection, outgoing: Outgoing) -> None:
    """Another transaction has used up the nonce: the intent goes back to those that wait for one."""
    remember_attempt(connection, outgoing.sequence, outgoing.hash, outgoing.nonce)
    waiting = {"status": Status.PENDING.value, "nonce": None, "hash": None, "raw": None, "sent_at": None}
    still = (T.c.sequence == outgoing.sequence) & (T.c.hash == outgoing.hash) & T.c.status.in_(OPEN)
    connection.execute(update(T).where(still).values(waiting))


def replace_signature(connection: Connection, old: Outgoing, new: SignedBytes, fee: int) -> bool:
    """The same intent and nonce under a higher fee; both hashes are known from before the broadcast on."""
    still = (T.c.sequence == old.sequence) & (T.c.hash == old.hash) & T.c.status.in_(OPEN)
    remember_attempt(connection, old.sequence, old.hash, old.nonce)
    changed = connection.execute(update(T).where(still).values(hash=new.hash, raw=new.raw, fee_per_gas=fee))
    return changed.rowcount == 1


def is_idle(connection: Connection, sender: str) -> bool:
    """Whether none of the account's transactions has a nonce and is not final."""
    held = select(T.c.sequence).where(T.c.sender == sender, T.c.status.in_(OPEN), T.c.nonce.is_not(None)).limit(1)
    return connection.execute(held).first() is None


def under_way(connection: Connection, sender: str, *, from_nonce: int = 0, limit: int = 200) -> list[Outgoing]:
    """Signed and not final, lowest nonce first."""
    chosen = (
        select(T.c.sequence, T.c.nonce, T.c.hash, T.c.raw, T.c.trace_id)
        .where(T.c.sender == sender, T.c.nonce >= from_nonce, T.c.status.in_(OPEN))
        # By an expression: ordered by the column, SQLite walks through all that the account has ever sent, since that
        # is in order already, instead of sorting what is open.
        .order_by(T.c.nonce + 0)
        .limit(limit)
    )
    return [Outgoing(*row) for row in connection.execute(chosen)]


def indexed_block(connection: Connection) -> int | None:
    """Up to which block receipts are recorded; None before the first."""
    return connection.execute(select(_CURSOR.c.block_number)).scalar()


def holder_of(connection: Connection, sender: str, nonce: int) -> Row[Any] | None:
    """The transaction that holds a nonce, final or not."""
    return connection.execute(select(T).where(T.c.sender == sender, T.c.nonce == nonce)).first()


def insert_filler(connection: Connection, lane: Lane, nonce: int, signed: SignedBytes, gas: int, fee: int) -> None:
    """A transfer of nothing to oneself, so that later nonces can be used."""
    filler = models.Transaction(
        signer=lane.signer,
        sender=lane.sender,
        purpose="fill a nonce that was left out",
        to_address=lane.sender,
        data=b"",
        function="transfer nothing",
        gas=gas,
        nonce=nonce,
        hash=signed.hash,
        raw=signed.raw,
        fee_per_gas=fee,
    )
    connection.execute(insert(T).values(filler.model_dump(exclude={"sequence"})))
