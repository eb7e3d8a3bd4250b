"""How much one organisation may ask: a token bucket each, in this process.

The limit is there so that nobody's runaway program slows the others down; it is no quota that is sold. So each process
counts for itself: behind a balancer over n processes an organisation gets up to n times as much, and nobody's request
waits for a row that all processes share.

Answers tell it as draft-ietf-httpapi-ratelimit-headers-10 has it, e.g. of 5000 requests, refilled at 500 a second:

    RateLimit-Policy: "organisation";q=5000;w=10
    RateLimit: "organisation";r=4990;t=1
"""

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from pydantic import BaseModel, ConfigDict, Field

from api.errors import GatewayError

_MOST_BUCKETS: Final = 100_000
FAILED_PROOFS_BURST: Final = 30
FAILED_PROOFS_PER_SECOND: Final = 0.5


class LimitSettings(BaseModel):
    """The table `[limits]`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    requests_per_second: float = Field(
        default=500.0, ge=0, description="of one organisation, in the long run and each process; 0: no limit"
    )
    burst: int = Field(default=5_000, ge=1, description="requests that it may make at once")
    request_seconds: float = Field(default=30.0, gt=0, description="longest wait for the next part of a body")
    body_seconds: float = Field(default=120.0, gt=0, description="longest wait for a whole body")
    json_depth: int = Field(default=32, ge=4, le=200, description="how deep lists and objects may be nested")


class TooManyRequests(GatewayError):
    status = 429
    title = "Too many requests"

    def __init__(self, seconds: int, **context: object) -> None:
        detail = f"Too many requests; the next one is taken in {seconds} seconds."
        super().__init__("rate-limited", detail, seconds=seconds, **context)
        self._seconds = seconds

    def headers(self) -> dict[str, str]:
        return {"Retry-After": str(self._seconds)}


@dataclass(frozen=True)
class Left:
    """What a bucket holds after one request."""

    taken: bool
    remaining: int
    full_again_seconds: int
    next_seconds: int


class Buckets:
    """A token bucket for each name. Names that have not been seen for long are forgotten; their bucket was full."""

    def __init__(self, per_second: float, burst: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_second, self._burst, self._clock = per_second, burst, clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, name: str, cost: float = 1.0) -> Left:
        """Takes `cost` where there is as much, nothing otherwise."""
        with self._lock:
            now = self._clock()
            held, since = self._buckets.pop(name, (float(self._burst), now))
            held = min(float(self._burst), held + (now - since) * self._per_second)
            taken = held >= cost
            held -= cost if taken else 0.0
            self._buckets[name] = (held, now)
            while len(self._buckets) > _MOST_BUCKETS:
                self._buckets.popitem(last=False)
        missing = max(0.0, cost - held)
        return Left(taken, int(held), self._seconds(self._burst - held), max(1, self._seconds(missing)))

    def _seconds(self, tokens: float) -> int:
        return math.ceil(tokens / self._per_second)


class OrganisationLimit:
    """The limit of one organisation's requests, and the headers that tell it."""

    def __init__(self, settings: LimitSettings) -> None:
        self._buckets = Buckets(settings.requests_per_second, settings.burst) if settings.requests_per_second else None
        window = math.ceil(settings.burst / settings.requests_per_second) if settings.requests_per_second else 0
        self._policy = f'"organisation";q={settings.burst};w={window}'
        self._burst = settings.burst

    def take(self, name: str) -> tuple[Left | None, list[tuple[bytes, bytes]]]:
        """What is left after one request of `name`, and the headers to answer with; none where nothing is limited."""
        if self._buckets is None:
            return None, []
        left = self._buckets.take(name)
        told = f'"organisation";r={left.remaining};t={left.full_again_seconds}'
        return left, [(b"ratelimit-policy", self._policy.encode()), (b"ratelimit", told.encode())]

    def refusal(self, left: Left) -> TooManyRequests:
        return TooManyRequests(left.next_seconds, burst=self._burst)
