"""Cash as JSON."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from api import examples
from api.examples import eur, shown
from api.transactions.schemas import TransactionView
from api.values import Amount, Currency, Lei, PositiveAmount


class CashIssueRequest(BaseModel):
    """Money that has come in by bank and is now issued to a participant's account."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "lei": "999900ACMESUPPLIES58",
                "amount": {"amount": "10000000", "currency": "EUR"},
                "payment_reference": "camt.054 2026-05-04 NTRY-77",
            }
        },
    )

    lei: Lei
    amount: PositiveAmount
    payment_reference: Annotated[str, StringConstraints(min_length=1, max_length=140, strip_whitespace=True)]


class CashIssueView(BaseModel):
    model_config = ConfigDict(
        json_schema_extra=shown(
            {
                "lei": examples.LENDER["lei"],
                "account": examples.ACCOUNT,
                "amount": eur(15_000_000),
                "payment_reference": "camt.054 2026-05-04 NTRY-77",
                "transactions": [examples.transaction("issue cash")],
            }
        )
    )

    lei: str
    account: str
    amount: Amount
    payment_reference: str
    transactions: list[TransactionView]


class BalanceView(BaseModel):
    """What an organisation holds in one currency, over all its accounts."""

    currency: Currency
    amount: Amount


_BALANCES: dict[str, Any] = {
    "lei": examples.LENDER["lei"],
    "balances": [{"currency": "EUR", "amount": eur(15_000_000)}],
    "parked": [],
}


class BalancesView(BaseModel):
    model_config = ConfigDict(json_schema_extra=shown(_BALANCES))

    lei: str
    balances: list[BalanceView]
    parked: list[BalanceView] = Field(
        description="what could not be paid to it, say while its account was frozen, and waits to be claimed"
    )


class ParkedClaimRequest(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"currency": "EUR"}})

    currency: Currency


class ParkedClaimWritten(BalancesView):
    model_config = ConfigDict(
        json_schema_extra=shown({**_BALANCES, "transactions": [examples.transaction("claim parked payout")]})
    )

    transactions: list[TransactionView]
