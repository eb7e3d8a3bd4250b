"""Pools, positions and redemptions as JSON."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from api import examples
from api.examples import eur, shown
from api.transactions.schemas import TransactionView
from api.values import Amount, PositiveAmount

TrancheName = Literal["senior", "junior"]
Shares = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{0,29}$")]


def _price(units: int) -> dict[str, str]:
    return {
        "numerator": str(units + 1),
        "denominator": str((units + 1) * 10**6),
        "per_million_shares": "1.000000000000",
    }


def _tranche(units: int) -> dict[str, Any]:
    return {
        "shares": str(units * 10**6),
        "entry_assets": eur(units),
        "exit_assets": eur(units),
        "entry_price": _price(units),
        "exit_price": _price(units),
        "waiting_shares": "0",
        "waiting_assets": eur(0),
        "fundable": eur(120_000_000),
    }


_POOL: dict[str, Any] = {
    "currency": "EUR",
    "cash": eur(9_088_670),
    "lendable": eur(9_088_670),
    "principal_out": eur(5_911_330),
    "accrued_income": eur(0),
    "impairment": eur(0),
    "set_aside": eur(0),
    "streaming": eur(0),
    "streaming_ends_at": None,
    "fees": eur(0),
    "gross": eur(15_000_000),
    "net": eur(15_000_000),
    "interest_received": eur(0),
    "late_fees_received": eur(0),
    "lost": eur(0),
    "covered": eur(0),
    "recovered": eur(0),
    "senior_claim": eur(12_000_000),
    "senior_rate_bps": 600,
    "subordination_floor_bps": 1000,
    "reserve": {"held": eur(0), "on_its_way": eur(0), "floor": eur(50_000)},
    "tranches": {"senior": _tranche(12_000_000), "junior": _tranche(3_000_000)},
    "closable_at": "2026-05-05T09:00:00Z",
    "stopped": [],
    "syndicates": [
        {
            "address": examples.CONTRACT,
            "funding_bps": 5000,
            "loss_bps": 5000,
            "fee_bps": 5000,
            "principal_out": eur(3_000_000),
            "impairment": eur(0),
            "lost": eur(0),
            "listed_at": examples.OPENED,
        }
    ],
}
_POSITION: dict[str, Any] = {
    "lei": examples.LENDER["lei"],
    "account": examples.ACCOUNT,
    "tranche": "senior",
    "shares": "12000000000000",
    "value": eur(12_000_000),
    "deposited": eur(12_000_000),
    "withdrawn": eur(0),
    "claimable": eur(0),
    "redemptions": [],
}


class PriceView(BaseModel):
    """A price as an exact fraction, minor units of cash per base unit of share, and as text: minor units per million
    base units of share, cut to twelve places against whoever trades."""

    numerator: str
    denominator: str
    per_million_shares: str


class TrancheView(BaseModel):
    """Shares are bought at the entry price and redeemed at the exit price, which expected losses lower."""

    shares: str
    entry_assets: Amount
    exit_assets: Amount
    entry_price: PriceView
    exit_price: PriceView
    waiting_shares: str = Field(description="handed in and not yet redeemed")
    waiting_assets: Amount = Field(description="what they are worth now")
    fundable: Amount = Field(description="what may still be deposited")


class TranchesView(BaseModel):
    """Senior is paid first; junior loses first, once the reserve is used up, and has what senior does not."""

    senior: TrancheView
    junior: TrancheView


class ReserveView(BaseModel):
    """Money that absorbs losses before any lender does."""

    held: Amount
    on_its_way: Amount = Field(description="collected by the pool and not yet handed over")
    floor: Amount = Field(description="what may not be released")


class LenderView(BaseModel):
    """A pool that lends: alone, or as a member of a syndicate, with its shares of every draw, loss and fee in bps."""

    pool: str | None = Field(description="its id; null of one that this gateway does not serve")
    address: str
    funding_bps: int
    loss_bps: int
    fee_bps: int
    lends: bool = Field(
        description="whether it has listed the syndicate, which lends nothing before all its members have"
    )


class SyndicateView(BaseModel):
    """A syndicate through which a pool lends, its shares there in bps, and what it has at stake."""

    address: str
    funding_bps: int
    loss_bps: int
    fee_bps: int
    principal_out: Amount = Field(description="lent through it and neither repaid nor written off")
    impairment: Amount
    lost: Amount = Field(description="written off and not recovered")
    listed_at: datetime = Field(description="from when it may draw on the pool")


class PoolView(BaseModel):
    """What a pool has, owes and has earned. Fees, `set_aside` (promised to redemption claims), the reserve's money and
    what still streams in are no part of `gross`; net = gross - impairment."""

    model_config = ConfigDict(json_schema_extra=shown(_POOL))

    currency: str
    cash: Amount = Field(description="that is the lenders' and neither lent nor set aside")
    lendable: Amount = Field(description="what draws may take now: nothing while junior is below its floor")
    principal_out: Amount
    accrued_income: Amount
    impairment: Amount
    set_aside: Amount
    streaming: Amount = Field(description="recoveries and late fees that become the lenders' little by little")
    streaming_ends_at: datetime | None
    fees: Amount = Field(description="collected for the operator and not yet taken")
    gross: Amount
    net: Amount
    interest_received: Amount = Field(description="on facilities that this pool funds alone")
    late_fees_received: Amount = Field(description="likewise")
    lost: Amount = Field(description="written off since the pool began, with the interest it had earned")
    covered: Amount = Field(description="of that, absorbed by the first-loss reserve")
    recovered: Amount = Field(description="of that, paid after all")
    senior_claim: Amount = Field(description="what senior is owed: its money and its interest")
    senior_rate_bps: int
    subordination_floor_bps: int
    reserve: ReserveView
    tranches: TranchesView
    closable_at: datetime = Field(description="from when the epoch may be closed, by anyone")
    stopped: list[Literal["draws", "deposits"]]
    syndicates: list[SyndicateView] = Field(
        description="through which it lends with others; their money is in its books"
    )


class PoolsView(BaseModel):
    model_config = ConfigDict(json_schema_extra=shown({"items": [_POOL]}))

    items: list[PoolView]
    next: str | None = Field(default=None, description="pass as `cursor` for what follows; null at the end")


class RedemptionView(BaseModel):
    """Shares handed in for one epoch: what of them still waits, and what is paid and not yet claimed."""

    epoch: int
    shares: str
    waiting_shares: str
    claimable_shares: str
    requested_at: datetime


class PositionView(BaseModel):
    """One account's share of a tranche; `value` is what its shares would be paid at the exit price, rounded down."""

    lei: str
    account: str
    tranche: TrancheName
    shares: str
    value: Amount
    deposited: Amount
    withdrawn: Amount
    claimable: Amount = Field(description="redeemed and not yet claimed")
    redemptions: list[RedemptionView] = Field(description="those that are not claimed in full")


class PositionsView(BaseModel):
    model_config = ConfigDict(json_schema_extra=shown({"items": [_POSITION]}))

    items: list[PositionView]
    next: str | None = Field(default=None, description="pass as `cursor` for what follows; null at the end")


class DepositRequest(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"example": {"tranche": "senior", "amount": {"amount": "20000000", "currency": "EUR"}}},
    )

    tranche: TrancheName
    amount: PositiveAmount


class RedemptionRequest(BaseModel):
    """Hands shares in; they are paid when an epoch is closed and cannot be taken back. Base units of share."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"tranche": "senior", "shares": "5000000000000"}}
    )

    tranche: TrancheName
    shares: Shares | None = Field(default=None, description="by default all")


class ClaimRequest(BaseModel):
    """Claims what closed epochs have paid for shares handed in."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"tranche": "senior"}})

    tranche: TrancheName
    amount: PositiveAmount | None = Field(default=None, description="by default all that can be claimed")


class PositionWritten(BaseModel):
    """The lender's position as it now is, null before its first deposit is in a block."""

    model_config = ConfigDict(
        json_schema_extra=shown({"position": _POSITION, "transactions": [examples.transaction("deposit into pool")]})
    )

    position: PositionView | None
    transactions: list[TransactionView]


class PoolWritten(BaseModel):
    model_config = ConfigDict(
        json_schema_extra=shown({"pool": _POOL, "transactions": [examples.transaction("close epoch")]})
    )

    pool: PoolView
    transactions: list[TransactionView]
