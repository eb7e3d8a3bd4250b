"""Partners' folders: only whole files are taken, each once, and nothing there is touched."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from oracle_bench import Clock
from oracle_fakes import receipt_advice
from oracle_nodes import until
from structlog.testing import capture_logs

from oracles.checkpoints import FOLDER_POINTS, Checkpoint, Death, die_at, go_on
from oracles.sources.drop import Drop
from oracles.sources.folder_settings import FolderSettings
from oracles.sources.folders import Folder, is_final, watching
from oracles.store.database import Database

PAPER = receipt_advice((950, 0))
SETTLE = 2.0


@cache
def empty_database() -> bytes:
    """Made once: fifty tables are most of what a test of files would take."""
    with TemporaryDirectory() as folder:
        database = Database(Path(folder) / "node.db")
        database.prepare()
        database.close()
        return (Path(folder) / "node.db").read_bytes()


@dataclass
class Partner:
    """A partner's upload folder and the node's look at it, with a clock that stands still."""

    path: Path
    clock: Clock = field(default_factory=Clock)

    def __post_init__(self) -> None:
        self.uploads.mkdir()
        self.inbox.mkdir()
        self.restart()

    @property
    def uploads(self) -> Path:
        return self.path / "acme"

    @property
    def inbox(self) -> Path:
        return self.path / "inbox"

    def restart(self, checkpoint: Checkpoint = go_on) -> None:
        path = self.path / "node.db"
        if not path.exists():
            path.write_bytes(empty_database())
        database = Database(path)
        its = FolderSettings(path=self.uploads, source="acme", settle_seconds=SETTLE)
        self.folder = Folder(its, database, Drop(self.inbox, "acme"), 100_000, checkpoint, clock=self.clock)

    def look(self, seconds: float = 1.0) -> int:
        self.clock.now += seconds
        return self.folder.look()

    def settle(self) -> int:
        return sum(self.look() for _ in range(5))

    def put(self, name: str, data: bytes = PAPER) -> Path:
        (self.uploads / name).write_bytes(data)
        return self.uploads / name

    def taken(self) -> list[bytes]:
        return [path.read_bytes() for path in sorted(self.inbox.iterdir())]


@pytest.fixture
def partner(tmp_path: Path) -> Partner:
    return Partner(tmp_path)


# What is not taken


@pytest.mark.parametrize(
    "name",
    ["a.xml.part", "a.xml.filepart", "a.xml.tmp", ".a.xml", ".~a.xml", "~a.xml", "#a.xml", "a.xml~", "a.xml.1", "a.txt",
     ".in.a.xml.", "a.XML.filepart", "xml", ".xml"],
)  # fmt: skip
def test_temporary_names_are_of_no_paper(partner, name):
    partner.put(name)

    assert partner.settle() == 0
    assert not is_final(name)


def test_file_is_taken_under_its_final_name_only(partner):
    part = partner.put("a.xml.filepart")
    partner.settle()
    part.rename(partner.uploads / "a.xml")

    assert partner.settle() == 1
    assert partner.taken() == [PAPER]


@pytest.mark.parametrize("end", range(1, len(PAPER), 97))
def test_beginning_of_a_file_is_never_taken_however_long_it_stands(partner, end):
    partner.put("a.xml", PAPER[:end])

    assert partner.settle() == 0
    assert partner.taken() == []


def test_growing_file_is_taken_when_it_has_stood_still(partner):
    with (partner.uploads / "a.xml").open("wb", buffering=0) as file:
        for place in range(0, len(PAPER), 100):
            file.write(PAPER[place : place + 100])
            assert partner.look(1.9) == 0

    assert partner.look(1.9) == 0
    assert partner.look(1.9) == 1


def test_file_that_is_replaced_before_it_settled_settles_anew(partner):
    partner.put("a.xml")
    partner.look(1.9)
    partner.put("b.xml", receipt_advice((1, 0))).replace(partner.uploads / "a.xml")

    assert [partner.look(1.9), partner.look(1.9), partner.look(1.9)] == [0, 0, 1]
    assert partner.taken() == [receipt_advice((1, 0))]


@pytest.mark.parametrize("how", ["in place", "with its old time", "by another", "gone"])
def test_file_that_changes_while_it_is_read_is_not_taken(partner, monkeypatch, how):
    path = partner.put("a.xml")
    before = path.stat()
    other = receipt_advice((940, 0))
    fstat, calls = os.fstat, []

    def changing(handle):
        calls.append(handle)
        if len(calls) == 2:
            if how == "by another":
                partner.put("b.part", other).replace(path)
            elif how == "gone":
                path.unlink()
            else:
                path.write_bytes(other)
                if how == "with its old time":
                    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
        return fstat(handle)

    partner.look()
    monkeypatch.setattr("oracles.sources.folders.os.fstat", changing)
    assert partner.look(SETTLE) == 0
    monkeypatch.setattr("oracles.sources.folders.os.fstat", fstat)

    partner.settle()
    assert partner.taken() == ([] if how == "gone" else [other])


def test_links_and_pipes_are_not_followed(partner, tmp_path):
    secret = tmp_path / "secret.xml"
    secret.write_bytes(PAPER)
    (partner.uploads / "a.xml").symlink_to(secret)
    os.mkfifo(partner.uploads / "b.xml")
    (partner.uploads / "c.xml").mkdir()

    assert partner.settle() == 0


def test_link_that_takes_a_files_place_is_not_followed(partner, tmp_path, monkeypatch):
    path = partner.put("a.xml")
    secret = tmp_path / "secret.xml"
    secret.write_bytes(PAPER)
    partner.look()
    opened = os.open

    def swapped(name, *arguments):
        path.unlink()
        path.symlink_to(secret)
        return opened(name, *arguments)

    monkeypatch.setattr("oracles.sources.folders.os.open", swapped)
    assert partner.look(SETTLE) == 0


@pytest.mark.parametrize("data", [b"", b"\xff\xfe", b"<a>", b" \n", b"text", b"x" * 100_001, b'{"a": "\xff"}'])
@pytest.mark.parametrize("name", ["a.xml", "a.JSON"])
def test_what_is_not_whole_is_left_and_told_once(partner, name, data):
    partner.put(name, data)
    with capture_logs() as logs:
        partner.settle()
        partner.settle()

    (line,) = [line for line in logs if line["event"] == "file left in its folder"]
    assert line["operator_action_required"]
    assert (line["source"], line["name"]) == ("acme", name)
    partner.put(name, b"[]" if name == "a.JSON" else PAPER)
    assert partner.settle() == 1


def test_name_that_is_no_text_is_told_once_and_holds_up_no_other(partner):
    path = Path(os.fsdecode(bytes(partner.uploads) + b"/\xff.xml"))
    path.write_bytes(PAPER)
    partner.put("b.xml", receipt_advice((940, 0)))

    with capture_logs() as logs:
        assert partner.settle() == 1
        partner.settle()

    told = [(line["name"], line["reason"]) for line in logs if line["event"] == "file left in its folder"]
    assert told == [("\\xff.xml", "its name is not UTF-8")]
    assert path.read_bytes() == PAPER
    path.rename(partner.uploads / "c.xml")
    assert partner.settle() == 1


def test_failure_of_this_program_does_not_end_a_folders_thread(partner, monkeypatch):
    failures = [ValueError("flaw"), LookupError("flaw")]
    plain, partner.folder.clock = Folder.look, iter(range(0, 10**6, 5)).__next__

    def look(self: Folder) -> int:
        if failures:
            raise failures.pop()
        return plain(self)

    monkeypatch.setattr(Folder, "look", look)
    monkeypatch.setattr("oracles.sources.folders.RETRY_SECONDS", 0.01)
    partner.folder.settings = partner.folder.settings.model_copy(update={"poll_seconds": 0.01})
    partner.put("a.xml")

    with capture_logs() as logs, watching([partner.folder]):
        until(lambda: bool(partner.taken()))

    told = [line["reason"] for line in logs if line["event"] == "folder not read"]
    assert told == ["LookupError: flaw", "ValueError: flaw"]
    assert partner.taken() == [PAPER]


def test_folder_that_is_away_is_told_once_and_read_when_it_is_back(partner):
    partner.put("a.xml")
    partner.uploads.rename(partner.path / "away")
    with capture_logs() as logs:
        partner.settle()
    (partner.path / "away").rename(partner.uploads)

    assert [line["event"] for line in logs] == ["file left in its folder"]
    assert partner.settle() == 1


@pytest.mark.parametrize("tables", [False, True])
def test_tables_are_taken_where_the_node_reads_them(partner, tables):
    partner.folder.tables = tables
    partner.put("a.csv", b"order;quantity\n")

    assert partner.settle() == int(tables)


# What is taken


def test_nothing_in_the_folder_is_touched(partner):
    for name in ("a.xml", "b.XML", "c.part", "bad.xml"):
        partner.put(name, b"<" if name == "bad.xml" else PAPER)
    partner.uploads.chmod(0o555)
    before = {path.name: (path.read_bytes(), path.stat().st_ctime_ns) for path in partner.uploads.iterdir()}

    partner.settle()

    after = {path.name: (path.read_bytes(), path.stat().st_ctime_ns) for path in partner.uploads.iterdir()}
    partner.uploads.chmod(0o755)
    assert after == before


def test_file_is_taken_once_also_by_the_next_process(partner):
    partner.put("a.xml")
    assert partner.settle() == 1
    assert partner.settle() == 0
    partner.restart()

    assert partner.settle() == 0


def test_other_file_of_a_name_is_another(partner):
    partner.put("a.xml")
    partner.settle()
    partner.put("a.xml", receipt_advice((1, 0)))

    assert partner.settle() == 1
    assert len(partner.taken()) == 2


def test_name_that_was_gone_is_looked_at_again(partner):
    path = partner.put("a.xml")
    partner.settle()
    path.unlink()
    partner.settle()
    partner.put("a.xml")

    assert partner.settle() == 1
    assert len(partner.taken()) == 1


def test_paper_of_an_unknown_kind_goes_the_way_of_all_papers(partner):
    partner.put("a.xml", b"<unknown/>")

    assert partner.settle() == 1


@pytest.mark.parametrize("point", sorted(FOLDER_POINTS))
def test_kill_at_any_point_takes_a_file_once(partner, point):
    partner.put("a.xml")
    child = os.fork()
    if not child:
        try:
            partner.restart(die_at(Death(point)))
            partner.settle()
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL

    partner.restart()
    partner.settle()

    assert partner.taken() == [PAPER]


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    steps=st.lists(
        st.tuples(
            st.sampled_from(["begin", "grow", "finish", "rename", "remove", "look", "restart"]), st.sampled_from("abc")
        ),
        max_size=15,
    )
)
def test_any_course_of_uploads_brings_in_whole_papers_only(tmp_path_factory, steps):
    partner = Partner(tmp_path_factory.mktemp("partner"))
    for step, name in steps:
        final, part = partner.uploads / f"{name}.xml", partner.uploads / f"{name}.xml.part"
        if step == "begin":
            final.write_bytes(PAPER[:200])
        elif step == "grow" and final.exists():
            final.write_bytes(PAPER[: final.stat().st_size + 200])
        elif step == "finish":
            final.write_bytes(PAPER)
        elif step == "rename":
            part.write_bytes(PAPER)
            part.replace(final)
        elif step == "remove":
            final.unlink(missing_ok=True)
        elif step == "restart":
            partner.restart()
        partner.look(1.5)

    for name in "abc":
        (partner.uploads / f"{name}.xml").write_bytes(PAPER)
    partner.settle()

    assert partner.taken() == [PAPER]


# Real processes, and the service

SLOWLY = """
import sys, time
path, source = sys.argv[1:]
data = open(source, "rb").read()
with open(path, "wb", buffering=0) as file:
    for place in range(0, len(data), 50):
        file.write(data[place : place + 50])
        print(place, flush=True)
        time.sleep(0.02)
"""


def uploading(partner: Partner, name: str) -> subprocess.Popen[str]:
    source = partner.path / "source.xml"
    source.write_bytes(PAPER)
    command = [sys.executable, "-c", SLOWLY, str(partner.uploads / name), str(source)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


@pytest.fixture
def watched(partner: Partner):
    its = FolderSettings(path=partner.uploads, source="acme", settle_seconds=0.1, poll_seconds=0.01)
    folder = Folder(its, partner.folder.database, Drop(partner.inbox, "acme"), 100_000)
    with watching([folder]):
        yield partner


def test_process_that_writes_slowly_is_waited_for(watched):
    with uploading(watched, "a.xml") as process:
        assert process.stdout is not None
        process.stdout.read()

    until(lambda: bool(watched.taken()))
    assert watched.taken() == [PAPER]


def test_upload_that_is_killed_is_never_taken_and_its_repetition_is(watched, tmp_path):
    with uploading(watched, "a.xml") as process:
        assert process.stdout is not None
        for _ in range(5):
            process.stdout.readline()
        os.kill(process.pid, signal.SIGKILL)
    (watched.uploads / "later.xml").write_bytes(receipt_advice((1, 0)))
    until(lambda: bool(watched.taken()))
    assert watched.taken() == [receipt_advice((1, 0))]

    with uploading(watched, "a.xml") as process:
        assert process.stdout is not None
        process.stdout.read()
    until(lambda: len(watched.taken()) == 2)

    assert PAPER in watched.taken()
