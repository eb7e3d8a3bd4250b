"""What becomes of a financing that is not paid as agreed, or is agreed anew."""

from __future__ import annotations

from collections.abc import Iterator

from chain_node.client import Amendment, FinancingState
from model import availability, rules
from model.calendar360 import DAY
from model.financings import Facility
from model.run import Attempt, Run


def impair(run: Run) -> Iterator[Attempt]:
    its = run.financing(FinancingState.OPEN, FinancingState.DEFAULTED)
    if its is not None:
        amount = 0 if run.random.random() < 0.4 else run.part(its.principal)
        call = run.chain.desk.set_impairment(its.number, amount)
        yield Attempt(run.office("credit-officer"), call, rules.set_impairment(its, amount))


def overdue(run: Run) -> Iterator[Attempt]:
    late = [one for one in run.books.financings.values() if rules.mark_overdue(run.books, one) == set()]
    its = run.random.choice(late) if late and run.random.random() < 0.9 else run.financing(FinancingState.OPEN)
    if its is not None:
        call = run.chain.servicing.mark_overdue(its.number)
        yield Attempt(run.party("lender"), call, rules.mark_overdue(run.books, its))


def default(run: Run) -> Iterator[Attempt]:
    late = [one for one in run.books.financings.values() if rules.declare_default(run.books, one) == set()]
    its = run.random.choice(late) if late and run.random.random() < 0.6 else run.financing(FinancingState.OPEN)
    if its is not None:
        call = run.chain.servicing.declare_default(its.number)
        yield Attempt(run.party("lender"), call, rules.declare_default(run.books, its))


def recourse(run: Run) -> Iterator[Attempt]:
    its = run.financing(FinancingState.DEFAULTED, FinancingState.OPEN)
    if its is not None:
        call = run.chain.servicing.call_recourse(its.number)
        yield Attempt(run.party("lender"), call, rules.call_recourse(run.books, its))


def amend(run: Run) -> Iterator[Attempt]:
    """An extension, or another facility of the same supplier: one side agrees, then the other."""
    sound = [one for one in run.books.financings.values() if availability.may_draw(run.books, one) and one.principal]
    its = run.random.choice(sound) if sound else run.financing(FinancingState.OPEN)
    if its is None:
        return
    line = its.facility
    others = [one for one in run.books.facilities.values() if one.terms.supplier == line.terms.supplier]
    to: Facility = run.random.choice(others)
    day = its.maturity + run.random.choice((-1, 0, 7, 7, 30)) if to is line else its.maturity
    numbers = (its.number, line.number, its.maturity, to.number, day)
    amendment = Amendment(*numbers, run.random.randbytes(32), run.books.now + DAY)
    by = next(one for one in run.parties.values() if one.address == line.terms.supplier)
    yield Attempt(by, run.chain.servicing.agree(amendment), rules.amend(run.books, its, to, day))
    officer, call = run.office("credit-officer"), run.chain.servicing.approve(amendment)
    refusals = rules.amend(run.books, its, to, day)
    yield Attempt(officer, call, refusals or rules.carry_out(run.books, its, to, day))
