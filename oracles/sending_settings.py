"""Settings of whatever sends transactions to a network: a node, and a relay that runs alone."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field

from oracles.setting_tables import SettingTable


class SendingSettings(SettingTable):
    name: Annotated[str, Field(min_length=1, max_length=64)]
    rpc_url: Annotated[str, Field(pattern=r"^https?://\S+$")]
    deployments: Path
    database: Path
    poll_interval_seconds: Annotated[float, Field(gt=0, le=60)] = 0.02
    head_interval_seconds: Annotated[float, Field(gt=0, le=60)] = 0.25
    resend_seconds: Annotated[float, Field(gt=0, le=3600)] = 15.0
    confirmations: Annotated[int, Field(ge=1, le=1000)] = 1
    gas_margin_bps: Annotated[int, Field(ge=0, le=100_000)] = 3_000
    gas_reserve: Annotated[int, Field(ge=0, le=10_000_000)] = 600_000
    """Gas sent along for each item, in case a vote completes a quorum that the estimate could not see."""
    rpc_timeout_seconds: Annotated[float, Field(gt=0, le=600)] = 10.0
    metrics_port: Annotated[int, Field(ge=0, le=65_535)] | None = None
