"""The tables `[bundling]` and `[relay]` of a node's settings: which relays it uses, and how its own one gathers."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, ClassVar, Final

from pydantic import Field, field_validator

from oracles.relay.messages import MOST_ITEMS
from oracles.setting_tables import SettingTable

MOST_RELAYS: Final = 8
DAY_SECONDS: Final = 86_400
Url = Annotated[str, Field(pattern=r"^https?://[^\s/?#@]+(/[^\s?#]*)?$", max_length=200)]
TimeTolerance = Annotated[int, Field(ge=0, le=30 * DAY_SECONDS)]


class BundlingSettings(SettingTable):
    """Relays that a node uses."""

    paths: ClassVar = frozenset({"ca"})
    needed: ClassVar = paths

    urls: Annotated[list[Url], Field(min_length=1, max_length=MOST_RELAYS)]
    """The first that answers is used."""
    ca: Path | None = None
    """Authority that has signed the relays' certificates; the system's by default."""
    patience_seconds: Annotated[float, Field(gt=0, le=3_600)] = 3.0
    """How long a fact may stay with a relay until the node sends it by itself."""
    time_tolerance_seconds: TimeTolerance = DAY_SECONDS
    """How much later than its own papers' time the time of an item may be: dates without hours differ by as much."""

    @field_validator("urls")
    @classmethod
    def _plain(cls, value: list[str]) -> list[str]:
        return [url.rstrip("/") for url in value]


class RelaySettings(SettingTable):
    """How a relay gathers."""

    gather_seconds: Annotated[float, Field(ge=0, le=60)] = 0.05
    """How long it waits for more offers of one fact once there are enough, unless all that it heard of lately are
    there."""
    quorum_seconds: Annotated[float, Field(ge=0, le=60)] = 1.0
    """How long it waits until as many agree as the policy asks for, where nobody's vote is on chain yet: so a fact
    costs one transaction, and who errs does not come before those who agree."""
    answer_seconds: Annotated[float, Field(gt=0, le=60)] = 1.0
    """How long it waits for votes on a list, unless all are there."""
    list_limit: Annotated[int, Field(ge=1, le=MOST_ITEMS)] = 50
    items_per_second: Annotated[int, Field(ge=1, le=100_000)] = 500
    """Items that one organisation may offer in the long run; ten times as many at once."""
    time_tolerance_seconds: TimeTolerance = DAY_SECONDS
    """How far apart the times of offers may be that share an item."""
