"""Usage as JSON."""

from datetime import date
from typing import Any

from pydantic import BaseModel, Field

from api import examples

_DAY: dict[str, Any] = {
    "day": "2026-05-04",
    "operations": [{"operations": "invoices", "requests": 120, "writes": 12, "refused": 3}],
    "transactions": 12,
    "gas_used": 2_160_000,
    "document_bytes": 184_320,
}


class OperationsUsage(BaseModel):
    """One group of operations, e.g. `invoices`: all that lies below /v1/invoices."""

    operations: str
    requests: int
    writes: int
    refused: int = Field(description="answered with 4xx or 5xx, those beyond the rate limit among them")


class DayUsage(BaseModel):
    """One UTC day by the gateway's own clock."""

    model_config = {"json_schema_extra": {"example": _DAY}}

    day: date
    operations: list[OperationsUsage]
    transactions: int = Field(description="begun on this day")
    gas_used: int = Field(description="by those of them that are in blocks")
    document_bytes: int = Field(description="of documents filed on this day, before they were sealed")


class UsageView(BaseModel):
    model_config = {"json_schema_extra": {"example": {"lei": examples.SUPPLIER["lei"], "items": [_DAY]}}}

    lei: str | None = Field(description="null: the operator's own, and supervisors'")
    items: list[DayUsage]
