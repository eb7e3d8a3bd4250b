"""Stand-ins on PATH for what a test may not do to its machine: `systemctl` and `journalctl`, and `portolan` itself."""

from __future__ import annotations

import os
import shlex
import signal
import sys
import time
from pathlib import Path
from typing import Final

from pages import ROOT

_SYSTEMCTL: Final = r"""
import configparser, os, pathlib, shlex, signal, subprocess, sys, time

units = pathlib.Path({units!r})


def parsed(unit):
    file = units / unit
    if not file.exists():
        sys.exit(f"Unit {{unit}} not found.")
    read = configparser.ConfigParser(strict=False, interpolation=None)
    read.optionxform = str
    read.read(file)
    return read["Service"]


def pid_of(unit):
    file = units / f"{{unit}}.pid"
    pid = int(file.read_text()) if file.exists() else 0
    try:
        state = pathlib.Path(f"/proc/{{pid}}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):  # the second: it ends while it is read
        return 0
    return 0 if state == "Z" else pid


def start(unit):
    service = parsed(unit)
    if pid_of(unit):
        return
    environment = dict(word.split("=", 1) for word in shlex.split(service.get("Environment", "")))
    with (units / f"{{unit}}.log").open("ab") as journal:
        process = subprocess.Popen(
            shlex.split(service["ExecStart"]), env={{**os.environ, **environment}},
            cwd=service["WorkingDirectory"], stdin=subprocess.DEVNULL,
            stdout=journal, stderr=journal, start_new_session=True,
        )
    (units / f"{{unit}}.pid").write_text(str(process.pid))


def stop(unit):
    parsed(unit)
    pid = pid_of(unit)
    if pid:
        os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + 240
    while pid_of(unit):
        if time.monotonic() > deadline:
            sys.exit(f"{{unit}} does not stop")
        time.sleep(0.02)


def link(path):
    target = units / pathlib.Path(path).name
    target.unlink(missing_ok=True)
    target.symlink_to(pathlib.Path(path).resolve(strict=True))


verb, *words = [word for word in sys.argv[1:] if not word.startswith("-")]
names = [word if word.endswith(".service") else f"{{word}}.service" for word in words]
for word, unit in zip(words, names):
    if verb == "link":
        link(word)
    elif verb == "start" or verb == "enable":
        parsed(unit)
        if verb == "start" or "--now" in sys.argv:
            start(unit)
    elif verb == "stop" or verb == "disable":
        stop(unit)
    elif verb == "restart":
        stop(unit)
        start(unit)
    elif verb == "is-active":
        print("active" if pid_of(unit) else "inactive")
        sys.exit(0 if pid_of(unit) else 3)
    else:
        sys.exit(f"Unknown command verb {{verb}}.")
"""
_JOURNALCTL: Final = r"""
import pathlib, sys

unit = sys.argv[sys.argv.index("-u") + 1]
unit = unit if unit.endswith(".service") else unit + ".service"
sys.stdout.write((pathlib.Path({units!r}) / f"{{unit}}.log").read_text())
"""


class StandIns:
    """A folder for PATH, and the services that were started through it."""

    def __init__(self, where: Path) -> None:
        self.folder, self.units = where / "bin", where / "units"
        for folder in (self.folder, self.units):
            folder.mkdir()
        self._program("systemctl", _SYSTEMCTL.format(units=str(self.units)))
        self._program("journalctl", _JOURNALCTL.format(units=str(self.units)))
        self._program("portolan", "from scripts.portolan import main\nmain()\n", flags="")

    @property
    def environment(self) -> dict[str, str]:
        path = os.pathsep.join([str(self.folder), str(Path(sys.executable).parent), os.environ["PATH"]])
        # Wide enough that tables are never cut.
        return {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT), "COLUMNS": "200", "NO_COLOR": "1"}

    def install(self, name: str, text: str) -> None:
        """A unit that the machine already has."""
        (self.units / f"{name}.service").write_text(text, encoding="utf-8")

    def pid(self, name: str) -> int:
        return int((self.units / f"{name}.service.pid").read_text())

    def stop_all(self) -> None:
        for file in self.units.glob("*.pid"):
            _end(int(file.read_text()))

    def _program(self, name: str, code: str, flags: str = " -S") -> None:
        path = self.folder / name
        path.write_text(f"#!{shlex.quote(sys.executable)}{flags}\n{code.lstrip()}", encoding="utf-8")
        path.chmod(0o755)


def _end(pid: int) -> None:
    for sign, seconds in ((signal.SIGTERM, 20.0), (signal.SIGKILL, 10.0)):
        try:
            os.kill(pid, sign)
        except ProcessLookupError:
            return
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            try:
                stat = Path(f"/proc/{pid}/stat").read_text()
            except (FileNotFoundError, ProcessLookupError):  # the second: it ends while it is read
                return
            if stat.rpartition(")")[2].split()[0] == "Z":
                return
            time.sleep(0.05)
