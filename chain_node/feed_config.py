"""The feeds of a network.toml: what the deployment tells FeedOracle. `FeedPolicies.sol` checks the same on chain."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from iso4217 import Currency
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from chain_node.client import FeedKind, FeedRules, FeedTerms, condition_policy, price_feed, rate_feed
from chain_node.vocabulary import ORACLE_ROLES, Role

_DAY: Final = 86_400
_GOODS_DIGITS: Final = 3
_LEAST_THRESHOLD: Final = 3


def _roles(names: object) -> object:
    if not isinstance(names, list):
        raise ValueError('a list of roles is needed, e.g. ["CARRIER"]')
    unknown = [name for name in names if name not in Role.__members__]
    if unknown:
        raise ValueError(f"{', '.join(map(repr, unknown))}: not a role; known are {', '.join(Role.__members__)}")
    found = Role(0)
    for name in names:
        found |= Role[name]
    return found


Roles = Annotated[Role, BeforeValidator(_roles)]
"""A list of names of roles."""


class FeedConfig(BaseModel):
    """How a price, a rate or a kind of condition is reported; see contracts/oracle. Values in the feed's own unit."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["PRICE", "FX", "TEMPERATURE", "HUMIDITY", "SHOCK", "DOOR"]
    least: Annotated[int, Field(ge=-(2**87), lt=2**87)]
    greatest: Annotated[int, Field(ge=-(2**87), lt=2**87)]
    base: Annotated[str, Field(pattern=r"^[A-Z0-9]{2,3}$|^$")] = ""
    quote: Annotated[str, Field(pattern=r"^[A-Z]{3}$|^$")] = ""
    decimals: Annotated[int, Field(ge=0, le=18)] = 8
    threshold: Annotated[int, Field(ge=_LEAST_THRESHOLD, le=7)] = 3
    organisations: Annotated[int, Field(ge=4, le=10)] = 4
    eligible: Roles
    required: Roles = Role(0)
    most_spread: Annotated[int, Field(ge=0, lt=2**32)]
    most_move: Annotated[int, Field(ge=1, lt=2**32)]
    stale_after_seconds: Annotated[int, Field(ge=60, lt=2**32)] = _DAY
    max_age_seconds: Annotated[int, Field(ge=1, lt=2**32)] = 3_600
    clock_skew_seconds: Annotated[int, Field(ge=0, le=_DAY)] = 60
    heartbeat_seconds: Annotated[int, Field(ge=1, lt=2**24)] = 14_400
    haircut_bps: Annotated[int, Field(ge=0, lt=10_000)] = 0
    quote_band_bps: Annotated[int, Field(ge=0, le=2_000)] = 0

    @model_validator(mode="after")
    def _makes_sense(self) -> FeedConfig:
        if self.eligible & ~ORACLE_ROLES or not self.eligible or self.required & ~self.eligible:
            raise ValueError("eligible: roles that may witness facts are needed, the required ones among them")
        faulty = (self.threshold - 1) // 2
        if 3 * faulty >= self.organisations or self.threshold + faulty > self.organisations:
            raise ValueError(f"organisations: {self.threshold} of {self.organisations} cannot outvote {faulty} liars")
        if self.least >= self.greatest:
            raise ValueError(f"greatest: {self.greatest} is not above least, {self.least}")
        if max(self.max_age_seconds, self.heartbeat_seconds) > self.stale_after_seconds:
            raise ValueError("stale_after_seconds: neither max_age_seconds nor heartbeat_seconds may be longer")
        return self

    @model_validator(mode="after")
    def _has_its_units(self) -> FeedConfig:
        if self.is_condition:
            if self.base or self.quote or self.haircut_bps or self.quote_band_bps:
                raise ValueError(f"base: {self.kind} has no base, quote, haircut or band for quotes")
            return self
        if not self.base or not self.quote:
            raise ValueError(f"base: {self.kind} needs a base and a quote")
        if self.least < 1:
            raise ValueError(f"least: {self.least} is not above 0")
        codes = (self.base, self.quote) if self.kind == "FX" else (self.quote,)
        for code in codes:
            try:
                Currency(code)
            except ValueError:
                raise ValueError(f"{code!r} is not an ISO 4217 currency") from None
        return self

    @property
    def is_condition(self) -> bool:
        return FeedKind[self.kind] > FeedKind.FX

    def policy_id(self, name: str) -> bytes:
        """Where the policy stands; `name` is the feed's key in network.toml, which tells one price from another."""
        if self.is_condition:
            return condition_policy(FeedKind[self.kind])
        return rate_feed(self.base, self.quote) if self.kind == "FX" else price_feed(name, self.base, self.quote)

    def on_chain(self) -> tuple[FeedRules, FeedTerms]:
        """The first version of the policy."""
        kind = FeedKind[self.kind]
        decimals = self.decimals if not self.is_condition else 0 if kind is FeedKind.DOOR else 3
        rules = FeedRules(
            kind=kind,
            decimals=decimals,
            threshold=self.threshold,
            organisations=self.organisations,
            eligible_roles=int(self.eligible),
            required_roles=int(self.required),
            version=1,
            most_spread=self.most_spread,
            most_move=self.most_move,
            stale_after_seconds=self.stale_after_seconds,
            max_age_seconds=self.max_age_seconds,
            clock_skew_seconds=self.clock_skew_seconds,
            heartbeat_seconds=self.heartbeat_seconds,
        )
        if self.is_condition:
            return rules, FeedTerms(self.least, self.greatest)
        base_digits = Currency(self.base).exponent or 0 if kind is FeedKind.FX else _GOODS_DIGITS
        quote_digits = Currency(self.quote).exponent or 0
        digits = (base_digits, quote_digits, self.haircut_bps)
        return rules, FeedTerms(self.least, self.greatest, self.base, self.quote, *digits)
