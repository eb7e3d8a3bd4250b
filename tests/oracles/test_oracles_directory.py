"""The watched directory: whole files, stable names, nothing lost."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from oracles.sources.directory import Directory, reserve


def denied(self: Path, *_: object) -> None:
    raise PermissionError(errno.EACCES, "Permission denied", str(self))


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def directory(tmp_path: Path, clock: Clock) -> Directory:
    directory = Directory(tmp_path / "inbox", tmp_path / "archive", tmp_path / "quarantine", 1.0, clock)
    directory.prepare()
    return directory


def names(directory: Directory) -> list[tuple[str, bool]]:
    return [(candidate.path.name, candidate.settled) for candidate in directory.candidates()]


def test_new_file_is_offered_at_once(directory):
    (directory.inbox / "a.json").write_text("{}")

    assert names(directory) == [("a.json", False)]


def test_file_that_did_not_read_is_offered_again_only_when_it_stood_still(directory, clock):
    (directory.inbox / "a.json").write_text("{")
    assert names(directory) == [("a.json", False)]

    clock.now = 0.5
    assert names(directory) == []
    clock.now = 1.0
    assert names(directory) == [("a.json", True)]


def test_growing_file_is_offered_after_each_change_and_never_settles(directory, clock):
    path = directory.inbox / "a.json"
    for size in range(1, 5):
        path.write_text("{" * size)
        assert names(directory) == [("a.json", False)]
        clock.now += 5.0


@pytest.mark.parametrize("name", [".a.json", "a.json.part", "a.txt", "a.reason.txt", "a"])
def test_other_files_are_left_alone(directory, name):
    (directory.inbox / name).write_text("{}")

    assert names(directory) == []


def test_capital_suffix_counts(directory):
    (directory.inbox / "A.XML").write_text("<a/>")

    assert names(directory) == [("A.XML", False)]


def test_folders_and_links_are_left_alone(directory, tmp_path):
    (directory.inbox / "folder.json").mkdir()
    (tmp_path / "outside.json").write_text("{}")
    (directory.inbox / "link.json").symlink_to(tmp_path / "outside.json")

    assert names(directory) == []


LONGEST = 255 - len(".json")
"""What file systems take of a name, less its end."""


@pytest.mark.parametrize(
    ("name", "told", "why"),
    [
        (b"\xff\xfe.json", "\\xff\\xfe.json", "its name is not UTF-8"),
        (b"a" * LONGEST + b".json", "a" * LONGEST + ".json", "its name is longer than 200 bytes"),
        ("ä".encode() * 98 + b".json", "ä" * 98 + ".json", "its name is longer than 200 bytes"),
    ],
)
def test_file_whose_name_cannot_be_kept_is_left_and_named(directory, name, told, why):
    Path(os.fsdecode(bytes(directory.inbox) + b"/" + name)).write_text("{}")
    (directory.inbox / "a.json").write_text("{}")

    assert names(directory) == [("a.json", False)]
    assert directory.left == {told: why}


def test_longest_name_is_kept_also_a_second_time(directory):
    name = "a" * 195 + ".json"
    for _ in range(2):
        (directory.inbox / name).write_text("{")
        (candidate,) = directory.candidates()
        directory.set_aside(name, candidate.stamp, "JSON refused")

    assert sorted(len(path.name) for path in directory.quarantine.iterdir()) == [200, 200, 211, 211]


@pytest.mark.parametrize("stem", ["a" * LONGEST, "ä" * (LONGEST // 2), "a" + "ä" * (LONGEST // 2 - 1)])
def test_name_beyond_the_limit_is_cut_between_two_signs(directory, stem):
    first, second = reserve(directory.archive, f"{stem}.json"), reserve(directory.archive, f"{stem}.json")

    for path, end in ((first, ".json"), (second, ".2.json")):
        assert 198 <= len(path.name.encode()) <= 200
        assert path.name.endswith(end)
        assert stem.startswith(path.name.removesuffix(end))


def test_move_that_fails_leaves_nothing_of_it(directory, monkeypatch):
    (directory.inbox / "a.json").write_text("{")
    (candidate,) = directory.candidates()
    monkeypatch.setattr(Path, "replace", denied)

    with pytest.raises(PermissionError):
        directory.set_aside("a.json", candidate.stamp, "JSON refused")

    assert list(directory.quarantine.iterdir()) == []
    assert (directory.inbox / "a.json").exists()


def test_file_to_be_tried_later_waits_as_long_as_one_that_did_not_read(directory, clock):
    (directory.inbox / "a.json").write_text("{")
    names(directory)
    clock.now = 1.0
    assert names(directory) == [("a.json", True)]

    directory.try_later("a.json")

    assert names(directory) == []
    clock.now = 2.0
    assert names(directory) == [("a.json", True)]


def test_archive_keeps_every_file_under_a_name_of_its_own(directory):
    for content in ("1", "2", "3"):
        (directory.inbox / "a.json").write_text(content)
        (candidate,) = directory.candidates()
        directory.file_away("a.json", candidate.stamp)

    kept = {path.name: path.read_text() for path in directory.archive.iterdir()}
    assert kept == {"a.json": "1", "a.2.json": "2", "a.3.json": "3"}


def test_quarantine_has_the_reason_beside_the_file(directory):
    (directory.inbox / "a.xml").write_text("<")
    (candidate,) = directory.candidates()

    directory.set_aside("a.xml", candidate.stamp, "XML refused at line 1")

    assert (directory.quarantine / "a.xml").read_text() == "<"
    assert (directory.quarantine / "a.xml.reason.txt").read_text() == "XML refused at line 1\n"


def test_file_that_took_the_name_meanwhile_stays_in_the_inbox(directory, tmp_path):
    (directory.inbox / "a.json").write_text("old")
    (candidate,) = directory.candidates()
    (tmp_path / "new").write_text("newer")
    (tmp_path / "new").replace(directory.inbox / "a.json")

    assert directory.file_away("a.json", candidate.stamp) is None

    assert (directory.inbox / "a.json").read_text() == "newer"
    assert names(directory) == [("a.json", False)]


def test_file_replaced_in_the_very_moment_of_the_move_goes_back(directory, tmp_path, monkeypatch):
    (directory.inbox / "a.json").write_text("old")
    (candidate,) = directory.candidates()
    (tmp_path / "new").write_text("newer")
    plain_replace = Path.replace

    def racing_replace(self: Path, target: Path) -> Path:
        if self == directory.inbox / "a.json":
            plain_replace(tmp_path / "new", self)
            monkeypatch.setattr(Path, "replace", plain_replace)
        return plain_replace(self, target)

    monkeypatch.setattr(Path, "replace", racing_replace)
    assert directory.file_away("a.json", candidate.stamp) is None

    assert [path.read_text() for path in directory.inbox.iterdir()] == ["newer"]
    assert list(directory.archive.iterdir()) == []


def test_dry_directory_moves_nothing_and_looks_once(tmp_path, clock):
    dry = Directory(tmp_path / "inbox", tmp_path / "archive", tmp_path / "quarantine", 1.0, clock, dry=True)
    dry.prepare()
    (dry.inbox / "a.json").write_text("{}")
    (candidate,) = dry.candidates()

    dry.file_away("a.json", candidate.stamp)
    clock.now = 5.0

    assert names(dry) == []
    assert (dry.inbox / "a.json").exists()
    assert not (tmp_path / "archive").exists()
