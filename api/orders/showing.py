"""An order as JSON, from what the rows, the facts and the escrow say of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from api.facilities.schemas import milestone_name
from api.milestones.facts import Facts
from api.orders import earning, open_acts
from api.orders.models import MatchedInvoice, Movement, Offer, Order, OrderState, OrderWords, Step
from api.orders.sums import Sums
from api.orders.views import (
    DisputeView,
    MatchedInvoiceView,
    MilestoneView,
    MoneyView,
    MovementView,
    OfferView,
    OrderLineView,
    OrderReferenceView,
    OrderStepView,
    OrderView,
)
from api.participants.schemas import PartyView
from api.values import Amount, amounts, day, in_block, moment, moment_or_none


@dataclass(frozen=True)
class Named:
    """Who is who: organisations by number, names of organisations and contracts by account."""

    parties: Mapping[int, PartyView]
    accounts: Mapping[str, str]


@dataclass(frozen=True)
class Told:
    """What the gateway knows of one order besides its terms and sums."""

    facts: Facts
    dispute_days: int
    now: int
    words: OrderWords | None
    movements: Sequence[Movement]
    steps: Sequence[Step]
    invoices: Sequence[MatchedInvoice]
    offers: Sequence[Offer]


def view(order: Order, sums: Sums, told: Told, named: Named) -> OrderView:
    refundable_from = earning.refundable_from(order, told.facts, told.dispute_days)
    runs = order.state in (OrderState.REGISTERED, OrderState.ACCEPTED, OrderState.DISPUTED)
    return OrderView(
        id=order.id,
        number=told.words.number if told.words else None,
        state=OrderState(order.state).value,
        seller=named.parties[order.seller],
        buyer=named.parties[order.buyer],
        value=Amount.of(order.value, order.currency),
        quantity_thousandths=str(order.quantity),
        deliver_by=day(order.deliver_by),
        grace_days=order.grace_days,
        deposit=Amount.of(order.deposit, order.currency),
        over_bps=order.over_bps,
        under_bps=order.under_bps,
        terms_hash=order.terms_hash,
        subject=order.subject,
        references=[OrderReferenceView(**its) for its in told.words.references] if told.words else [],
        lines=_lines(order, told.words),
        milestones=_milestones(order, sums, told.facts),
        money=_money(sums, order.currency),
        late_from=moment((order.deliver_by + 1) * earning.DAY_SECONDS),
        refundable_from=moment(refundable_from) if runs else None,
        dispute=_dispute(order),
        proceeds_go_to=_contract(order.assignee, named),
        refunds_go_to=_contract(order.refund_assignee, named),
        invoicing_permitted=order.assignee is None or order.invoicing_permitted,
        next=open_acts.next_acts(order, sums, refundable_from, told.now, told.offers),
        movements=[_movement(each, order.currency, named) for each in told.movements],
        steps=[_step(each, order.currency, named) for each in told.steps],
        invoices=[_invoice(each, order.currency) for each in told.invoices],
        offers=[_offer(each, order.currency) for each in told.offers],
        registered_at=moment(order.registered_at),
        accepted_at=moment_or_none(order.accepted_at),
        ended_at=moment_or_none(order.ended_at),
        **in_block(order),
    )


def _money(sums: Sums, currency: str) -> MoneyView:
    paid = ("funded", "held", "unfunded", "earned", "due", "paid", "invoiced", "waived", "refunded", "outstanding")
    return MoneyView(**amounts(sums, currency, *paid))


def _lines(order: Order, words: OrderWords | None) -> list[OrderLineView]:
    names = words.items if words else [None] * len(order.lines)
    return [
        OrderLineView(
            item=line["item"],
            name=name,
            unit=line["unit"],
            quantity_thousandths=line["quantity"],
            value=Amount.of(int(line["value"]), order.currency),
        )
        for line, name in zip(order.lines, names, strict=True)
    ]


def _milestones(order: Order, sums: Sums, facts: Facts) -> list[MilestoneView]:
    steps = earning.steps_of(order, facts, earned=sums.earned, paid=sums.paid, outstanding=sums.outstanding)
    return [
        MilestoneView(
            milestone=milestone_name(payout["milestone"]),
            share_bps=payout["share_bps"],
            measured=payout["measured"],
            delivered_thousandths=None if step.delivered is None else str(step.delivered),
            **amounts(step, order.currency, "worth", "earned", "paid", "to_come"),
        )
        for payout, step in zip(order.payouts, steps, strict=True)
    ]


def _dispute(order: Order) -> DisputeView | None:
    if order.disputed_by is None or order.dispute_until is None:
        return None
    side = "seller" if order.disputed_by == order.seller else "buyer"
    return DisputeView(by=cast(Any, side), until=moment(order.dispute_until))


def _contract(address: str | None, named: Named) -> str | None:
    return None if address is None else named.accounts.get(address, address)


def _movement(its: Movement, currency: str, named: Named) -> MovementView:
    return MovementView(
        kind=cast(Any, its.kind),
        account=its.account,
        party=named.accounts.get(its.account) if its.account else None,
        beneficiary=its.beneficiary,
        amount=Amount.of(its.amount, currency),
        at=moment(its.moved_at),
        **in_block(its),
    )


def _step(its: Step, currency: str, named: Named) -> OrderStepView:
    return OrderStepView(
        kind=cast(Any, its.kind),
        by=named.parties.get(its.by) if its.by is not None else None,
        to_seller=None if its.to_seller is None else Amount.of(its.to_seller, currency),
        evidence=its.evidence,
        at=moment(its.made_at),
        **in_block(its),
    )


def _invoice(its: MatchedInvoice, currency: str) -> MatchedInvoiceView:
    return MatchedInvoiceView(
        receivable_id=its.receivable_id,
        face_value=Amount.of(its.face_value, currency),
        quantity_thousandths=str(its.quantity),
        at=moment(its.matched_at),
    )


def _offer(its: Offer, currency: str) -> OfferView:
    return OfferView(
        digest=its.digest,
        state=cast(Any, its.state),
        lot_id=its.lot,
        quantity_thousandths=str(its.quantity),
        price=Amount.of(its.price, currency),
        offered_at=moment(its.offered_at),
    )
