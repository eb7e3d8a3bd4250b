"""A validator's clock, database or seat is harmed while the network is at work."""

from __future__ import annotations

import random

import chaos_cases as cases
import pytest
from network_at_work import NetworkAtWork

pytestmark = [pytest.mark.node, pytest.mark.slow, pytest.mark.xdist_group("chaos")]


@cases.SOAK_ALONE
def test_clock_that_is_a_day_off_harms_its_own_validator_alone(at_work: NetworkAtWork, chance: random.Random) -> None:
    cases.clock_is_a_day_off(at_work, chance)

    at_work.require_all_is_well()


def test_damaged_database_is_noticed_and_fetched_anew(at_work: NetworkAtWork, chance: random.Random) -> None:
    cases.database_is_damaged(at_work, chance)

    at_work.require_all_is_well()


@cases.SOAK_ALONE
def test_validator_is_voted_out_by_three_and_in_again(at_work: NetworkAtWork, chance: random.Random) -> None:
    cases.is_voted_out_and_in(at_work, chance)

    at_work.require_all_is_well()
