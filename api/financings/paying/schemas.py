"""Payoffs and repayments as JSON."""

from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from api import examples
from api.examples import eur, shown
from api.financings.schemas import REPAYMENT, OwedView, RepaymentView
from api.values import Amount

Part = Literal["late_fees", "fees", "interest", "principal", "recovered", "reserve", "residual"]


class WaterfallStepView(BaseModel):
    """One part of a payment, and whose it is."""

    part: Part
    amount: Amount
    goes_to: str


class RepaymentDetailView(RepaymentView):
    """A payment with its waterfall, in the order in which it was served."""

    model_config = ConfigDict(
        json_schema_extra=shown(
            {
                **REPAYMENT,
                "waterfall": [{"part": "late_fees", "amount": eur(0), "goes_to": "the lenders, little by little"}],
            }
        )
    )

    waterfall: list[WaterfallStepView]


class PayoffView(BaseModel):
    """What pays a financing off, whenever on the day it is paid, if nothing else is drawn or paid until then: the
    figure of the day's last second. No more is ever taken than is owed. `insurers` is what they are owed besides, as of
    now."""

    model_config = ConfigDict(
        json_schema_extra=shown(
            {
                "financing_id": "1",
                "on": "2026-07-03",
                "as_of": examples.SHIPPED,
                "block_number": 42,
                "owed": {
                    "late_fees": eur(0),
                    "fees": eur(29_557),
                    "interest": eur(78_326),
                    "principal": eur(5_911_330),
                    "written_off": eur(0),
                    "reserve": eur(59_113),
                    "total": eur(6_078_326),
                },
                "insurers": eur(0),
                "total": eur(6_078_326),
                "interest_of_next_day": eur(1_478),
            }
        )
    )

    financing_id: str
    on: date
    as_of: datetime
    block_number: int
    owed: OwedView
    insurers: Amount
    total: Amount
    interest_of_next_day: Amount = Field(description="what a day more adds, late fees aside; rounded up")
