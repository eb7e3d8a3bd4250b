"""Near-duplicates as JSON."""

from pydantic import BaseModel, ConfigDict, Field


class SimilarView(BaseModel):
    """Another invoice that may be the same claim. What is not the caller's to know is null or empty."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "receivable_id": "0x" + "5c" * 32,
                "state": "accepted",
                "score": 95,
                "reasons": ["numbers with the same digits behind other signs", "equal amounts", "the same order"],
            }
        }
    )

    receivable_id: str | None = Field(description="its fingerprint, to those who may see that invoice itself")
    state: str | None = Field(description="what has become of it, to the same")
    score: int | None = Field(description="points of 100, flagged from 75; null where the other is a stranger's")
    reasons: list[str] = Field(description="in what the two agree")
