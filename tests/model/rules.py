"""What the interfaces say may be done now, and why not: the names of the refusals, none where the operation is legal.
`UNSURE` where it hangs on a minor unit of rounding."""

from __future__ import annotations

import math
from copy import copy
from dataclasses import replace
from fractions import Fraction

from chain_node.client import DayCount, FinancingState, OrderState, OrderTerms, ReceivableState, Tranche
from model import availability
from model.books import Books
from model.calendar360 import DAY, end_of
from model.financings import Facility, Financing
from model.invoices import OWED, Invoice
from model.orders import DISPUTE_DAYS, Order, attested, facts_of
from model.sources import lendable_by

UNSURE = "unsure"
Refusals = set[str]
STATE, ORDER_STATE, FINANCING_STATE = "ReceivableStateWrong", "OrderStateWrong", "FinancingStateWrong"
LIVE = (FinancingState.OPEN, FinancingState.DEFAULTED)
REGISTRATION, ACCEPTANCE, TRANSFER = (("ReceivableToken", index) for index in range(3))
OPENING = ("FinancingDesk", 0)


def when(*cases: tuple[bool, str]) -> Refusals:
    return {name for holds, name in cases if holds}


# Invoices


def register(books: Books, id: int, due_day: int) -> Refusals:
    return when(
        (id in books.invoices, "ReceivableExists"),
        (due_day < books.now // DAY, "DueDateOutOfRange"),
        (REGISTRATION in books.stopped, "FunctionIsStopped"),
    )


def accept(books: Books, its: Invoice, by: str, face: int) -> Refusals:
    return when(
        (its.state != ReceivableState.REGISTERED, STATE),
        (books.organisations[by] != its.debtor, "NotDebtorOf"),
        (face != its.face, "AcceptanceDiffers"),
        (ACCEPTANCE in books.stopped, "FunctionIsStopped"),
    )


def cancel(books: Books, its: Invoice, by: str) -> Refusals:
    return when(
        (its.state != ReceivableState.REGISTERED, STATE), (books.organisations[by] != its.supplier, "NotSupplierOf")
    )


def consent(books: Books, its: Invoice, by: str) -> Refusals:
    return when((its.state != ReceivableState.ACCEPTED, STATE), (books.organisations[by] != its.debtor, "NotDebtorOf"))


def cancel_by_consent(books: Books, its: Invoice, by: str) -> Refusals:
    untouched = not its.paid and not its.transfers and not its.custodian and its.units[by] == its.face
    return when(
        (its.state != ReceivableState.ACCEPTED, STATE),
        (not its.consented, "ConsentMissing"),
        (books.organisations[by] != its.supplier, "NotSupplierOf"),
        (not untouched, "NotCancellable"),
    )


def held(its: Invoice, holder: str) -> tuple[int, int]:
    """The least and the most units that can be left to a holder once its share is set aside."""
    exact = its.units[holder] + its.aside[holder] - its.claimable(holder)
    if not its.paid:
        return its.units[holder], its.units[holder]
    return max(0, math.floor(exact - its.tolerance)), math.ceil(exact + its.tolerance)


def hop(books: Books, its: Invoice, giver: str, taker: str, units: int) -> Refusals:
    least, most = held(its, giver)
    left = least - units
    inside = books.organisations[giver] == books.organisations[taker]
    supplier = {books.organisations[giver], books.organisations[taker]} == {its.supplier}
    tier = max(its.tier[taker], its.tier[giver] + (not inside))
    raised = not inside and 0 < its.tier[taker] < tier <= books.last_tier
    in_custody = any(its.units[custodian] for custodian in books.custodians)
    surely, perhaps = (bound > 0 or in_custody for bound in held(its, taker))
    return when(
        (TRANSFER in books.stopped, "FunctionIsStopped"),
        (its.state != ReceivableState.ACCEPTED, "NotTransferable"),
        (not its.waived and not supplier, "SetOffKept"),
        (units > most, "ERC1155InsufficientBalance"),
        (least < units <= most and least != most, UNSURE),
        (0 < left < 100 or (left != 0 and units < 100), "PartTooSmall"),
        (0 <= left <= 100 + most - least and least != most, UNSURE),
        (not inside and tier > books.last_tier, "TierTooDeep"),
        (raised and perhaps, "TierRaiseNotAgreed"),
        (raised and perhaps and not surely, UNSURE),
    )


def pay(its: Invoice, amount: int) -> Refusals:
    return when((its.state not in OWED, STATE), (amount == 0, "PaymentZero"))


def claim(its: Invoice, holder: str) -> Refusals:
    nothing = not its.paid or (not its.units[holder] and not its.aside[holder])
    if nothing:
        return {"NothingToClaim"}
    settled = its.state == ReceivableState.SETTLED and its.units[holder] + its.aside[holder] > 0
    return set() if settled or its.claimable(holder) > its.tolerance + 1 else {UNSURE}


def _absorbed(books: Books, its: Invoice, accounts: list[str], amount: int) -> Refusals:
    custody = [one for one in books.custodians if not its.waived]
    bounds = [held(its, account) for account in (*accounts, *custody)]
    least, most = (sum(bound[side] for bound in bounds) for side in (0, 1))
    return when((amount > most, "DilutionExceedsUnits"), (least < amount <= most, UNSURE))


def credit_note(books: Books, its: Invoice, by: str, amount: int) -> Refusals:
    accounts = [one for one, organisation in books.organisations.items() if organisation == its.supplier]
    return when(
        (its.state not in OWED, STATE),
        (books.organisations[by] != its.supplier, "NotSupplierOf"),
        (not 0 < amount <= its.outstanding, "DisputeAmountOutOfRange"),
    ) | _absorbed(books, its, accounts, amount)


def open_dispute(books: Books, its: Invoice, by: str, amount: int) -> Refusals:
    return when(
        (its.state != ReceivableState.ACCEPTED, STATE),
        (books.organisations[by] != its.debtor, "NotDebtorOf"),
        (its.waived, "SetOffIsWaived"),
        (books.now >= end_of(its.due_day), "DisputeTooLate"),
        (not 0 < amount <= its.outstanding, "DisputeAmountOutOfRange"),
    )


def withdraw_dispute(books: Books, its: Invoice, by: str) -> Refusals:
    return when((books.organisations[by] != its.debtor, "NotDebtorOf"), (its.objected == 0, "NoDispute"))


def concede(books: Books, its: Invoice, by: str, amount: int) -> Refusals:
    accounts = [one for one, organisation in books.organisations.items() if organisation == its.supplier]
    return when(
        (books.organisations[by] != its.supplier, "NotSupplierOf"),
        (its.objected == 0, "NoDispute"),
        (not 0 < amount <= its.objected, "DisputeAmountOutOfRange"),
    ) | _absorbed(books, its, accounts, amount)


def resolve(books: Books, its: Invoice, diluted: int) -> Refusals:
    accounts = [one for one, organisation in books.organisations.items() if organisation == its.supplier]
    refusals = when((its.objected == 0, "NoDispute"), (diluted > its.objected, "DisputeAmountOutOfRange"))
    return refusals | (_absorbed(books, its, accounts, diluted) if diluted else set())


def mark_defaulted(books: Books, its: Invoice) -> Refusals:
    running = its.state in (ReceivableState.ACCEPTED, ReceivableState.DISPUTED)
    return when((not running, STATE), (books.now < end_of(its.due_day + books.grace_days), "NotOverdue"))


# Orders


def register_order(books: Books, its: OrderTerms) -> Refusals:
    """Its consignment has just been opened, or is that of the earlier order with this number."""
    before = attested(books.facts, its.subject)
    return when(
        (its.id in books.orders, "OrderExists"),
        (its.deliver_by < books.now // DAY, "DeliverByOutOfRange"),
        (any(step.milestone in before for step in its.payouts), "OrderSubjectHasFacts"),
    )


def accept_order(books: Books, its: Order, by: str, other: bool) -> Refusals:
    return when(
        (its.state != OrderState.REGISTERED, ORDER_STATE),
        (books.organisations[by] != its.buyer, "NotBuyerOf"),
        (other, "AcceptanceDiffers"),
    )


def cancel_order(books: Books, its: Order, by: str) -> Refusals:
    return when(
        (its.state != OrderState.REGISTERED, ORDER_STATE), (books.organisations[by] != its.seller, "NotSellerOf")
    )


def pay_order(its: Order, amount: int) -> Refusals:
    return when(
        (its.state not in (OrderState.ACCEPTED, OrderState.LAPSED), ORDER_STATE),
        (amount == 0, "PaymentZero"),
        (amount > its.unfunded, "PaymentExceedsOutstanding"),
    )


def fund_order(its: Order, amount: int) -> Refusals:
    return pay_order(its, amount) | settle_order(its)


def settle_order(its: Order) -> Refusals:
    return when((its.state != OrderState.ACCEPTED, ORDER_STATE))


def refund_order(books: Books, its: Order) -> Refusals:
    disputed = its.in_dispute(facts_of(books.facts, its.subject))
    last = its.last_day + its.grace_days + (DISPUTE_DAYS if disputed else 0)
    return settle_order(its) | when((books.now < end_of(last), "RefundTooEarly"), (not its.held, "NothingToRefund"))


# Financings


def _open(books: Books, line: Facility, its: Invoice | Order, by: str) -> Refusals:
    return when(
        (by != line.terms.supplier, "NotSupplierOf"),
        (OPENING in books.stopped, "IsStopped"),
        (books.now >= line.expires_at, "FacilityExpired"),
        *_across(books, line, its),
    )


def _across(books: Books, line: Facility, its: Invoice | Order) -> list[tuple[bool, str]]:
    """An invoice in another currency is taken where the facility takes that, on a usable rate; an order is not."""
    foreign = its.currency != books.currency_of(line)
    taken = isinstance(its, Invoice) and (line.number, its.currency) in books.exchange.accepted
    stale = foreign and taken and not books.exchange.is_usable(books.now)
    return [(foreign and not taken, "ItemCurrencyDiffers"), (stale, "RateNotUsable")]


def open_on_order(books: Books, line: Facility, its: Order, by: str, units: int) -> Refusals:
    return _open(books, line, its, by) | when(
        (its.state != OrderState.ACCEPTED, "ItemNotFinanceable"),
        (not 0 < units <= its.outstanding, "UnitsOutOfRange"),
        (units * 64 < its.value, "PledgeTooSmall"),
        (its.begun, "ItemOfEarlierGoods"),
        (its.assigned, "AlreadyAssigned"),
        (its.assigned, "SubjectAlreadyWatched"),
        (books.organisations[by] != its.seller, "NotSellerOf"),
        (books.organisations[by] != its.seller, "SubjectNotOfSupplier"),
    )


def open_on_invoice(books: Books, line: Facility, its: Invoice, by: str, units: int, subject: bytes) -> Refusals:
    """No invoice is matched here; its consignment has just been opened, or is an order's that has ended."""
    least, most = held(its, by)
    ended = next((one for one in books.orders.values() if one.subject == subject), None)
    return _open(books, line, its, by) | when(
        (its.state != ReceivableState.ACCEPTED, "ItemNotFinanceable"),
        (not 0 < units <= most, "UnitsOutOfRange"),
        (units * 64 < its.face, "PledgeTooSmall"),
        (least < units <= most and least != most, UNSURE),
        (line.number in books.demanding, "MatchMissing"),
        (ended is not None, "GoodsOfEndedOrder"),
        (_is_pledged(books, subject), "SubjectAlreadyWatched"),
        (TRANSFER in books.stopped, "FunctionIsStopped"),
        (not its.waived and books.organisations[by] != its.supplier, "SetOffKept"),
        (len(books.pledges(its.id)) >= 16, "TooManyPledges"),
    )


def _is_pledged(books: Books, subject: bytes) -> bool:
    every = (one for one in books.financings.values() if one.state != FinancingState.RELEASED)
    return subject != bytes(32) and any(one.subject == subject for one in every)


def repay(books: Books, its: Financing, amount: int) -> Refusals:
    owed = availability.owed_in_all(books, its)
    covered = its.state == FinancingState.REPAID and books.insurance.covers(its.number)
    dead = its.state not in LIVE and not covered
    return when((dead, FINANCING_STATE), (owed == 0 or amount == 0, "RepaymentZero"))


def release(books: Books, its: Financing, by: str) -> Refusals:
    return when(
        (by != its.facility.terms.supplier, "NotSupplierOf"),
        (its.state == FinancingState.RELEASED, FINANCING_STATE),
        (availability.owed_in_all(books, its) != 0, "StillOwed"),
        (its.facility.recourse_to != 0, "RecourseIsOpen"),
    )


def set_impairment(its: Financing, amount: int) -> Refusals:
    return when((its.state not in LIVE, FINANCING_STATE), (amount > its.principal, "ImpairmentExceedsPrincipal"))


def brought_in(books: Books, its: Financing) -> Financing:
    """The financing once what waits at its collateral has been applied to it."""
    after = copy(its)
    after.accrue(books.now)
    premium = min(its.cash, books.insurance.premium_due(its.number, books.now))
    after.pay(after.split(its.cash - premium))
    return after


def waits(books: Books, its: Financing) -> bool:
    """Whether money waits to be exchanged before it is applied: what it brings depends on the quotes there are."""
    return availability.is_foreign(books, its) and its.cash != 0


def mark_overdue(books: Books, its: Financing) -> Refusals:
    foreign, its = waits(books, its), brought_in(books, its)
    return when((foreign, UNSURE), (availability.write_off_due(books, its) <= its.written_off, "NothingToWriteOff"))


def declare_default(books: Books, its: Financing) -> Refusals:
    foreign, its = waits(books, its), brought_in(books, its)
    return when(
        (foreign, UNSURE),
        (its.state != FinancingState.OPEN, FINANCING_STATE),
        (books.now < its.overdue_from, "GraceNotOver"),
        (availability.owed_in_all(books, its) == 0, "NothingOwed"),
    )


def call_recourse(books: Books, its: Financing) -> Refusals:
    owed = availability.owed_in_all(books, its)
    covered = its.state != FinancingState.DEFAULTED and owed <= availability.value_of(books, its)
    return when(
        (its.cash != 0, UNSURE),
        (not its.facility.terms.recourse, "NoRecourse"),
        (covered, "StillCovered"),
        (its.state not in LIVE, FINANCING_STATE),
        (its.owed().total == 0, "RepaymentZero"),
        (its.facility.recourse_to != 0, "RecourseIsOpen"),
    )


def amend(books: Books, its: Financing, to: Facility, day: int) -> Refusals:
    """Whether both sides may agree to it at all."""
    moves = to is not its.facility
    later = day > books.now // DAY and day > its.maturity
    return when((not later and not (moves and day == its.maturity), "MaturityInvalid"))


def carry_out(books: Books, its: Financing, to: Facility, day: int) -> Refusals:
    refusals = amend(books, its, to, day) | when((its.state != FinancingState.OPEN, FINANCING_STATE))
    return refusals if to is its.facility else refusals | _refinance(books, its, to)


def _refinance(books: Books, its: Financing, to: Facility) -> Refusals:
    amount, now = its.owed_at(books.now).total, books.now
    fee, reserve = to.charges(amount)
    commitment = math.ceil(to.commitment(now)) if to.terms.committed_fee_bps else 0
    on_new_steps = replace(its, ladder=to.ladders[books.addresses[its.collateral]])
    cover = books.insurance.due(its.number, now)
    exceeds = amount + fee + reserve + commitment + cover > availability.base_of(books, on_new_steps)
    exceeds |= amount > max(0, to.limit - to.drawn) or amount > lendable_by(books, to)
    unfit = to.terms.supplier != its.facility.terms.supplier or books.currency_of(to) != books.currency_of(its.facility)
    principal, its.principal = its.principal, 0
    room, its.principal = availability.left_by_caps(books, its, to), principal
    return when(
        (unfit, "RefinancingUnfit"),
        (bool(its.impairment or its.written_off) or now >= end_of(its.maturity), "RefinancingTooLate"),
        (to.recourse_to != 0 or its.facility.recourse_to not in (0, its.number), "RecourseIsOpen"),
        (OPENING in books.stopped, "IsStopped"),
        (now >= to.expires_at, "FacilityExpired"),
        (amount == 0, "RepaymentZero"),
        (exceeds or amount > room, "RefinancingExceeds"),
    )


def pay_commitment(books: Books, its: Facility) -> Refusals:
    due = its.commitment(books.now) if its.terms.committed_fee_bps else Fraction(0)
    return when((due == 0, "NothingDue"))


# Pools


def deposit(books: Books, currency: str, tranche: Tranche, assets: int) -> Refusals:
    fundable = books.pools[currency].fundable(tranche, books.now)
    return when((fundable is not None and assets > fundable, "AmountTooLarge"))


def request_redeem(books: Books, currency: str, tranche: Tranche, by: str, shares: int) -> Refusals:
    its = books.pools[currency].shares[tranche]
    smallest = books.pools[currency].terms.smallest_request
    return when(
        (shares == 0, "SharesZero"),
        (0 < shares < min(smallest, -(-its.balances[by] // 2)), "RequestTooSmall"),
        (shares > its.balances[by], "ERC20InsufficientBalance"),
        (len(its.asked[by]) > 8, UNSURE),
    )


def close_epoch(books: Books, currency: str) -> Refusals:
    its = books.pools[currency]
    return when((books.now < its.closed_at + its.terms.epoch_seconds, "EpochNotOver"))


def redeem(books: Books, currency: str, tranche: Tranche, by: str, shares: int) -> Refusals:
    claimable, _ = books.pools[currency].shares[tranche].claimable(by)
    return when((shares > claimable, "ClaimableSharesTooLow"))


def take_fees(books: Books, currency: str, amount: int) -> Refusals:
    return when((amount > books.ledgers[currency].of("pool", "fees"), "FeesTooLow"))


def send_reserve(books: Books, currency: str) -> Refusals:
    return when((books.ledgers[currency].of("pool", "reserve") == 0, "NothingForReserve"))


DAY_COUNTS = tuple(DayCount)
