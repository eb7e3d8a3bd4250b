import json
from pathlib import Path

import pytest

from scripts.bench.figures import Figure, percentile, write_report


@pytest.mark.parametrize(("share", "expected"), [(0.5, 50.0), (0.99, 99.0), (1.0, 100.0), (0.001, 1.0)])
def test_percentile_is_the_smallest_sample_that_covers_the_share(share: float, expected: float) -> None:
    assert percentile([float(n) for n in range(100, 0, -1)], share) == expected


def test_the_slowest_of_a_few_samples_is_their_99th_percentile() -> None:
    assert percentile([0.4, 0.9, 0.2], 0.99) == 0.9


def test_the_report_keeps_the_raw_samples(tmp_path: Path) -> None:
    path = tmp_path / "build" / "bench.json"

    write_report(path, [Figure("f", 1.5, "s", "itself", 1.0, [1.0, 2.0])])

    assert json.loads(path.read_text()) == [
        {"name": "f", "value": 1.5, "unit": "s", "against": "itself", "ratio": 1.0, "samples": [1.0, 2.0]}
    ]
