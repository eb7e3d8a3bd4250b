"""Monitoring as JSON."""

from pydantic import BaseModel, ConfigDict, Field

from api.compliance.settings import MonitoringSettings
from api.examples import shown


class RulesView(MonitoringSettings):
    """The thresholds in force; they are settings of the gateway."""

    model_config = ConfigDict(json_schema_extra=shown(MonitoringSettings().model_dump()))


class RunRequest(BaseModel):
    """From which block on to look again; 0 is from the beginning."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"from_block": 0}})

    from_block: int = Field(ge=0, le=2**62)


class RunView(BaseModel):
    model_config = ConfigDict(
        json_schema_extra=shown({"movements": 1_204, "found": 2, "opened": ["case_3f0c9a61d2b84e57a1c6"]})
    )

    movements: int = Field(description="of cash and receivables' units that were looked at")
    found: int
    opened: list[str] = Field(description="cases that are new; the rest had one already")
