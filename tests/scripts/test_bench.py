"""Which measurements are taken, by measurements that are made up here."""

from pathlib import Path

import pytest
from rich.console import Console

from scripts.bench import command
from scripts.bench.figures import Figure


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    taken: list[str] = []

    def measurement(name: str) -> command.Measurement:
        def measure(work_dir: Path, _console: Console) -> list[Figure]:
            taken.append(f"{name} in {work_dir.name}")
            return [Figure(name, 2.0, "pieces/s", "one", 2.0, [2.0])]

        return measure

    monkeypatch.setattr(command, "MEASUREMENTS", {name: measurement(name) for name in ("first", "second", "third")})
    return taken


def test_a_name_that_is_none_is_refused_before_anything_is_measured(
    taken: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = command.run_command(tmp_path / "bench.json", ["second", "fourth"])

    assert code == 2
    assert "There is no measurement fourth; there are first, second, third." in capsys.readouterr().err
    assert (taken, list(tmp_path.iterdir())) == ([], [])


def test_only_those_that_are_named_are_taken(taken: list[str], tmp_path: Path) -> None:
    code = command.run_command(tmp_path / "bench.json", ["third", "first"])

    assert (code, taken) == (0, ["first in first", "third in third"])
    assert "second" not in (tmp_path / "bench.json").read_text(encoding="utf-8")


def test_all_are_taken_where_none_is_named(taken: list[str], tmp_path: Path) -> None:
    assert command.run_command(tmp_path / "bench.json") == 0

    assert len(taken) == 3
