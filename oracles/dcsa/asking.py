"""One request to a carrier: bounded in time and size, to its own host only."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

import httpx

from oracles.dcsa.pages import APIS, Question
from oracles.dcsa.secrets import read_secret
from oracles.dcsa.settings import PollSettings
from oracles.errors import OracleError

LONGEST_WAIT: Final = 86_400.0
_REFUSED: Final = (401, 403)
_NEXT_IS_OVER: Final = (400, 404, 410, 422)


class CarrierFailed(OracleError):
    """A carrier gave no page. `retry_after`: seconds that it asked to be left alone, or None. `for_operator`: asking
    again will not help by itself. `page_is_over`: the next page that it named is no longer there."""

    def __init__(
        self, why: str, retry_after: float | None = None, *, for_operator: bool = False, page_is_over: bool = False
    ) -> None:
        super().__init__(why)
        self.why = why
        self.retry_after = retry_after
        self.for_operator = for_operator
        self.page_is_over = page_is_over


@dataclass(frozen=True)
class Answer:
    """A page. Header names are read in any case."""

    body: bytes
    headers: Mapping[str, str]


@dataclass
class Asking:
    """What asks one carrier. Not safe to share between threads."""

    settings: PollSettings
    limit_bytes: int
    clock: Callable[[], float] = time.monotonic

    def __post_init__(self) -> None:
        # Neither redirects nor proxies of the environment: an answer comes from the host in the settings.
        self._client = httpx.Client(timeout=self.settings.timeout_seconds, follow_redirects=False, trust_env=False)

    def close(self) -> None:
        self._client.close()

    def ask(self, question: Question) -> Answer:
        """Raises CarrierFailed, SecretUnusable."""
        try:
            with self._client.stream(
                "GET", question.url, params=question.parameters, headers=self._headers()
            ) as response:
                self._check(response)
                return Answer(self._body(response), httpx.Headers(response.headers))
        except httpx.TimeoutException as error:
            raise CarrierFailed(f"no answer within {self.settings.timeout_seconds:g} seconds") from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            # Its text may hold the URL, and so what is asked for.
            raise CarrierFailed(f"cannot be asked ({type(error).__name__})") from error

    def _headers(self) -> dict[str, str]:
        settings = self.settings
        # Not compressed, so that what is counted is what is stored.
        headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
        headers["API-Version"] = APIS[settings.api].version
        if settings.bearer_file is not None:
            headers["Authorization"] = f"Bearer {read_secret(settings.bearer_file)}"
        if settings.key_file is not None:
            headers[settings.key_header] = read_secret(settings.key_file)
        return headers

    def _check(self, response: httpx.Response) -> None:
        status = response.status_code
        if status == 200:
            if response.headers.get("content-encoding", "identity") != "identity":
                raise CarrierFailed("it answered compressed, which was not asked for", for_operator=True)
            return
        wait = retry_after(response.headers.get("retry-after"), datetime.now(UTC))
        if status == 429 or status >= 500:
            raise CarrierFailed(f"it answered {status}", wait)
        if status in _REFUSED:
            raise CarrierFailed(f"it answered {status}: the key or token is not taken", wait, for_operator=True)
        over = status in _NEXT_IS_OVER
        where = "; redirects are not followed" if 300 <= status < 400 else ""
        raise CarrierFailed(f"it answered {status}{where}", wait, for_operator=True, page_is_over=over)

    def _body(self, response: httpx.Response) -> bytes:
        until, data = self.clock() + self.settings.timeout_seconds, bytearray()
        for part in response.iter_raw():
            data += part
            if len(data) > self.limit_bytes:
                raise CarrierFailed(f"its page is longer than {self.limit_bytes} bytes", for_operator=True)
            if self.clock() > until:
                raise CarrierFailed(f"its page did not arrive within {self.settings.timeout_seconds:g} seconds")
        return bytes(data)


def retry_after(stated: str | None, now: datetime) -> float | None:
    """Seconds to wait by the header `Retry-After` (seconds, or a date), at most a day; None where it says nothing."""
    text = (stated or "").strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:9]), LONGEST_WAIT)
    try:
        moment = parsedate_to_datetime(text).astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    seconds = (moment - now).total_seconds()
    return min(max(seconds, 0.0), LONGEST_WAIT)


def wait_seconds(settings: PollSettings, failures: int, asked_for: float | None, random: Callable[[], float]) -> float:
    """How long to wait after so many failures in a row. `random` is from 0 to 1: many nodes must not come back at
    once, so half of the time is left to chance, and never less is waited than the carrier asked for."""
    doubled = settings.least_wait_seconds * 2.0 ** min(failures - 1, 32)
    wait = min(doubled, settings.most_wait_seconds) * (0.5 + random() / 2)
    return max(wait, asked_for or 0.0)
