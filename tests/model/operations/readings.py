"""What witnesses report of prices, rates and the condition of goods; mostly soundly."""

from __future__ import annotations

from collections.abc import Iterator

from eth_typing import Hash32

from chain_node.client import FeedKind, Reading, Report, condition_feed, reading_digest
from model.calendar360 import DAY
from model.feeds import Feed
from model.lots import Lot
from model.run import Attempt, Run
from model.stock_scene import FEEDS

_STARTS = {"chocolate": 80_000, "lamps": 4_000, "eur-usd": 110_000_000}
_PRICE_SIGNERS = ("carrier", "inspector", "customs")
_CONDITION_SIGNERS = ("carrier", "inspector", "sensor")
_PERIOD = 16
_SILENCES = {3: "chocolate", 4: "chocolate", 5: "chocolate", 10: "lamps", 11: "lamps", 12: "lamps", 14: "eur-usd"}
_COOL, _WARM, _HOT = 16_000, 22_000, 26_000


def report(run: Run) -> Iterator[Attempt]:
    """Some of what is due; a few readings lie out of the range, and some prices fall far."""
    random = run.random
    names = [name for name in _STARTS if random.random() < 0.75 and name != silent(run)]
    reports = [_price(run, name) for name in names]
    goods = run.books.goods
    pledged = {goods.stock.lots[lot].subject for its in goods.pledges.values() if not its.over for lot in its.lots}
    graded = [subject for subject in goods.valuations.graded if subject in pledged]
    chosen = graded if random.random() < 0.8 else [one for one in graded if random.random() < 0.5]
    reports += [_warmth(run, subject) for subject in chosen[:12]]
    if reports:
        yield Attempt(run.party("lender"), run.chain.feeds.report_all(reports))


def only(run: Run, lot: Lot) -> Attempt:
    """Somebody speaks of this lot and of its price, and nobody of anything else."""
    name = "chocolate" if lot.commodity == "180620" else "lamps"
    reports = [_price(run, name)]
    if lot.subject in run.books.goods.valuations.graded:
        reports.append(_warmth(run, lot.subject))
    return Attempt(run.party("lender"), run.chain.feeds.report_all(reports))


def silent(run: Run) -> str:
    """The price of which nobody speaks for some days."""
    return _SILENCES.get(run.books.now // DAY % _PERIOD, "")


def _price(run: Run, name: str) -> Report:
    feed, random = run.books.goods.valuations.feeds[FEEDS[name]], run.random
    last = feed.value or _STARTS[name]
    change = random.randint(-300, 300) if name == "eur-usd" else random.randint(-400, 700)
    if name != "eur-usd" and random.random() < 0.15:
        change = -random.randint(900, 1_900)
    if last > 2 * _STARTS[name]:
        change = -abs(change)
    value = max(feed.terms.least, last + last * change // 10_000)
    return _report(run, feed, bytes(32), FEEDS[name], feed.round + 1, value, _PRICE_SIGNERS)


def _warmth(run: Run, subject: bytes) -> Report:
    key = condition_feed(FeedKind.TEMPERATURE, subject)
    policy = run.books.goods.valuations.feeds[FEEDS["temperature"]]
    feed = run.books.goods.valuations.feeds.get(key)
    dice = run.random.random()
    value = _HOT if dice < 0.01 else _WARM if dice < 0.04 else _COOL
    value += run.random.randint(-900, 900)
    return _report(run, policy, subject, key, feed.round + 1 if feed else 1, value, _CONDITION_SIGNERS)


def _report(
    run: Run, policy: Feed, subject: bytes, feed: bytes, round: int, value: int, names: tuple[str, ...]
) -> Report:
    readings = []
    for place, name in enumerate(names):
        account, moment, said = run.parties[name], run.books.now - 1 - place, value + (place - 1) * (value // 1_000)
        fields = {"round": round, "version": policy.rules.version, "value": said, "observed_at": moment}
        digest = reading_digest(run.chain.chain_id, run.chain.feeds.address, feed=feed, **fields)
        signature = bytes(account.unsafe_sign_hash(Hash32(digest)).signature)
        readings.append(Reading(account.address, said, moment, signature))
    return Report(policy.policy_id, subject, round, readings)
