"""What the credit officer and the supplier do with a facility."""

from __future__ import annotations

from collections.abc import Iterator

from model import rules
from model.calendar360 import DAY
from model.run import Attempt, Run


def change_line(run: Run) -> Iterator[Attempt]:
    line = run.random.choice([*run.books.facilities.values()])
    officer, desk = run.office("credit-officer"), run.chain.desk
    if run.random.random() < 0.5:
        limit = run.random.choice((1, 900_000, 5_000_000, 9_000_000, 9_000_000))
        yield Attempt(officer, desk.set_limit(line.number, limit))
    else:
        until = run.books.now + run.random.choice((1, 90, 300, 300)) * DAY
        yield Attempt(officer, desk.set_expiry(line.number, until))


def pay_commitment(run: Run) -> Iterator[Attempt]:
    line = run.random.choice([*run.books.facilities.values()])
    call = run.chain.desk.pay_commitment_fee(line.number)
    yield Attempt(run.party("supplier"), call, rules.pay_commitment(run.books, line))
