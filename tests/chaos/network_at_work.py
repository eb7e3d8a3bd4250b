"""Four Kaia validators, the gateway and five oracle nodes at work, and what must hold whatever is done to them.

with network_at_work(tmp_path) as network:
    network.engine.kill_node(2)
    ...
    network.require_all_is_well()
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from asked import PATIENCE_SECONDS
from chain_account import ChainAccount
from finality_watch import FinalityWatch
from rich.console import Console
from small_trades import THRESHOLDS, SmallTrades
from support.links import Links, LinksRefused

from chain_node.client import AddressBook, Chain
from chain_node.compile import ROOT
from chain_node.config import CONFIG_ROOT, load_network
from chain_node.engines import KaiaEngine
from chain_node.engines.kaia import KaiaSettings
from scripts.embedded import EmbeddedNetwork, EmbeddedSettings

ALL: Final = (1, 2, 3, 4)
MORE_BLOCKS: Final = 2
POLL_SECONDS: Final = 0.2
REPLAY_SECONDS: Final = 300.0


@dataclass
class NetworkAtWork:
    engine: KaiaEngine
    network: EmbeddedNetwork
    work: SmallTrades
    watch: FinalityWatch
    account: ChainAccount
    data_dir: Path
    links: Links | LinksRefused
    """Why there are none, where this process may not make any: all else can be done to the network."""

    # While it is harmed

    @property
    def own_links(self) -> Links:
        """Raises `LinksRefused` where there are none."""
        if isinstance(self.links, LinksRefused):
            raise self.links
        return self.links

    @contextmanager
    def parted(self, away: Collection[int]) -> Iterator[None]:
        """Those see each other alone as long as the block lasts, and everybody again after it, however it ends."""
        self.own_links.part(away)
        try:
            yield
        finally:
            self.own_links.heal()

    def goes_on(self, numbers: tuple[int, ...] = ALL, patience_seconds: float = PATIENCE_SECONDS) -> bool:
        """Whether all of them get blocks that none of them has now."""
        known = max(self.watch.height(number) for number in numbers)
        return wait_for(
            lambda: min(self.watch.height(number) for number in numbers) >= known + MORE_BLOCKS, patience_seconds
        )

    def await_finished(self, more: int = 1) -> None:
        """Until so many more trades have come to their end than now. Raises `AssertionError`."""
        wanted = len(self.work.finished) + more
        assert wait_for(lambda: len(self.work.finished) >= wanted or bool(self.work.book.problems)), "no trade ends"
        assert not self.work.book.problems, self.work.book.problems

    def await_accepted(self, kind: str, more: int = 1) -> None:
        """Until so many more requests of a kind were accepted than now. Raises `AssertionError`."""
        wanted = len(self.work.book.accepted(kind)) + more
        assert wait_for(lambda: len(self.work.book.accepted(kind)) >= wanted), f"no {kind} is accepted"

    # Afterwards

    def require_all_is_well(self) -> None:
        """Lets the work come to its end; then no final block has changed on any validator, each accepted request was
        carried out once, each fact was paid once, and the books are equal. The work goes on after that."""
        for number in ALL:
            self.engine.start_node(number)
        assert self.goes_on(), {number: self.watch.height(number) for number in ALL}
        self.work.rest()
        assert not self.work.book.problems, self.work.book.problems
        assert not [its for its in self.work.book.unanswered() if its.kind], "somebody got no answer"
        self.watch.await_all(PATIENCE_SECONDS)
        block = self.watch.check() - 1
        self.account.read(block)
        wrong = [
            *self.account.of_requests(self.work.book.accepted()),
            *self.account.of_facts({its.financing: len(its.handed_in) for its in self.work.trades}),
            *self.account.of_books(block),
            *self._without_receipt(),
        ]
        assert not wrong, wrong
        self._require_gateways_rows()
        self.network.check()
        self.work.begin()

    def _without_receipt(self) -> list[str]:
        """Transactions of which the gateway says that they are in a block, and the chain does not."""
        hashes = [bytes.fromhex(its[2:]) for asked in self.work.book.accepted() for its in asked.mined or ()]
        receipts = list(self.account.chain.receipts(hashes))
        return [
            f"transaction {its.hex()} is {'in no block' if receipt is None else 'reverted'}"
            for its, receipt in zip(hashes, receipts, strict=True)
            if receipt is None or not receipt.succeeded
        ]

    def _require_gateways_rows(self) -> None:
        """The whole chain is read anew into an empty database, which must be equal to the gateway's."""
        with TemporaryDirectory(prefix="portolan-replayed-") as out:
            config = ["--config", str(self.data_dir / "gateway.toml")]
            done = subprocess.run(
                [
                    sys.executable,
                    "-m",
                    "scripts.portolan",
                    "gateway",
                    "replay",
                    *config,
                    "--from-genesis",
                    "--out",
                    out,
                ],
                cwd=ROOT,
                capture_output=True,
                text=True,
                timeout=REPLAY_SECONDS,
                check=False,
            )
        assert done.returncode == 0, done.stdout + done.stderr


def wait_for(condition: Callable[[], bool], seconds: float = PATIENCE_SECONDS) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_SECONDS)
    return True


@contextmanager
def network_at_work(data_dir: Path) -> Iterator[NetworkAtWork]:
    """All of it runs and has begun to work."""
    with ExitStack() as stack:
        links: Links | LinksRefused
        try:
            links = stack.enter_context(Links(len(ALL)))
        except LinksRefused as refused:
            links = refused
        yield stack.enter_context(_at_work(data_dir, links))


@contextmanager
def _at_work(data_dir: Path, links: Links | LinksRefused) -> Iterator[NetworkAtWork]:
    chain_id = load_network(CONFIG_ROOT / "kaia").config.chain_id
    engine = KaiaEngine(KaiaSettings(data_dir, chain_id, places=links.places if isinstance(links, Links) else {}))
    settings = EmbeddedSettings(data_dir, "kaia", thresholds=THRESHOLDS)
    with EmbeddedNetwork(settings, Console(quiet=True), engine) as network:
        network.start()
        work = SmallTrades(network, data_dir / "papers")
        work.open()
        with FinalityWatch({its.number: its.rpc_url for its in engine.nodes}) as watch:
            # Over an address list: whichever validator is dead, the account is read from another.
            chain = Chain.connect(engine.rpc_urls, AddressBook.load(data_dir / "deployments.json"))
            try:
                work.begin()
                yield NetworkAtWork(engine, network, work, watch, ChainAccount(chain), data_dir, links)
            finally:
                chain.close()
