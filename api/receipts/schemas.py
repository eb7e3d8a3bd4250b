"""Lots, announcements and consignments as JSON."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from api import examples
from api.examples import shown
from api.participants.schemas import PartyView
from api.possible import Possible
from api.transactions.schemas import TransactionView
from api.values import Day, Hex32, Lei, Moment, Quantity

Code = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=64)]
References = Annotated[list[Annotated[str, StringConstraints(max_length=200)]], Field(max_length=32)]
LotStateName = Literal["live", "released", "merged"]


class ConsignmentRequest(BaseModel):
    """Goods that are to come into a warehouse: opens their consignment under the references by which witnesses find it,
    and lets the warehouse announce lots in the caller's name."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra=shown(
            {
                "number": "CT2605",
                "warehouse_lei": examples.WAREHOUSE["lei"],
                "references": ["despatch_advice:DA-CT-2026-118", "sscc:340123450000011013"],
            }
        ),
    )

    number: Code = Field(description="the supplier's own number of the consignment")
    warehouse_lei: Lei
    references: References = Field(default=[], description="kind:value, as in invoices")


class ConsignmentWritten(BaseModel):
    model_config = ConfigDict(
        json_schema_extra=shown(
            {"subject": examples.SUBJECT, "transactions": [examples.transaction("open consignment")]}
        )
    )

    subject: str = Field(description="what its facts, readings and lots are found by")
    transactions: list[TransactionView]


class EngagementRequest(BaseModel):
    """Whether a warehouse may announce lots in the caller's name."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra=shown({"warehouse_lei": examples.WAREHOUSE["lei"], "engaged": False})
    )

    warehouse_lei: Lei
    engaged: bool


class TransactionsWritten(BaseModel):
    """A write that shows nothing but what it caused."""

    model_config = ConfigDict(json_schema_extra=shown({"transactions": [examples.transaction("engage warehouse")]}))

    transactions: list[TransactionView]


_ENTRY: dict[str, Any] = {
    "commodity": "180620",
    "unit": "KGM",
    "quantity_thousandths": "8000000",
    "place": "USEWR",
    "expiry_date": "2027-05-31",
}


class AnnouncementRequest(BaseModel):
    """What has come in, as the warehouse counts it. It becomes a lot once witnesses attest the entry."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra=shown(
            {
                "owner_lei": examples.SUPPLIER["lei"],
                "number": "CT2605",
                "subject": examples.SUBJECT,
                "entered_at": examples.OPENED,
                "identifiers": ["340123450000011013", "340123450000011020"],
                **_ENTRY,
            }
        ),
    )

    owner_lei: Lei
    number: Code = Field(description="the warehouse's own number of the lot; with its LEI it makes the receipt's id")
    subject: Hex32 = Field(description="the consignment, which the owner has opened")
    sequence: Annotated[int, Field(ge=1, le=2**32 - 1)] = Field(
        default=1, description="number of the entry among those of the consignment"
    )
    commodity: Annotated[str, StringConstraints(pattern=r"^[0-9]{6,8}$")] = Field(
        description="code of the Harmonized System"
    )
    unit: Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{2,3}$")] = Field(
        description="code of UN/CEFACT Recommendation 20, such as KGM"
    )
    quantity_thousandths: Quantity
    place: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}[A-Z2-9]{3}$")] = Field(description="UN/LOCODE")
    entered_at: Moment
    expiry_date: Day | None = Field(default=None, description="last day on which they are good; null where they keep")
    identifiers: Annotated[list[Code], Field(min_length=1, max_length=64)] = Field(
        description="SSCCs of the physical units; only keyed hashes of them go on chain"
    )


class AnnouncementView(BaseModel):
    """A warehouse's word on an entry. It is `minted` once a lot has come of it."""

    model_config = ConfigDict(
        json_schema_extra=shown(
            {
                "id": examples.HASH,
                "state": "announced",
                "receipt_id": examples.LOT,
                "owner": examples.SUPPLIER,
                "warehouse": examples.WAREHOUSE,
                "subject": examples.SUBJECT,
                "sequence": 1,
                "attested_thousandths": "7990000",
                "attested": "final",
                "entered_at": examples.OPENED,
                "announced_at": examples.OPENED,
                **_ENTRY,
                **examples.IN_BLOCK,
                "possible": [
                    {
                        "act": "minting",
                        "by": "anyone",
                        "detail": "7990000 of the announced 8000000 thousandths are attested",
                    }
                ],
            }
        )
    )

    id: str
    state: Literal["announced", "withdrawn", "minted"]
    receipt_id: str
    owner: PartyView
    warehouse: PartyView
    subject: str
    sequence: int
    commodity: str
    unit: str
    quantity_thousandths: str
    attested: Literal["none", "gathering", "final", "disputed"] = Field(description="the fact STORED of this entry")
    attested_thousandths: str = Field(description="what witnesses agree has come in; 0 until they do")
    place: str
    entered_at: datetime
    expiry_date: date | None
    announced_at: datetime
    transaction_hash: str
    block_number: int
    possible: list[Possible]


class AnnouncementWritten(BaseModel):
    """`announcement` is null until the gateway has read it from the chain."""

    model_config = ConfigDict(
        json_schema_extra=shown(
            {"id": examples.HASH, "announcement": None, "transactions": [examples.transaction("announce lot")]}
        )
    )

    id: str
    announcement: AnnouncementView | None
    transactions: list[TransactionView]


class PositionView(BaseModel):
    """What one account owns of a lot, in thousandths, by where it lies; `aside` is about to leave the warehouse."""

    account: str
    owner: str
    free: str = Field(description="held by the owner itself")
    pledged: str = Field(description="in the custody of a lender")
    free_aside: str
    pledged_aside: str
    sellable: bool = Field(description="whether the custodian may sell what it holds")


class StepView(BaseModel):
    """One thing that happened to the lot; `other` is another receipt or a release order."""

    kind: str
    giver: str | None
    taker: str | None
    quantity_thousandths: str
    other: str | None
    transaction_hash: str
    block_number: int
    at: datetime


_RECEIPT: dict[str, Any] = {
    "id": examples.LOT,
    "state": "live",
    "warehouse": examples.WAREHOUSE,
    "subject": examples.SUBJECT,
    "sequence": 1,
    "commodity": "180620",
    "unit": "KGM",
    "place": "USEWR",
    "received_thousandths": "8000000",
    "released_thousandths": "0",
    "left_thousandths": "8000000",
    "in_custody_thousandths": "8000000",
    "condition": 0,
    "grade": 0,
    "grade_known": True,
    "identifiers": 4,
    "entered_at": examples.OPENED,
    "expiry_date": "2027-05-31",
    "part_of": None,
    "merged_into": None,
    "financing_id": "1",
    "positions": [
        {
            "account": examples.ACCOUNT,
            "owner": "Acme Supplies",
            "free": "0",
            "pledged": "8000000",
            "free_aside": "0",
            "pledged_aside": "0",
            "sellable": True,
        }
    ],
    "elsewhere_thousandths": "0",
    "steps": [],
    "possible": [],
    "minted_at": examples.OPENED,
    **examples.IN_BLOCK,
}


class ReceiptView(BaseModel):
    model_config = ConfigDict(json_schema_extra=shown(_RECEIPT))

    id: str
    state: LotStateName
    warehouse: PartyView
    subject: str
    sequence: int
    commodity: str
    unit: str
    place: str
    received_thousandths: str
    released_thousandths: str
    left_thousandths: str
    in_custody_thousandths: str
    condition: int = Field(description="as listed graders have marked the lot; 0: as it came in")
    grade: int = Field(description="of its readings and inspections, 0 (as it should be) to 5 (lends nothing)")
    grade_known: bool = Field(description="whether every reading that the grade needs is there and fresh")
    identifiers: int
    entered_at: datetime
    expiry_date: date | None
    part_of: str | None
    merged_into: str | None
    financing_id: str | None = Field(description="the financing that the consignment backs, to its owner and lender")
    positions: list[PositionView] = Field(description="one's own; everybody's for warehouse, operator and supervisor")
    elsewhere_thousandths: str = Field(description="owned by others, and not shown")
    steps: list[StepView]
    possible: list[Possible]
    minted_at: datetime
    transaction_hash: str
    block_number: int


class ReceiptWritten(BaseModel):
    """`receipt` is null until the gateway has read it from the chain."""

    model_config = ConfigDict(
        json_schema_extra=shown(
            {"id": examples.LOT, "receipt": _RECEIPT, "transactions": [examples.transaction("mint lot")]}
        )
    )

    id: str | None
    receipt: ReceiptView | None
    transactions: list[TransactionView]


class SplitRequest(BaseModel):
    """Makes a part of a lot a receipt of its own, with the physical units that go along."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra=shown({"quantity_thousandths": "2000000", "identifiers": ["340123450000011020"]}),
    )

    quantity_thousandths: Quantity
    identifiers: Annotated[list[Code], Field(min_length=1, max_length=64)] = Field(description="SSCCs that go along")


class MergerRequest(BaseModel):
    """Puts the whole lot into another of the same consignment, warehouse, commodity and unit."""

    model_config = ConfigDict(extra="forbid", json_schema_extra=shown({"into": examples.LOT}))

    into: Hex32


class TransferRequest(BaseModel):
    """Passes the title to goods that the caller holds itself; they stay in the warehouse."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra=shown({"to_lei": examples.DEBTOR["lei"], "quantity_thousandths": "2000000"}),
    )

    to_lei: Lei
    quantity_thousandths: Quantity


class PowerRequest(BaseModel):
    """Whether lenders may take and sell what the caller gives into their custody from now on."""

    model_config = ConfigDict(extra="forbid", json_schema_extra=shown({"given": False}))

    given: bool
