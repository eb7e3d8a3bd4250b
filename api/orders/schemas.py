"""What is asked of orders as JSON."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from api import examples
from api.examples import eur, shown
from api.facilities.schemas import Bps, MilestoneName
from api.values import AmountOrNothing, Currency, Day, Hex32, Lei, PositiveAmount

StateName = Literal["registered", "accepted", "settled", "cancelled", "disputed", "lapsed", "closed"]
Side = Literal["seller", "buyer"]
Thousandths = Annotated[str, StringConstraints(pattern=r"^(0|[1-9][0-9]{0,14})$")]
PositiveThousandths = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{0,14}$")]
_WHOLE_BPS = 10_000


class LineRequest(BaseModel):
    """What is ordered. Only a keyed hash of `item` goes on chain."""

    model_config = ConfigDict(extra="forbid")

    item: Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True)] = Field(
        description="as both sides call it, e.g. an article number"
    )
    unit: Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{2,3}$")] = Field(
        description="code of UN/CEFACT Recommendation 20: H87 pieces, KGM kilograms"
    )
    quantity_thousandths: Thousandths = Field(default="0", description="0 where it cannot be measured")
    value: PositiveAmount


class PayoutRequest(BaseModel):
    """From the milestone on, `share_bps` of the order's value is earned in all (4000 = 40 %); `measured`: only in the
    proportion attested. ACCEPTED is reached by the buyer's acceptance."""

    model_config = ConfigDict(extra="forbid")

    milestone: MilestoneName
    share_bps: Annotated[int, Field(ge=1, le=_WHOLE_BPS)]
    measured: bool = False


class OrderRequest(BaseModel):
    """An order as its seller has it from its buyer, who accepts the same words. `number` and items stay here: the chain
    has keyed hashes of them."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra=shown(
            {
                "number": "PO-2026-0815",
                "buyer_lei": examples.DEBTOR["lei"],
                "currency": "EUR",
                "deliver_by": "2026-06-30",
                "grace_days": 10,
                "deposit": eur(3_000_000),
                "under_bps": 100,
                "lines": [
                    {"item": "AS-1012", "unit": "H87", "quantity_thousandths": "1000000", "value": eur(10_000_000)}
                ],
                "payouts": [
                    {"milestone": "DEPARTED", "share_bps": 4000},
                    {"milestone": "RECEIVED", "share_bps": 10_000, "measured": True},
                ],
                "references": ["container:ZZXU2605127"],
            }
        ),
    )

    number: Annotated[str, StringConstraints(min_length=1, max_length=60, strip_whitespace=True)]
    buyer_lei: Lei
    currency: Currency
    deliver_by: Day
    grace_days: Annotated[int, Field(ge=0, le=255)] = Field(
        default=0, description="days after it, from whose end on what is not earned may be given back"
    )
    deposit: AmountOrNothing | None = Field(default=None, description="what the buyer puts in with its acceptance")
    over_bps: Bps = Field(default=0, description="how much more than ordered may be delivered and invoiced")
    under_bps: Bps = Field(default=0, description="how much less than ordered still counts as all of it")
    lines: Annotated[list[LineRequest], Field(min_length=1, max_length=16)]
    payouts: Annotated[list[PayoutRequest], Field(min_length=1, max_length=4)] | None = Field(
        default=None, description="in the order in which they are reached; by default all of it by what was received"
    )
    references: list[str] = Field(
        default=[], description="by which witnesses find the goods, each as kind:value, e.g. container:ZZXU2605127"
    )
    subject: Hex32 | None = Field(
        default=None, description="a consignment that the seller's group has opened before; by default one of its own"
    )

    @model_validator(mode="after")
    def _one_currency(self) -> Self:
        amounts = [line.value for line in self.lines] + ([self.deposit] if self.deposit else [])
        strange = next((amount.currency for amount in amounts if amount.currency != self.currency), None)
        if strange is not None:
            raise ValueError(f"the order is in {self.currency}, one of its amounts in {strange}")
        return self


class OrderAcceptanceRequest(BaseModel):
    """The hash of the terms as the buyer has seen them, so that it accepts nothing else."""

    model_config = ConfigDict(extra="forbid", json_schema_extra=shown({"terms_hash": examples.HASH}))

    terms_hash: Hex32


class MoneyRequest(BaseModel):
    """Money for an order, at most what is unfunded."""

    model_config = ConfigDict(extra="forbid", json_schema_extra=shown({"amount": eur(7_000_000)}))

    amount: PositiveAmount


class RefundClaimRequest(BaseModel):
    """Whose part of an ended order is given back; the caller's own by default."""

    model_config = ConfigDict(extra="forbid", json_schema_extra=shown({"lei": examples.DEBTOR["lei"]}))

    lei: Lei | None = None


class DisputeRequest(BaseModel):
    """The SHA-256 of what a side says and shows."""

    model_config = ConfigDict(extra="forbid", json_schema_extra=shown({"evidence": examples.HASH}))

    evidence: Hex32


class SplitRequest(BaseModel):
    """How much of what is held is to be the seller's; the rest goes back to who put it in."""

    model_config = ConfigDict(extra="forbid", json_schema_extra=shown({"to_seller": eur(1_000_000)}))

    to_seller: AmountOrNothing


class DecisionRequest(SplitRequest):
    """The arbiter's split, and the SHA-256 of the reasons."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra=shown({"to_seller": eur(1_000_000), "evidence": examples.HASH})
    )

    evidence: Hex32


class MatchRequest(BaseModel):
    """An accepted invoice that takes the place of a part of the order."""

    model_config = ConfigDict(extra="forbid", json_schema_extra=shown({"receivable_id": examples.RECEIVABLE}))

    receivable_id: Hex32


class OfferRequest(BaseModel):
    """Goods of the seller's in a warehouse, for a price out of what is held; `open` false takes the offer back."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra=shown(
            {"lot_id": examples.SUBJECT, "quantity_thousandths": "1000000", "price": eur(7_000_000), "open": True}
        ),
    )

    lot_id: Hex32
    quantity_thousandths: PositiveThousandths
    price: PositiveAmount
    open: bool = True
