"""A soak leaves no case out, however short it is. No network is needed for that."""

from __future__ import annotations

import ast
import random
from itertools import islice
from pathlib import Path

import chaos_cases
import link_cases
import stranger_cases
from soak_deck import cases_in_turn, left_out, report
from test_soak import EVERY_CASE

MODULES = (chaos_cases, link_cases, stranger_cases)
NAMES = sorted(EVERY_CASE)


def test_every_case_that_there_is_is_in_the_deck() -> None:
    """A case is what takes the network and chance; one might be written and forgotten."""
    found = set()
    for module in MODULES:
        for node in ast.parse(Path(str(module.__file__)).read_text()).body:
            if isinstance(node, ast.FunctionDef) and [its.arg for its in node.args.args] == ["network", "chance"]:
                found.add(node.name)

    assert found == set(NAMES)


def test_each_case_comes_once_although_no_time_is_left() -> None:
    for seed in range(20):
        ran = list(cases_in_turn(NAMES, random.Random(seed), lambda: False))

        assert sorted(ran) == NAMES
        assert left_out(ran, NAMES) == []


def test_it_goes_on_while_time_is_left_and_the_seed_repeats_it() -> None:
    first, second = (
        list(islice(cases_in_turn(NAMES, random.Random(7), lambda: True), 3 * len(NAMES))) for _ in range(2)
    )

    assert first == second
    for at in range(3):
        assert sorted(first[at * len(NAMES) : (at + 1) * len(NAMES)]) == NAMES


def test_case_that_did_not_pass_is_named() -> None:
    said = report(4711, ["one", "one"], ["one", "two"], ["three"])

    assert left_out(["one", "one"], ["one", "two"]) == ["two"]
    assert said.splitlines() == [
        "SOAK_SEED=4711: 1 of 2 cases passed",
        "    2 x one",
        "  not passed: two",
        "  only for root, left out: three",
    ]
