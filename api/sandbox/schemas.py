"""Simulated facts as JSON."""

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from api import examples
from api.examples import shown
from api.facilities.schemas import MilestoneName
from api.transactions.schemas import TransactionView
from api.values import Hex32

Quantity = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{0,17}$")]


class Simulation(BaseModel):
    """What the simulated witnesses attest, all of it as of now."""

    model_config = ConfigDict(extra="forbid")

    milestones: Annotated[list[MilestoneName], Field(min_length=1, max_length=9)]
    quantity_thousandths: Quantity | None = Field(
        default=None, description="by default all that is invoiced, or ordered"
    )


class SimulationRequest(Simulation):
    """Attests facts about the goods of a receivable or an order, as if they had been seen."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra=shown({"receivable_id": examples.RECEIVABLE, "milestones": ["DEPARTED", "RECEIVED"]}),
    )

    receivable_id: Hex32 | None = None
    order_id: Hex32 | None = None

    @model_validator(mode="after")
    def _of_one_item(self) -> Self:
        if (self.receivable_id is None) == (self.order_id is None):
            raise ValueError("name either receivable_id or order_id")
        return self


class SimulationWritten(BaseModel):
    """What was simulated. `GET /v1/milestones` shows its votes with `simulated`, and their evidence is the same for
    all: no witness's paper has it."""

    model_config = ConfigDict(
        json_schema_extra=shown(
            {
                "simulated": True,
                "receivable_id": examples.RECEIVABLE,
                "order_id": None,
                "milestones": ["DEPARTED", "RECEIVED"],
                "witnesses": ["Simulated carrier (sandbox)", "Simulated inspector (sandbox)"],
                "transactions": [examples.transaction("simulate attestation")],
            }
        )
    )

    simulated: bool
    receivable_id: str | None
    order_id: str | None
    milestones: list[str]
    witnesses: list[str]
    transactions: list[TransactionView]
