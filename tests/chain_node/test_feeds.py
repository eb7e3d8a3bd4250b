"""What witnesses of feeds sign, and the typed clients of FeedOracle and ConditionGrades."""

from __future__ import annotations

import pytest
from eth_account import Account
from support.network import RunningNetwork, lei

from chain_node.client import (
    FeedKind,
    FeedRules,
    FeedStatus,
    FeedTerms,
    Reading,
    Report,
    Role,
    condition_feed,
    condition_policy,
    rate_feed,
    reading_digest,
)
from chain_node.config import CONFIG_ROOT, load_network
from chain_node.errors import reverts

pytestmark = pytest.mark.node

SUBJECT = b"\x51" * 32
COPPER = b"\xc0" * 32
RULES = FeedRules(FeedKind.PRICE, 2, 3, 4, int(Role.SENSOR), 0, 1, 200, 1_000, 86_400, 3_600, 60, 14_400)
TERMS = FeedTerms(100_000, 2_000_000, "TNE", "USD", 3, 2)


def test_digest_of_a_reading_is_the_contract_s(anvil_network: RunningNetwork) -> None:
    chain, feeds = anvil_network.chain, anvil_network.chain.feeds

    ours = reading_digest(
        chain.chain_id, feeds.address, feed=COPPER, round=7, version=0, value=-1_500, observed_at=1_800_000_000
    )

    assert ours == feeds.reading_digest(COPPER, round=7, value=-1_500, observed_at=1_800_000_000)


def test_ids_of_feeds_are_the_contract_s(anvil_network: RunningNetwork) -> None:
    feeds = anvil_network.chain.feeds

    assert condition_feed(FeedKind.SHOCK, SUBJECT) == feeds.read("conditionFeedOf", int(FeedKind.SHOCK), SUBJECT)[0]
    assert rate_feed("EUR", "USD") == feeds.read("rateFeedOf", "EUR", "USD")[0]
    assert condition_policy(FeedKind.DOOR) == bytes(31) + b"\x06"


def test_report_of_an_unknown_feed_is_an_event_and_changes_nothing(anvil_network: RunningNetwork) -> None:
    chain, relay, witness = anvil_network.chain, Account.create(), Account.create()
    anvil_network.admit(lei("FEEDRELAY"), relay.address, int(Role.CARRIER))
    digest = reading_digest(
        chain.chain_id, chain.feeds.address, feed=COPPER, round=1, version=0, value=950_000, observed_at=1
    )
    signature = bytes(Account.unsafe_sign_hash(digest, witness.key).signature)
    report = Report(COPPER, bytes(32), 1, [Reading(witness.address, 950_000, 1, signature)])

    receipt = anvil_network.send(relay, chain.feeds.report_all([report, report]))

    events = [chain.decode(log) for log in chain.logs(receipt.block_number, receipt.block_number)]
    refused = [event for event in events if event is not None and event.name == "ReportRefused"]
    assert [event.arguments["reason"].name for event in refused] == ["FEED_UNKNOWN", "FEED_UNKNOWN"]
    assert chain.feeds.latest(COPPER).status is FeedStatus.MISSING
    assert chain.feeds.record(COPPER).round == 0
    assert chain.feeds.due_at(COPPER) == 0


def test_feeds_of_the_configuration_are_set_at_deployment(anvil_network: RunningNetwork) -> None:
    configured = load_network(CONFIG_ROOT / "local").config.feeds

    for name, feed in configured.items():
        assert anvil_network.chain.feeds.policy(feed.policy_id(name)) == feed.on_chain()
    assert len(configured) == 7


def test_commodities_of_the_configuration_are_graded_and_valued_from_the_start(anvil_network: RunningNetwork) -> None:
    config, chain = load_network(CONFIG_ROOT / "local").config, anvil_network.chain
    chocolate = config.commodities["chocolate"]

    assert chain.grades.rules_of(1) == (chocolate.graded_as, chocolate.grade_rules())
    for its in config.commodities.values():
        terms = chain.valuations.terms_of(its.code)
        assert terms.price_feed == config.feeds[its.price].policy_id(its.price)
        assert (terms.haircut_bps, list(terms.grade_haircuts_bps)) == (its.haircut_bps, its.grade_haircuts_bps)
        assert [step.from_ for step in terms.ages] == [step.days for step in its.ages]
        assert terms.conditions == sum(1 << FeedKind[name] for name in its.conditions)


def test_conversion_without_a_rate_is_refused_in_words(anvil_network: RunningNetwork) -> None:
    with pytest.raises(reverts.RateNotUsable, match="that can be relied on: it is missing"):
        anvil_network.chain.feeds.convert(100, "EUR", "USD")


def test_policy_is_the_governor_s_alone_and_read_back_whole(pristine_network: RunningNetwork) -> None:
    chain, governor = pristine_network.chain, pristine_network.keys.account("governor")
    call = chain.feeds.set_policy(COPPER, RULES, TERMS)
    with pytest.raises(reverts.AccessManagedUnauthorized):
        chain.simulate(call, pristine_network.keys.account("guardian").address)

    pristine_network.send(governor, chain.access_manager.call("schedule", call.to, call.data, 0))
    chain.node.request("evm_increaseTime", 86_401)
    pristine_network.send(governor, chain.access_manager.call("execute", call.to, call.data))

    assert chain.feeds.policy(COPPER) == (RULES, TERMS)


def test_keeper_of_ranges_is_the_contract_that_grades(anvil_network: RunningNetwork) -> None:
    chain = anvil_network.chain

    assert chain.feeds.read("keeperOfRanges")[0] == chain.grades.address
    assert chain.grades.grade_of(SUBJECT) == (FeedStatus.MISSING, 5)
    assert chain.grades.lot(SUBJECT).rules_version == 0
    assert chain.grades.rules_of(2) == (bytes(32), [])
    assert chain.grades.rules_version_of(SUBJECT) == 0
