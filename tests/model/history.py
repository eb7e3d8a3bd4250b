"""What a network has done so far: its events with their times, and an empty model to read them into."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from support.network import RunningNetwork

from chain_node.config import CONFIG_ROOT, load_network
from model.books import Books
from model.feeds import Feed
from model.pools import PoolTerms
from model.replay import Moment
from model.syndication import SECOND, SECOND_TERMS


def new_books(network: RunningNetwork) -> Books:
    """An empty model of the network: who is where, and what each pool was made with."""
    config = load_network(CONFIG_ROOT / "local").config
    names: dict[str, str] = {str(address): name for name, address in network.chain.addresses.addresses.items()}
    created = _creation_times(network)
    terms = {}
    for code in config.currencies:
        its = config.pool(code)
        figures = (its.senior_rate_bps, its.subordination_floor_bps, its.epoch_seconds, its.smallest_request_shares)
        terms[code] = PoolTerms(code, *figures, created_at=created[code])
    if SECOND in created:
        terms[SECOND] = PoolTerms("EUR", *SECOND_TERMS, smallest_request=0, created_at=created[SECOND])
    books = Books(names, terms, last_tier=config.circulation.most_tier)
    rate = config.feeds["eur-usd"].policy_id("eur-usd")
    books.exchange.feed = Feed(rate, bytes(32), *network.chain.feeds.policy(rate))
    return books


def _creation_times(network: RunningNetwork) -> dict[str, int]:
    """When the pools were made, from the first event of each."""
    chain, found = network.chain, dict[str, int]()
    for log in chain.logs(chain.addresses.first_block, chain.block_number()):
        event = chain.decode(log)
        if event is not None and event.name == "AuthorityUpdated" and event.contract.startswith("LendingPool:"):
            with suppress(KeyError):
                found.setdefault(event.contract.partition(":")[2], chain.block(event.block_number).timestamp)
    return found


def moments(network: RunningNetwork, until: int) -> Iterator[Moment]:
    """Every event of the network up to a block, with its time."""
    chain = network.chain
    logs = chain.logs(chain.addresses.first_block, until)
    numbers = sorted({log.block_number for log in logs})
    told = chain.node.batch([("eth_getBlockByNumber", (hex(number), False)) for number in numbers])
    times = {number: int(block["timestamp"], 16) for number, block in zip(numbers, told, strict=True)}
    for log in logs:
        event = chain.decode(log)
        if event is not None:
            yield Moment(event, times[log.block_number])
