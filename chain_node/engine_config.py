"""The engine of a network.toml: which program runs the chain, and how."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from chain_node.genesis import MOST_VALIDATORS


class EngineConfig(BaseModel):
    """How the chain runs. Only this machine can reach it unless `host` says otherwise; port 0 takes a free one.
    `metrics_port` is where the first of its nodes tells its figures, on loopback, and the next ones at the next.

    `validators` is how many this machine runs; none unless said, for then each member runs its own
    (`portolan network`)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["anvil", "besu", "kaia"]
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8545
    metrics_port: Annotated[int, Field(ge=0, le=65535 - MOST_VALIDATORS)] = 0
    block_seconds: Annotated[int, Field(ge=1, le=60)] = 1
    block_gas_limit: Annotated[int, Field(ge=10_000_000, le=1_000_000_000)] = 100_000_000
    validators: Annotated[int, Field(ge=1, le=MOST_VALIDATORS)] | None = None

    @field_validator("block_gas_limit", "validators")
    @classmethod
    def _is_its_kinds(cls, value: int, info: ValidationInfo) -> int:
        kinds = ("besu", "kaia") if info.field_name == "validators" else ("anvil",)
        if info.data.get("kind", kinds[0]) not in kinds:
            raise ValueError(f"only the kind {' or '.join(kinds)} has it")
        return value

    @property
    def validators_here(self) -> int:
        """How many validators this machine runs; 0 where there are none, or each is a member's own."""
        return self.validators or 0

    @property
    def in_real_time(self) -> bool:
        """Whether the chain's clock is the world's; anvil's can be set."""
        return self.kind != "anvil"

    @property
    def gas_per_data_byte(self) -> int:
        """What a byte of a transaction's data costs at most: Kaia counts each alike, more than others."""
        return 100 if self.kind == "kaia" else 16
