"""Settings of statements."""

from pydantic import BaseModel, ConfigDict, Field


class StatementSettings(BaseModel):
    """The table `[statements]`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    most_movements: int = Field(
        default=5_000, ge=1, le=100_000, description="that a statement shows as JSON or PDF; CSV takes any number"
    )
