"""The commodities of a network.toml: what goods of a kind are worth to a lender, and what a breach of their range
costs. `GoodsValuation.sol` and `ConditionGrades.sol` check the same on chain."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from chain_node.client import FeedKind, GradeRule

BPS: Final = 10_000
GRADES: Final = 6
_MOST_STEPS: Final = 4
_CODE_BYTES: Final = 32

ConditionName = Literal["TEMPERATURE", "HUMIDITY", "SHOCK", "DOOR"]
Haircut = Annotated[int, Field(ge=0, le=BPS)]
Value = Annotated[int, Field(ge=-(2**31), lt=2**31)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class AgeStep(_Strict):
    """From so many days in the warehouse on, so much is taken off in place of what the steps before took."""

    days: Annotated[int, Field(ge=1, lt=2**16)]
    haircut_bps: Haircut


class StaleStep(_Strict):
    """The same by the seconds since the oldest of what is known of the goods was observed."""

    seconds: Annotated[int, Field(ge=1, lt=2**32)]
    haircut_bps: Haircut


class RuleConfig(_Strict):
    """What a breach of a range costs, in the unit of the condition; see `IConditionGrades.Rule`."""

    kind: ConditionName
    low: Value
    high: Value
    deeper_than: Annotated[int, Field(ge=0, lt=2**32)] = 0
    long_seconds: Annotated[int, Field(ge=0, lt=2**32)] = 0
    steps: Annotated[int, Field(ge=1, lt=GRADES)]

    def on_chain(self) -> GradeRule:
        kind = FeedKind[self.kind]
        return GradeRule(kind, self.low, self.high, self.deeper_than, self.long_seconds, self.steps)


class CommodityConfig(_Strict):
    """Goods of one code. `price` is the name of a feed, a price for one unit of the goods."""

    code: Annotated[str, Field(pattern=r"^[0-9]{6,8}$")]
    price: str
    haircut_bps: Haircut = 0
    grade_haircuts_bps: Annotated[list[Haircut], Field(min_length=GRADES, max_length=GRADES)]
    ages: Annotated[list[AgeStep], Field(max_length=_MOST_STEPS)] = []
    staleness: Annotated[list[StaleStep], Field(max_length=_MOST_STEPS)] = []
    days_before_expiry: Annotated[int, Field(ge=0, lt=2**16)] = 0
    conditions: list[ConditionName] = []
    rules: Annotated[list[RuleConfig], Field(max_length=8)] = []

    @model_validator(mode="after")
    def _haircuts_never_fall(self) -> CommodityConfig:
        grades = self.grade_haircuts_bps
        if grades != sorted(grades) or grades[-1] != BPS:
            raise ValueError(f"grade_haircuts_bps: a worse grade takes no less, and the worst takes {BPS}")
        ages = [(step.days, step.haircut_bps) for step in self.ages]
        stale = [(step.seconds, step.haircut_bps) for step in self.staleness]
        for name, steps in (("ages", ages), ("staleness", stale)):
            for before, after in pairwise(steps):
                if after[0] <= before[0] or after[1] < before[1]:
                    raise ValueError(f"{name}: each step must be later than the one before it and take no less")
        return self

    @model_validator(mode="after")
    def _rules_fit_together(self) -> CommodityConfig:
        kinds = [FeedKind[rule.kind] for rule in self.rules]
        if kinds != sorted(kinds):
            raise ValueError("rules: those of a kind stand together, in the order TEMPERATURE, HUMIDITY, SHOCK, DOOR")
        ranges: dict[str, tuple[int, int]] = {}
        for rule in self.rules:
            if rule.low > rule.high:
                raise ValueError(f"rules: {rule.kind} has an empty range, {rule.low} to {rule.high}")
            if ranges.setdefault(rule.kind, (rule.low, rule.high)) != (rule.low, rule.high):
                raise ValueError(f"rules: all rules of {rule.kind} have one range")
        if len(set(self.conditions)) != len(self.conditions):
            raise ValueError("conditions: one is named twice")
        unwatched = sorted(set(self.conditions) - set(ranges))
        if unwatched:
            raise ValueError(f"conditions: no rule says what is well with {', '.join(unwatched)}")
        return self

    @property
    def kinds(self) -> list[str]:
        """The conditions whose feeds the goods need."""
        return list(dict.fromkeys([*self.conditions, *(rule.kind for rule in self.rules)]))

    @property
    def graded_as(self) -> bytes:
        """The code as ConditionGrades knows it: that of the lots, left-aligned."""
        return self.code.encode().ljust(_CODE_BYTES, b"\0")

    def grade_rules(self) -> list[GradeRule]:
        return [rule.on_chain() for rule in self.rules]

    def valuation_terms(self, price_feed: bytes) -> tuple[Any, ...]:
        """`IGoodsValuation.Terms`, field by field."""
        return (
            price_feed,
            self.haircut_bps,
            list(self.grade_haircuts_bps),
            [(step.days, step.haircut_bps) for step in self.ages],
            [(step.seconds, step.haircut_bps) for step in self.staleness],
            self.days_before_expiry,
            sum(1 << FeedKind[name] for name in self.conditions),
        )
