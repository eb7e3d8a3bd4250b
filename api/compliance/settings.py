"""What compliance measures by: thresholds as data, so that an operator can say what they were."""

from pydantic import BaseModel, ConfigDict, Field


class MonitoringSettings(BaseModel):
    """The rules' thresholds. Amounts are minor units of whatever currency moves; times are of the chain's clock."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    interval_seconds: int = Field(default=5, ge=1)
    velocity_window_seconds: int = Field(default=86_400, ge=60)
    velocity_most_count: int = Field(default=100, ge=1)
    velocity_most_units: int = Field(default=1_000_000_000, ge=1)
    structuring_threshold_units: int = Field(default=1_000_000, ge=1)
    structuring_from_bps: int = Field(default=8_500, ge=1, le=9_999)
    structuring_count: int = Field(default=3, ge=2)
    structuring_window_seconds: int = Field(default=604_800, ge=60)
    round_trip_window_seconds: int = Field(default=604_800, ge=60)
    round_trip_tolerance_bps: int = Field(default=500, ge=0, le=9_999)
    round_trip_most_parties: int = Field(default=4, ge=2, le=6)
    price_deviation_bps: int = Field(default=3_000, ge=1)
    price_least_references: int = Field(default=3, ge=1)


class ComplianceSettings(BaseModel):
    """Screening, onboarding and monitoring."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    screening_threshold: int = Field(default=85, ge=50, le=100)
    screening_interval_seconds: float = Field(default=2.0, gt=0)
    four_eyes: bool = False
    required_documents: tuple[str, ...] = ("registration", "ownership")
    expiry_notice_days: int = Field(default=30, ge=1, le=365)
    monitoring: MonitoringSettings = MonitoringSettings()
