"""How streams of events are kept."""

from pydantic import BaseModel, ConfigDict, Field


class EventSettings(BaseModel):
    """The table `[events]`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    stream_seconds: float = Field(default=900.0, ge=0, description="how long a stream lasts; its client then resumes")
    heartbeat_seconds: float = Field(default=15.0, gt=0, description="between two comments on a stream")
    slow_client_seconds: float = Field(default=10.0, gt=0, description="how long a client may take nothing; then cut")
    streams_per_organisation: int = Field(default=20, ge=1, description="open at once in each process")
    poll_interval_seconds: float = Field(default=0.25, gt=0, description="how often new events are looked for")
