"""Release orders, to who owns the goods, who may fetch them, who keeps them, and the lender."""

from collections.abc import Iterator, Sequence
from typing import Any, cast

from sqlmodel import Session

from api.auth.principal import Principal
from api.clock import indexed_now
from api.errors import NotFound
from api.figures import Figures, ask
from api.lists import Asked
from api.participants import service as participants
from api.participants.schemas import PartyView
from api.possible import Possible, possible
from api.receipts import service as receipts
from api.release_orders import repository
from api.release_orders.listing import BOTH, REQUESTED
from api.release_orders.models import OrderState, ReleaseOrder, ReleaseRequest
from api.release_orders.schemas import OrderStateName, ReleaseOrderView
from api.values import Page, is_hex32, moment, moment_or_none
from chain_node.client import Chain, Milestone
from chain_node.client import ReleaseOrder as Words

Found = ReleaseOrder | ReleaseRequest


def find(session: Session, principal: Principal, digest: str) -> Found:
    """NotFound where there is neither an order nor a request of it that concerns the caller."""
    found: Found | None = None
    if is_hex32(digest):
        found = repository.order(session, digest) or repository.request(session, digest)
    if found is None or not _concerns(session, principal, found):
        detail = f"There is no release order {digest[:80]} of yours."
        raise NotFound("release-order-absent", detail, id=digest[:80])
    return found


def _concerns(session: Session, principal: Principal, found: Found) -> bool:
    if principal.sees_all:
        return True
    if principal.lei is None:
        return False
    if isinstance(found, ReleaseRequest):
        return found.owner_lei == principal.lei
    accounts = participants.accounts_of(session, principal.lei)
    lot = receipts.known(session, found.lot_id)
    keeps = lot is not None and lot.operator == participants.number_of(session, principal.lei)
    return keeps or bool({found.beneficiary, found.to} & set(accounts))


def page(session: Session, principal: Principal, chain: Chain, asked: Asked) -> Page[ReleaseOrderView]:
    """What is asked for of the caller's orders and requests; of all for who sees all. Where a state of requests is
    asked for, a page may have fewer than its limit: which of them the owner's word still stands for, the chain says."""
    lei, now = principal.lei, indexed_now(session)
    accounts = None if principal.sees_all else participants.accounts_of(session, principal.organisation())
    operator = participants.number_of(session, lei) if lei else None
    found = repository.page(
        session, asked.where(state=lambda state: _may_be(state, now)), accounts=accounts, operator=operator, lei=lei
    )
    wanted = {state for its, _, states in asked.conditions if its.name == "state" for state in states}
    shown = views(session, found.rows, chain)
    return Page(items=[each for each in shown if not wanted or each.state in wanted], next=found.next)


def _may_be(state: OrderStateName, now: int) -> Any:
    """For the list: that a row may be shown in that state."""
    if state == "expired":
        return (BOTH.state == REQUESTED) & (BOTH.deadline < now)
    if state in ("awaits lender", "unapproved"):
        return (BOTH.state == REQUESTED) & (BOTH.deadline >= now)
    return BOTH.state == state


def views(session: Session, found: Sequence[Found], chain: Chain) -> list[ReleaseOrderView]:
    if not found:
        return []
    parties = participants.parties_by_account(session, {a for its in found for a in (its.beneficiary, its.to)})
    questions = []
    for its in found:
        exit_ = (bytes.fromhex(its.subject[2:]), int(Milestone.RELEASED), its.sequence)
        questions.append(ask(chain.milestones, "fact", *exit_))
        questions.append(ask(chain.lots, "isApprovedDigest", its.beneficiary, bytes.fromhex(its.digest[2:])))
    answers, now = iter(Figures.at(session, chain).answers(questions)), indexed_now(session)
    return [_view(session, its, parties, next(answers), next(answers), now) for its in found]


def _view(
    session: Session, its: Found, parties: dict[str, PartyView], fact: dict[str, Any], approved: bool, now: int
) -> ReleaseOrderView:
    order = its if isinstance(its, ReleaseOrder) else None
    state = order.state if order else _state_of_request(its, approved, now)
    exceeded = repository.exceeded(session, its.subject, its.sequence)
    beyond = str(exceeded.attested - exceeded.ordered) if exceeded and exceeded.reconciled_at is None else None
    return ReleaseOrderView(
        id=its.digest,
        state=cast(OrderStateName, state),
        receipt_id=its.lot_id,
        subject=its.subject,
        sequence=its.sequence,
        quantity_thousandths=str(its.quantity),
        owner=_party(parties, its.beneficiary),
        to=_party(parties, its.to),
        pledge_id=str(its.financing) if its.financing else None,
        lender=order.lender if order else None,
        attested=cast(Any, receipts.FACT_WORDS[fact["status"]]),
        attested_thousandths=str(fact["leastQuantity"]),
        released_thousandths=str(order.released if order else 0),
        kept_thousandths=str(order.kept if order else 0),
        exceeded_by_thousandths=beyond,
        deadline=moment(its.deadline),
        ordered_at=moment(order.ordered_at) if order else None,
        done_at=moment_or_none(order.done_at) if order else None,
        transaction_hash=order.transaction_hash if order else None,
        block_number=order.block_number if order else None,
        possible=list(_possible(its, state, fact, now)),
    )


def _state_of_request(its: Found, approved: bool, now: int) -> OrderStateName:
    if now > its.deadline:
        return "expired"
    return "awaits lender" if approved else "unapproved"


def _possible(its: Found, state: str, fact: dict[str, Any], now: int) -> Iterator[Possible]:
    attested = receipts.FACT_WORDS[fact["status"]]
    if state == "awaits lender":
        detail = f"{its.quantity} thousandths leave custody once the lender agrees"
        yield possible("consent", "credit officer", detail, until=its.deadline)
    if state != OrderState.ORDERED:
        return
    if attested == "final" and fact["leastQuantity"]:
        detail = f"{fact['leastQuantity']} thousandths are attested to have left of the {its.quantity} ordered"
        yield possible("confirmation", "anyone", detail)
    elif attested != "disputed":
        yield possible("declination", "warehouse", "the goods have not left")
        if now > its.deadline:
            yield possible("lapse", "anyone", "its time is over and no exit reported", since=its.deadline)


def words_of(its: Found) -> Words:
    """The order in the contract's words."""
    return Words(
        id=int(its.lot_id, 16),
        quantity=its.quantity,
        beneficiary=its.beneficiary,
        holder=its.holder,
        to=its.to,
        subject=bytes.fromhex(its.subject[2:]),
        sequence=its.sequence,
        deadline=its.deadline,
        nonce=its.nonce,
    )


def next_exit(session: Session, subject: str) -> int:
    return max(repository.exits_taken(session, subject), default=0) + 1


def _party(parties: dict[str, PartyView], account: str) -> PartyView:
    return parties.get(account, PartyView(lei="", name=account))
