"""Runs child processes: starts them in order, waits until each is ready, notices deaths, stops them in reverse order.

A child never outlives its parent: the kernel signals it when the parent dies, even by `kill -9`. That signal is tied to
the thread that started the child, so start children from a thread that lives as long as they shall.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final

_PR_SET_PDEATHSIG: Final = 1
_POLL_SECONDS: Final = 0.01
_TAIL_LINES: Final = 12
# Loaded before any fork: between fork and exec nothing may be imported.
_LIBC: Final = ctypes.CDLL(None, use_errno=True)


class ProcessFailed(Exception):
    """A child did not start, did not become ready, or died. The message ends with the tail of its log."""

    def __init__(self, name: str, what: str, log_path: Path) -> None:
        tail = _tail(log_path)
        super().__init__(f"{name} {what}; log {log_path}" + (f":\n{tail}" if tail else " (empty)"))
        self.name, self.what, self.log_path = name, what, log_path


@dataclass(frozen=True)
class Process:
    """A program to run. `ready` is asked again and again until it says yes; it may raise nothing.

    `death_signal` is what the child gets when the parent dies; a program that must save its state wants SIGTERM.
    """

    name: str
    argv: Sequence[str]
    env: Mapping[str, str]
    log_path: Path
    ready: Callable[[], bool]
    ready_timeout_seconds: float = 30.0
    stop_timeout_seconds: float = 10.0
    death_signal: int = signal.SIGKILL


class Supervisor:
    """The children of this process. Use it as a context manager, so that they are stopped whatever happens."""

    def __init__(self) -> None:
        self._children: list[tuple[Process, subprocess.Popen[bytes]]] = []

    def __enter__(self) -> Supervisor:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def start(self, process: Process) -> int:
        """Starts one child and waits until it is ready; its process id. One that fails is stopped and raised."""
        child = _spawn(process)
        self._children.append((process, child))
        deadline = time.monotonic() + process.ready_timeout_seconds
        while not process.ready():
            if child.poll() is not None:
                self._forget(child)
                raise ProcessFailed(process.name, f"ended at once, {_outcome(child.returncode)}", process.log_path)
            if time.monotonic() > deadline:
                self._forget(child)
                _end(process, child)
                seconds = process.ready_timeout_seconds
                raise ProcessFailed(process.name, f"was not ready after {seconds:g} s", process.log_path)
            time.sleep(_POLL_SECONDS)
        return child.pid

    def start_all(self, processes: Sequence[Process]) -> None:
        """Starts them in order; where one fails, those before it are stopped again."""
        try:
            for process in processes:
                self.start(process)
        except ProcessFailed:
            self.stop()
            raise

    def check(self) -> None:
        """Raises `ProcessFailed` for a child that has died since it was started."""
        for process, child in self._children:
            if child.poll() is not None:
                raise ProcessFailed(process.name, f"died, {_outcome(child.returncode)}", process.log_path)

    def runs(self, name: str) -> bool:
        """Whether a child of that name was started and lives."""
        return any(process.name == name and child.poll() is None for process, child in self._children)

    def pid(self, name: str) -> int:
        """Process id of a running child. `KeyError` where none has that name."""
        return self._find(name)[1].pid

    def stop_one(self, name: str) -> None:
        process, child = self._find(name)
        self._forget(child)
        _end(process, child)

    def kill_one(self, name: str) -> None:
        """Ends a child as a power cut would: at once, without a word to it. For rehearsals."""
        _, child = self._find(name)
        self._forget(child)
        child.kill()
        child.wait()

    def stop(self) -> None:
        """Stops all children, the last started first: TERM, and KILL for one that does not go in time."""
        while self._children:
            process, child = self._children.pop()
            _end(process, child)

    def _find(self, name: str) -> tuple[Process, subprocess.Popen[bytes]]:
        for process, child in self._children:
            if process.name == name:
                return process, child
        raise KeyError(name)

    def _forget(self, child: subprocess.Popen[bytes]) -> None:
        self._children = [entry for entry in self._children if entry[1] is not child]


def _spawn(process: Process) -> subprocess.Popen[bytes]:
    process.log_path.parent.mkdir(parents=True, exist_ok=True)
    parent, death_signal = os.getpid(), process.death_signal

    def die_with_parent() -> None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, death_signal, 0, 0, 0)
        if os.getppid() != parent:  # the parent died before the kernel knew of our wish
            os._exit(1)

    with process.log_path.open("ab") as log:
        try:
            return subprocess.Popen(  # nosec B603 # a list, no shell
                list(process.argv),
                env=dict(process.env),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                # A session of its own: Ctrl-C reaches the parent alone, which then stops the children in order.
                start_new_session=True,
                preexec_fn=die_with_parent,
            )
        except OSError as error:
            raise ProcessFailed(process.name, f"cannot be started ({error})", process.log_path) from error


def _end(process: Process, child: subprocess.Popen[bytes]) -> None:
    if child.poll() is not None:
        return
    child.terminate()
    try:
        child.wait(process.stop_timeout_seconds)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def _outcome(code: int) -> str:
    return f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"


def _tail(path: Path) -> str:
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    return "\n".join(f"  {line}" for line in text.splitlines()[-_TAIL_LINES:])
