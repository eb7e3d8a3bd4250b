"""Reads network-config/<network>/: network.toml and participants.toml. Unknown keys are refused, and all problems of
both files are reported at once, each with its file and key."""

from __future__ import annotations

import tomllib
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Final, TypeVar

from iso4217 import Currency
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from chain_node.client import Policy
from chain_node.commodity_config import CommodityConfig
from chain_node.compile import ROOT
from chain_node.engine_config import EngineConfig
from chain_node.feed_config import FeedConfig, Roles
from chain_node.vocabulary import ORACLE_ROLES, Milestone, Role

CONFIG_ROOT: Final = ROOT / "network-config"
_DAY: Final = 86_400
M = TypeVar("M", bound=BaseModel)


class ConfigInvalid(Exception):
    """The configuration cannot be used; `problems` has a line for each thing wrong, with its file and key."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def _is_lei(text: str) -> str:
    """ISO 17442: 20 characters, the last two make the whole 1 modulo 97 with letters read as 10 to 35."""
    if len(text) != 20 or not text.isascii() or not text.isalnum() or text != text.upper():
        raise ValueError(f"{text!r} is not an LEI: 20 digits and capital letters are needed")
    if int("".join(str(int(c, 36)) for c in text)) % 97 != 1:
        raise ValueError(f"{text} is not an LEI: its check digits are wrong")
    return text


def _is_currency(code: str) -> str:
    try:
        Currency(code)
    except ValueError:
        raise ValueError(f"{code!r} is not an ISO 4217 currency") from None
    return code


Lei = Annotated[str, AfterValidator(_is_lei)]
CurrencyCode = Annotated[str, AfterValidator(_is_currency)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class GovernanceConfig(_Strict):
    """The governor acts only after announcing it this long before."""

    delay_seconds: Annotated[int, Field(ge=1, le=365 * _DAY)]


class PolicyConfig(_Strict):
    """When a milestone stands; see contracts/oracle."""

    threshold: Annotated[int, Field(ge=1, le=10)]
    eligible: Roles
    required: Roles = Role(0)
    tolerance_bps: Annotated[int, Field(ge=0, le=10_000)] = 0
    max_age_days: Annotated[int, Field(ge=1, le=3_650)] = 90
    clock_skew_seconds: Annotated[int, Field(ge=0, le=_DAY)] = 300
    dispute_window_seconds: Annotated[int, Field(ge=0, le=30 * _DAY)] = 0

    @model_validator(mode="after")
    def _makes_sense(self) -> PolicyConfig:
        if self.eligible & ~ORACLE_ROLES or not self.eligible:
            raise ValueError("eligible: one or more roles that may witness facts are needed, and no others")
        if self.required & ~self.eligible:
            raise ValueError("required: each role must be among the eligible ones")
        if self.required.bit_count() > self.threshold:
            raise ValueError(f"required: {self.required.bit_count()} roles cannot be among {self.threshold} witnesses")
        return self

    def on_chain(self) -> Policy:
        return Policy(
            threshold=self.threshold,
            eligible_roles=int(self.eligible),
            required_roles=int(self.required),
            tolerance_bps=self.tolerance_bps,
            max_age_seconds=self.max_age_days * _DAY,
            clock_skew_seconds=self.clock_skew_seconds,
            dispute_window_seconds=self.dispute_window_seconds,
        )


SHARES_PER_UNIT: Final = 1_000_000
"""Shares of a tranche that its first lender gets for a minor unit; see TrancheVault."""


class PoolConfig(_Strict):
    """What a currency's lending pool is made with; see contracts/lending. Rates are per year."""

    senior_rate_bps: Annotated[int, Field(ge=0, le=10_000)] = 500
    subordination_floor_bps: Annotated[int, Field(ge=0, lt=10_000)] = 1_000
    reserve_floor_bps: Annotated[int, Field(ge=0, le=10_000)] = 100
    epoch_seconds: Annotated[int, Field(ge=3_600, le=92 * _DAY)] = _DAY
    smallest_redemption: Annotated[int, Field(ge=0, le=1_000_000)] = 100
    """Minor units at the price of one for a million shares; half of what one has is always enough."""

    @property
    def smallest_request_shares(self) -> int:
        return self.smallest_redemption * SHARES_PER_UNIT


class WriteOffStep(_Strict):
    """From so many days overdue on, so much of a debt is taken as lost."""

    days_overdue: Annotated[int, Field(ge=1, le=3_650)]
    written_off_bps: Annotated[int, Field(ge=1, le=10_000)]


_WRITE_OFF: Final = tuple(
    WriteOffStep(days_overdue=days, written_off_bps=bps) for days, bps in ((30, 2_500), (60, 5_000), (90, 10_000))
)


class CirculationRules(_Strict):
    """How invoices may be passed on; see contracts/receivables. `smallest_part` in minor units of any currency."""

    most_tenor_days: Annotated[int, Field(ge=1, le=1_826)]
    ordinary_tenor_days: Annotated[int, Field(ge=1, le=1_826)]
    most_tier: Annotated[int, Field(ge=1, le=255)]
    most_transfers: Annotated[int, Field(ge=0, le=255)]
    smallest_part: Annotated[int, Field(ge=1, lt=2**56)]
    grace_days: Annotated[int, Field(ge=0, le=365)]

    @model_validator(mode="after")
    def _makes_sense(self) -> CirculationRules:
        if self.ordinary_tenor_days > self.most_tenor_days:
            raise ValueError(f"ordinary_tenor_days: {self.ordinary_tenor_days} is above most_tenor_days")
        return self


_PRESETS: Final = {
    "international": {
        "most_tenor_days": 1_826,
        "ordinary_tenor_days": 365,
        "most_tier": 5,
        "most_transfers": 100,
        "smallest_part": 100,
        "grace_days": 30,
    },
    # The rule on electronic receivable vouchers in force since 15 June 2025: six months, a year at most with a reason.
    "china-2025": {
        "most_tenor_days": 365,
        "ordinary_tenor_days": 184,
        "most_tier": 10,
        "most_transfers": 100,
        "smallest_part": 100,
        "grace_days": 15,
    },
}


def _with_preset(raw: Any) -> Any:
    """A preset gives what is not said."""
    if not isinstance(raw, dict):
        return raw
    preset = raw.get("preset", "international")
    if preset not in _PRESETS:
        raise ValueError(f"preset: {preset!r} is not one; known are {', '.join(_PRESETS)}")
    return _PRESETS[preset] | {key: value for key, value in raw.items() if key != "preset"}


class NetworkConfig(_Strict):
    """network.toml."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,31}$")]
    chain_id: Annotated[int, Field(ge=1, le=2**53)]
    operator: Lei
    currencies: Annotated[list[CurrencyCode], Field(min_length=1, max_length=5)]
    engine: EngineConfig
    governance: GovernanceConfig
    policies: dict[str, PolicyConfig]
    feeds: dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,31}$")], FeedConfig] = Field(default_factory=dict)
    commodities: dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,31}$")], CommodityConfig] = Field(
        default_factory=dict
    )
    pools: dict[CurrencyCode, PoolConfig] = Field(default_factory=dict)
    circulation: Annotated[CirculationRules, BeforeValidator(_with_preset)] = Field(
        default_factory=lambda: CirculationRules.model_validate(_with_preset({}))
    )
    write_off: Annotated[tuple[WriteOffStep, ...], Field(min_length=1, max_length=8)] = _WRITE_OFF
    order_dispute_days: Annotated[int, Field(ge=1, le=180)] = 30
    sandbox: bool = False
    """Whether a gateway may simulate what witnesses would attest."""

    @field_validator("policies", mode="before")
    @classmethod
    def _are_attested(cls, policies: Any) -> Any:
        attested = [milestone.name for milestone in Milestone if milestone is not Milestone.ACCEPTED]
        unknown = [name for name in policies if name not in attested] if isinstance(policies, dict) else []
        if unknown:
            raise ValueError(f"{', '.join(unknown)}: not attested milestones; known are {', '.join(attested)}")
        return policies

    @field_validator("write_off")
    @classmethod
    def _rises(cls, steps: tuple[WriteOffStep, ...]) -> tuple[WriteOffStep, ...]:
        for before, after in pairwise(steps):
            if after.days_overdue <= before.days_overdue or after.written_off_bps <= before.written_off_bps:
                raise ValueError("each step must be later than the one before it and take more")
        return steps

    @model_validator(mode="after")
    def _feeds_differ(self) -> NetworkConfig:
        names: dict[bytes, str] = {}
        for name, feed in self.feeds.items():
            other = names.setdefault(feed.policy_id(name), name)
            if other != name:
                raise ValueError(f"feeds: {other} and {name} are one feed")
        pairs = {(feed.base, feed.quote) for feed in self.feeds.values() if feed.kind == "FX"}
        for base, quote in sorted(pairs):
            if (quote, base) in pairs:
                raise ValueError(f"feeds: {base} and {quote} have a rate both ways; the inverse is derived")
        return self

    @model_validator(mode="after")
    def _commodities_have_feeds(self) -> NetworkConfig:
        kinds, codes = {feed.kind for feed in self.feeds.values()}, set()
        for name, its in self.commodities.items():
            price = self.feeds.get(its.price)
            if price is None or price.kind != "PRICE":
                raise ValueError(f"commodities.{name}: price: {its.price!r} is no feed of kind PRICE")
            missing = [kind for kind in its.kinds if kind not in kinds]
            if missing:
                raise ValueError(f"commodities.{name}: no feed measures {', '.join(missing)}")
            if its.code in codes:
                raise ValueError(f"commodities.{name}: another commodity has the code {its.code}")
            codes.add(its.code)
        return self

    @model_validator(mode="after")
    def _pools_have_currencies(self) -> NetworkConfig:
        unknown = sorted(set(self.pools) - set(self.currencies))
        if unknown:
            raise ValueError(f"pools: {', '.join(unknown)}: not among the network's currencies")
        return self

    def pool(self, currency: str) -> PoolConfig:
        """What is said of a currency's pool, or the defaults."""
        return self.pools.get(currency, PoolConfig())

    @field_validator("currencies", mode="before")
    @classmethod
    def _differ(cls, currencies: Any) -> Any:
        if isinstance(currencies, list) and len(set(map(str, currencies))) != len(currencies):
            raise ValueError("one is named twice")
        return currencies


class OrganisationConfig(_Strict):
    """One organisation that the deployment admits."""

    lei: Lei
    name: Annotated[str, Field(min_length=1)]
    jurisdiction: Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
    roles: Roles
    kyc_expires_at: datetime
    group_lei: Lei | None = None

    @model_validator(mode="after")
    def _makes_sense(self) -> OrganisationConfig:
        if self.kyc_expires_at.tzinfo is None:
            raise ValueError("kyc_expires_at: a time zone is needed, e.g. 2036-01-01T00:00:00Z")
        return self

    @property
    def kyc_expires_at_seconds(self) -> int:
        return int(self.kyc_expires_at.astimezone(UTC).timestamp())


class _Participants(_Strict):
    organisations: Annotated[list[OrganisationConfig], Field(min_length=1)]


class Network(_Strict):
    """A whole network's configuration."""

    config: NetworkConfig
    organisations: list[OrganisationConfig]

    @property
    def operator(self) -> OrganisationConfig:
        return next(o for o in self.organisations if o.lei == self.config.operator)


def data_dir_of(name: str) -> Path:
    """Where a network keeps its chain, keys and list of contracts unless told otherwise."""
    return ROOT / "build" / "networks" / name


def deployments_of(folder: Path, name: str) -> Path:
    """The list of a network's contracts: beside its configuration where it lies there, else in its usual place."""
    beside = folder / "deployments.json"
    return beside if beside.exists() else data_dir_of(name) / "deployments.json"


def load_network(folder: Path) -> Network:
    """Reads a network's folder. Raises `ConfigInvalid` with every problem of both files."""
    problems: list[str] = []
    network_file, participants_file = folder / "network.toml", folder / "participants.toml"
    raw_config, raw_participants = (_parse(path, problems) for path in (network_file, participants_file))
    config = _validate(network_file, NetworkConfig, raw_config, problems)
    participants = _validate(participants_file, _Participants, raw_participants, problems)
    leis = _named(raw_participants)
    problems += [f"{participants_file}: {lei} is named twice" for lei in sorted(set(leis)) if leis.count(lei) > 1]
    operator = None if raw_config is None else raw_config.get("operator")
    already_said = any("operator" in problem for problem in problems)
    if isinstance(operator, str) and raw_participants is not None and operator not in leis and not already_said:
        problems.append(f"{network_file}: operator: {operator} is not in participants.toml")
    if config is None or participants is None or problems:
        raise ConfigInvalid(problems)
    return Network(config=config, organisations=participants.organisations)


def _named(participants: dict[str, Any] | None) -> list[str]:
    """The LEIs in the file as it stands, valid or not: what hangs together is checked beside each value."""
    listed = (participants or {}).get("organisations", [])
    rows = [row for row in listed if isinstance(row, dict)] if isinstance(listed, list) else []
    return [row["lei"] for row in rows if isinstance(row.get("lei"), str)]


def _parse(path: Path, problems: list[str]) -> dict[str, Any] | None:
    try:
        with path.open("rb") as file:
            return tomllib.load(file)
    except OSError as error:
        problems.append(f"{path}: cannot be read: {error.strerror}")
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        problems.append(f"{path}: not TOML: {error}")
    return None


def _validate(path: Path, kind: type[M], raw: dict[str, Any] | None, problems: list[str]) -> M | None:
    try:
        return None if raw is None else kind.model_validate(raw)
    except ValidationError as error:
        problems += [f"{path}: {_problem(item)}" for item in error.errors()]
    return None


def _problem(item: Any) -> str:
    key = ".".join(str(part) for part in item["loc"])
    if item["type"] == "extra_forbidden":
        return f"{key}: unknown key"
    if item["type"] == "missing":
        return f"{key}: missing"
    message = str(item["msg"]).removeprefix("Value error, ")
    return f"{key}: {message}" if key else message
