"""Who is not listed tries, at validators, contracts and gateway."""

from __future__ import annotations

import random

import pytest
import stranger_cases as cases
from chaos_cases import SOAK_ALONE
from network_at_work import NetworkAtWork

pytestmark = [pytest.mark.node, pytest.mark.slow, pytest.mark.xdist_group("chaos")]


def test_unlisted_node_is_refused_and_gets_and_makes_no_block(at_work: NetworkAtWork, chance: random.Random) -> None:
    cases.unlisted_node_tries(at_work, chance)

    at_work.require_all_is_well()


def test_unlisted_account_does_nothing_by_call_by_transaction_or_at_the_gateway(
    at_work: NetworkAtWork, chance: random.Random
) -> None:
    cases.unlisted_account_tries(at_work, chance)

    at_work.require_all_is_well()


@SOAK_ALONE
def test_listed_node_fetches_blocks_once_it_is_voted_in(at_work: NetworkAtWork, chance: random.Random) -> None:
    cases.new_validator_is_voted_in_and_out(at_work, chance)

    at_work.require_all_is_well()
