"""Financings as JSON."""

from datetime import date, datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from api import examples
from api.examples import eur, shown
from api.facilities.schemas import StepView
from api.participants.schemas import PartyView
from api.transactions.schemas import TransactionView
from api.values import Amount, AmountOrNothing, Day, Hex32, Moment, Number, PositiveAmount


class FinancingRequest(BaseModel):
    """Pledges a receivable, or a part of it, and draws what it already allows."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"facility_id": "1", "receivable_id": "0x" + "2a" * 32}}
    )

    facility_id: Number
    receivable_id: Hex32
    amount: PositiveAmount | None = Field(default=None, description="face value to pledge; by default all one holds")
    on_acceptance_only: bool = Field(
        default=False,
        description="lend on the debtor's acceptance alone; needed for further parts of an invoice, as its goods "
        "move one financing only",
    )


class RepaymentRequest(BaseModel):
    """Repays out of one's own cash; what is repaid so is not drawn again. No more is taken than is owed."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"amount": {"amount": "1000000", "currency": "EUR"}}}
    )

    amount: PositiveAmount


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
    state: Literal["awaits supplier", "awaits credit officer", "carried out", "overtaken", "expired", "withdrawn"]
    agreed_at: datetime | None = Field(description="by the supplier")
    approved_at: datetime | None = Field(description="by the credit officer")
    carried_out_at: datetime | None
    terms: AmendmentTermsView | None = Field(description="null where neither side asked through this gateway")


class AmendmentsView(BaseModel):
    """The newest first."""

    items: list[AmendmentView]


class ImpairmentRequest(BaseModel):
    """How much of the principal is expected to be lost; nothing is drawn while it is above zero."""

    model_config = ConfigDict(extra="forbid", json_schema_extra=shown({"amount": eur(1_000_000)}))

    amount: AmountOrNothing


class OwedView(BaseModel):
    """What is owed at the newest block that the gateway has read, in the order in which payments serve it; interest and
    late fees rounded up."""

    late_fees: Amount
    fees: Amount
    interest: Amount
    principal: Amount
    written_off: Amount = Field(description="principal that counts as lost, and is owed all the same")
    reserve: Amount = Field(description="for the pool's first-loss reserve")
    total: Amount


class DrawView(BaseModel):
    """Money paid out; `base` and `principal` as they stood after it."""

    payee: str
    amount: Amount
    fee: Amount
    reserve: Amount
    base: Amount
    principal: Amount
    transaction_hash: str
    block_number: int
    at: datetime


class RepaymentView(BaseModel):
    """Money that came in, in the order of the waterfall; `recovered` is principal that had been written off, `residual`
    went to the supplier."""

    payer: str
    late_fees: Amount
    fees: Amount
    interest: Amount
    principal: Amount
    recovered: Amount
    reserve: Amount
    residual: Amount
    still_owed: Amount
    transaction_hash: str
    block_number: int
    at: datetime


class WriteOffView(BaseModel):
    """Principal booked as lost, and what was left of it in the books."""

    amount: Amount
    principal: Amount
    transaction_hash: str
    block_number: int
    at: datetime


_EXAMPLE: dict[str, Any] = {
    "id": "1",
    "state": "open",
    "facility_id": "1",
    "supplier": examples.SUPPLIER,
    "currency": "EUR",
    "collateral": "ReceivableCollateral",
    "item_id": examples.RECEIVABLE,
    "subject": examples.SUBJECT,
    "pledged": eur(10_000_000),
    "discount_rate_bps": 900,
    "fee_bps": 50,
    "ladder": [{"milestone": "DEPARTED", "advance_rate_bps": 6000, "measured": False}],
    "principal": eur(5_911_330),
    "impairment": eur(0),
    "owed": {
        "late_fees": eur(0),
        "fees": eur(29_557),
        "interest": eur(1_478),
        "principal": eur(5_911_330),
        "written_off": eur(0),
        "reserve": eur(59_113),
        "total": eur(6_001_478),
    },
    "maturity_date": "2026-07-03",
    "overdue_from": "2026-07-09T00:00:00Z",
    "write_off_due": eur(0),
    "base": eur(6_000_000),
    "available": eur(0),
    "deferred": eur(0),
    "deferred_by": None,
    "opened_at": examples.OPENED,
    **examples.IN_BLOCK,
    "draws": [
        {
            "payee": examples.ACCOUNT,
            "amount": eur(5_911_330),
            "fee": eur(29_557),
            "reserve": eur(59_113),
            "base": eur(6_000_000),
            "principal": eur(5_911_330),
            **examples.IN_BLOCK,
            "at": examples.SHIPPED,
        }
    ],
    "repayments": [],
    "write_offs": [],
}


class FinancingView(BaseModel):
    model_config = ConfigDict(json_schema_extra=shown(_EXAMPLE))

    id: str
    state: str = Field(description="open, repaid, released or defaulted")
    facility_id: str
    supplier: PartyView
    currency: str
    collateral: str = Field(description="the contract that keeps the item")
    item_id: str
    subject: str
    pledged: Amount
    discount_rate_bps: int
    fee_bps: int
    ladder: list[StepView]
    principal: Amount
    impairment: Amount
    owed: OwedView
    maturity_date: date
    overdue_from: datetime = Field(description="from then on, days of grace included, late fees are owed")
    base: Amount = Field(description="what the collateral supports")
    available: Amount = Field(description="what a poke would draw now")
    write_off_due: Amount = Field(description="what would count as lost by now if it were marked overdue")
    deferred: Amount = Field(description="what the last draw had to leave undrawn")
    deferred_by: str | None = Field(
        description="for what: limit, cash, cap, or payee: the account that would be paid has left"
    )
    opened_at: datetime
    transaction_hash: str
    block_number: int
    draws: list[DrawView]
    repayments: list[RepaymentView]
    write_offs: list[WriteOffView]


class FinancingWritten(BaseModel):
    """`id` and `financing` are null until the chain has the financing and the gateway has read it."""

    model_config = ConfigDict(
        json_schema_extra=shown(
            {"id": "1", "financing": _EXAMPLE, "transactions": [examples.transaction("open financing")]}
        )
    )

    id: str | None
    financing: FinancingView | None
    transactions: list[TransactionView]
