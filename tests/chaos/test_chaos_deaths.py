"""Validators die while the network is at work."""

from __future__ import annotations

import random

import chaos_cases as cases
import pytest
from network_at_work import NetworkAtWork

pytestmark = [pytest.mark.node, pytest.mark.slow, pytest.mark.xdist_group("chaos")]


def test_killed_validator_stops_no_work_and_changes_no_final_block(
    at_work: NetworkAtWork, chance: random.Random
) -> None:
    cases.one_is_killed(at_work, chance)

    at_work.require_all_is_well()


def test_requests_are_accepted_while_two_are_dead_and_done_once_when_one_is_back(
    at_work: NetworkAtWork, chance: random.Random
) -> None:
    cases.two_are_killed_and_one_returns(at_work, chance)

    at_work.require_all_is_well()


@cases.SOAK_ALONE
def test_work_goes_on_after_all_were_killed_at_once(at_work: NetworkAtWork, chance: random.Random) -> None:
    cases.all_are_killed_and_return(at_work, chance)

    at_work.require_all_is_well()
