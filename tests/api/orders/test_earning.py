"""How the escrow's sums are shared among an order's steps, and from when money goes back; without a chain."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.milestones.facts import Facts
from api.milestones.models import Fact, FactStatus
from api.orders.earning import DAY_SECONDS, StepMoney, refundable_from, steps_of
from api.orders.models import Order
from chain_node.client import Milestone

NOW = 1_777_900_000
SUBJECT = "0x" + "07" * 32
DEPARTED, RECEIVED = int(Milestone.DEPARTED), int(Milestone.RECEIVED)
LADDER = [
    {"milestone": DEPARTED, "share_bps": 4000, "measured": False},
    {"milestone": RECEIVED, "share_bps": 10_000, "measured": True},
]


def order(**changes: Any) -> Order:
    """Of 1000 pieces for 100,000.00, accepted, to be delivered on day 20600 with ten days of grace."""
    its: dict[str, Any] = {
        "id": "0x" + "01" * 32,
        "seller": 1,
        "buyer": 2,
        "currency": "EUR",
        "subject": SUBJECT,
        "terms_hash": "0x" + "02" * 32,
        "value": 10_000_000,
        "quantity": 1_000_000,
        "deliver_by": 20_600,
        "grace_days": 10,
        "deposit": 0,
        "over_bps": 0,
        "under_bps": 0,
        "lines": [],
        "payouts": LADDER,
        "registered_at": 1,
        "accepted_at": 2,
        "block_number": 1,
        "transaction_hash": "0x" + "03" * 32,
    }
    return Order(**{**its, **changes})


def facts(*rows: Fact) -> Facts:
    return Facts({(row.milestone, row.sequence): row for row in rows}, NOW)


def fact(milestone: int, quantity: int = 0, sequence: int = 1, **changes: Any) -> Fact:
    """Final and usable unless said otherwise."""
    its: dict[str, Any] = {"status": FactStatus.FINAL.value, "relied_quantity": quantity, "usable_from": NOW}
    return Fact(subject=SUBJECT, milestone=milestone, sequence=sequence, **{**its, **changes})


def shared(its: Order, known: Facts, earned: int, paid: int = 0) -> list[StepMoney]:
    return steps_of(its, known, earned=earned, paid=paid, outstanding=its.value - paid)


def test_step_without_its_fact_has_earned_nothing() -> None:
    steps = shared(order(), facts(), 0)

    assert [(step.worth, step.earned, step.to_come) for step in steps] == [
        (4_000_000, 0, 4_000_000),
        (6_000_000, 0, 6_000_000),
    ]


def test_goods_received_have_been_shipped() -> None:
    steps = shared(order(), facts(fact(RECEIVED, 500_000)), 5_000_000)

    assert [step.earned for step in steps] == [2_000_000, 3_000_000]


def test_partial_deliveries_add_up_within_the_tolerance() -> None:
    known = facts(fact(RECEIVED, 500_000), fact(RECEIVED, 495_000, 2))

    strict, lenient = shared(order(), known, 9_950_000), shared(order(under_bps=50), known, 10_000_000)

    assert (strict[1].delivered, lenient[1].delivered) == (995_000, 1_000_000)
    assert [step.earned for step in lenient] == [4_000_000, 6_000_000]


@pytest.mark.parametrize(
    "doubtful",
    [{"status": FactStatus.DISPUTED.value}, {"status": FactStatus.GATHERING.value}, {"usable_from": NOW + 1}],
)
def test_doubtful_fact_earns_nothing(doubtful: dict[str, Any]) -> None:
    steps = shared(order(), facts(fact(DEPARTED, **doubtful)), 0)

    assert [step.earned for step in steps] == [0, 0]


def test_payment_ahead_of_the_facts_counts_to_the_first_steps() -> None:
    steps = shared(order(), facts(), 0, paid=5_000_000)

    assert [(step.paid, step.to_come) for step in steps] == [(4_000_000, 0), (1_000_000, 5_000_000)]


def test_acceptance_is_reached_by_no_fact() -> None:
    ladder = [{"milestone": 1, "share_bps": 3000, "measured": False}, LADDER[1]]

    before = shared(order(payouts=ladder, accepted_at=None), facts(), 0)
    after = shared(order(payouts=ladder), facts(), 3_000_000)

    assert [step.earned for step in before] == [0, 0]
    assert [step.earned for step in after] == [3_000_000, 0]


@given(
    value=st.integers(1, 2**56 - 1),
    quantity=st.integers(1, 2**48 - 1),
    shares=st.lists(st.integers(1, 9_999), min_size=1, max_size=3, unique=True),
    part=st.integers(0, 2**48),
    paid=st.integers(0, 2**56),
)
def test_steps_sum_to_what_the_escrow_says(value: int, quantity: int, shares: list[int], part: int, paid: int) -> None:
    ladder = [
        {"milestone": 10 * (place + 1), "share_bps": share, "measured": True}
        for place, share in enumerate([*sorted(shares), 10_000])
    ]
    its = order(value=value, quantity=quantity, payouts=ladder)
    part, paid = min(part, quantity), min(paid, value)
    earned = value * part // quantity
    known = facts(fact(ladder[-1]["milestone"], part)) if part else facts()

    steps = steps_of(its, known, earned=earned, paid=paid, outstanding=value - paid)

    assert sum(step.worth for step in steps) == value
    assert sum(step.earned for step in steps) == earned or not any(step.earned for step in steps)
    assert (sum(step.paid for step in steps), sum(step.to_come for step in steps)) == (paid, value - paid)
    assert all(min(step.worth, step.earned, step.paid, step.to_come) >= 0 for step in steps)


@pytest.mark.parametrize(
    ("known", "days"),
    [
        (facts(), 0),
        (facts(fact(DEPARTED)), 0),
        (facts(fact(DEPARTED, usable_from=NOW + 1)), 30),
        (facts(fact(RECEIVED, 5), fact(RECEIVED, 5, 2, status=FactStatus.DISPUTED.value)), 30),
        (facts(fact(RECEIVED, 5, 2, status=FactStatus.DISPUTED.value)), 0),
        (facts(fact(DEPARTED), fact(DEPARTED, sequence=2, status=FactStatus.DISPUTED.value)), 0),
    ],
)
def test_fact_that_may_yet_count_puts_the_refund_off(known: Facts, days: int) -> None:
    assert refundable_from(order(), known, 30) == (20_600 + 10 + 1 + days) * DAY_SECONDS
