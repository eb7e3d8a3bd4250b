"""Statements as JSON."""

from datetime import date, datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from api import examples
from api.examples import eur, shown
from api.financings.schemas import OwedView
from api.participants.schemas import PartyView
from api.pools.schemas import TrancheName
from api.values import Amount

Format = Literal["json", "csv", "pdf"]
Table = Literal["movements", "positions", "financings"]
_NOTHING_OWED: dict[str, Any] = {
    part: eur(0) for part in ("late_fees", "fees", "interest", "principal", "written_off", "reserve", "total")
}


class BalanceAtView(BaseModel):
    """A balance at the end of a block."""

    amount: Amount
    decimal: str = Field(description="the same in whole units of the currency")
    block_number: int


class ProofView(BaseModel):
    """The cash token's own answer at the closing block. A statement that it contradicts is not given; `proven` is false
    only where the node does not know a block so old any more."""

    block_number: int
    block_hash: str
    proven: bool


class CounterpartyView(BaseModel):
    """The other side: an `organisation`, a contract of the `network`, the `bank` where cash was issued or redeemed, or
    an `account` that is nobody's any more."""

    kind: Literal["organisation", "network", "bank", "account"]
    lei: str | None = None
    name: str


class ReferenceView(BaseModel):
    """The thing that it was about, by its id: `financing`, `facility`, `receivable`, `order`, `pool` (its currency),
    `insurance_policy`, `fx_quote`, `payment_instruction`, or `bank_payment` by the keyed hash that is on chain."""

    kind: str
    id: str


class LineView(BaseModel):
    """One movement; below zero is out of the account. `balance` is the organisation's after it."""

    at: datetime
    block_number: int
    transaction_hash: str | None
    kind: str = Field(description="such as `pool_deposit`, `disbursement`, `repayment`; README lists them")
    description: str
    account: str
    counterparty: CounterpartyView | None
    reference: ReferenceView | None
    amount: Amount
    decimal: str = Field(description="the same in whole units of the currency")
    balance: Amount


class KindTotalView(BaseModel):
    """All movements of one kind."""

    kind: str
    description: str
    count: int
    amount: Amount


class StakeView(BaseModel):
    """Shares in base units, those handed in and not yet redeemed beside them. `value` is of both at the exit price;
    null where the node does not know the block any more."""

    shares: str
    waiting_shares: str | None
    value: Amount | None
    claimable: Amount | None


class PositionPeriodView(BaseModel):
    """A lender's part of a tranche: after = before + deposited - claimed + transferred + income, each `before` and
    `after` being value and claimable together."""

    account: str
    tranche: TrancheName
    before: StakeView
    deposited: Amount
    claimed: Amount
    transferred: Amount | None = Field(description="worth of shares from other accounts, less that of those that went")
    income: Amount | None = Field(description="interest, late fees and recoveries, less losses")
    after: StakeView


class ChargesView(BaseModel):
    """What was charged in the period; interest rounded up to what is owed."""

    interest: Amount
    fees: Amount
    late_fees: Amount
    reserve: Amount
    total: Amount


class PaidView(BaseModel):
    """What was paid in the period, by its parts; `recovered` is principal that had been written off."""

    principal: Amount
    interest: Amount
    fees: Amount
    late_fees: Amount
    reserve: Amount
    recovered: Amount
    total: Amount


class FinancingPeriodView(BaseModel):
    """A supplier's financing. Of each part: after = before + charged - paid; of principal: after = before + drawn -
    written off - paid. Null where the node does not know a block so old any more."""

    financing_id: str
    facility_id: str
    before: OwedView | None
    drawn: Amount
    charged: ChargesView | None
    paid: PaidView
    written_off: Amount
    after: OwedView | None


_LINE: dict[str, Any] = {
    "at": examples.OPENED,
    **examples.IN_BLOCK,
    "kind": "disbursement",
    "description": "Disbursement of a financing",
    "account": examples.ACCOUNT,
    "counterparty": {"kind": "network", "lei": None, "name": "Lending pool EUR"},
    "reference": {"kind": "financing", "id": "1"},
    "amount": eur(5_911_330),
    "decimal": "59113.30",
    "balance": eur(5_911_330),
}
_FINANCING: dict[str, Any] = {
    "financing_id": "1",
    "facility_id": "1",
    "before": _NOTHING_OWED,
    "drawn": eur(5_911_330),
    "charged": {
        "interest": eur(28_078),
        "fees": eur(29_557),
        "late_fees": eur(0),
        "reserve": eur(59_114),
        "total": eur(116_749),
    },
    "paid": {part: eur(0) for part in PaidView.model_fields},
    "written_off": eur(0),
    "after": {
        **_NOTHING_OWED,
        "principal": eur(5_911_330),
        "interest": eur(28_078),
        "fees": eur(29_557),
        "reserve": eur(59_114),
        "total": eur(6_028_079),
    },
}


class StatementView(BaseModel):
    """Cash from the beginning of one day to the end of another (UTC), or to the newest block: opening and movements sum
    to closing. `positions` and `financings` are null where the token lacks `pools:read` or `financings:read`."""

    model_config = ConfigDict(
        json_schema_extra=shown(
            {
                "organisation": examples.SUPPLIER,
                "currency": "EUR",
                "since": "2026-05-01",
                "until": "2026-05-31",
                "is_final": True,
                "closed_at": "2026-05-31T23:59:59Z",
                "opening": {"amount": eur(0), "decimal": "0.00", "block_number": 17},
                "movements": [_LINE],
                "closing": {"amount": eur(5_911_330), "decimal": "59113.30", "block_number": 97},
                "proof": {"block_number": 97, "block_hash": examples.HASH, "proven": True},
                "totals": [
                    {
                        "kind": "disbursement",
                        "description": "Disbursement of a financing",
                        "count": 1,
                        "amount": eur(5_911_330),
                    }
                ],
                "positions": [],
                "financings": [_FINANCING],
            }
        )
    )

    organisation: PartyView
    currency: str
    since: date
    until: date
    is_final: bool = Field(description="whether the period is over, so that this statement never changes")
    closed_at: datetime = Field(description="when the closing block was made")
    opening: BalanceAtView
    movements: list[LineView]
    closing: BalanceAtView
    proof: ProofView
    totals: list[KindTotalView]
    positions: list[PositionPeriodView] | None
    financings: list[FinancingPeriodView] | None
