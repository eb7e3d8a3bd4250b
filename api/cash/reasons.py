"""What a movement of cash was for. A transfer tells two accounts and an amount; the events around it in its transaction
tell why. Each of those is noted as a row of its own, so that no handler has to look for another event's rows, and
`reason_of` finds the one that belongs to a transfer when somebody asks."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

from sqlmodel import Session

from api.cash.models import CashReason
from api.indexer import handles, record
from api.indexer.registry import Handler
from api.values import hex32
from chain_node.client import Block, Event

BEFORE: Final = {
    "pool_deposit", "pool_redemption", "repayment", "commitment_fee", "fees_taken", "receivable_payment",
    "receivable_proceeds", "collateral_release", "escrow_deposit", "order_payment", "escrow_payout", "escrow_refund",
    "parked_payout", "insurance_deposit", "insurance_withdrawal", "fx_deposit", "fx_withdrawal", "fx_sale",
    "fx_purchase", "reserve_deposit", "reserve_release",
}  # fmt: skip
"""Kinds whose event stands in the log before the transfer that it is about."""
AFTER: Final = {"issue", "withdrawal", "disbursement", "collateral_proceeds", "goods_purchase", "goods_release"}
EITHER: Final = {"premium", "insurance_recovery"}
IN_PARTS: Final = {"disbursement", "goods_release"}
"""Of which a transfer may be a part: several pools pay one draw, and what is paid for goods is shared out."""


@dataclass(frozen=True)
class Reason:
    """One kind of movement, by the event that tells it. The sides are arguments of the event, `here` for the contract
    that says so, or empty where the event does not tell; `amount` may be summed up from it."""

    kind: str
    payer: str = ""
    payee: str = ""
    amount: str | Callable[[Event], int] = "amount"
    about: str = ""
    by: str = ""

    def note(self, session: Session, event: Event) -> None:
        """Nothing where nothing moved."""
        amount = self.amount(event) if callable(self.amount) else event.arguments[self.amount]
        if not amount:
            return
        record(
            session,
            CashReason,
            transaction_hash=hex32(event.transaction_hash),
            log_index=event.log_index,
            kind=self.kind,
            payer=_side(event, self.payer),
            payee=_side(event, self.payee),
            amount=amount,
            reference_kind=self.about or None,
            reference_id=_id(event, self.about, self.by) if self.about else None,
            block_number=event.block_number,
        )


def _side(event: Event, name: str) -> str | None:
    if not name:
        return None
    side: str = event.address if name == "here" else event.arguments[name]
    return side


_HASHES: Final = ("receivable", "order", "bank_payment")


def _id(event: Event, about: str, by: str) -> str:
    """As the gateway's resources name it: pools by their currency, a part of the deployed name."""
    if about == "pool":
        return event.contract.partition(":")[2]
    told: Any = event.arguments[by]
    return hex32(told) if about in _HASHES else str(told)


def _repaid(event: Event) -> int:
    parts = event.arguments["parts"]
    return int(sum(parts.values()) - parts["residual"])


_POOL: Final = {"about": "pool"}
_OF_ORDER: Final = {"about": "order", "by": "id"}
_OF_FINANCING: Final = {"about": "financing", "by": "financing"}
_OF_POLICY: Final = {"about": "insurance_policy", "by": "policy"}
_OF_RECEIVABLE: Final = {"about": "receivable", "by": "id"}
_BANK: Final = {"about": "bank_payment", "by": "paymentReference"}
_OF_QUOTE: Final = {"about": "fx_quote", "by": "id"}
_VAULTS: Final = ("SeniorTranche", "JuniorTranche")
_COLLATERALS: Final = ("ReceivableCollateral", "OrderCollateral", "PurchaseCollateral", "InventoryCollateral")

REASONS: Final[tuple[tuple[tuple[str, ...], str, tuple[Reason, ...]], ...]] = (
    (("CashToken",), "CashIssued", (Reason("issue", payee="to", **_BANK),)),
    (("CashToken",), "CashWithdrawn", (Reason("withdrawal", payer="from", **_BANK),)),
    (_VAULTS, "Deposit", (Reason("pool_deposit", payer="sender", amount="assets", **_POOL),)),
    (_VAULTS, "Withdraw", (Reason("pool_redemption", payee="receiver", amount="assets", **_POOL),)),
    (("LendingPool",), "FeesTaken", (Reason("fees_taken", payer="here", payee="to", **_POOL),)),
    (("FirstLossReserve",), "ReserveFunded", (Reason("reserve_deposit", payer="from", payee="here", **_POOL),)),
    (("FirstLossReserve",), "ReserveReleased", (Reason("reserve_release", payer="here", payee="to", **_POOL),)),
    (("FirstLossReserve",), "SurplusReleased", (Reason("reserve_release", payer="here", payee="to", **_POOL),)),
    (("FinancingDesk",), "Drawn", (Reason("disbursement", payee="payee", **_OF_FINANCING),)),
    (("FinancingDesk",), "Repaid", (Reason("repayment", payer="payer", amount=_repaid, **_OF_FINANCING),)),
    (
        ("FinancingDesk",),
        "CommitmentFeePaid",
        (Reason("commitment_fee", payer="payer", about="facility", by="facility"),),
    ),
    (
        _COLLATERALS,
        "ProceedsForwarded",
        (Reason("collateral_proceeds", payer="here", amount="toSupplier", **_OF_FINANCING),),
    ),
    (
        _COLLATERALS,
        "CollateralReleased",
        (Reason("collateral_release", payer="here", payee="to", amount="cash", **_OF_FINANCING),),
    ),
    (
        ("InventoryCollateral",),
        "GoodsSold",
        (Reason("goods_purchase", payer="buyer", payee="here", amount="price", **_OF_FINANCING),),
    ),
    (
        ("InventoryCollateral",),
        "GoodsReleasedForPayment",
        (Reason("goods_release", payee="here", amount="paid", **_OF_FINANCING),),
    ),
    (
        ("ReceivableToken",),
        "ReceivablePaid",
        (Reason("receivable_payment", payer="payer", payee="here", **_OF_RECEIVABLE),),
    ),
    (
        ("ReceivableToken",),
        "ProceedsClaimed",
        (Reason("receivable_proceeds", payer="here", payee="holder", **_OF_RECEIVABLE),),
    ),
    (("OrderEscrow",), "OrderFunded", (Reason("escrow_deposit", payer="payer", payee="here", **_OF_ORDER),)),
    (("OrderEscrow",), "OrderPaid", (Reason("order_payment", payer="payer", payee="payee", **_OF_ORDER),)),
    (("OrderEscrow",), "OrderPaidOut", (Reason("escrow_payout", payer="here", payee="payee", **_OF_ORDER),)),
    (("OrderEscrow",), "OrderRefunded", (Reason("escrow_refund", payer="here", payee="payee", **_OF_ORDER),)),
    (("FinancingDesk", "OrderEscrow"), "ParkedClaimed", (Reason("parked_payout", payer="here", payee="payee"),)),
    (("InsurancePolicies",), "PremiumPaid", (Reason("premium", payee="here", **_OF_POLICY),)),
    (("InsurancePolicies",), "RecoveryPaid", (Reason("insurance_recovery", payee="here", **_OF_POLICY),)),
    (("InsurancePolicies",), "PositionFunded", (Reason("insurance_deposit", payer="insurer", payee="here"),)),
    (("InsurancePolicies",), "PositionWithdrawn", (Reason("insurance_withdrawal", payer="here", payee="insurer"),)),
    (("FxQuotes",), "PositionFunded", (Reason("fx_deposit", payer="dealer", payee="here"),)),
    (("FxQuotes",), "PositionWithdrawn", (Reason("fx_withdrawal", payer="here", payee="dealer"),)),
    (
        ("FxQuotes",),
        "QuoteTaken",
        (
            Reason("fx_sale", payer="account", payee="here", amount="paid", **_OF_QUOTE),
            Reason("fx_purchase", payer="here", payee="account", amount="received", **_OF_QUOTE),
        ),
    ),
)
"""Contracts, their event, and what it says of transfers near it."""


def _noting(reasons: tuple[Reason, ...]) -> Handler:
    def note(session: Session, event: Event, block: Block) -> None:
        for reason in reasons:
            reason.note(session, event)

    return note


for _contracts, _event, _reasons in REASONS:
    for _contract in _contracts:
        handles(_contract, _event)(_noting(_reasons))


# Which of them belongs to a transfer


@dataclass(frozen=True)
class Transfer:
    """One event of a cash token, in minor units."""

    log_index: int
    giver: str
    taker: str
    amount: int


@dataclass(frozen=True)
class Noted:
    """A row of `CashReason`, without what an object of the database costs: a statement reads thousands."""

    log_index: int
    kind: str
    payer: str | None
    payee: str | None
    amount: int
    reference_kind: str | None
    reference_id: str | None


def reason_of(transfer: Transfer, noted: Iterable[Noted]) -> Noted | None:
    """Of what was noted in its transaction, what the transfer was for: the nearest that names the same sides on the
    side of the log where its kind stands, one of the same amount first. None for a plain transfer."""
    found = [each for each in noted if _fits(transfer, each)]
    return min(found, key=lambda each: _rank(transfer, each)) if found else None


def _fits(transfer: Transfer, its: Noted) -> bool:
    if its.payer not in (None, transfer.giver) or its.payee not in (None, transfer.taker):
        return False
    if its.amount != transfer.amount and its.kind not in IN_PARTS:
        return False
    comes_after = its.log_index > transfer.log_index
    return its.kind in EITHER or comes_after == (its.kind in AFTER)


def _rank(transfer: Transfer, its: Noted) -> tuple[bool, int]:
    return its.amount != transfer.amount, abs(its.log_index - transfer.log_index)
