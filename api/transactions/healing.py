"""Mends lanes: what the node forgot is sent again, nonces that others used are given up, gaps are filled, and what is
stuck is replaced under a higher fee.
"""

import time
from dataclasses import replace
from typing import Any

import structlog
from sqlalchemy import Row

from api.chain_link import ChainLink
from api.checkpoints import Checkpoint, Point
from api.db import Database
from api.errors import recorded
from api.metrics import Metrics
from api.settings import Settings
from api.transactions import outbox
from api.transactions.models import OPEN, Status
from api.transactions.outbox import Intent, Lane, Outgoing
from api.transactions.sender import NO_SIGNATURE, Sender
from api.turns import Turns
from api.turns import lane as lane_of
from chain_node.client import Call, Chain
from chain_node.errors import ContractReverted

log = structlog.get_logger()
_FILLER_GAS = 21_000
_ROUND_SECONDS = 0.5
# A node wants a tenth more for a replacement; an eighth is what wallets offer.
_FEE_STEP_NUMERATOR, _FEE_STEP_DENOMINATOR = 9, 8
NONCE_TAKEN = {
    "name": "NonceTaken",
    "detail": "Another transaction of the account has used its nonce; sign it anew.",
    "context": {},
}


class Healer:
    """Looks at each lane with transactions under way every `resend_after_seconds`, at suspicious ones at once."""

    def __init__(
        self,
        database: Database,
        link: ChainLink,
        sender: Sender,
        settings: Settings,
        metrics: Metrics,
        turns: Turns,
        at: Checkpoint,
    ) -> None:
        self._database = database
        self._link = link
        self._sender = sender
        self._settings = settings
        self._metrics = metrics
        self._turns = turns
        self._at = at
        self._next_round = 0.0
        self._switches = 0
        self._next_look: dict[Lane, float] = {}
        self._missed: dict[Lane, dict[str, int]] = {}
        self._lowest: dict[Lane, tuple[int, float]] = {}
        self._left_out: dict[Lane, tuple[int, float]] = {}

    def step(self) -> None:
        now = time.monotonic()
        if now < self._next_round and not self._sender.suspicious:
            return
        self._next_round = now + min(_ROUND_SECONDS, self._settings.resend_after_seconds)
        if self._switches != self._link.switches:
            # Another node is used: it may lack whatever the one before had in its pool.
            self._switches = self._link.switches
            self._next_look.clear()
        with self._database.engine.connect() as connection:
            lanes = [lane for lane in outbox.lanes_under_way(connection) if self._sender.serves(lane)]
        for lane in lanes:
            if lane in self._sender.suspicious or now >= self._next_look.get(lane, 0.0):
                self._next_look[lane] = now + self._settings.resend_after_seconds
                with self._turns.taken(lane_of(lane.sender)) as mine:
                    if mine:
                        self._try(lane)

    def _try(self, lane: Lane) -> None:
        """One lane; the others are mended also where its key gives no signature."""
        try:
            with self._sender.lanes.taken(lane.sender) as shared:
                if shared is not None:
                    self._heal(lane)
        except NO_SIGNATURE as error:
            self._sender.hold(lane, error)

    def _heal(self, lane: Lane) -> None:
        chain = self._link.chain()
        with self._database.engine.connect() as connection:
            indexed = outbox.indexed_block(connection)
        # Counted at a block whose receipts we have: every nonce below is in a block that we have read, ours or not.
        # Asking for "latest" could get the answer of a node that is ahead of the one that receipts come from.
        used = 0 if indexed is None else chain.transaction_count(lane.sender, indexed)
        with self._database.engine.connect() as connection:
            lost = [o for o in outbox.under_way(connection, lane.sender) if o.nonce < used]
        self._sender.suspicious.discard(lane)
        self._give_up_used_nonces(chain, lane, used, self._proven(chain, lane, lost, indexed or 0))
        self._resend(lane, max(used, chain.transaction_count(lane.sender, "pending")))
        if self._is_stuck(lane, used):
            self._spread(lane, used)
            self._replace_stuck(lane, used)

    def _proven(self, chain: Chain, lane: Lane, lost: list[Outgoing], indexed: int) -> list[Outgoing]:
        """Those that were missed before, and whose blocks since have been read.

        A node may answer for a block with the state of one that it is just adding (anvil does): then the receipt is
        still to come. Whatever was counted is in a block up to the head that is asked for after the count.
        """
        if not lost:
            self._missed.pop(lane, None)
            return []
        head, before = chain.block_number(), self._missed.get(lane, {})
        self._missed[lane] = {outgoing.hash: before.get(outgoing.hash, head) for outgoing in lost}
        return [
            outgoing
            for outgoing in lost
            if before.get(outgoing.hash, indexed + 1) <= indexed
            and chain.receipt(bytes.fromhex(outgoing.hash[2:])) is None
        ]

    def _give_up_used_nonces(self, chain: Chain, lane: Lane, mined: int, lost: list[Outgoing]) -> None:
        """No receipt for these is ours, so the key was used elsewhere. They are tried anew, then sent anew."""
        for outgoing in lost:
            which = {"nonce": outgoing.nonce, "hash": outgoing.hash, "trace_id": outgoing.trace_id}
            log.warning("nonce.taken", sender=lane.sender, **which)
            self._metrics.healed.labels("taken").inc()
            self._at(Point.LOST_FOUND)
            if lane.is_outside:
                self._end(lane, outgoing)
                continue
            refusal = self._refusal_now(chain, lane, outgoing)
            with self._database.engine.begin() as connection:
                following = outbox.lock_lane(connection, lane.sender)
                outbox.set_next_nonce(connection, lane.sender, max(following, mined))
                if refusal is None:
                    outbox.take_back(connection, outgoing)
                else:
                    outbox.mark_refused(
                        connection, outgoing.sequence, outgoing.hash, Status.REVERTED, recorded(refusal)
                    )
                self._at(Point.LOST_TAKING_BACK)
            self._at(Point.LOST_TAKEN_BACK)

    def _end(self, lane: Lane, outgoing: Outgoing) -> None:
        """Nobody here can sign it anew."""
        with self._database.engine.begin() as connection:
            outbox.lock_lane(connection, lane.sender)
            outbox.mark_refused(connection, outgoing.sequence, outgoing.hash, Status.REPLACED, NONCE_TAKEN)

    def _refusal_now(self, chain: Chain, lane: Lane, outgoing: Outgoing) -> ContractReverted | None:
        with self._database.engine.connect() as connection:
            row = outbox.holder_of(connection, lane.sender, outgoing.nonce)
        if row is None:
            return None
        try:
            chain.simulate(Call(row.to_address, row.data, row.function), lane.sender)
        except ContractReverted as refusal:
            return refusal
        return None

    def _resend(self, lane: Lane, node_expects: int) -> None:
        """What the node lacks, from the first nonce it lacks; a nonce that no intent holds is filled."""
        with self._database.engine.connect() as connection:
            following = outbox.next_nonce(connection, lane.sender) or 0
            holder = outbox.holder_of(connection, lane.sender, node_expects)
            lacking = outbox.under_way(connection, lane.sender, from_nonce=node_expects)
        if not lane.is_outside and node_expects >= following:
            return
        if holder is None and not lane.is_outside and self._is_left_out(lane, node_expects):
            self._fill_from(lane, node_expects, following)
        if lacking:
            log.info("transaction.resend", sender=lane.sender, from_nonce=lacking[0].nonce, count=len(lacking))
            self._metrics.resends.inc(len(lacking))
            self._sender.broadcast(lane, lacking)

    def _is_left_out(self, lane: Lane, nonce: int) -> bool:
        """Whether nobody will send a nonce that none of our intents holds. Another gateway that shares the lane may
        have given it, and sends what it gave again and again: only where it has not for long, it is taken for gone."""
        if not self._sender.lanes.are_shared:
            return True
        known, since = self._left_out.get(lane, (-1, 0.0))
        if known != nonce:
            self._left_out[lane] = (nonce, time.monotonic())
            return False
        return time.monotonic() - since >= self._settings.replace_after_seconds

    def _fill_from(self, lane: Lane, nonce: int, following: int) -> None:
        """All that are left out in a row: what another gateway gave it finds taken as a whole, and sends anew in its
        order."""
        while nonce < following and self._fill(lane, nonce):
            nonce += 1

    def _fill(self, lane: Lane, nonce: int) -> bool:
        """Whether the nonce was left out."""
        fee = self._settings.max_fee_per_gas
        signed = self._sender.signing(lane)(Intent(0, lane.sender, b"", _FILLER_GAS), nonce)
        with self._database.engine.begin() as connection:
            following = outbox.lock_lane(connection, lane.sender)
            if nonce >= following or outbox.holder_of(connection, lane.sender, nonce) is not None:
                return False
            outbox.insert_filler(connection, lane, nonce, signed, _FILLER_GAS, fee)
            self._at(Point.GAP_FILLING)
        self._at(Point.GAP_FILLED)
        log.warning("nonce.filled", sender=lane.sender, nonce=nonce)
        self._metrics.healed.labels("gap").inc()
        with self._database.engine.connect() as connection:
            fillers = outbox.under_way(connection, lane.sender, from_nonce=nonce, limit=1)
        self._sender.broadcast(lane, fillers)
        return True

    def _is_stuck(self, lane: Lane, mined: int) -> bool:
        """Whether the lane's first transaction waits too long."""
        known_nonce, since = self._lowest.get(lane, (-1, 0.0))
        if known_nonce != mined:
            self._lowest[lane] = (mined, time.monotonic())
            return False
        return time.monotonic() - since >= self._settings.replace_after_seconds

    def _spread(self, lane: Lane, mined: int) -> None:
        """Of several nodes the one that is used may keep what it passes on to nobody: the others get it too. It is the
        very same bytes, which the chain takes once."""
        if self._link.watch is None:
            return
        with self._database.engine.connect() as connection:
            waiting = outbox.under_way(connection, lane.sender, from_nonce=mined)
        if waiting:
            log.warning("transaction.spread", sender=lane.sender, from_nonce=waiting[0].nonce, count=len(waiting))
            self._metrics.resends.inc(len(waiting))
            self._sender.broadcast(lane, waiting)
        if self._settings.max_fee_per_gas == 0 or lane.is_outside:
            self._lowest[lane] = (mined, time.monotonic())

    def _replace_stuck(self, lane: Lane, mined: int) -> None:
        """Where gas has a price, the lane's first transaction is offered for more."""
        if self._settings.max_fee_per_gas == 0 or lane.is_outside:
            return
        with self._database.engine.connect() as connection:
            row = outbox.holder_of(connection, lane.sender, mined)
        if row is None or row.status not in OPEN:
            return
        fee = min(
            row.fee_per_gas * _FEE_STEP_NUMERATOR // _FEE_STEP_DENOMINATOR + 1, self._settings.highest_fee_per_gas
        )
        if fee > row.fee_per_gas:
            self._replace(lane, Outgoing(row.sequence, row.nonce, row.hash, row.raw, row.trace_id), row, fee)

    def _replace(self, lane: Lane, old: Outgoing, row: Row[Any], fee: int) -> None:
        intent = Intent(old.sequence, row.to_address, row.data, row.gas)
        signed = self._sender.signing(lane, fee)(intent, old.nonce)
        with self._database.engine.begin() as connection:
            outbox.lock_lane(connection, lane.sender)
            replaced = outbox.replace_signature(connection, old, signed, fee)
            self._at(Point.STUCK_REPLACING)
        self._at(Point.STUCK_REPLACED)
        if replaced:
            which = {"nonce": old.nonce, "hash": old.hash, "trace_id": old.trace_id}
            log.warning("transaction.replaced", **which, by=signed.hash, fee_per_gas=fee)
            self._metrics.healed.labels("replaced").inc()
            self._lowest[lane] = (old.nonce, time.monotonic())
            self._sender.broadcast(lane, [replace(old, hash=signed.hash, raw=signed.raw)])
