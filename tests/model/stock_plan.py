"""A random run with goods, from a seed: which operation follows which, and when."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain

from chain_node.client import Chain
from model.books import Books, Disagreement
from model.compare import Question, differences
from model.goods import Pledge
from model.operations import goods, lots, readings, stops, workouts
from model.plan import Operation
from model.run import Run
from model.stock_compare import goods_questions, pledge_questions

_HOURS = (0, 0, 0, 0, 0, 1, 2, 5, 11, 26)
_BEGINNING = (lots.store, lots.store, goods.open, goods.open, goods.poke, lots.split, lots.permit)
_CALLED = (
    goods.cure,
    goods.cure,
    goods.cure_in_silence,
    goods.cure_in_silence,
    goods.start_sale,
    goods.substitute,
)
PLEDGES_EVERY, ALL_EVERY = 3, 25
WEIGHTS: dict[Operation, int] = {
    lots.store: 10,
    lots.split: 5,
    lots.merge: 5,
    lots.transfer: 4,
    lots.send: 1,
    lots.revoke: 1,
    lots.permit: 6,
    lots.order_release: 4,
    lots.leave: 8,
    lots.stop: 1,
    goods.open: 12,
    goods.poke: 10,
    goods.repay: 2,
    goods.release: 4,
    goods.add: 8,
    goods.substitute: 8,
    goods.pay_and_release: 8,
    goods.order_exit: 5,
    goods.offer: 8,
    goods.buy: 3,
    goods.call_margin: 10,
    goods.cure: 9,
    goods.start_sale: 7,
    goods.bid: 9,
    goods.drop: 2,
    workouts.overdue: 1,
    workouts.default: 1,
}
# Beside them in the runs of odd seeds, where goods leave unasked, and are lost.
MISHAPS: dict[Operation, int] = {lots.slip: 2, lots.lose: 1, goods.explain: 4}


def go(run: Run, operations: int) -> None:
    """Prices and conditions are reported between the operations; a margin call that is open has its share of them."""
    weights = WEIGHTS | (MISHAPS if has_mishaps(run) else {})
    ordinary = [operation for operation, weight in weights.items() for _ in range(weight)]
    for _ in range(operations):
        run.books.now = run.head + run.random.randint(1, 600) + run.random.choice(_HOURS) * 3_600
        if run.random.random() < (0.6 if goods.unvalued(run) else 0.2):
            step(run, readings.report)
        pledges = [its for its in run.books.goods.pledges.values() if not its.over]
        step(run, run.random.choice(_choice(run, pledges) or (_BEGINNING if len(pledges) < 3 else ordinary)))
        if run.operation % PLEDGES_EVERY == 0:
            compare(run, goods_questions if run.operation % ALL_EVERY == 0 else pledge_questions)
        run.blocks.append(run.block)


def has_mishaps(run: Run) -> bool:
    return run.seed % 2 == 1


def _choice(run: Run, pledges: list[Pledge]) -> tuple[Operation, ...]:
    """What is likelier while margin is called, or goods are up for sale."""
    dice, now = run.random.random(), run.books.now
    if dice < 0.3 and has_mishaps(run):
        stock = run.books.goods.stock
        if any(stock.amiss(stock.lots[lot]) for its in pledges for lot in its.lots):
            return (goods.explain,)
        if any(its.call and max(its.call.deadline, its.sale_end) <= now for its in pledges):
            return (goods.start_sale,)
    if any(now < its.sale_end for its in pledges) and dice < 0.4:
        return (goods.bid,)
    return _CALLED if any(its.call is not None for its in pledges) and dice < 0.4 else ()


def step(run: Run, operation: Operation) -> None:
    run.operation += 1
    try:
        for each in chain(stops.resume(run), operation(run)):
            run.attempt(each)
            run.books.now = max(run.books.now, run.head + 1)
    except (AssertionError, LookupError) as wrong:
        name = f"{operation.__module__.rpartition('.')[2]}.{operation.__name__}"
        raise Disagreement(f"seed {run.seed}, operation {run.operation} ({name}): {wrong!r}") from wrong


def compare(run: Run, asked: Callable[[Books, Chain], Iterator[Question]]) -> None:
    """What is asked of the chain, as it stands now."""
    run.books.now, ahead = run.head, run.books.now
    figures, found = differences(run.books, run.chain, run.block, asked)
    run.figures += figures
    if found:
        raise Disagreement(f"seed {run.seed}, operation {run.operation}: {'; '.join(found[:5])}")
    run.books.now = max(ahead, run.head + 1)
