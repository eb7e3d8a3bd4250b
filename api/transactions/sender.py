"""Sends intents: nonce and signature stored and committed, then the broadcast, then that the node has it.

A process may be killed between any two of these steps. Before the nonce is stored nothing was sent. After it, the very
same bytes are sent again until they are in a block, and the chain takes them once.
"""

import structlog

from api.chain_link import ChainLink
from api.db import Database
from api.errors import kebab
from api.metrics import Metrics
from api.settings import Settings
from api.signers import Signers
from api.transactions import outbox
from api.transactions.broadcast import Broadcaster
from api.transactions.models import Status
from api.transactions.outbox import Intent, Lane, Outgoing
from api.transactions.signing import SignedBytes, sign
from chain_node.errors import GasTooLittle, GasTooMuch, NonceTooLow, TransactionRefused

log = structlog.get_logger()
GROUP = 200
# These refusals speak of the transaction itself: sending it again cannot help.
HOPELESS = (GasTooLittle, GasTooMuch)


class Sender:
    """One pass hands out nonces for all lanes and broadcasts what it signed."""

    def __init__(
        self, database: Database, link: ChainLink, signers: Signers, settings: Settings, metrics: Metrics
    ) -> None:
        self._database = database
        self._link = link
        self._signers = signers
        self._settings = settings
        self._metrics = metrics
        self._broadcaster = Broadcaster(settings.rpc_url, settings.rpc_timeout_seconds)
        self.suspicious: set[Lane] = set()

    def step(self) -> bool:
        """Whether a lane may have more to send."""
        with self._database.engine.connect() as connection:
            lanes = outbox.lanes_with_work(connection)
        more = [self._serve(lane) for lane in lanes]
        return any(more)

    def _serve(self, lane: Lane) -> bool:
        self._check_lane(lane)
        with self._database.engine.begin() as connection:
            outgoing = outbox.assign(
                connection,
                lane,
                self.signing(lane),
                most_in_flight=self._settings.in_flight_per_signer,
                group=GROUP,
                fee=self._settings.max_fee_per_gas,
            )
        self.broadcast(lane, outgoing)
        return len(outgoing) == GROUP

    def _check_lane(self, lane: Lane) -> None:
        """Makes a lane at first use, and moves an idle one on where the chain is ahead: the key was used elsewhere."""
        with self._database.engine.connect() as connection:
            if outbox.under_way(connection, lane.sender, limit=1):
                return
            known = outbox.next_nonce(connection, lane.sender)
        count = self._link.chain().transaction_count(lane.sender, "pending")
        if known is not None and known >= count:
            return
        with self._database.engine.begin() as connection:
            outbox.open_lane(connection, lane, count)
            behind = outbox.lock_lane(connection, lane.sender) < count
            if behind and not outbox.under_way(connection, lane.sender, limit=1):
                outbox.set_next_nonce(connection, lane.sender, count)

    def signing(self, lane: Lane, fee_per_gas: int | None = None) -> outbox.Sign:
        signer = self._signers.get(lane.signer)
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
        """Sends signed transactions and records what the node said of each. Safe to repeat."""
        if not outgoing:
            return
        outcomes = list(zip(outgoing, self._broadcaster.send_all([o.raw for o in outgoing]), strict=True))
        taken = [o for o, refused in outcomes if refused is None]
        if taken:
            self._metrics.broadcasts.inc(len(taken))
            with self._database.engine.begin() as connection:
                outbox.mark_sent(connection, taken)
        for sent, refused in outcomes:
            if refused is not None:
                self._refused(lane, sent, refused)

    def _refused(self, lane: Lane, sent: Outgoing, refused: TransactionRefused) -> None:
        log.warning("transaction.refused", hash=sent.hash, nonce=sent.nonce, reason=type(refused).__name__)
        self.suspicious.add(lane)
        if isinstance(refused, HOPELESS):
            name = type(refused).__name__
            error = {"name": name, "detail": f"The node will not take it: {kebab(name)}.", "context": {}}
            with self._database.engine.begin() as connection:
                outbox.lock_lane(connection, lane.sender)
                outbox.mark_refused(connection, sent.sequence, sent.hash, Status.FAILED, error)
        elif isinstance(refused, NonceTooLow):
            self._metrics.healed.labels("nonce-too-low").inc()
