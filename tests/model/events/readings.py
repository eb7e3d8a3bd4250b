"""What witnesses have measured of goods and their prices, and what a lender makes of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from chain_node.client import FeedKind, FeedRules, FeedTerms, GradeRule, ValuationTerms, condition_feed
from model.books import Books
from model.feeds import Feed
from model.reading import reads


@reads("FeedOracle", "FeedPolicySet")
def feed_policy_set(books: Books, its: Any) -> None:
    rules, terms = FeedRules(*its["rules"].values()), FeedTerms(*its["terms"].values())
    feed = books.goods.valuations.feeds.setdefault(its["policyId"], Feed(its["policyId"], bytes(32), rules, terms))
    feed.rules, feed.terms = rules, terms


@reads("FeedOracle", "ValueReported")
def value_reported(books: Books, its: Any) -> None:
    valuations, subject = books.goods.valuations, its["subject"]
    policy = valuations.feeds[its["policyId"]]
    feed = policy
    if policy.is_condition:
        key = condition_feed(policy.rules.kind, subject)
        feed = valuations.feeds.setdefault(key, replace(policy, subject=subject))
        valuations.history[policy.rules.kind, subject].append((its["value"], its["observedAt"]))
    books.same("round of a feed", its["round"], feed.round + 1)
    feed.value, feed.observed_at, feed.round = its["value"], its["observedAt"], its["round"]


@reads("ConditionGrades", "RulesSet")
def rules_set(books: Books, its: Any) -> None:
    valuations = books.goods.valuations
    valuations.rules[its["version"]] = [GradeRule(*rule.values()) for rule in its["rules"]]
    valuations.rules_of[_code(its["commodity"])] = its["version"]


@reads("ConditionGrades", "LotEnrolled")
def lot_enrolled(books: Books, its: Any) -> None:
    """What was measured before counts."""
    valuations, subject = books.goods.valuations, its["subject"]
    books.same("rules of a lot", its["rulesVersion"], valuations.rules_of[_code(its["commodity"])])
    assert subject not in valuations.graded
    valuations.graded[subject] = its["rulesVersion"]
    for kind in {rule.kind for rule in valuations.rules[its["rulesVersion"]]}:
        valuations.watched[FeedKind(kind), subject] = len(valuations.history[FeedKind(kind), subject])


@reads("GoodsValuation", "ValuationTermsSet")
def valuation_terms_set(books: Books, its: Any) -> None:
    books.goods.valuations.terms[its["commodity"]] = ValuationTerms.read(its["terms"])


def _code(commodity: bytes) -> str:
    return commodity.rstrip(b"\0").decode()
