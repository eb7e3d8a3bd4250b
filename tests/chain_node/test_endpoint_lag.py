"""How long a node has been behind: by when each height was first seen."""

from hypothesis import given
from hypothesis import strategies as st

from chain_node.client.endpoints.endpoint import Endpoint, status_of
from chain_node.client.endpoints.figures import figures_of
from chain_node.client.endpoints.lag import _MOST, Heights


def heights(*seen: tuple[int, float]) -> Heights:
    made = Heights()
    for height, at in seen:
        made.note(height, at)
    return made


def test_before_anything_was_seen_nobody_is_behind() -> None:
    assert Heights().lag_seconds(0, 100) == 0
    made = Heights()
    made.note(None, 5)
    assert made.lag_seconds(0, 100) == 0


def test_node_with_the_newest_block_is_not_behind_however_old_that_is() -> None:
    assert heights((5, 10)).lag_seconds(5, 1_000) == 0
    assert heights((5, 10)).lag_seconds(6, 1_000) == 0


def test_lag_counts_from_the_first_block_that_is_lacked() -> None:
    made = heights((5, 10), (6, 11), (9, 14), (9, 15), (10, 16))

    assert made.lag_seconds(9, 17) == 1
    assert made.lag_seconds(6, 17) == 3
    assert made.lag_seconds(5, 17) == 6
    assert made.lag_seconds(0, 17) == 7


def test_node_that_is_always_one_block_behind_is_not_ever_later() -> None:
    made = Heights()
    for block in range(1, 500):
        made.note(block, float(block))
        assert made.lag_seconds(block - 1, float(block)) == 0


def test_heights_of_a_node_that_is_trusted_no_more_are_forgotten() -> None:
    made = heights((5, 10), (900, 11), (6, 12))

    assert made.lag_seconds(6, 20) == 0
    assert made.lag_seconds(5, 20) == 8


@given(st.lists(st.tuples(st.integers(0, 50), st.floats(0, 10)), max_size=60), st.integers(0, 50))
def test_lag_is_as_the_whole_history_says(steps: list[tuple[int, float]], head: int) -> None:
    made, now, kept = Heights(), 0.0, dict[int, float]()
    for height, pause in steps:
        now += pause
        made.note(height, now)
        kept = {known: at for known, at in kept.items() if known <= height}
        kept.setdefault(height, now)
    later = sorted(known for known in kept if known > head)

    assert made.lag_seconds(head, now + 1) == (now + 1 - kept[later[0]] if later else 0)


def test_only_so_many_heights_are_kept() -> None:
    made = heights(*((height, float(height)) for height in range(_MOST + 10)))

    assert made.lag_seconds(0, _MOST + 10) == _MOST
    assert len(made._heights) == len(made._seen_at) == _MOST


def test_figure_has_it_for_each_node_that_was_ever_seen() -> None:
    made = heights((5, 10), (7, 12))
    seen, never = Endpoint(0, "a", answers=True, is_verified=True, head=5), Endpoint(1, "b")
    told = [
        status_of(
            its,
            in_use=False,
            furthest=7,
            floor=0,
            lag_blocks=3,
            lag_seconds=None if its.head is None else made.lag_seconds(its.head, 15),
        )
        for its in (seen, never)
    ]

    values = {figure.name: figure.values for figure in figures_of(told)}

    assert values["lag_seconds"] == {"a": 3}
    assert values["lag_blocks"] == {"a": 2}
