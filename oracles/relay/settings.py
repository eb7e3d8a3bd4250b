"""The table `[relay]` of a node's settings, and what a relay goes by wherever it runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, ClassVar, Final

from pydantic import Field, field_validator, model_validator

from oracles.relay.messages import MOST_ITEMS
from oracles.setting_tables import SettingTable

MOST_RELAYS: Final = 8
Url = Annotated[str, Field(pattern=r"^https?://[^\s/?#@]+(/[^\s?#]*)?$", max_length=200)]


class RelayRules(SettingTable):
    """How a relay gathers."""

    gather_seconds: Annotated[float, Field(ge=0, le=60)] = 0.05
    """How long it waits for more offers of one fact after the first, unless all that it heard of lately are there."""
    answer_seconds: Annotated[float, Field(gt=0, le=60)] = 0.5
    """How long it waits for votes on a list, unless all are there."""
    list_limit: Annotated[int, Field(ge=1, le=MOST_ITEMS)] = 50
    items_per_second: Annotated[int, Field(ge=1, le=100_000)] = 500
    """Items that one organisation may offer in the long run; ten times as many at once."""
    time_tolerance_seconds: Annotated[int, Field(ge=0, le=30 * 86_400)] = 86_400
    """How much later than its own papers' time the time of an item may be: dates without hours differ by as much."""


class RelaySettings(RelayRules):
    """Which relays a node uses, and whether it runs one."""

    paths: ClassVar = frozenset({"ca"})
    needed: ClassVar = paths

    urls: Annotated[list[Url], Field(max_length=MOST_RELAYS)] = Field(default_factory=list)
    """Those that it uses, the first that answers; without any it sends by itself."""
    ca: Path | None = None
    """Authority whose certificates the relays have; that of the system by default."""
    patience_seconds: Annotated[float, Field(gt=0, le=3_600)] = 3.0
    """How long a fact may stay with a relay until the node sends it by itself."""
    serves: bool = False
    """Whether this node runs a relay for others."""

    @field_validator("urls")
    @classmethod
    def _plain(cls, value: list[str]) -> list[str]:
        return [url.rstrip("/") for url in value]

    @model_validator(mode="after")
    def _does_something(self) -> RelaySettings:
        if not self.urls and not self.serves:
            raise ValueError("name the relays in urls, or set serves")
        return self
