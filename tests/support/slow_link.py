"""A slow link that loses packets, in user space: for kernels without netem.

    python slow_link.py LEFT RIGHT MILLISECONDS LOSS SEED

hands each Ethernet frame that arrives at one of two interfaces on to the other, `MILLISECONDS` later, and forgets
`LOSS` of them (a share, 0.02) for good: whoever sent one finds out as on a real line, and sends it again. Both ways are
slow, so an answer takes twice as long. It says `ready`, then every second what it has done so far; TERM ends it.
Only the standard library is loaded.
"""

from __future__ import annotations

import json
import random
import selectors
import signal
import socket
import sys
import time
from collections import deque
from dataclasses import dataclass, field

_ETH_P_ALL = 3
_SOL_PACKET, _PACKET_VNET_HDR = 263, 15
_MOST_BYTES = 65_536 + 64
_SAYS_EVERY_SECONDS = 1.0


@dataclass
class Way:
    """From one end to the other."""

    arrivals: socket.socket
    departures: socket.socket
    waiting: deque[tuple[float, bytes]] = field(default_factory=deque)
    """Since all wait equally long, the first is due first."""

    def take_in(self, due: float, is_lost: bool) -> bool:
        """Whether a packet was there; what this machine itself sends out at that end is none."""
        try:
            frame, (_, _, kind, *_) = self.arrivals.recvfrom(_MOST_BYTES)
        except BlockingIOError:
            return False
        if kind == socket.PACKET_OUTGOING:
            return False
        if not is_lost:
            self.waiting.append((due, frame))
        return True

    def hand_on(self, now: float) -> int:
        """How many were due."""
        count = 0
        while self.waiting and self.waiting[0][0] <= now:
            _, frame = self.waiting.popleft()
            try:
                self.departures.send(frame)
            except OSError:  # that end is down or full: as on a line, nobody is told
                continue
            count += 1
        return count


def _open(interface: str) -> socket.socket:
    """Each frame comes with what the kernel has yet to do to it (its checksum), and leaves with that."""
    end = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ETH_P_ALL))
    end.setsockopt(_SOL_PACKET, _PACKET_VNET_HDR, 1)
    end.bind((interface, _ETH_P_ALL))
    end.setblocking(False)
    return end


class SlowLink:
    """Both ways, and the counts of what went over them."""

    def __init__(self, left: str, right: str, seconds: float, loss: float, seed: int) -> None:
        one, other = _open(left), _open(right)
        self._ways = (Way(one, other), Way(other, one))
        self._seconds, self._loss = seconds, loss
        self._random = random.Random(seed)
        self._handed_on = self._lost = 0

    def run(self) -> None:
        print("ready", flush=True)
        says_at = time.monotonic()
        with selectors.DefaultSelector() as selector:
            for way in self._ways:
                selector.register(way.arrivals, selectors.EVENT_READ, way)
            while True:
                for key, _ in selector.select(self._idle_seconds()):
                    self._take_in(key.data)
                now = time.monotonic()
                self._handed_on += sum(way.hand_on(now) for way in self._ways)
                if now >= says_at:
                    print(json.dumps({"handed_on": self._handed_on, "lost": self._lost}), flush=True)
                    says_at = now + _SAYS_EVERY_SECONDS

    def _take_in(self, way: Way) -> None:
        is_lost = self._random.random() < self._loss
        if way.take_in(time.monotonic() + self._seconds, is_lost):
            self._lost += is_lost

    def _idle_seconds(self) -> float:
        due = [way.waiting[0][0] for way in self._ways if way.waiting]
        return max(0.0, min([_SAYS_EVERY_SECONDS, *(at - time.monotonic() for at in due)]))


def _main(left: str, right: str, milliseconds: str, loss: str, seed: str) -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    SlowLink(left, right, int(milliseconds) / 1000, float(loss), int(seed)).run()


if __name__ == "__main__":
    _main(*sys.argv[1:])
