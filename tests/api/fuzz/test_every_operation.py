"""Schemathesis sends every operation what its description allows and what it forbids. Nothing may fail on our side, and
nothing may be answered that is not described. `make fuzz` sends more (FUZZ_EXAMPLES=, FUZZ_SEED=)."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from fuzzing import PROGRAM, Target, fuzzed, target

pytestmark = [pytest.mark.node, pytest.mark.xdist_group("schemathesis")]
LONG = int(os.environ.get("FUZZ_EXAMPLES", "0"))
SEED = int(os.environ.get("FUZZ_SEED", "7"))
EVERYTHING, BRIEFLY = "examples,coverage,fuzzing", "examples,fuzzing"


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    assert PROGRAM.exists(), "schemathesis has an environment of its own: make build/schemathesis/.stamp"
    with target(tmp_path_factory.mktemp("fuzzed")) as its:
        yield its


@pytest.mark.parametrize("caller", ["operator", "supplier", "supervisor"])
def test_every_operation_answers_as_described(caller: str, gateway: Target, tmp_path: Path) -> None:
    phases = EVERYTHING if LONG else BRIEFLY

    described = gateway.operations  # asked for once before: made the first time, it may take a busy machine too long
    code, said = fuzzed(gateway, caller, tmp_path, phases=phases, examples=LONG or 1, seed=SEED)

    assert code == 0, said
    assert f"Tested: {described}" in said
