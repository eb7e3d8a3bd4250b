"""The table `[dcsa]` of a node's settings."""

from __future__ import annotations

import json
from collections.abc import Iterable
from hashlib import sha256
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, ClassVar, Final, Literal
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from oracles.setting_tables import SettingTable
from standards.dcsa import DEFAULT_VERSIONS, Version

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,31}$")]
"""Of a carrier, for log lines and metrics."""

DIALECTS: Final = frozenset({Version.JANUARY_2026, Version.JUNE_2026})
_FILTERS: Final = ("carrier_booking_reference", "transport_document_reference", "equipment_reference")


class SubscriptionSettings(SettingTable):
    """A subscription that this firm made with a carrier: its callbacks are signed with the subscription's secret."""

    paths: ClassVar = frozenset({"secret", "next_secret"})
    needed: ClassVar = paths

    name: Name
    id: Annotated[str, Field(min_length=1, max_length=200)]
    """The `Subscription-ID` that the carrier gave."""
    secret: Path
    """File with the Base64 secret; read again at each callback."""
    next_secret: Path | None = None
    """While a secret is replaced, callbacks signed with either are good."""


class PollSettings(SettingTable):
    """A carrier that is asked for events. One of the filters, or none for all events that it shows this firm."""

    paths: ClassVar = frozenset({"bearer_file", "key_file"})
    needed: ClassVar = paths

    name: Name
    base_url: Annotated[str, Field(max_length=500)]
    """What `/v2/events` is added to, or, of 3.0, `/events`."""
    api: Literal["2.2", "3.0"] = "2.2"
    bearer_file: Path | None = None
    key_file: Path | None = None
    key_header: Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{1,64}$")] = "API-Key"
    carrier_booking_reference: str | None = None
    transport_document_reference: str | None = None
    equipment_reference: str | None = None
    page_limit: Annotated[int, Field(ge=1, le=10_000)] = 100
    """Events that a page may have."""
    most_pages: Annotated[int, Field(ge=1, le=100_000)] = 1_000
    """Pages of one sweep; a carrier that has more is gone on with in the next."""
    interval_seconds: Annotated[float, Field(gt=0, le=86_400)] = 300.0
    overlap_seconds: Annotated[float, Field(ge=0, le=30 * 86_400)] = 3_600.0
    """How far each sweep reaches back behind the newest event seen, for those that were made late."""
    first_days: Annotated[int, Field(ge=0, le=3_650)] = 30
    """How far the first sweep reaches back."""
    timeout_seconds: Annotated[float, Field(gt=0, le=600)] = 30.0
    """For a whole page."""
    least_wait_seconds: Annotated[float, Field(gt=0, le=3_600)] = 2.0
    most_wait_seconds: Annotated[float, Field(gt=0, le=86_400)] = 900.0
    """Between attempts where the carrier fails: twice as long each time, up to the most."""
    stale_seconds: Annotated[float, Field(gt=0, le=30 * 86_400)] = 3_600.0
    """After so long without an answer the operator is told."""

    @field_validator("base_url")
    @classmethod
    def _https_or_loopback(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.username or parts.password or parts.query or parts.fragment or not parts.hostname:
            raise ValueError("it must be a plain URL, without user, query or fragment")
        if parts.scheme != "https" and not (parts.scheme == "http" and _is_loopback(parts.hostname)):
            raise ValueError("it must be https (http only to the loopback interface)")
        return value.rstrip("/")

    @model_validator(mode="after")
    def _waits_in_order(self) -> PollSettings:
        if self.least_wait_seconds > self.most_wait_seconds:
            raise ValueError("least_wait_seconds is longer than most_wait_seconds")
        return self

    @property
    def filters(self) -> dict[str, str]:
        """In the names of the standard."""
        given = ((name, getattr(self, name)) for name in _FILTERS)
        return {_camel(name): value for name, value in given if value}

    @property
    def fingerprint(self) -> str:
        """Of whom is asked, and for what: how far one was read says nothing of another."""
        asked = [self.base_url, self.api, self.filters]
        return sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()


class DcsaSettings(SettingTable):
    """Without any of it the node reads files of 2.2 and neither listens nor asks."""

    schema_versions: frozenset[Version] = Field(default=DEFAULT_VERSIONS, alias="schema", min_length=1)
    """The versions that are read: one name, or a list of them."""
    subscriptions: tuple[SubscriptionSettings, ...] = ()
    takes_events: bool = False
    """Whether clients of the table `[http]` with the right `events` may send events of 3.0 (`POST /events`)."""
    poll: tuple[PollSettings, ...] = ()

    @field_validator("schema_versions", mode="before")
    @classmethod
    def _one_or_several(cls, value: Any) -> Any:
        names = [value] if isinstance(value, str) else value
        if not isinstance(names, list | tuple | set | frozenset):
            return value
        for name in names:
            if name not in tuple(Version):
                raise ValueError(f"{name!r} is not one of {', '.join(Version)}")
        return frozenset(map(Version, names))

    @model_validator(mode="after")
    def _names_are_unique(self) -> DcsaSettings:
        _refuse_twice("name", (its.name for its in self.subscriptions))
        _refuse_twice("name", (its.name for its in self.poll))
        _refuse_twice("id", (its.id for its in self.subscriptions))
        if self.takes_events and not self.schema_versions & DIALECTS:
            raise ValueError("takes_events: 'schema' must name the dialect of 3.0")
        for its in self.poll:
            if not self.schema_versions & (DIALECTS if its.api == "3.0" else {Version.V2_2}):
                raise ValueError(f"poll: {its.name!r} is asked for {its.api}, which 'schema' must name")
        return self

    @property
    def listens(self) -> bool:
        return bool(self.subscriptions) or self.takes_events


def _refuse_twice(what: str, values: Iterable[str]) -> None:
    seen: set[str] = set()
    for value in values:
        if value in seen:
            raise ValueError(f"{what} {value!r} is given twice")
        seen.add(value)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(part.capitalize() for part in others)
