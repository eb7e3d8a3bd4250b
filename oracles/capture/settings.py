"""The table `[capture]` of a node's settings: that events are captured over HTTP, and how many at once."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from oracles.setting_tables import SettingTable


class CaptureSettings(SettingTable):
    """Where the node listens, and to whom, says the table `[http]`."""

    event_limit: Annotated[int, Field(ge=1, le=100_000)] = 1_000
    """Events that one document may hold."""
    page_limit: Annotated[int, Field(ge=1, le=1_000)] = 100
    """Events, or jobs, that one page of an answer may hold."""
    page_seconds: Annotated[int, Field(ge=1, le=86_400)] = 3_600
    """How long the next page may be asked for."""
