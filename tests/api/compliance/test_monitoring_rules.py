"""The rules as functions: what they find, what they leave, and that it does not matter in which pieces they look."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.compliance.monitoring.rules import Move, Price, median, prices, round_trips, structuring, velocity
from api.compliance.settings import MonitoringSettings

DAY = 86_400
RULES = MonitoringSettings(
    velocity_window_seconds=DAY,
    velocity_most_count=3,
    velocity_most_units=10_000,
    structuring_threshold_units=1_000,
    structuring_from_bps=9_000,
    structuring_count=3,
    structuring_window_seconds=DAY,
    round_trip_window_seconds=DAY,
    round_trip_tolerance_bps=500,
    round_trip_most_parties=3,
    price_least_references=3,
    price_deviation_bps=3_000,
)


def move(at: int, giver: str = "A", taker: str = "B", amount: int = 100, **changes: Any) -> Move:
    values = {
        "kind": "cash",
        "asset": "EUR",
        "part": 0,
        "log_index": 0,
        "transaction_hash": f"0x{at:04x}{giver}{taker}",
    }
    return Move(moved_at=at, block_number=at, giver=giver, taker=taker, amount=amount, **{**values, **changes})


def everybody(one: str, other: str) -> bool:
    return True


def nobody(one: str, other: str) -> bool:
    return False


def test_as_many_payments_as_allowed_are_no_case() -> None:
    assert list(velocity([move(at) for at in (1, 2, 3)], RULES)) == []


def test_one_payment_more_is_a_case_with_both_numbers() -> None:
    (found,) = velocity([move(at) for at in (1, 2, 3, 4, 5, 6)], RULES)

    assert (found.kind, found.lei, found.facts) == ("velocity", "A", (move(4).fact,))
    assert (found.figures["count"], found.figures["most_count"]) == (4, 3)


def test_payments_outside_the_window_do_not_count() -> None:
    assert list(velocity([move(1), move(2), move(3), move(3 + DAY)], RULES)) == []


def test_too_much_money_is_a_case_for_a_single_payment() -> None:
    (found,) = velocity([move(1, amount=10_001)], RULES)

    assert (found.figures["sum_units"], found.figures["most_units"]) == ("10001", "10000")


def test_currencies_and_givers_are_counted_apart() -> None:
    others = [move(1), move(2, asset="USD"), move(3, giver="C"), move(4), move(5, asset="USD"), move(6, giver="C")]

    assert list(velocity(others, RULES)) == []


def test_amounts_just_below_the_threshold_are_a_case_and_others_are_not() -> None:
    (found,) = structuring([move(at, amount=amount) for at, amount in enumerate((999, 900, 899, 1_000, 950))], RULES)

    assert found.facts == (move(4, amount=950).fact,)
    assert (found.figures["count"], found.figures["sum_units"], found.figures["threshold_units"]) == (3, "2849", "1000")
    assert list(structuring([move(at, amount=899) for at in range(9)], RULES)) == []


def test_money_that_comes_back_among_related_parties_is_a_case() -> None:
    trip = [move(1, "A", "B", 1_000), move(2, "B", "C", 980), move(3, "C", "A", 960)]

    (found,) = round_trips(trip, everybody, RULES)

    assert (found.figures["parties"], found.figures["amounts"]) == (["A", "B", "C"], ["1000", "980", "960"])
    assert list(round_trips(trip, nobody, RULES)) == []


@pytest.mark.parametrize(
    "trip",
    [
        [move(2, "A", "B"), move(1, "B", "A")],
        [move(1, "A", "B"), move(1 + DAY, "B", "A")],
        [move(1, "A", "B", 1_000), move(2, "B", "A", 949)],
        [move(1, "A", "B"), move(2, "B", "A", asset="USD")],
        [move(1, "A", "B"), move(2, "B", "A", kind="units", asset="0x2a")],
        [move(1, "A", "B"), move(2, "B", "C"), move(3, "C", "D"), move(4, "D", "A")],
    ],
    ids=["back before out", "too late", "too little", "other currency", "other kind", "too many parties"],
)
def test_what_is_no_round_trip_is_left(trip: list[Move]) -> None:
    findings = list(round_trips(trip, everybody, RULES))

    assert [found for found in findings if found.figures["parties"][0] == "A"] == []


def price(own: int, *references: int) -> Price:
    return Price("0x2a", "A", "It is", "EUR", own, references, "median")


def test_a_price_far_from_the_median_is_a_case_with_both() -> None:
    (found,) = prices([price(131, 100, 100, 900)], RULES)

    assert (found.figures["price"], found.figures["reference"], found.figures["deviation_bps"]) == ("131", "100", 3_100)


@pytest.mark.parametrize(("own", "references"), [(130, (100, 100, 100)), (70, (100, 100, 100)), (900, (100, 100))])
def test_a_price_near_it_or_with_too_few_to_compare_is_left(own: int, references: tuple[int, ...]) -> None:
    assert list(prices([price(own, *references)], RULES)) == []


@given(st.lists(st.integers(), min_size=1))
def test_the_median_is_a_value_with_half_on_either_side(values: list[int]) -> None:
    middle = median(values)

    assert middle in values
    assert sum(value < middle for value in values) <= (len(values) - 1) // 2
    assert sum(value > middle for value in values) <= len(values) // 2


histories = st.lists(
    st.tuples(st.integers(0, DAY // 3), st.sampled_from("ABC"), st.sampled_from("ABC"), st.integers(880, 1_010)),
    max_size=14,
)


def history(steps: list[tuple[int, str, str, int]]) -> list[Move]:
    at, moves = 1, []
    for place, (gap, giver, taker, amount) in enumerate(steps):
        at += gap
        if giver != taker:
            values = {"kind": "cash", "asset": "EUR", "part": 0, "log_index": place, "transaction_hash": f"0x{place}"}
            moves.append(Move(at, place + 1, giver=giver, taker=taker, amount=amount, **values))  # type: ignore[arg-type]
    return moves


def keys(moves: list[Move], since: int = 0) -> set[str]:
    found = [
        *velocity(moves, RULES, since),
        *structuring(moves, RULES, since),
        *round_trips(moves, everybody, RULES, since),
    ]
    assert len({each.key for each in found}) == len(found)
    return {each.key for each in found}


@given(histories, st.data())
def test_looking_piece_by_piece_finds_what_looking_at_once_does(steps: Any, data: Any) -> None:
    moves = history(steps)
    cut = data.draw(st.integers(0, len(steps) + 1))
    new = [each for each in moves if each.block_number >= cut]
    since_then = [each for each in moves if new and each.moved_at > new[0].moved_at - 2 * DAY - 1]

    before = keys([each for each in moves if each.block_number < cut])
    after = keys(since_then, since=cut)

    assert before | after == keys(moves)
    assert not before & after


@given(histories, st.randoms())
def test_the_order_in_which_movements_are_given_does_not_count(steps: Any, chance: Any) -> None:
    moves = history(steps)
    shuffled = list(moves)
    chance.shuffle(shuffled)

    assert keys(shuffled) == keys(moves)
