"""TCP ports of this machine: which a process has, and which are free."""

from __future__ import annotations

import os
import random
import socket
from contextlib import suppress
from pathlib import Path
from typing import Final

_LISTENING: Final = "0A"
_LEAST: Final = 20_000
_GREATEST: Final = 32_000
"""Below those that the system gives to outgoing connections: a node that is down for a while finds its port free."""
_ATTEMPTS: Final = 1_000


def listening_ports(pid: int) -> set[int]:
    """Those on which a process listens, as the kernel tells, whichever network namespace it is in."""
    links = _links(Path(f"/proc/{pid}/fd"))
    rows = [row for table in ("tcp", "tcp6") for row in _rows(Path(f"/proc/{pid}/net/{table}"))]
    mine = {link.removeprefix("socket:[").removesuffix("]") for link in links if link.startswith("socket:[")}
    return {int(row[1].rpartition(":")[2], 16) for row in rows if row[3] == _LISTENING and row[9] in mine}


def _links(descriptors: Path) -> list[str]:
    """What a process has open; nothing where it has ended."""
    found = []
    try:
        for entry in descriptors.iterdir():
            with suppress(FileNotFoundError):  # it was closed meanwhile
                found.append(os.readlink(entry))
    except OSError:
        return []
    return found


def _rows(table: Path) -> list[list[str]]:
    """Java listens on IPv6 sockets also for addresses of IPv4; a machine without IPv6 has no table of them."""
    try:
        return [line.split() for line in table.read_text().splitlines()[1:]]
    except OSError:
        return []


def free_ports(count: int) -> list[int]:
    """So many different ports that nobody on this machine listens on. Raises `OSError` where there are not enough."""
    found: list[int] = []
    for _ in range(_ATTEMPTS):
        if len(found) == count:
            return found
        port = random.randint(_LEAST, _GREATEST)  # noqa: S311  # nosec B311 # a choice, not a secret
        if port not in found and _is_free(port):
            found.append(port)
    raise OSError(f"no {count} ports are free between {_LEAST} and {_GREATEST}")


def require_free(port: int, what: str) -> None:
    """Raises `OSError` with `what` cannot be done where somebody listens on that port."""
    if not _is_free(port):
        raise OSError(f"port {port} of 127.0.0.1 is taken: {what}")


def _is_free(port: int) -> bool:
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
