"""Random reports of prices, rates and conditions: each event, record and conversion is what the model says.

MODEL_FEED_SEEDS (numbers, by commas) and MODEL_FEED_CALLS say which runs and how long they are.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from random import Random
from typing import Any

import pytest
from eth_account import Account
from eth_account.signers.local import LocalAccount
from eth_typing import Hash32
from support.network import RunningNetwork, lei

from chain_node.client import FeedRecord, FeedStatus, Reading, Report, Role, condition_feed, reading_digest
from chain_node.client.contracts.milestones import organisations_in
from chain_node.config import CONFIG_ROOT, load_network
from chain_node.errors import reverts
from chain_node.vocabulary import FeedRefusal
from model import feeds
from model.books import Disagreement
from model.feeds import Feed, Given, Observer, Verdict
from model.finished import finished

pytestmark = pytest.mark.node

DEFAULT_SEED = 3
SEEDS = [int(seed) for seed in os.environ.get("MODEL_FEED_SEEDS", str(DEFAULT_SEED)).split(",")]
DEFAULT_CALLS = 150
CALLS = int(os.environ.get("MODEL_FEED_CALLS", DEFAULT_CALLS))
SUBJECT = b"\x5f" * 32
ROLES = {
    "CARRIERA": Role.CARRIER,
    "CARRIERB": Role.CARRIER,
    "WAREHOUSEA": Role.WAREHOUSE,
    "WAREHOUSEB": Role.WAREHOUSE | Role.SENSOR,
    "INSPECTOR": Role.INSPECTOR,
    "CUSTOMS": Role.CUSTOMS,
    "SENSORA": Role.SENSOR,
    "SENSORB": Role.SENSOR,
    "RETAIL": Role.CONSIGNEE,
    "AFFILIATE": Role.CARRIER | Role.SENSOR,
}
# Where a value begins, and how far it usually goes from one report to the next and between witnesses.
STARTS = {
    "eur-usd": (110_000_000, 900_000, 60_000),
    "chocolate": (80_000, 3_000, 300),
    "temperature": (5_000, 4_000, 700),
}
GENTLE = 0.95


@dataclass
class Run:
    """A network and the model of its feeds. `met` counts what reports and readings came to."""

    network: RunningNetwork
    seed: int
    random: Random
    relay: LocalAccount
    keys: list[tuple[LocalAccount, str]] = field(default_factory=list)
    feeds: dict[str, Feed] = field(default_factory=dict)
    usual: dict[str, int] = field(default_factory=dict)
    suspended: str = ""
    met: Counter[FeedRefusal] = field(default_factory=Counter)
    compared: int = 0
    past: int = 0

    def expect(self, what: str, said: Any, expected: Any) -> None:
        self.compared += 1
        if said != expected:
            raise Disagreement(f"{what}: the chain says {said}, the model {expected}")


def begin(network: RunningNetwork, seed: int) -> Run:
    """Witnesses, of whom one is the beneficiary's affiliate and one has two keys, and three of the network's feeds."""
    random = Random(seed)
    run = Run(network, seed, random, key_of(random))
    chain, until, supplier = network.chain, network.now() + 10**8, key_of(random)
    network.admit(lei("FEEDSUPPLIER"), supplier.address, int(Role.SUPPLIER))
    network.admit(lei("FEEDRELAY"), run.relay.address, int(Role.CARRIER))
    for name, roles in ROLES.items():
        parent = lei("FEEDSUPPLIER") if name == "AFFILIATE" else ""
        network.send("registrar", chain.registry.register_organisation(lei(name), parent, "DE", roles, until))
        for _ in range(2 if name == "CARRIERA" else 1):
            account = key_of(random)
            network.send("registrar", chain.registry.admit_account(lei(name), account.address))
            run.keys.append((account, lei(name)))
    run.keys.append((key_of(random), ""))
    network.send(supplier, chain.milestones.open_subject(SUBJECT, []))
    configured = load_network(CONFIG_ROOT / "local").config.feeds
    for name, (start, _, _) in STARTS.items():
        policy_id = configured[name].policy_id(name)
        run.feeds[name] = Feed(policy_id, bytes(32), *chain.feeds.policy(policy_id))
        run.usual[name] = start
    warmth = run.feeds["temperature"]
    warmth.subject, warmth.beneficiary = SUBJECT, chain.registry.membership_of(supplier.address).group
    return run


def key_of(random: Random) -> LocalAccount:
    account: LocalAccount = Account.from_key(random.randbytes(32))
    return account


def go(run: Run, calls: int) -> None:
    for _ in range(calls):
        if run.random.random() < 0.1:
            toggle(run)
        run.network.chain.node.request("evm_increaseTime", run.random.choice((5, 60, 900, 7_200, 50_000, 100_000)))
        run.network.chain.node.request("evm_mine")
        report(run, [run.random.choice([*STARTS]) for _ in range(run.random.randint(1, 3))])
        read(run)


def toggle(run: Run) -> None:
    """An organisation is suspended, or the one that is so reinstated."""
    registry = run.network.chain.registry
    if run.suspended:
        run.network.send("registrar", registry.reinstate_organisation(run.suspended))
        run.suspended = ""
    else:
        _, run.suspended = run.random.choice(run.keys[:-1])
        run.network.send("registrar", registry.suspend_organisation(run.suspended))


def report(run: Run, names: list[str]) -> None:
    """One call with a report for each name, of which the later ones may be for the same feed."""
    observers = [observer_of(run, account) for account, _ in run.keys]
    rounds = dict.fromkeys(names, 0)
    made = []
    for name in names:
        rounds[name] += 1
        made.append(make(run, name, run.feeds[name].round + rounds[name], observers))
    call = run.network.chain.feeds.report_all([signed for signed, _ in made])
    receipt = run.network.send(run.relay, call, gas=8_000_000)
    chain = run.network.chain
    now = chain.block(receipt.block_number).timestamp
    told = [event for event in map(chain.decode, receipt.logs) if event is not None]
    expected = []
    for name, (signed, given) in zip(names, made, strict=True):
        feed = run.feeds[name]
        verdict = feed.judge(signed.round, given, now)
        run.met.update([verdict.reason, *(reason for _, reason in verdict.refused)])
        expected += events_of(feed, signed.round, verdict)
        if verdict.reason is FeedRefusal.NONE:
            feed.take(verdict)
            run.past += verdict.is_past
            run.usual[name] = run.usual[name] if verdict.is_past else verdict.value
    run.expect("events", [plain(event.name, event.arguments) for event in told], expected)


def make(run: Run, name: str, round: int, observers: list[Observer]) -> tuple[Report, list[Given]]:
    """A report that is mostly sound, by some of the witnesses in any order."""
    feed, random, now = run.feeds[name], run.random, run.network.now()
    _, step, jitter = STARTS[name]
    middle = run.usual[name] + random.randint(-step, step)
    if random.random() > GENTLE:
        middle += random.choice((-1, 1, 12, 40)) * run.usual[name] // 4
    if random.random() > GENTLE:
        round += random.choice((-1, 1))
    chosen = random.sample(range(len(observers)), random.choice((0, 3, 5, 6, 7, 8, 9, 10, 10, 11)))
    readings, given = [], []
    # Now and then a report of the past: in the hour before the last value.
    late = 0
    if feed.round and random.random() > GENTLE - 0.1:
        late = max(0, now - feed.observed_at) + random.randint(0, 900)
    for place in chosen:
        value, moment = middle + random.randint(-jitter, jitter) // 2, now - random.randint(0, 60) - late
        if random.random() > GENTLE:
            value += random.choice((-1, 1)) * random.choice((jitter * 9, 2**87))
        if random.random() > GENTLE:
            moment += random.choice((-4_000, 2_000, feed.observed_at - moment))
        is_signed = random.random() < GENTLE
        account = run.keys[place][0]
        digest = reading_digest(
            run.network.chain.chain_id,
            run.network.chain.feeds.address,
            feed=condition_feed(feed.rules.kind, SUBJECT) if feed.is_condition else feed.policy_id,
            round=round,
            version=feed.rules.version,
            value=value if is_signed else value + 1,
            observed_at=moment,
        )
        readings.append(
            Reading(account.address, value, moment, bytes(account.unsafe_sign_hash(Hash32(digest)).signature))
        )
        given.append(Given(observers[place], value, moment, is_signed))
    return Report(feed.policy_id, feed.subject, round, readings), given


def observer_of(run: Run, account: LocalAccount) -> Observer:
    registry = run.network.chain.registry
    its = registry.membership_of(account.address)
    return Observer(account.address, its.organisation, its.group, its.roles, registry.is_admitted(account.address))


def events_of(feed: Feed, round: int, verdict: Verdict) -> list[tuple[Any, ...]]:
    """What the contract must say of a report, in its order."""
    where = (feed.policy_id, feed.subject, round)
    said: list[tuple[Any, ...]] = [("ReadingRefused", *where, signer, reason) for signer, reason in verdict.refused]
    if verdict.reason is not FeedRefusal.NONE:
        return [*said, ("ReportRefused", *where, verdict.reason)]
    name = "PastValueReported" if verdict.is_past else "ValueReported"
    return [*said, (name, *where, verdict.value, verdict.observed_at, tuple(verdict.organisations))]


def plain(name: str, told: dict[str, Any]) -> tuple[Any, ...]:
    where = (name, bytes(told["policyId"]), bytes(told["subject"]), told["round"])
    if name == "ReadingRefused":
        return (*where, told["signer"], FeedRefusal(told["reason"]))
    if name == "ReportRefused":
        return (*where, FeedRefusal(told["reason"]))
    packed = told["organisations"]
    organisations = organisations_in(packed, (packed.bit_length() + 23) // 24)
    return (*where, told["value"], told["observedAt"], tuple(organisations))


def read(run: Run) -> None:
    """Everything that the contract can be asked about the feeds, at the newest block."""
    chain = run.network.chain
    block = chain.block_number()
    now = chain.block(block).timestamp
    for name, feed in run.feeds.items():
        key = condition_feed(feed.rules.kind, SUBJECT) if feed.is_condition else feed.policy_id
        last = chain.feeds.record(key, block)
        beneficiary = feed.beneficiary if feed.round else 0
        kept = FeedRecord(feed.value, feed.least, feed.greatest, feed.observed_at, feed.round, beneficiary)
        run.expect(f"{name}: record", last, kept)
        if feed.is_condition:
            said = chain.feeds.condition(feed.rules.kind, SUBJECT, block)
        else:
            said = chain.feeds.latest(key, block)
        run.expect(f"{name}: standing", (said.status, said.value, said.observed_at), feed.standing(now))
        due = feed.observed_at + feed.rules.heartbeat_seconds if feed.round else 0
        run.expect(f"{name}: due", chain.feeds.due_at(feed.policy_id, feed.subject, block), due)
    convert(run, block, now)


def convert(run: Run, block: int, now: int) -> None:
    rate, amount = run.feeds["eur-usd"], run.random.randrange(10 ** run.random.randint(1, 14))
    for inverse, pair in enumerate((("EUR", "USD"), ("USD", "EUR"))):
        try:
            said = run.network.chain.feeds.convert(amount, *pair, block=block)
        except reverts.RateNotUsable:
            said = None
        usable = rate.standing(now)[0] is FeedStatus.USABLE
        run.expect(f"convert {amount}", said, rate.convert(amount, bool(inverse)) if usable else None)


@pytest.fixture(scope="module", params=SEEDS)
def run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    path = tmp_path_factory.mktemp("feeds")
    with finished(path, partial(begin, seed=request.param), partial(go, calls=CALLS)) as made:
        yield made


def test_feeds_are_what_the_model_says(run: Run) -> None:
    """Each call was compared as the run went; here: that it met what the model is there for."""
    assert run.compared > 10 * CALLS
    assert min(feed.round for feed in run.feeds.values()) > CALLS // 10
    if run.seed == DEFAULT_SEED and CALLS == DEFAULT_CALLS:
        assert run.past
        assert set(run.met) == set(FeedRefusal) - {FeedRefusal.FEED_UNKNOWN, FeedRefusal.SUBJECT_UNKNOWN}


def test_another_median_is_noticed(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeds, "median", lambda counted: max(reading.value for reading in counted))

    with pytest.raises(Disagreement, match="events"):
        go(run, 60)
