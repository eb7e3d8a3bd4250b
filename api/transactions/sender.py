"""Sends intents: nonce and signature stored and committed, then the broadcast, then that the node has it.

A process may be killed between any two of these steps. Before the nonce is stored nothing was sent. After it, the very
same bytes are sent again until they are in a block, and the chain takes them once.
"""

import time

import structlog

from api.chain_link import ChainLink
from api.checkpoints import Checkpoint, Point
from api.db import Database
from api.errors import GatewayError, kebab
from api.metrics import Metrics
from api.notices import LANE, Notices
from api.settings import Settings
from api.signers import Signers
from api.transactions import outbox
from api.transactions.broadcast import Broadcaster
from api.transactions.models import Status
from api.transactions.outbox import Intent, Lane, Outgoing
from api.transactions.shared_lanes import Shared, SharedLanes
from api.transactions.signing import SignedBytes, sign
from api.turns import Turns
from api.turns import lane as lane_of
from chain_node.errors import GasTooLittle, GasTooMuch, NonceTooLow, TransactionRefused
from chain_node.remote_signer.errors import SignerAway, SignerDeclined, SignerRefused

log = structlog.get_logger()
GROUP = 200
# Of a remote signer, which is asked for each: what is signed is stored before it could be lost to a long wait.
REMOTE_GROUP = 20
# Between two attempts on a lane whose signer gives no signature; doubled each time, up to the longest.
_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.5, 15.0
NO_SIGNATURE = (SignerAway, SignerRefused, GatewayError)
# How often the process that has a lane's turn is told that there is more; in between it looks by itself.
_TELL_AGAIN_SECONDS = 0.2
# These refusals speak of the transaction itself: sending it again cannot help.
HOPELESS = (GasTooLittle, GasTooMuch)


class Sender:
    """One pass hands out nonces for its lanes and broadcasts what it signed. Each remote signer has a sender of its
    own, so that nobody waits for the signer of somebody else."""

    def __init__(
        self,
        database: Database,
        link: ChainLink,
        signers: Signers,
        settings: Settings,
        metrics: Metrics,
        turns: Turns,
        notices: Notices,
        at: Checkpoint,
        place: str = "",
    ) -> None:
        """`place`: the remote signer whose lanes it serves; empty: all whose place is not in the settings."""
        self._place = place
        self._held: dict[Lane, tuple[float, float]] = {}
        self._database = database
        self._link = link
        self._signers = signers
        self._settings = settings
        self._metrics = metrics
        self._turns = turns
        self._notices = notices
        self._at = at
        self._broadcaster = Broadcaster(link.node())
        self.lanes = SharedLanes(settings.lanes_dir, link)
        self._told: dict[Lane, float] = {}
        self.suspicious: set[Lane] = set()

    def step(self) -> bool:
        """Whether a lane may have more to send."""
        with self._database.engine.connect() as connection:
            lanes = outbox.lanes_with_work(connection)
        now = time.monotonic()
        more = [self._try(lane) for lane in lanes if self.serves(lane) and now >= self._held.get(lane, (0.0, 0.0))[0]]
        return any(more)

    def serves(self, lane: Lane) -> bool:
        return self._place == (lane.place if lane.place in self._signers.remote.places else "")

    def _try(self, lane: Lane) -> bool:
        """One lane's turn. Where its key gives no signature, it is left for a while, and the others are served."""
        try:
            more = self._take_turn(lane)
        except NO_SIGNATURE as error:
            self.hold(lane, error)
            return False
        if self._held.pop(lane, None) is not None:
            log.info("signer.back", signer=lane.signer)
        return more

    def hold(self, lane: Lane, error: Exception) -> None:
        """Says why a lane waits. What it has without a nonce gets none meanwhile, so that no nonce is left out."""
        pause = min(self._held.get(lane, (0.0, _FIRST_PAUSE_SECONDS / 2))[1] * 2, _LONGEST_PAUSE_SECONDS)
        self._held[lane] = (time.monotonic() + pause, pause)
        log.error("signer.gives-none", signer=lane.signer, said=str(error), pause_seconds=pause)

    def _take_turn(self, lane: Lane) -> bool:
        with self._turns.taken(lane_of(lane.sender)) as mine:
            if mine:
                with self.lanes.taken(lane.sender) as shared:
                    return shared is not None and self._serve(lane, shared)
        # Whoever has the turn may have looked before these intents were stored: it looks again when it is told.
        if time.monotonic() - self._told.get(lane, 0.0) < _TELL_AGAIN_SECONDS:
            return False
        self._told[lane] = time.monotonic()
        with self._database.engine.begin() as connection:
            self._notices.post(connection, LANE)
        return False

    def _serve(self, lane: Lane, shared: Shared) -> bool:
        """Under the lane's turn."""
        self._at(Point.LANE_TAKEN)
        if lane.is_outside:
            return self._pass_on(lane)
        self._check_lane(lane, shared)
        if lane.place:
            return self._serve_remote(lane, shared)
        with self._database.engine.begin() as connection:
            outgoing = outbox.assign(
                connection,
                lane,
                self.signing(lane),
                most_in_flight=self._settings.in_flight_per_signer,
                group=GROUP,
                fee=self._settings.max_fee_per_gas,
            )
            _tell_others(shared, outgoing)
            self._at(Point.NONCES_GIVING)
        self._at(Point.NONCES_GIVEN)
        self.broadcast(lane, outgoing)
        return len(outgoing) == GROUP

    def _serve_remote(self, lane: Lane, shared: Shared) -> bool:
        """As far as the signer goes. It is asked outside of the database transaction, which others would wait for; what
        it signed counts only if the lane has not moved meanwhile, and is otherwise thrown away unseen."""
        sign = self.signing(lane)
        with self._database.engine.connect() as connection:
            nonce = outbox.next_nonce(connection, lane.sender) or 0
            most = self._settings.in_flight_per_signer
            intents = outbox.waiting(connection, lane.sender, most_in_flight=most, group=REMOTE_GROUP)
        outgoing, stopped = _signed_until(sign, intents, nonce)
        with self._database.engine.begin() as connection:
            if outbox.lock_lane(connection, lane.sender) != nonce:
                return True
            outbox.store_signatures(connection, lane, nonce, outgoing, self._settings.max_fee_per_gas)
            _tell_others(shared, outgoing)
            if isinstance(stopped, SignerDeclined):
                error = {"name": "SignerRefused", "detail": f"The signer refused: {stopped.said}.", "context": {}}
                outbox.give_up_unsigned(connection, intents[len(outgoing)].sequence, error)
            self._at(Point.NONCES_GIVING)
        self._at(Point.NONCES_GIVEN)
        self.broadcast(lane, outgoing)
        if stopped is None:
            return len(outgoing) == REMOTE_GROUP
        if isinstance(stopped, SignerDeclined):
            log.warning("signer.declined", signer=lane.signer, said=stopped.said)
            return True
        raise stopped

    def _pass_on(self, lane: Lane) -> bool:
        """Sends what came signed."""
        with self._database.engine.connect() as connection:
            outgoing = outbox.unsent(connection, lane.sender, GROUP)
        self.broadcast(lane, outgoing)
        return len(outgoing) == GROUP

    def _check_lane(self, lane: Lane, shared: Shared) -> None:
        """Makes a lane at first use, and moves it on: an idle one to where the chain is, since the key may have been
        used elsewhere, any to what follows the nonces that other gateways gave."""
        with self._database.engine.connect() as connection:
            idle = outbox.is_idle(connection, lane.sender)
            if not idle and not self.lanes.are_shared:
                return
            known = outbox.next_nonce(connection, lane.sender)
        if not idle and (known or 0) >= shared.next_nonce:
            return
        count = self._link.chain().transaction_count(lane.sender, "pending") if idle else 0
        self._at(Point.LANE_COUNTED)
        following = max(count, shared.next_nonce)
        if known is not None and known >= following:
            return
        with self._database.engine.begin() as connection:
            outbox.open_lane(connection, lane, following)
            at = outbox.lock_lane(connection, lane.sender)
            if at < shared.next_nonce or (at < following and outbox.is_idle(connection, lane.sender)):
                outbox.set_next_nonce(connection, lane.sender, following)
            self._at(Point.LANE_OPENING)

    def signing(self, lane: Lane, fee_per_gas: int | None = None) -> outbox.Sign:
        signer = self._signers.sending(lane.signer)
        chain_id = self._link.chain().chain_id
        fee = self._settings.max_fee_per_gas if fee_per_gas is None else fee_per_gas

        def signed(intent: Intent, nonce: int) -> SignedBytes:
            return sign(
                signer,
                chain_id=chain_id,
                nonce=nonce,
                gas=intent.gas,
                fee_per_gas=fee,
                to=intent.to,
                data=intent.data,
            )

        return signed

    def broadcast(self, lane: Lane, outgoing: list[Outgoing]) -> None:
        """Sends signed transactions and records what the node said of each. Safe to repeat. Under the lane's turn."""
        if not outgoing:
            return
        outcomes = list(zip(outgoing, self._broadcaster.send_all([o.raw for o in outgoing]), strict=True))
        self._at(Point.BROADCAST)
        taken = [o for o, refused in outcomes if refused is None]
        if taken:
            self._metrics.broadcasts.inc(len(taken))
            with self._database.engine.begin() as connection:
                outbox.mark_sent(connection, taken)
                self._at(Point.SENT_RECORDING)
            self._at(Point.SENT_RECORDED)
            told = [{"hash": o.hash, "nonce": o.nonce, "trace_id": o.trace_id} for o in taken]
            log.info("transactions.sent", sender=lane.sender, sent=told)
        for sent, refused in outcomes:
            if refused is not None:
                self._refused(lane, sent, refused)

    def _refused(self, lane: Lane, sent: Outgoing, refused: TransactionRefused) -> None:
        which = {"hash": sent.hash, "nonce": sent.nonce, "trace_id": sent.trace_id}
        log.warning("transaction.refused", reason=type(refused).__name__, **which)
        self.suspicious.add(lane)
        if isinstance(refused, HOPELESS):
            name = type(refused).__name__
            error = {"name": name, "detail": f"The node will not take it: {kebab(name)}.", "context": {}}
            with self._database.engine.begin() as connection:
                outbox.lock_lane(connection, lane.sender)
                outbox.mark_refused(connection, sent.sequence, sent.hash, Status.FAILED, error)
                self._at(Point.REFUSAL_RECORDING)
            self._at(Point.REFUSAL_RECORDED)
        elif isinstance(refused, NonceTooLow):
            self._metrics.healed.labels("nonce-too-low").inc()


def _tell_others(shared: Shared, outgoing: list[Outgoing]) -> None:
    if outgoing:
        shared.reserve(outgoing[-1].nonce + 1)


def _signed_until(
    sign: outbox.Sign, intents: list[Intent], nonce: int
) -> tuple[list[Outgoing], SignerAway | SignerRefused | None]:
    """What was signed, in order, and why no more of it."""
    outgoing: list[Outgoing] = []
    for number, intent in enumerate(intents, nonce):
        try:
            outgoing.append(outbox.signed_by(sign, intent, number))
        except (SignerAway, SignerRefused) as error:
            return outgoing, error
    return outgoing, None
