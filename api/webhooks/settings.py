"""How webhooks are delivered."""

from pydantic import BaseModel, ConfigDict, Field


class WebhookSettings(BaseModel):
    """The table `[webhooks]`. Whom the gateway may call is said in `[outgoing]`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    timeout_seconds: float = Field(default=10.0, gt=0, le=60, description="how long a receiver may take to answer")
    most_attempts: int = Field(default=15, ge=1, le=50, description="then the delivery is a dead letter")
    first_retry_seconds: float = Field(default=5.0, gt=0, description="doubled with each attempt")
    longest_retry_seconds: float = Field(default=3_600.0, gt=0)
    workers: int = Field(default=32, ge=1, le=500, description="deliveries under way at once in this process")
    at_once_per_webhook: int = Field(default=4, ge=1, description="of those; 1 while its receiver fails")
    most_per_organisation: int = Field(default=20, ge=1)
    kept_days: int = Field(default=30, ge=1, description="how long what became of deliveries can be looked up")
    poll_interval_seconds: float = Field(default=0.25, gt=0, description="how often new events are looked for")
