"""What becomes known of facilities: to their suppliers."""

from collections.abc import Collection, Mapping

from api.events.registry import Kind, at, money, number, plain, tells, whole
from api.events.telling import Telling
from api.facilities import service

COLLATERALS = ("ReceivableCollateral", "OrderCollateral", "PurchaseCollateral", "InventoryCollateral")


def _parties(telling: Telling, ids: Collection[str]) -> Mapping[str, Collection[str]]:
    rows = service.by_numbers(telling.session, map(int, ids)).values()
    leis = telling.leis_of_accounts({row.supplier for row in rows})
    return {str(row.number): [leis[row.supplier]] for row in rows if row.supplier in leis}


def currencies(telling: Telling, ids: Collection[str]) -> Mapping[str, str]:
    rows = service.by_numbers(telling.session, map(int, ids)).values()
    return {str(n): lent for n, lent in service.currencies(telling.session, telling.chain(), rows).items()}


FACILITY = Kind("facility", "facilities:read", number("facility"), _parties, currencies)

tells(
    FACILITY,
    "FinancingDesk",
    "FacilityOpened",
    "opened",
    limit=money("terms.limit"),
    discount_rate_bps=plain("terms.discountRateBps"),
    fee_bps=plain("terms.feeBps"),
    expires_at=at("terms.expiresAt"),
)
tells(FACILITY, "FinancingDesk", "FacilityLimitSet", "limit_set", previous=money("previous"), limit=money("limit"))
tells(FACILITY, "FinancingDesk", "FacilityExpirySet", "expiry_set", expires_at=at("expiresAt"))
tells(FACILITY, "FinancingDesk", "FacilityMoved", "moved", supplier_account=plain("supplier"))
tells(FACILITY, "FinancingDesk", "CommitmentFeePaid", "commitment_fee_paid", amount=money("amount"))
tells(FACILITY, "FinancingDesk", "CommitmentFeeCharged", "commitment_fee_charged", amount=money("amount"))
tells(FACILITY, "FinancingDesk", "RecourseOpened", "recourse_opened", financing_id=whole("financing"))
tells(FACILITY, "FinancingDesk", "RecourseClosed", "recourse_closed", financing_id=whole("financing"))
for _collateral in COLLATERALS:
    tells(FACILITY, _collateral, "LadderSet", "ladder_set", collateral=lambda event, _: event.contract)
