"""The node's nonce lane. A transaction's bytes are on disk before anybody sees them, so repeating it repeats the same.

One signer, one lane: the next nonce follows the highest that is still unsettled, or is the network's count where none
is. A nonce is taken as late as possible; what has one may have been sent. Where the network's count shows that a nonce
went to something else, or that one below is missing, the lane is laid anew: a vote that then arrives twice counts once.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import structlog
from sqlmodel import Session, col, select

from chain_node.client import Call
from chain_node.errors import (
    AlreadyKnown,
    ChainError,
    ContractReverted,
    GasTooLittle,
    GasTooMuch,
    NonceTooLow,
    UnderpricedReplacement,
)
from oracles.cargo import Manifest
from oracles.chain import NodeChain
from oracles.checkpoints import Checkpoint, Point
from oracles.signing import Signer
from oracles.store.database import Database
from oracles.store.models import SubmissionRow, SubmissionStatus
from oracles.tracing import traces_of
from oracles.voting import batch_of

log = structlog.get_logger("oracles")

BPS = 10_000
MOST_TOGETHER = 16
"""Transactions that are brought to the disk in one go."""
UNSETTLED = (SubmissionStatus.PREPARED, SubmissionStatus.SENT)


@dataclass
class Outbox:
    """Prepares and sends, in the order of signing. `gas_reserve` is per item, see settings."""

    database: Database
    chain: NodeChain
    signer: Signer
    manifest: Manifest
    gas_margin_bps: int
    gas_reserve: int
    resend_seconds: float
    checkpoint: Checkpoint
    clock: Callable[[], float] = time.monotonic
    _handed_over: dict[int, float] = field(default_factory=dict)
    """When this process last sent each submission; empty after a start, so that all is sent again then."""
    _switches: int = 0

    def run(self) -> int:
        """Number of transactions handed to the network. RetryableError leaves the rest for the next cycle."""
        self._repair()
        if self._switches != self.chain.switches:
            # Another node is asked now, which may lack what the one before had: all is sent again, as after a start.
            self._switches = self.chain.switches
            self._handed_over.clear()
        rows = self._open()
        due = [id for id, status in rows if self._is_to_be_sent(id, status)]
        left = [id for id, status in rows if status == SubmissionStatus.SIGNED]
        handed_over, refused = self._send_all(due), list[ChainError]()
        while left:
            prepared, errors = self._prepare_all(left[:MOST_TOGETHER])
            handed_over, refused = handed_over + self._send_all(prepared, fresh=True), refused + errors
            left = left[MOST_TOGETHER:]
        # One that the network says nothing of has kept none of the others.
        for error in refused:
            raise error
        return handed_over

    def _is_to_be_sent(self, submission_id: int, status: str) -> bool:
        prepared, sent = status == SubmissionStatus.PREPARED, status == SubmissionStatus.SENT
        return prepared or (sent and self._is_due(submission_id))

    @property
    def waits(self) -> bool:
        """Whether something was sent and not yet answered."""
        with self.database.session() as session:
            statement = select(SubmissionRow.id).where(col(SubmissionRow.status).in_(UNSETTLED))
            return session.exec(statement).first() is not None

    def _open(self) -> list[tuple[int, str]]:
        """Numbers and statuses. What has a nonce goes first: the lane is closed from below."""
        with self.database.session() as session:
            wanted = col(SubmissionRow.status).in_([SubmissionStatus.SIGNED, *UNSETTLED])
            found = select(SubmissionRow.id, SubmissionRow.status, SubmissionRow.nonce).where(wanted)
            rows = session.exec(found.order_by(col(SubmissionRow.id))).all()
        in_lane = sorted(rows, key=lambda row: (row[2] is None, row[2] or 0))
        return [(id, status) for id, status, _ in in_lane if id is not None]

    def _is_due(self, submission_id: int) -> bool:
        sent_at = self._handed_over.get(submission_id)
        return sent_at is None or self.clock() - sent_at >= self.resend_seconds

    def _prepare_all(self, submission_ids: Sequence[int]) -> tuple[list[int], list[ChainError]]:
        """Gives submissions their nonces and their bytes, on disk together; those that the network would not undo.
        Beside them why it did not say of others, which stay as they are."""
        with self.database.session() as session:
            rows = [session.get_one(SubmissionRow, id) for id in submission_ids]
            calls = [self.manifest.cargo(session, row).call(session, row) for row in rows]
            answers = self.chain.gas_of(self.signer.address, [call for call, _ in calls])
            prepared, errors = list[SubmissionRow](), list[ChainError]()
            nonce = self._next_nonce(session)
            for row, (call, items), needed in zip(rows, calls, answers, strict=True):
                if isinstance(needed, ContractReverted):
                    self.manifest.fail(session, row, f"{needed.name}: {needed}")
                elif isinstance(needed, ChainError):
                    errors.append(needed)
                else:
                    self._prepare(row, call, nonce + len(prepared), needed, items)
                    prepared.append(row)
            session.flush()
            for _ in prepared:
                self.checkpoint(Point.TRANSACTION_PREPARING)
        for _ in prepared:
            self.checkpoint(Point.TRANSACTION_PREPARED)
        return [row.id for row in prepared if row.id is not None], errors

    def _prepare(self, row: SubmissionRow, call: Call, nonce: int, needed: int, items: int) -> None:
        margin = needed * self.gas_margin_bps // BPS
        row.gas = (needed + margin + self.gas_reserve * items) * row.gas_factor
        row.nonce = nonce
        signed = self.signer.transaction(call, row.nonce, row.gas, row.chain_id)
        row.raw, row.hash, row.status = signed.raw, signed.hash.hex(), SubmissionStatus.PREPARED

    def _next_nonce(self, session: Session) -> int:
        statement = select(SubmissionRow.nonce).where(col(SubmissionRow.status).in_(UNSETTLED))
        taken = [nonce for nonce in session.exec(statement) if nonce is not None]
        return max(taken) + 1 if taken else self.chain.nonce(self.signer.address)

    def _send_all(self, submission_ids: Sequence[int], *, fresh: bool = False) -> int:
        """Whatever the network took is remembered as sent, even where it goes away in between. `fresh`: nobody can have
        seen any of them."""
        sent: list[int] = []
        try:
            for place, submission_id in enumerate(submission_ids):
                if self._send(submission_id):
                    sent.append(submission_id)
                elif fresh:
                    self._close_up(submission_ids[place + 1 :])
                    break
        finally:
            if sent:
                self._sent(sent)
        return len(sent)

    def _close_up(self, submission_ids: Sequence[int]) -> None:
        """One before them gave its nonce back: they take others in the next cycle, so that the lane has no gap."""
        with self.database.session() as session:
            for submission_id in submission_ids:
                unprepare(session.get_one(SubmissionRow, submission_id))

    def _send(self, submission_id: int) -> bool:
        with self.database.session() as session:
            found = select(SubmissionRow.raw, SubmissionRow.nonce).where(SubmissionRow.id == submission_id)
            raw, nonce = session.exec(found).one()
        assert raw is not None
        try:
            self.chain.send(raw)
        except AlreadyKnown:
            log.info("transaction waits already", submission=submission_id, nonce=nonce)
        except (NonceTooLow, UnderpricedReplacement) as error:
            # Mined already, or the nonce went to something else: the repair tells, when it is due.
            log.warning("nonce taken", submission=submission_id, nonce=nonce, reason=str(error))
        except (GasTooMuch, GasTooLittle) as error:
            # Never in the pool: these bytes can go nowhere, so the nonce is free again.
            with self.database.session() as session:
                self.manifest.fail(session, session.get_one(SubmissionRow, submission_id), str(error))
            return False
        self.checkpoint(Point.TRANSACTION_BROADCAST)
        self._handed_over[submission_id] = self.clock()
        return True

    def _sent(self, submission_ids: Sequence[int]) -> None:
        with self.database.session() as session:
            rows = [session.get_one(SubmissionRow, id) for id in submission_ids]
            for row in rows:
                row.attempts += 1
                first = row.status == SubmissionStatus.PREPARED
                row.status = SubmissionStatus.SENT
                if first:
                    self.manifest.cargo(session, row).handed_over(session, row)
            traces = [traces_of(item.evidence for item in batch_of(session, row)) for row in rows]
        for row, trace_ids in zip(rows, traces, strict=True):
            line = {"submission": row.id, "hash": row.hash, "nonce": row.nonce, "gas": row.gas}
            log.info("transaction sent", **line, attempt=row.attempts, trace_ids=trace_ids)
            self.checkpoint(Point.TRANSACTION_SENT)

    def _repair(self) -> None:
        """Lays the lane anew where the lowest open nonce, long sent and in no block, is not the network's next one."""
        if not any(self._is_due(id) for id in self._handed_over):
            return
        with self.database.session() as session:
            statement = select(SubmissionRow).where(col(SubmissionRow.status).in_(UNSETTLED))
            rows = list(session.exec(statement.order_by(col(SubmissionRow.nonce))))
            self._forget_all_but({row.id for row in rows})
            overdue = [row for row in rows if row.id in self._handed_over and self._is_due(row.id)]
            if not overdue:
                return
            expected = self.chain.nonce(self.signer.address)
            hashes = [bytes.fromhex(row.hash) for row in rows]
            if rows[0].nonce == expected or any(self.chain.outcomes(hashes)):
                return
            log.error("nonce lane laid anew", network=expected, lowest_open=rows[0].nonce, submissions=len(rows))
            for row in rows:
                unprepare(row)
                self._handed_over.pop(row.id or 0, None)

    def _forget_all_but(self, submission_ids: set[int | None]) -> None:
        """What is settled is sent no more."""
        for id in self._handed_over.keys() - submission_ids:
            del self._handed_over[id]


def unprepare(row: SubmissionRow) -> None:
    """Back to what is signed and has no nonce."""
    row.status, row.nonce, row.raw, row.hash = SubmissionStatus.SIGNED, None, None, ""
