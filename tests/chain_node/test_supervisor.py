from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from chain_node.supervisor import Process, ProcessFailed, Supervisor

ROOT = Path(__file__).resolve().parents[2]
SLEEPER = "import time; print('here', flush=True); time.sleep(60)"


@pytest.fixture
def supervisor() -> Iterator[Supervisor]:
    with Supervisor() as supervisor:
        yield supervisor


def python(name: str, code: str, folder: Path, **options: object) -> Process:
    log = folder / f"{name}.log"
    ready: Callable[[], bool] = lambda: log.exists() and "here" in log.read_text()  # noqa: E731
    settings = {"ready": ready, **options}
    return Process(name, [sys.executable, "-c", code], dict(os.environ), log, **settings)  # type: ignore[arg-type]


def is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):  # the second: it ends while it is read
        return False
    return state != "Z"


def wait_for(condition: Callable[[], bool], seconds: float = 120.0) -> bool:
    """Long: a busy machine takes half a minute to start a process that imports us."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def test_child_that_dies_while_starting_is_reported_with_its_log(supervisor: Supervisor, tmp_path: Path) -> None:
    doomed = python("doomed", "print('no such ledger'); raise SystemExit(3)", tmp_path)

    with pytest.raises(ProcessFailed, match=r"doomed ended at once, exit code 3[\s\S]*no such ledger"):
        supervisor.start(doomed)


def test_child_that_never_gets_ready_is_stopped_and_reported(supervisor: Supervisor, tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    note = f"import os, time; open({str(pid_file)!r}, 'w').write(str(os.getpid()))"
    code = f"{note}; print('warming', flush=True); time.sleep(60)"
    log = tmp_path / "slow.log"

    def never() -> bool:
        assert wait_for(lambda: "warming" in log.read_text())
        return False

    slow = python("slow", code, tmp_path, ready=never, ready_timeout_seconds=1.0)

    with pytest.raises(ProcessFailed, match=r"slow was not ready after 1 s[\s\S]*warming"):
        supervisor.start(slow)

    assert not is_running(int(pid_file.read_text()))


def test_program_that_does_not_exist_is_reported(supervisor: Supervisor, tmp_path: Path) -> None:
    absent = Process("absent", [str(tmp_path / "nothing")], {}, tmp_path / "log", lambda: True)

    with pytest.raises(ProcessFailed, match="absent cannot be started"):
        supervisor.start(absent)


def test_death_of_a_running_child_is_noticed(supervisor: Supervisor, tmp_path: Path) -> None:
    pid = supervisor.start(python("node", SLEEPER, tmp_path))
    supervisor.check()

    os.kill(pid, signal.SIGKILL)

    assert wait_for(lambda: not is_running(pid))
    with pytest.raises(ProcessFailed, match="node died, killed by SIGKILL"):
        supervisor.check()


def test_child_that_ignores_term_is_killed(supervisor: Supervisor, tmp_path: Path) -> None:
    code = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {SLEEPER}"
    pid = supervisor.start(python("stubborn", code, tmp_path, stop_timeout_seconds=0.3))

    supervisor.stop()

    assert not is_running(pid)


def test_children_are_stopped_in_reverse_order(supervisor: Supervisor, tmp_path: Path) -> None:
    order = tmp_path / "order"
    code = (
        "import signal, sys, time\n"
        "def leave(*_): open({order!r}, 'a').write({name!r} + ' '); sys.exit(0)\n"
        "signal.signal(signal.SIGTERM, leave); print('here', flush=True); time.sleep(60)"
    )
    names = ["chain", "gateway", "oracle"]
    supervisor.start_all([python(name, code.format(order=str(order), name=name), tmp_path) for name in names])

    supervisor.stop()

    assert order.read_text().split() == ["oracle", "gateway", "chain"]


def test_failing_start_stops_those_before_it(supervisor: Supervisor, tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    code = f"import os; open({str(pid_file)!r}, 'w').write(str(os.getpid())); {SLEEPER}"
    processes = [python("first", code, tmp_path), python("second", "raise SystemExit(1)", tmp_path)]

    with pytest.raises(ProcessFailed, match="second"):
        supervisor.start_all(processes)

    assert not is_running(int(pid_file.read_text()))


def test_children_die_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    code = (
        "import os, pathlib, sys, time\n"
        "from chain_node.supervisor import Process, Supervisor\n"
        f"log = pathlib.Path({str(tmp_path / 'child.log')!r})\n"
        f"child = Process('child', [sys.executable, '-c', {SLEEPER!r}], dict(os.environ), log, "
        "lambda: 'here' in log.read_text())\n"
        f"pid = Supervisor().start(child); pathlib.Path({str(pid_file)!r}).write_text(str(pid)); time.sleep(60)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT)
    assert wait_for(lambda: pid_file.exists() and pid_file.read_text() != "")
    child = int(pid_file.read_text())

    parent.kill()
    parent.wait()

    assert wait_for(lambda: not is_running(child))


def test_one_child_is_killed_without_a_word_and_the_others_stay(supervisor: Supervisor, tmp_path: Path) -> None:
    said = tmp_path / "said"
    code = f"import signal; signal.signal(signal.SIGTERM, lambda *_: open({str(said)!r}, 'w').close())\n{SLEEPER}"
    pids = [supervisor.start(python(name, code, tmp_path)) for name in ("first", "second")]

    supervisor.kill_one("first")

    assert [is_running(pid) for pid in pids] == [False, True]
    assert [supervisor.runs(name) for name in ("first", "second", "third")] == [False, True, False]
    assert not said.exists()
    supervisor.check()
    with pytest.raises(KeyError):
        supervisor.kill_one("first")
    os.kill(pids[1], signal.SIGKILL)
    assert wait_for(lambda: not supervisor.runs("second"))
