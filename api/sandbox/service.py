"""Simulates what witnesses would attest, where the gateway is a sandbox; everything of it is marked as simulated."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import Session

from api.acting import Acting
from api.clock import indexed_now
from api.errors import Conflict, Forbidden
from api.milestones import service as milestones
from api.milestones.models import FactStatus
from api.orders import service as orders
from api.participants import service as participants
from api.receivables import service as receivables
from api.sandbox.schemas import Simulation, SimulationRequest, SimulationWritten
from api.sandbox.witnesses import WITNESSES, Witness, chosen, votes
from api.settings import SandboxSettings
from api.signers import Signers
from api.transactions.schemas import transaction_views
from api.values import hex32
from chain_node.client import Milestone, Observation
from chain_node.references import NetworkKey
from chain_node.references import subject as subject_of


@dataclass(frozen=True)
class Goods:
    """What is simulated: the goods of a receivable or an order (`item_id`), so many thousandths of them."""

    item_id: str
    subject: bytes
    quantity: int


@dataclass(frozen=True)
class Sandbox:
    """What simulating takes; refuses everything where it is off."""

    settings: SandboxSettings
    signers: Signers
    key: NetworkKey

    def require_on(self) -> None:
        """Forbidden where the gateway is no sandbox."""
        if not self.settings.enabled:
            detail = "This gateway simulates nothing: its setting sandbox.enabled is off."
            raise Forbidden("sandbox-off", detail)

    def goods_of(self, acting: Acting, receivable_id: str | None, order_id: str | None) -> Goods:
        """NotFound where the caller is no party to the receivable or the order; Forbidden where it is no sandbox."""
        self.require_on()
        if order_id is not None:
            order = orders.find(acting.session, acting.principal, order_id)
            return Goods(order.id, bytes.fromhex(order.subject[2:]), order.quantity)
        receivable = receivables.find(acting.session, acting.principal, receivable_id or "")
        return Goods(receivable.id, subject_of(self.key, int(receivable.id, 16)), receivable.quantity)

    def simulate(self, acting: Acting, goods: Goods, asked: Simulation) -> tuple[list[str], list[Witness]]:
        """Attests the milestones in one transaction, and who did; refused where a fact stands already."""
        self.require_on()
        session, subject = acting.session, goods.subject
        names = sorted(set(asked.milestones), key=lambda name: Milestone[name])
        _require_admitted(session)
        policies = milestones.policies(session)
        voting = [chosen(name, policies.get(int(Milestone[name]))) for name in names]
        for name in names:
            _require_open(session, hex32(subject), name)
        observed = _observations(session, subject, names, _quantity(goods, asked))
        evidence = bytes.fromhex(milestones.SIMULATED[2:])
        cast = votes(acting.chain, self.signers, observed, voting, evidence)
        sent = acting.transactions.submit(
            session,
            signer=voting[0][0].signer,
            call=acting.chain.milestones.attest(observed, cast),
            owner_lei=acting.principal.lei,
            purpose="simulate attestation",
            subject_id=goods.item_id,
        )
        return [sent.id], [witness for witness in WITNESSES if any(witness in its for its in voting)]

    def answer(self, acting: Acting, asked: SimulationRequest) -> tuple[list[str], list[str]]:
        """The transactions' ids and the witnesses' names."""
        goods = self.goods_of(acting, asked.receivable_id, asked.order_id)
        sent, voted = self.simulate(acting, goods, asked)
        return sent, [witness.name for witness in voted]


def written(session: Session, asked: SimulationRequest, sent: list[str], witnesses: list[str]) -> SimulationWritten:
    return SimulationWritten(
        simulated=True,
        receivable_id=asked.receivable_id,
        order_id=asked.order_id,
        milestones=sorted(set(asked.milestones), key=lambda name: Milestone[name]),
        witnesses=witnesses,
        transactions=transaction_views(session, sent),
    )


def _require_admitted(session: Session) -> None:
    """The chain knows them a moment after the gateway's first start."""
    waiting = [witness.name for witness in WITNESSES if not participants.accounts_of(session, witness.lei)]
    if waiting:
        detail = f"{len(waiting)} of {len(WITNESSES)} simulated witnesses are still being admitted; try again soon."
        raise Conflict("witnesses-not-admitted", detail, waiting=len(waiting), needed=0)


def _require_open(session: Session, subject: str, name: str) -> None:
    fact = milestones.fact(session, subject, int(Milestone[name]), 1)
    if fact is not None and fact.status != FactStatus.GATHERING:
        detail = f"{name} is {fact.status} already, by {fact.count} witnesses; nothing is added to it."
        raise Conflict("fact-stands", detail, milestone=name, status=fact.status, count=fact.count)


def _quantity(goods: Goods, asked: Simulation) -> int:
    return int(asked.quantity_thousandths) if asked.quantity_thousandths else goods.quantity


def _observations(session: Session, subject: bytes, names: Sequence[str], quantity: int) -> list[Observation]:
    now = indexed_now(session)
    return [Observation(subject, int(Milestone[name]), 1, now, quantity) for name in names]
