"""The thread that talks with relays: hands over what the node says, fetches what is proposed, and knows when to stop.

Whatever a relay answers is bounded in bytes and in time. One that cannot be reached, takes too long or answers with
something else counts as away; the next is tried, and after the last all again, each time a little later.
"""

from __future__ import annotations

import asyncio
import random
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Final

import httpx
import structlog

from oracles.relay.mail import RelayMail
from oracles.relay.messages import MOST_BYTES, Answer, MessageMalformed, Offer, Proposals, read, write
from oracles.relay.settings import BundlingSettings

log = structlog.get_logger("oracles")

POLL_SECONDS: Final = 30.0
"""How long a request for proposals may take; a relay answers within twenty."""
FIRST_PAUSE_SECONDS: Final = 0.25
LONGEST_PAUSE_SECONDS: Final = 15.0
STOP_SECONDS: Final = 5.0
MOST_AT_ONCE: Final = 16
"""Messages on their way at one time: a relay answers in turns of its own, so that one after the other would pile up."""


class RelayAway(Exception):
    """Nothing can be had of this relay now."""


@dataclass
class RelayClient:
    """All of it runs in one event loop; the mail is shared with the node's thread."""

    settings: BundlingSettings
    account: str
    mail: RelayMail
    _outgoing: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> None:
        """For ever; ends by being cancelled."""
        loop = asyncio.get_running_loop()
        self.mail.on_outgoing = partial(self._ring, loop)
        failures = 0
        async with self._http() as http:
            while True:
                for url in self.settings.urls:
                    try:
                        await self._first_words(http, url)
                        failures = 0
                        await self._talk(http, url)
                    except RelayAway as error:
                        if not failures:
                            log.warning("relay away", url=url, reason=str(error))
                        # What it had is the node's own business from here on, whether or not there is another relay.
                        self.mail.set_away(str(error))
                pause = min(FIRST_PAUSE_SECONDS * 2**failures, LONGEST_PAUSE_SECONDS)
                failures = min(failures + 1, 10)
                await asyncio.sleep(pause * (1 + random.random() / 4))  # noqa: S311  # nosec B311 # spreads attempts, guards nothing

    def _ring(self, loop: asyncio.AbstractEventLoop) -> None:
        loop.call_soon_threadsafe(self._outgoing.set)

    def _http(self) -> httpx.AsyncClient:
        ca = self.settings.ca
        verify = ssl.create_default_context(cafile=ca) if ca else True
        # Whole requests have their time (`_ask`); a limit of a single read would not end a body that trickles.
        return httpx.AsyncClient(verify=verify, timeout=POLL_SECONDS, trust_env=False, follow_redirects=False)

    async def _first_words(self, http: httpx.AsyncClient, url: str) -> None:
        """Whether there is a relay at all, before anything is entrusted to it."""
        await self._proposals(http, url, "", 0, wait=False)
        if self.mail.away:
            log.info("relay is back", url=url)
        self.mail.set_away("")

    async def _talk(self, http: httpx.AsyncClient, url: str) -> None:
        """Until something fails. Raises RelayAway."""
        tasks = [asyncio.create_task(self._hand_over(http, url)) for _ in range(MOST_AT_ONCE)]
        tasks.append(asyncio.create_task(self._fetch(http, url)))
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _hand_over(self, http: httpx.AsyncClient, url: str) -> None:
        while True:
            self._outgoing.clear()
            while (message := self.mail.next()) is not None:
                await self._post(http, url, message)
            await self._outgoing.wait()

    async def _post(self, http: httpx.AsyncClient, url: str, message: Offer | Answer) -> None:
        place = "offers" if isinstance(message, Offer) else "answers"
        status, body = await self._ask(
            http, "POST", f"{url}/relay/{place}", self.settings.patience_seconds, content=write(message)
        )
        if status >= 500 or status == 429:
            raise RelayAway(f"it answers {status}")
        if status >= 400:
            why = body[:200].decode("utf-8", "replace")
            log.warning("relay refused", url=url, what=place, status=status, reason=why)
            if isinstance(message, Answer):
                self.mail.not_taken(message.list)
            else:
                raise RelayAway(f"it refuses this node's offers with {status}")

    async def _fetch(self, http: httpx.AsyncClient, url: str) -> None:
        run, cursor = "", 0
        while True:
            found = await self._proposals(http, url, run, cursor, wait=True)
            run, cursor = found.run, found.cursor
            lists = [[item.observation() for item in its.observations] for its in found.proposals]
            self.mail.proposed(lists, found.left_out)

    async def _proposals(self, http: httpx.AsyncClient, url: str, run: str, cursor: int, *, wait: bool) -> Proposals:
        query = {"account": self.account, "run": run, "cursor": str(cursor), "wait": "1" if wait else "0"}
        seconds = POLL_SECONDS if wait else self.settings.patience_seconds
        status, body = await self._ask(http, "GET", f"{url}/relay/proposals", seconds, params=query)
        if status != httpx.codes.OK:
            raise RelayAway(f"it answers {status}")
        try:
            return read(Proposals, body)
        except MessageMalformed as error:
            raise RelayAway(f"it answers with something that is no message: {error.why}") from error

    async def _ask(
        self,
        http: httpx.AsyncClient,
        method: str,
        url: str,
        seconds: float,
        content: bytes | None = None,
        params: dict[str, str] | None = None,
    ) -> tuple[int, bytes]:
        """Status and body, whole within `seconds`. Raises RelayAway."""
        try:
            async with (
                asyncio.timeout(seconds),
                http.stream(method, url, content=content, params=params) as response,
            ):
                body = bytearray()
                async for part in response.aiter_raw():
                    body += part
                    if len(body) > MOST_BYTES:
                        raise RelayAway("it answers without an end")
                return response.status_code, bytes(body)
        except TimeoutError:
            raise RelayAway(f"it did not answer within {seconds:g} seconds") from None
        except (httpx.HTTPError, httpx.InvalidURL, ssl.SSLError, OSError) as error:
            raise RelayAway(f"it cannot be reached: {error or type(error).__name__}") from error


@contextmanager
def relay_client(settings: BundlingSettings, account: str, mail: RelayMail) -> Iterator[None]:
    """Talks with relays in a thread of its own until the block ends."""
    loop = asyncio.new_event_loop()
    task = loop.create_task(RelayClient(settings, account, mail).run())

    def work() -> None:
        asyncio.set_event_loop(loop)
        try:
            loop.run_until_complete(task)
        except asyncio.CancelledError:
            mail.set_away("this node is ending")
        except Exception:
            # Without this thread nothing of the node's would ever be sent through a relay: so it sends by itself.
            mail.set_away("the thread that talks with relays has ended")
            log.exception("relay client ended", operator_action_required=True)
        finally:
            mail.on_outgoing = lambda: None
            loop.close()

    thread = threading.Thread(target=work, name="relay-client", daemon=True)
    thread.start()
    try:
        yield
    finally:
        if thread.is_alive():
            loop.call_soon_threadsafe(task.cancel)
        thread.join(STOP_SECONDS)
