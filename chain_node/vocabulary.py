"""The numbers of contracts/types and of the contracts' enums, by name. One test holds them against the Solidity."""

from __future__ import annotations

from enum import IntEnum, IntFlag


class Milestone(IntEnum):
    """The events of a trade that move a borrowing base."""

    ACCEPTED = 1
    LOADED = 10
    DEPARTED = 20
    ARRIVED = 30
    DISCHARGED = 40
    RECEIVED = 50
    STORED = 60
    INSPECTED = 70
    RELEASED = 80
    LOST = 90


class Role(IntFlag):
    """What an organisation may do; the low eight bits may witness facts."""

    CARRIER = 1 << 0
    WAREHOUSE = 1 << 1
    INSPECTOR = 1 << 2
    CUSTOMS = 1 << 3
    SENSOR = 1 << 4
    CONSIGNEE = 1 << 5
    SUPPLIER = 1 << 8
    DEBTOR = 1 << 9
    LENDER = 1 << 10
    NETWORK = 1 << 11
    SUPERVISOR = 1 << 12
    INSURER = 1 << 13
    FX_DEALER = 1 << 14


ORACLE_ROLES = Role.CARRIER | Role.WAREHOUSE | Role.INSPECTOR | Role.CUSTOMS | Role.SENSOR | Role.CONSIGNEE


class Office(IntEnum):
    """The offices of the network's operator: role ids in the AccessManager."""

    GOVERNOR = 1
    GUARDIAN = 2
    REGISTRAR = 3
    CREDIT_OFFICER = 4
    CASH_ISSUER = 5
    SERVICER = 6
    ARBITER = 7


class ReceivableState(IntEnum):
    NONE = 0
    REGISTERED = 1
    ACCEPTED = 2
    SETTLED = 3
    DEFAULTED = 4
    CANCELLED = 5
    DISPUTED = 6


class OrderState(IntEnum):
    NONE = 0
    REGISTERED = 1
    ACCEPTED = 2
    SETTLED = 3
    CANCELLED = 4
    DISPUTED = 5
    LAPSED = 6
    CLOSED = 7


class FinancingState(IntEnum):
    NONE = 0
    OPEN = 1
    REPAID = 2
    RELEASED = 3
    DEFAULTED = 4


class Bound(IntEnum):
    """What may keep a draw below another figure."""

    BASE = 0
    LIMIT = 1
    CASH = 2
    CAP = 3
    PAYEE = 4


class PurposeKind(IntEnum):
    """What earmarked draws are for."""

    NONE = 0
    FREIGHT = 1
    PURCHASE = 2


class DayCount(IntEnum):
    """How the days of interest are counted, and over how long a year."""

    ACTUAL360 = 0
    ACTUAL365 = 1
    THIRTY360 = 2


class Tranche(IntEnum):
    """A pool's two classes of lenders: senior is paid first, junior loses first."""

    SENIOR = 0
    JUNIOR = 1


class Dimension(IntEnum):
    """What a concentration cap looks at."""

    DEBTOR = 0
    SELLER_GROUP = 1
    COUNTRY = 2
    WAREHOUSE = 3


class Circulation(IntEnum):
    """What the guardian may stop of invoices."""

    REGISTRATION = 0
    ACCEPTANCE = 1
    TRANSFER = 2


class LotState(IntEnum):
    """The life of a lot of goods: `RELEASED` has left the warehouse, `MERGED` went into another lot."""

    NONE = 0
    LIVE = 1
    RELEASED = 2
    MERGED = 3


class LotActivity(IntEnum):
    """What the guardian may stop of goods."""

    MINTING = 0
    CUSTODY = 1


class PoolActivity(IntEnum):
    """What the guardian may stop of a pool."""

    DRAWS = 0
    DEPOSITS = 1


class DeskActivity(IntEnum):
    """What the guardian may stop of the desk."""

    OPENING = 0


class FactStatus(IntEnum):
    NONE = 0
    GATHERING = 1
    FINAL = 2
    DISPUTED = 3


class Refusal(IntEnum):
    """Why a vote did not count."""

    NONE = 0
    SIGNATURE_INVALID = 1
    SIGNER_NOT_ADMITTED = 2
    SUBJECT_UNKNOWN = 3
    MILESTONE_UNKNOWN = 4
    SEQUENCE_ZERO = 5
    ROLE_NOT_ELIGIBLE = 6
    AFFILIATE_OF_BENEFICIARY = 7
    ALREADY_VOTED = 8
    ALREADY_FINAL = 9
    FACT_DISPUTED = 10
    TOO_OLD = 11
    IN_FUTURE = 12
    MASK_INVALID = 13
    QUANTITY_OUT_OF_RANGE = 14
    QUANTITY_IRRECONCILABLE = 15
    TALLY_FULL = 16
    VOTE_WITHDRAWN = 17


class FeedKind(IntEnum):
    """What a feed measures; see `IFeedOracle.Kind` for the units."""

    NONE = 0
    PRICE = 1
    FX = 2
    TEMPERATURE = 3
    HUMIDITY = 4
    SHOCK = 5
    DOOR = 6


class FeedStatus(IntEnum):
    """Whether a value may be relied on now."""

    MISSING = 0
    STALE = 1
    USABLE = 2


class FeedFlaw(IntEnum):
    """What is wrong with the policy of a feed."""

    NONE = 0
    ID = 1
    QUORUM = 2
    TIMES = 3
    UNITS = 4
    BAND = 5


class FeedRefusal(IntEnum):
    """Why a reading, or a whole report, did not count."""

    NONE = 0
    FEED_UNKNOWN = 1
    SUBJECT_UNKNOWN = 2
    ROUND_NOT_NEXT = 3
    READINGS_OUT_OF_RANGE = 4
    SIGNER_NOT_ADMITTED = 5
    SIGNATURE_INVALID = 6
    ROLE_NOT_ELIGIBLE = 7
    AFFILIATE_OF_BENEFICIARY = 8
    ALREADY_COUNTED = 9
    SEATS_TAKEN = 10
    VALUE_OUT_OF_RANGE = 11
    TOO_OLD = 12
    IN_FUTURE = 13
    NOT_NEWER = 14
    QUORUM_NOT_REACHED = 15
    ROLE_MISSING = 16
    VALUE_OUT_OF_BAND = 17
    SPREAD_TOO_WIDE = 18
    MOVE_TOO_GREAT = 19


class CoverKind(IntEnum):
    """What an insurance policy pays on: a default, lost goods, or a fact that does not come in time."""

    CREDIT = 0
    CARGO = 1
    INTERRUPTION = 2


class PolicyState(IntEnum):
    """The life of an insurance policy: offered by the insurer, accepted by the supplier, bound for the lenders."""

    NONE = 0
    OFFERED = 1
    ACCEPTED = 2
    BOUND = 3
    PAID = 4
    ENDED = 5


class PolicyFlaw(IntEnum):
    """What is wrong with the terms of an insurance policy."""

    NONE = 0
    AMOUNTS = 1
    TIMES = 2
    TRIGGER = 3


class GoodsGap(IntEnum):
    """Why goods cannot be valued now; the price is known where only a condition is not."""

    NONE = 0
    CONDITION = 1
    PRICE = 2
    RATE = 3
    TERMS = 4
    UNIT = 5


class ValuationFlaw(IntEnum):
    """What is wrong with the terms by which a commodity would be valued."""

    COMMODITY = 0
    FEED = 1
    HAIRCUT = 2
    GRADES = 3
    AGES = 4
    STALENESS = 5
    CONDITIONS = 6


ENUMS: dict[str, type[IntEnum]] = {
    "IReceivableToken.State": ReceivableState,
    "IOrderEscrow.State": OrderState,
    "IFinancingDesk.State": FinancingState,
    "IFinancingDesk.Bound": Bound,
    "IFinancingDesk.Stoppable": DeskActivity,
    "IDrawPurposes.Kind": PurposeKind,
    "ICirculation.Stoppable": Circulation,
    "ILendingPool.Stoppable": PoolActivity,
    "ILots.State": LotState,
    "ILots.Stoppable": LotActivity,
    "IConcentration.Dimension": Dimension,
    "DayCount": DayCount,
    "Tranche": Tranche,
    "IMilestoneOracle.Status": FactStatus,
    "IMilestoneOracle.Refusal": Refusal,
    "IFeedOracle.Kind": FeedKind,
    "IFeedOracle.Status": FeedStatus,
    "IFeedOracle.Flaw": FeedFlaw,
    "IFeedOracle.Refusal": FeedRefusal,
    "IInsurancePolicies.Kind": CoverKind,
    "IInsurancePolicies.State": PolicyState,
    "IInsurancePolicies.Flaw": PolicyFlaw,
    "IGoodsValuation.Gap": GoodsGap,
    "IGoodsValuation.Flaw": ValuationFlaw,
}
"""Solidity's name of an enum to ours."""


def words(flags: int) -> str:
    """Roles as a person reads them, e.g. `carrier, inspector`; `none` for no role."""
    names = [role.name.lower().replace("_", " ") for role in Role if role & flags and role.name]
    return ", ".join(names) or "none"
