"""What becomes known of an organisation's cash: to itself. Every other movement is told by what it was for."""

from collections.abc import Collection, Mapping

from api.events.registry import Identify, Kind, hash32, plain, tells, whole
from api.events.telling import Telling
from api.values import amount_of
from chain_node.client import Event


def _owner(argument: str) -> Identify:
    """The organisation of an account; the account itself where it is nobody's."""

    def identify(telling: Telling, event: Event) -> str:
        account: str = event.arguments[argument]
        return telling.lei_of_account(account) or account

    return identify


def _itself(telling: Telling, ids: Collection[str]) -> Mapping[str, Collection[str]]:
    return {lei: [lei] for lei in ids if not lei.startswith("0x")}


def _amount(event: Event, _: str) -> dict[str, str]:
    """The token's own currency is a part of its deployed name."""
    return amount_of(event.arguments["amount"], event.contract.partition(":")[2])


CASH = Kind("cash", "cash:read", _owner("to"), _itself)
_REFERENCE = hash32("paymentReference")
_UNITS, _TOKEN = whole("amount"), plain("cash")

tells(CASH, "CashToken", "CashIssued", "issued", amount=_amount, payment_reference=_REFERENCE)
tells(
    CASH,
    "CashToken",
    "CashWithdrawn",
    "withdrawn",
    identify=_owner("from"),
    amount=_amount,
    payment_reference=_REFERENCE,
)
for _keeper in ("FinancingDesk", "OrderEscrow"):
    tells(CASH, _keeper, "PayoutParked", "parked", identify=_owner("payee"), token=_TOKEN, units=_UNITS)
    tells(CASH, _keeper, "ParkedClaimed", "parked_claimed", identify=_owner("payee"), token=_TOKEN, units=_UNITS)
