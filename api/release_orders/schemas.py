"""Release orders as JSON."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from api import examples
from api.examples import shown
from api.participants.schemas import PartyView
from api.possible import Possible
from api.transactions.schemas import TransactionView
from api.values import Hex32, Lei, Moment, Quantity

OrderStateName = Literal["awaits lender", "unapproved", "expired", "ordered", "left", "lapsed", "declined"]


class ReleaseOrderRequest(BaseModel):
    """Goods of the caller's that are to leave the warehouse. Those in a lender's custody leave once it agrees."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra=shown(
            {
                "receipt_id": examples.LOT,
                "quantity_thousandths": "3000000",
                "to_lei": examples.DEBTOR["lei"],
                "deadline": "2026-08-05T12:00:00Z",
            }
        ),
    )

    receipt_id: Hex32
    quantity_thousandths: Quantity
    pledged: bool = Field(default=False, description="take them out of a lender's custody, with its consent")
    to_lei: Lei | None = Field(default=None, description="who may fetch them; by default the owner")
    sequence: Annotated[int, Field(ge=1, le=2**32 - 1)] | None = Field(
        default=None, description="number of the exit among those of the consignment; by default the next"
    )
    deadline: Moment = Field(description="when it may lapse; at most 30 days away")


_EXAMPLE: dict[str, Any] = {
    "id": examples.HASH,
    "state": "ordered",
    "receipt_id": examples.LOT,
    "subject": examples.SUBJECT,
    "sequence": 1,
    "quantity_thousandths": "3000000",
    "owner": examples.DEBTOR,
    "to": examples.DEBTOR,
    "pledge_id": None,
    "lender": None,
    "attested": "final",
    "attested_thousandths": "3000000",
    "released_thousandths": "0",
    "kept_thousandths": "0",
    "exceeded_by_thousandths": None,
    "deadline": "2026-08-05T12:00:00Z",
    "ordered_at": examples.PAID,
    "done_at": None,
    **examples.IN_BLOCK,
    "possible": [
        {"act": "confirmation", "by": "anyone", "detail": "3000000 thousandths are attested to have left"},
    ],
}


class ReleaseOrderView(BaseModel):
    """An order, or a request that still awaits the lender; `unapproved` while its owner's word is not, or no longer, on
    chain. `left` once an attested exit took the goods off the books."""

    model_config = ConfigDict(json_schema_extra=shown(_EXAMPLE))

    id: str
    state: OrderStateName
    receipt_id: str
    subject: str
    sequence: int
    quantity_thousandths: str
    owner: PartyView
    to: PartyView
    pledge_id: str | None
    lender: str | None = Field(description="the credit officer's account that agreed")
    attested: Literal["none", "gathering", "final", "disputed"] = Field(description="the fact RELEASED of this exit")
    attested_thousandths: str
    released_thousandths: str
    kept_thousandths: str = Field(description="that did not leave and are free again")
    exceeded_by_thousandths: str | None = Field(description="by so much more has left than orders explain")
    deadline: datetime
    ordered_at: datetime | None
    done_at: datetime | None
    transaction_hash: str | None
    block_number: int | None
    possible: list[Possible]


class ReleaseOrderWritten(BaseModel):
    """`release_order` is null until the gateway has read it from the chain."""

    model_config = ConfigDict(
        json_schema_extra=shown(
            {"id": examples.HASH, "release_order": _EXAMPLE, "transactions": [examples.transaction("order release")]}
        )
    )

    id: str
    release_order: ReleaseOrderView | None
    transactions: list[TransactionView]
