"""An explanation names the version of Track & Trace that its events are of."""

from __future__ import annotations

import json

import pytest
from operating_desk import config_of
from oracle_fakes import dcsa_departure
from test_oracles_updates import of_3

from oracles.explain import explain_lines


@pytest.mark.parametrize(
    ("paper", "spoken"),
    [
        (json.dumps({"events": [of_3()]}).encode(), "DCSA Track & Trace 3.0.0-2026-01"),
        (dcsa_departure(), "DCSA Track & Trace 2.2"),
    ],
)
def test_explanation_names_the_version_of_the_events(bench, paper, spoken):
    config_of(bench)
    bench.settings_changes["dcsa"] = {"schema": ["2.2", "3.0.0-2026-01"]}
    (bench.folder / "paper.json").write_bytes(paper)

    heading = next(explain_lines(bench.settings, bench.folder / "paper.json"))

    assert heading == f"{bench.folder / 'paper.json'}: {spoken}, 1 event"
