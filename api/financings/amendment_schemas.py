"""Changes of a financing's terms as JSON."""

from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from api import examples
from api.examples import shown
from api.values import Day, Hex32, Moment, Number


class AmendmentRequest(BaseModel):
    """A change that supplier and credit officer both have to ask for in the same words: a later day of maturity, or
    another facility that takes the financing over. `document` is the SHA-256 of the agreement."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra=shown(
            {"maturity_date": "2026-08-03", "document": examples.HASH, "valid_until": "2026-06-30T00:00:00Z"}
        ),
    )

    maturity_date: Day | None = None
    facility_id: Number | None = None
    document: Hex32
    valid_until: Moment


class AmendmentTermsView(BaseModel):
    """What was asked for; a part that stays as it is is null."""

    maturity_date: date | None
    facility_id: str | None
    document: str
    valid_until: datetime


AmendmentState = Literal["awaits supplier", "awaits credit officer", "carried out", "overtaken", "expired", "withdrawn"]


class AmendmentView(BaseModel):
    """A change, by its EIP-712 digest, and who has agreed to it. It is `carried out` once both have, `overtaken` where
    the financing has meanwhile another maturity or facility than it starts from."""

    model_config = ConfigDict(
        json_schema_extra=shown(
            {
                "amendment": examples.HASH,
                "state": "awaits credit officer",
                "agreed_at": examples.OPENED,
                "approved_at": None,
                "carried_out_at": None,
                "terms": {
                    "maturity_date": "2026-08-03",
                    "facility_id": None,
                    "document": examples.HASH,
                    "valid_until": "2026-06-30T00:00:00Z",
                },
            }
        )
    )

    amendment: str
    state: AmendmentState
    agreed_at: datetime | None = Field(description="by the supplier")
    approved_at: datetime | None = Field(description="by the credit officer")
    carried_out_at: datetime | None
    terms: AmendmentTermsView | None = Field(description="null where neither side asked through this gateway")


class AmendmentsView(BaseModel):
    """The newest first."""

    items: list[AmendmentView]
    next: str | None = Field(default=None, description="pass as `cursor` for what follows; null at the end")
