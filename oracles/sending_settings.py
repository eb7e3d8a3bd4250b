"""Settings of whatever sends transactions to a network: a node, and a relay that runs alone."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field, field_validator

from chain_node.client.endpoints import split_urls
from oracles.setting_tables import SettingTable


class EndpointTable(SettingTable):
    """How several nodes of the chain are watched; of no effect on one."""

    lag_blocks: Annotated[int, Field(ge=0)] = 3
    """A node further behind the furthest is not read from."""
    final_depth_blocks: Annotated[int, Field(ge=0, le=1000)] = 0
    """A block with so many after it is final; 0 where the engine's are at once."""
    look_seconds: Annotated[float, Field(gt=0, le=60)] = 1.0
    steady_seconds: Annotated[float, Field(ge=0, le=3600)] = 10.0
    """How long a preferred node must be well to be read from again."""


class SendingSettings(SettingTable):
    name: Annotated[str, Field(min_length=1, max_length=64)]
    rpc_url: str
    """Of the chain's node; of several, behind commas or as a list, the preferred one first."""
    endpoints: EndpointTable = EndpointTable()
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

    @field_validator("rpc_url", mode="before")
    @classmethod
    def _is_one_text(cls, value: object) -> object:
        if isinstance(value, list) and all(isinstance(url, str) for url in value):
            return ",".join(split_urls(value))
        return ",".join(split_urls(value)) if isinstance(value, str) else value

    @property
    def rpc_urls(self) -> tuple[str, ...]:
        return split_urls(self.rpc_url)
