"""Statements, concentrations and maturity ladders of pools as JSON."""

from datetime import date, datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from api import examples
from api.examples import eur, shown
from api.participants.schemas import PartyView
from api.pools.schemas import TrancheName
from api.values import Amount

_AS_OF: dict[str, Any] = {"currency": "EUR", "as_of": examples.SHIPPED, "block_number": 42}


# Maturity ladder


class BucketView(BaseModel):
    """Principal that falls due from one day to another, both included; `overdue` has no first day, the last bucket no
    last one."""

    name: str
    first_day: date | None
    last_day: date | None
    financings: int
    principal: Amount


class MaturitiesView(BaseModel):
    """A pool's principal by the day of maturity. `through_syndicates` is lent by syndicates of which the pool is a
    member and is in no bucket; buckets and it sum to `principal_out`."""

    model_config = ConfigDict(
        json_schema_extra=shown(
            {
                **_AS_OF,
                "principal_out": eur(5_911_330),
                "through_syndicates": eur(0),
                "buckets": [
                    {
                        "name": "31 to 60 days",
                        "first_day": "2026-06-12",
                        "last_day": "2026-07-11",
                        "financings": 1,
                        "principal": eur(5_911_330),
                    }
                ],
            }
        )
    )

    currency: str
    as_of: datetime
    block_number: int
    principal_out: Amount
    through_syndicates: Amount
    buckets: list[BucketView]


# Concentration


class ExposureView(BaseModel):
    """Principal that stands behind one name. `cap` and `room` are null where the dimension has no caps, or this name
    none; `share_bps` is of all that the pool has lent, rounded down."""

    key: str
    name: str
    principal: Amount
    share_bps: int
    cap: Amount | None
    room: Amount | None


_EXPOSURE: dict[str, Any] = {
    "key": examples.DEBTOR["lei"],
    "name": examples.DEBTOR["name"],
    "principal": eur(5_911_330),
    "share_bps": 10_000,
    "cap": eur(20_000_000),
    "room": eur(14_088_670),
}


class ConcentrationView(BaseModel):
    """Whose risk a pool's money is, the greatest first. Debtors, groups and countries are counted by the contracts,
    with the pool's part of what syndicates lend; suppliers and the invoices' currencies by the gateway, without it.
    Countries are counted for pools that were given caps on them before their first financing."""

    model_config = ConfigDict(
        json_schema_extra=shown(
            {
                **_AS_OF,
                "principal_out": eur(5_911_330),
                "debtors": [_EXPOSURE],
                "supplier_groups": [],
                "countries": [],
                "suppliers": [{**_EXPOSURE, **examples.SUPPLIER, "cap": None, "room": None}],
                "currencies": [{**_EXPOSURE, "key": "EUR", "name": "EUR", "cap": None, "room": None}],
            }
        )
    )

    currency: str
    as_of: datetime
    block_number: int
    principal_out: Amount
    debtors: list[ExposureView]
    supplier_groups: list[ExposureView]
    countries: list[ExposureView]
    suppliers: list[ExposureView]
    currencies: list[ExposureView]


# Statement


class MovementView(BaseModel):
    """All movements of one kind in the period; below zero is out of the pool."""

    kind: str
    count: int
    amount: Amount


class MoneyView(BaseModel):
    """The pool's account at its cash token: opening and movements sum to closing, to the minor unit."""

    opening: Amount
    movements: list[MovementView]
    closing: Amount


class WorthView(BaseModel):
    """What the lenders own together, before expected losses: closing = opening + deposits - redeemed - losses + earned.
    `earned` is the rest: interest, late fees and recoveries as they count. Null where the node does not know a block so
    old any more."""

    opening: Amount
    deposits: Amount
    redeemed: Amount
    losses: Amount = Field(description="borne by lenders, with the interest that had accrued on them")
    earned: Amount
    closing: Amount


class LenderMovementView(BaseModel):
    """Shares in base units; `assets` is what the lender paid in, below zero what it was paid."""

    kind: Literal["deposit", "redemption request", "claim", "transfer"]
    shares: str
    assets: Amount
    at: datetime
    transaction_hash: str


class HoldingView(BaseModel):
    """Shares that are neither handed in nor redeemed, and what they were worth at the exit price, rounded down; null
    where the node does not know the block any more."""

    shares: str
    value: Amount | None


class LenderStatementView(BaseModel):
    lender: PartyView
    account: str
    tranche: TrancheName
    opening: HoldingView
    movements: list[LenderMovementView]
    closing: HoldingView


class PoolStatementView(BaseModel):
    """A pool from the beginning of one day to the end of another (UTC), or to the newest block. `lenders` are one's own
    accounts; the operator sees all."""

    model_config = ConfigDict(
        json_schema_extra=shown(
            {
                **_AS_OF,
                "since": "2026-05-01",
                "until": "2026-05-31",
                "money": {
                    "opening": eur(0),
                    "movements": [{"kind": "deposits", "count": 2, "amount": eur(15_000_000)}],
                    "closing": eur(15_000_000),
                },
                "worth": {
                    "opening": eur(0),
                    "deposits": eur(15_000_000),
                    "redeemed": eur(0),
                    "losses": eur(0),
                    "earned": eur(0),
                    "closing": eur(15_000_000),
                },
                "lenders": [
                    {
                        "lender": examples.LENDER,
                        "account": examples.ACCOUNT,
                        "tranche": "senior",
                        "opening": {"shares": "0", "value": eur(0)},
                        "movements": [
                            {
                                "kind": "deposit",
                                "shares": "12000000000000",
                                "assets": eur(12_000_000),
                                "at": examples.OPENED,
                                "transaction_hash": examples.HASH,
                            }
                        ],
                        "closing": {"shares": "12000000000000", "value": eur(12_000_000)},
                    }
                ],
            }
        )
    )

    currency: str
    as_of: datetime
    block_number: int
    since: date
    until: date
    money: MoneyView
    worth: WorthView | None
    lenders: list[LenderStatementView]
