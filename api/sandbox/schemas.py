"""Simulated facts as JSON."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

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
    quantity_thousandths: Quantity | None = Field(default=None, description="by default all that is invoiced")


class SimulationRequest(Simulation):
    """Attests facts about the goods of a receivable, as if they had been seen."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra=shown({"receivable_id": examples.RECEIVABLE, "milestones": ["DEPARTED", "RECEIVED"]}),
    )

    receivable_id: Hex32


class SimulationWritten(BaseModel):
    """What was simulated. `GET /v1/milestones` shows its votes with `simulated`, and their evidence is the same for
    all: no witness's paper has it."""

    model_config = ConfigDict(
        json_schema_extra=shown(
            {
                "simulated": True,
                "receivable_id": examples.RECEIVABLE,
                "milestones": ["DEPARTED", "RECEIVED"],
                "witnesses": ["Simulated carrier (sandbox)", "Simulated inspector (sandbox)"],
                "transactions": [examples.transaction("simulate attestation")],
            }
        )
    )

    simulated: bool
    receivable_id: str
    milestones: list[str]
    witnesses: list[str]
    transactions: list[TransactionView]
