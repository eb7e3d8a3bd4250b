"""A random run through the real contracts, from a seed: which operation follows which, and when."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import chain

from model.books import Disagreement
from model.operations import invoices, lines, openings, orders, pools, repayments, stops, workouts
from model.run import Attempt, Run

Operation = Callable[[Run], Iterator[Attempt]]

_HOURS = (0, 0, 0, 0, 1, 2, 5, 11, 26)
_LONG_HOURS = (0, 1, 5, 26, 60)
_WINDING_DOWN = (
    workouts.overdue,
    workouts.default,
    workouts.recourse,
    workouts.overdue,
    invoices.pay,
    orders.pay,
    orders.end,
    repayments.repay,
    invoices.default_invoice,
    invoices.end_dispute,
    workouts.impair,
    pools.close_epoch,
    pools.redeem,
    invoices.claim,
    repayments.release,
    repayments.forward,
    pools.request_redeem,
    openings.poke,
    repayments.frozen,
    pools.send_reserve,
)
_BEGINNING = (
    invoices.register,
    invoices.accept,
    invoices.accept,
    openings.finance_invoice,
    openings.attest,
    invoices.hop,
    invoices.pay,
    orders.register,
    openings.finance_order,
)
WEIGHTS: dict[Operation, int] = {
    invoices.register: 11,
    invoices.accept: 12,
    invoices.cancel: 1,
    invoices.cancel_by_consent: 1,
    invoices.hop: 9,
    invoices.pay: 7,
    invoices.claim: 6,
    invoices.credit_note: 4,
    invoices.open_dispute: 5,
    invoices.end_dispute: 7,
    invoices.default_invoice: 3,
    openings.finance_invoice: 12,
    openings.finance_order: 8,
    openings.demand_match: 1,
    orders.register: 6,
    orders.accept: 1,
    orders.cancel: 1,
    orders.pay: 8,
    orders.end: 2,
    openings.attest: 10,
    openings.poke: 5,
    repayments.repay: 7,
    repayments.release: 4,
    workouts.impair: 3,
    workouts.overdue: 7,
    workouts.default: 5,
    workouts.recourse: 3,
    workouts.amend: 6,
    repayments.forward: 2,
    lines.change_line: 3,
    lines.pay_commitment: 3,
    repayments.frozen: 2,
    pools.deposit: 4,
    pools.request_redeem: 4,
    pools.close_epoch: 5,
    pools.redeem: 4,
    pools.take_fees: 1,
    pools.send_reserve: 2,
    pools.sponsor: 1,
    stops.stop: 3,
}


def go(
    run: Run, operations: int, more: Mapping[Operation, int] | None = None, late: tuple[Operation, ...] = ()
) -> None:
    """Four fifths of them trade; in the last fifth what is left falls late, is lost, and comes back in part. `more` and
    `late` are those of a wider plan, for the one and for the other."""
    ordinary = [operation for operation, weight in {**WEIGHTS, **(more or {})}.items() for _ in range(weight)]
    for index in range(operations):
        winding_down = index >= operations * 4 // 5
        hours = run.random.choice(_LONG_HOURS if winding_down else _HOURS)
        hours += (run.random.random() < 0.01 and not run.resumes) * 240
        run.books.now = run.head + run.random.randint(1, 600) + hours * 3_600
        young = len(run.books.financings) < 6
        step(run, run.random.choice(_WINDING_DOWN + late if winding_down else _BEGINNING if young else ordinary))
        run.blocks.append(run.block)
    run.books.now = run.head


def step(run: Run, operation: Operation) -> None:
    """One operation, as the seed will have it; a few belong to others and are tried with them."""
    run.operation += 1
    try:
        for each in chain(stops.resume(run), operation(run), repayments.after_lost_hints(run)):
            run.attempt(each)
            run.books.now = max(run.books.now, run.head + 1)
    except Disagreement as wrong:
        raise Disagreement(f"seed {run.seed}, operation {run.operation} ({operation.__name__}): {wrong}") from wrong
