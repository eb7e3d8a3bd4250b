"""Links between validators fail while the network is at work."""

from __future__ import annotations

import os
import random

import link_cases as cases
import pytest
from network_at_work import NetworkAtWork

pytestmark = [
    pytest.mark.node,
    pytest.mark.slow,
    pytest.mark.xdist_group("chaos"),
    pytest.mark.skipif(os.geteuid() != 0, reason="links are made of network namespaces, which root alone may make"),
]


def test_three_go_on_without_one_that_is_cut_off_and_it_catches_up(
    at_work: NetworkAtWork, chance: random.Random
) -> None:
    cases.one_is_cut_off(at_work, chance)

    at_work.require_all_is_well()


def test_no_half_makes_a_block_and_what_was_accepted_is_done_once_they_meet(
    at_work: NetworkAtWork, chance: random.Random
) -> None:
    cases.halves_are_parted(at_work, chance)

    at_work.require_all_is_well()


def test_work_goes_on_over_a_slow_link_that_loses_packets(at_work: NetworkAtWork, chance: random.Random) -> None:
    cases.one_link_is_slow_and_loses(at_work, chance)

    at_work.require_all_is_well()
