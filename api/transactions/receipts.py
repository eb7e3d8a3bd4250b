"""What became of our transactions in a block: fetched for the whole block at once, recorded together with its
events."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, delete, select, update

from api.errors import recorded
from api.signers import OUTSIDE
from api.transactions.models import OPEN, Status
from api.transactions.outbox import ATTEMPTS, LANES, T, remember_attempt
from chain_node.client import Block, Chain, Mined, WholeBlock

_CHUNK = 500
CHAIN_CHANGED = {"name": "ChainChanged", "detail": "The chain is another one; sign it anew.", "context": {}}
UNEXPLAINED = {"name": "RevertUnknown", "detail": "The contract refused it and gave no reason.", "context": {}}


@dataclass(frozen=True)
class Outcome:
    """A transaction of ours in a block, under whichever of its signatures."""

    sequence: int
    hash: str
    status: Status
    block_number: int
    block_hash: str
    gas_used: int
    error: dict[str, Any] | None
    replaced: bool
    trace_id: str | None


def anything_open(connection: Connection) -> bool:
    """Whether any transaction could be in a block that we have not read."""
    return connection.execute(select(T.c.sequence).where(T.c.status.in_(OPEN)).limit(1)).first() is not None


@dataclass(frozen=True)
class Known:
    """A transaction of ours; `replaced` where it is known by a signature that was replaced."""

    sequence: int
    trace_id: str | None
    replaced: bool


def ours(connection: Connection, digests: Sequence[bytes]) -> dict[str, Known]:
    """Which of these hashes are ours."""
    found: dict[str, Known] = {}
    for start in range(0, len(digests), _CHUNK):
        chunk = ["0x" + digest.hex() for digest in digests[start : start + _CHUNK]]
        of_attempt = T.c.sequence == ATTEMPTS.c.transaction_sequence
        attempts = select(ATTEMPTS.c.hash, T.c.sequence, T.c.trace_id).join_from(ATTEMPTS, T, of_attempt)
        current = select(T.c.hash, T.c.sequence, T.c.trace_id).where(T.c.hash.in_(chunk))
        before = connection.execute(attempts.where(ATTEMPTS.c.hash.in_(chunk)))
        found.update({row[0]: Known(int(row[1]), row[2], True) for row in before})
        found.update({row[0]: Known(int(row[1]), row[2], False) for row in connection.execute(current)})
    return found


def outcomes(connection: Connection, chain: Chain, whole: WholeBlock) -> list[Outcome]:
    """What the block did to transactions of ours; asks the node why some failed, and writes nothing."""
    known = ours(connection, [mined.hash for mined in whole.mined])
    if not known:
        return []
    found = [(mined, "0x" + mined.hash.hex()) for mined in whole.mined]
    return [_outcome(chain, whole.block, mined, hash_, known[hash_]) for mined, hash_ in found if hash_ in known]


def _outcome(chain: Chain, block: Block, mined: Mined, hash_: str, known: Known) -> Outcome:
    error = None
    if not mined.succeeded:
        reason = chain.transaction_revert(mined.hash)
        error = UNEXPLAINED if reason is None else recorded(reason)
    status = Status.MINED if mined.succeeded else Status.REVERTED
    return Outcome(
        sequence=known.sequence,
        hash=hash_,
        status=status,
        block_number=block.number,
        block_hash="0x" + block.hash.hex(),
        gas_used=mined.gas_used,
        error=error,
        replaced=known.replaced,
        trace_id=known.trace_id,
    )


def record(connection: Connection, found: list[Outcome]) -> None:
    """Stores the receipts, in the transaction that moves the indexer's cursor over their block."""
    if not found:
        return
    statement = (
        update(T)
        .where(T.c.sequence == bindparam("s"))
        .values(
            hash=bindparam("h"),
            status=bindparam("st"),
            block_number=bindparam("bn"),
            block_hash=bindparam("bh"),
            gas_used=bindparam("g"),
            error=bindparam("e", type_=T.c.error.type),
        )
    )
    rows = [
        {"s": o.sequence, "h": o.hash, "st": o.status.value, "bn": o.block_number, "bh": o.block_hash, "g": o.gas_used}
        | {"e": o.error}
        for o in found
    ]
    _remember_losers(connection, found)
    connection.execute(statement, rows)


def _remember_losers(connection: Connection, found: list[Outcome]) -> None:
    """Where a replaced signature won, the one that it beat stays known: a reorganisation may turn it round."""
    won = {o.sequence: o.hash for o in found if o.replaced}
    if won:
        beaten = select(T.c.sequence, T.c.hash, T.c.nonce).where(T.c.sequence.in_(won), T.c.hash.is_not(None))
        for sequence, hash_, nonce in connection.execute(beaten).all():
            if hash_ != won[sequence] and nonce is not None:
                remember_attempt(connection, sequence, hash_, nonce)


def forget_above(connection: Connection, block_number: int) -> None:
    """These blocks are no more: what was in them is on its way again, under the same nonce and signature."""
    again = {"status": Status.SENT.value, "block_number": None, "block_hash": None, "gas_used": None, "error": None}
    connection.execute(update(T).where(T.c.block_number > block_number).values(again))


def start_anew(connection: Connection) -> None:
    """The chain is another one: nonces are counted anew, and what was not in a block yet is signed anew, by whoever
    has the key."""
    outside = T.c.signer.startswith(OUTSIDE, autoescape=True)
    ended = {"status": Status.FAILED.value, "error": CHAIN_CHANGED, "nonce": None, "raw": None}
    connection.execute(update(T).where(T.c.status.in_(OPEN), outside).values(ended))
    waiting = {"status": Status.PENDING.value, "nonce": None, "hash": None, "raw": None, "sent_at": None}
    connection.execute(update(T).where(T.c.status.in_(OPEN)).values(waiting))
    connection.execute(delete(LANES))
