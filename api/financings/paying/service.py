"""What pays a financing off on a day to come, and the payments that it has had."""

from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlmodel import Session

from api.auth.principal import Principal
from api.clock import indexed_block, indexed_now
from api.errors import Malformed, NotFound
from api.facilities import service as facilities
from api.facilities.models import Facility
from api.facilities.schemas import DAY_COUNTS
from api.figures import Figures, ask
from api.financings import repository, service
from api.financings.models import Financing, Repayment
from api.financings.paying.schemas import Part, PayoffView, RepaymentDetailView, WaterfallStepView
from api.financings.schemas import RepaymentView
from api.interest import DAY, clock, end_of_day, interest_up, up, weight
from api.values import Amount, day, days, moment
from chain_node.client import Chain, DayCount, Owed

_DAY_COUNTS: Final = {name: count for count, name in DAY_COUNTS.items()}
_GOES_TO: Final[dict[Part, str]] = {
    "late_fees": "the lenders, little by little",
    "fees": "the operator",
    "interest": "the lenders",
    "principal": "the lenders",
    "recovered": "those who bore the loss: senior, junior, then the first-loss reserve",
    "reserve": "the first-loss reserve",
    "residual": "the supplier",
}


@dataclass(frozen=True)
class Debt:
    """What a financing's books say, and the terms by which time adds to it. `accrued_at` in seconds on the day count's
    clock, numerators as in `api.interest`, days since 1970-01-01."""

    principal: int
    fees: int
    reserve: int
    written_off: int
    interest_numerator: int
    late_numerator: int
    accrued_at: int
    grace_spent: bool
    maturity_day: int
    discount_rate_bps: int
    late_fee_bps: int
    grace_days: int
    day_count: DayCount

    def owed_at(self, at: int) -> Owed:
        """What is owed at a Unix second, not before the books', as the desk would then say it."""
        interest, late, grace_spent = self.interest_numerator, self.late_numerator, self.grace_spent
        if self.accrued_at:
            ticks = clock(self.day_count, at)
            interest += weight(self.principal, self.discount_rate_bps, self.day_count) * (ticks - self.accrued_at)
            if at > end_of_day(self.maturity_day):
                since = max(clock(self.day_count, end_of_day(self.maturity_day)), self.accrued_at)
                late += weight(self.principal, self.late_fee_bps, self.day_count) * (ticks - since)
                grace_spent |= late != 0 and at >= end_of_day(self.maturity_day + self.grace_days)
        return Owed(
            late_fees=up(late) if grace_spent else 0,
            fees=self.fees,
            interest=up(interest),
            principal=self.principal,
            written_off=self.written_off,
            reserve=self.reserve,
        )


def debt_of(told: dict[str, Any], facility: Facility) -> Debt:
    """From the desk's answer and the facility's terms, which never change."""
    return Debt(
        principal=told["principal"],
        fees=told["feesDue"],
        reserve=told["reserveDue"],
        written_off=told["writtenOff"],
        interest_numerator=told["accruedNumerator"],
        late_numerator=told["lateNumerator"],
        accrued_at=told["accruedAt"],
        grace_spent=told["graceSpent"],
        maturity_day=told["maturityDay"],
        discount_rate_bps=facility.discount_rate_bps,
        late_fee_bps=facility.late_fee_bps,
        grace_days=facility.grace_days,
        day_count=_DAY_COUNTS[facility.day_count],  # type: ignore[index]
    )


def payoff(session: Session, principal: Principal, chain: Chain, financing_id: str, on: date | None) -> PayoffView:
    """What pays all off whenever on that day it is paid; today where none is named, Malformed for one that is over."""
    financing = service.find(session, principal, financing_id)
    now = indexed_now(session)
    today = now // DAY
    number = days(on) if on is not None else today
    if number < today:
        detail = f"{on} is over: the chain's clock says {day(today)}."
        raise Malformed("payoff-in-past", detail, on=str(on), today=str(day(today)))
    facility = facilities.by_number(session, financing.facility)
    desk = chain.desk
    questions = [ask(desk, view, financing.number) for view in ("financing", "owed", "owedInAll")]
    told, owed_now, in_all = Figures.at(session, chain).answers(questions)
    currency = facilities.currency_of(session, chain, facility)
    debt = debt_of(told, facility)
    owed = debt.owed_at(end_of_day(number) - 1)
    insurers = in_all - Owed(*owed_now.values()).total
    following = end_of_day(number)
    more = interest_up(debt.principal, debt.discount_rate_bps, debt.day_count, following, following + DAY)
    return PayoffView(
        financing_id=str(financing.number),
        on=day(number),
        as_of=moment(now),
        block_number=indexed_block(session),
        owed=service.owed_view(owed, currency),
        insurers=Amount.of(insurers, currency),
        total=Amount.of(owed.total + insurers, currency),
        interest_of_next_day=Amount.of(more, currency),
    )


# Repayments


def repayments(session: Session, principal: Principal, chain: Chain, financing_id: str) -> list[RepaymentView]:
    """Those of a financing."""
    financing = service.find(session, principal, financing_id)
    currency = _currency(session, chain, financing)
    return [service.repayment_view(each, currency) for each in repository.repayments(session, [financing.number])]


def repayment(
    session: Session, principal: Principal, chain: Chain, financing_id: str, repayment_id: str
) -> RepaymentDetailView:
    """One payment, and where each part of it went, in the order of the waterfall."""
    financing = service.find(session, principal, financing_id)
    transaction, _, log_index = repayment_id.partition("-")
    is_one = log_index.isdecimal() and len(log_index) < 10
    found = repository.repayment(session, transaction, int(log_index)) if is_one else None
    if found is None or found.financing != financing.number:
        detail = f"Financing {financing.number} has no repayment {repayment_id[:80]}."
        raise NotFound("repayment-absent", detail, id=repayment_id[:80])
    return _detail(found, _currency(session, chain, financing))


def _detail(found: Repayment, currency: str) -> RepaymentDetailView:
    steps = [
        WaterfallStepView(part=part, amount=Amount.of(getattr(found, part), currency), goes_to=goes_to)
        for part, goes_to in _GOES_TO.items()
    ]
    return RepaymentDetailView(**service.repayment_view(found, currency).model_dump(), waterfall=steps)


def _currency(session: Session, chain: Chain, financing: Financing) -> str:
    return facilities.currency_of(session, chain, facilities.by_number(session, financing.facility))
