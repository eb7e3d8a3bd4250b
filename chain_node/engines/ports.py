"""TCP ports of this machine: which a process has, and which are free."""

from __future__ import annotations

import os
import random
import socket
from pathlib import Path
from typing import Final

_LISTENING: Final = "0A"
_LEAST: Final = 20_000
_GREATEST: Final = 32_000
"""Below those that the system gives to outgoing connections: a node that is down for a while finds its port free."""
_ATTEMPTS: Final = 1_000


def listening_ports(pid: int) -> set[int]:
    """Those on which a process listens, as the kernel tells, whichever network namespace it is in."""
    try:
        links = [os.readlink(entry) for entry in Path(f"/proc/{pid}/fd").iterdir()]
        rows = [line.split() for line in Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]]
    except OSError:
        return set()
    mine = {link.removeprefix("socket:[").removesuffix("]") for link in links if link.startswith("socket:[")}
    return {int(row[1].rpartition(":")[2], 16) for row in rows if row[3] == _LISTENING and row[9] in mine}


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


def _is_free(port: int) -> bool:
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
