"""Finds the programs of Debian that tests start: on this machine, or where `make setup` unpacked them without root."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from chain_node.compile import ROOT

UNPACKED = ROOT / "build" / "debian"
_SYSTEM = Path("/")
_SYSTEM_PROGRAMS = "/usr/sbin:/usr/bin"


class ToolMissing(Exception):
    """A test needs a program that is not there."""

    def __init__(self, name: str, looked_in: Sequence[Path]) -> None:
        places = ", ".join(map(str, looked_in))
        super().__init__(f"{name} is not on this machine (looked in PATH, {places}): run `make test`")


@dataclass(frozen=True)
class Tool:
    """A program, and the environment that it has to be started with."""

    path: Path
    environment: dict[str, str]


def mosquitto(unpacked: Path = UNPACKED) -> Tool:
    """The MQTT broker. Raises ToolMissing."""
    return _tool("mosquitto", unpacked)


def mosquitto_passwd(unpacked: Path = UNPACKED) -> Tool:
    return _tool("mosquitto_passwd", unpacked)


def softhsm2_util(unpacked: Path = UNPACKED) -> Tool:
    """Makes tokens; to be called with `--module` and the path of `libsofthsm2`. Raises ToolMissing."""
    return _tool("softhsm2-util", unpacked)


def promtool(unpacked: Path = UNPACKED) -> Tool:
    """Checks Prometheus' files and tries alert rules. Raises ToolMissing."""
    return _tool("promtool", unpacked)


def libsofthsm2(unpacked: Path = UNPACKED) -> Path:
    """The PKCS#11 library. Raises ToolMissing."""
    folders = [folder for root in (_SYSTEM, unpacked) for folder in _library_folders(root)]
    for folder in folders:
        library = folder / "softhsm" / "libsofthsm2.so"
        if library.is_file():
            return library
    raise ToolMissing("libsofthsm2.so", folders)


def _tool(name: str, unpacked: Path) -> Tool:
    # A broker lies in /usr/sbin, which is not in everybody's PATH.
    found = shutil.which(name) or shutil.which(name, path=_SYSTEM_PROGRAMS)
    if found:
        return Tool(Path(found), dict(os.environ))
    folders = [unpacked / "usr" / "sbin", unpacked / "usr" / "bin"]
    found = shutil.which(name, path=os.pathsep.join(map(str, folders)))
    if not found:
        raise ToolMissing(name, folders)
    libraries = [*map(str, _library_folders(unpacked)), os.environ.get("LD_LIBRARY_PATH", "")]
    return Tool(Path(found), os.environ | {"LD_LIBRARY_PATH": os.pathsep.join(filter(None, libraries))})


def _library_folders(root: Path) -> Iterator[Path]:
    """Debian has a folder for each machine type, as in /usr/lib/x86_64-linux-gnu, besides the common ones."""
    for top in (root / "usr" / "lib", root / "lib"):
        yield top
        yield from sorted(top.glob("*-linux-gnu*"))
