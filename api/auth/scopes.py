"""What a client may do. Scopes are words in a token; the organisation it speaks for is another claim."""

from collections.abc import Iterable
from typing import Final

SCOPES: Final[dict[str, str]] = {
    "participants:read": "see who is admitted to the network",
    "participants:write": "admit organisations (operator)",
    "cash:read": "see balances",
    "cash:write": "issue cash against money received (operator)",
    "banking:read": "see what the operator's bank has booked (operator, supervisor)",
    "banking:write": "read bank statements, decide on what was not matched (operator)",
    "payments:read": "see what one's organisation will pay in by bank",
    "payments:write": "say what one's organisation will pay in by bank",
    "invoices:read": "see invoices",
    "invoices:write": "upload invoices",
    "receivables:read": "see receivables",
    "receivables:write": "accept, pay, hand on and dispute receivables",
    "orders:read": "see purchase orders",
    "orders:write": "register, accept, fund, dispute and settle orders",
    "facilities:read": "see credit facilities",
    "facilities:write": "open facilities (operator's credit officer)",
    "financings:read": "see financings",
    "financings:write": "open, repay and amend financings",
    "receipts:read": "see goods in warehouses and the orders by which they leave",
    "receipts:write": "announce, mint, split, sell and release goods",
    "pledges:read": "see pledged goods, what they are worth, and margin calls",
    "pledges:write": "pledge, exchange, sell and release goods; call margin and bid",
    "readings:read": "see prices, rates, conditions of goods and grades",
    "readings:write": "have grades noted, and set them as an inspector",
    "insurance:read": "see insurance policies",
    "insurance:write": "offer, accept, bind and claim on insurance policies",
    "pools:read": "see the books of pools",
    "pools:write": "deposit into pools, redeem shares, close epochs",
    "milestones:read": "see what was attested",
    "usage:read": "see what one's organisation has used",
    "clients:read": "see one's clients",
    "clients:write": "make clients, change their secrets and keys, disable them",
    "transactions:read": "see the transactions one has caused",
    "transactions:write": "hand in transactions that one has signed oneself",
    "events:read": "see and follow the events of what one may see",
    "webhooks:read": "see one's webhooks and their deliveries",
    "webhooks:write": "have events delivered to one's own address",
    "compliance:read": "see applications, screening, cases and the audit trail (operator, supervisor)",
    "compliance:write": "decide on applications and hits, work on cases, freeze accounts (operator)",
    "supervisor": "see everything, change nothing",
    "operator": "act for the network's operator and see everything",
}
OPERATOR_ONLY: Final = frozenset(
    {
        "participants:write",
        "cash:write",
        "banking:read",
        "banking:write",
        "facilities:write",
        "compliance:read",
        "compliance:write",
        "operator",
        "supervisor",
    }
)
OPERATOR_SCOPES: Final = frozenset(SCOPES) - {"supervisor"}
ORGANISATION_SCOPES: Final = frozenset(SCOPES) - OPERATOR_ONLY


class ScopeUnknown(ValueError):
    def __init__(self, unknown: Iterable[str]) -> None:
        super().__init__(f"There is no scope {', '.join(sorted(unknown))}; known are {', '.join(sorted(SCOPES))}.")


class ScopeForOperatorOnly(ValueError):
    def __init__(self, scopes: Iterable[str]) -> None:
        super().__init__(f"Only an operator's client may hold {', '.join(sorted(scopes))}.")


def granted(asked: Iterable[str], *, operator: bool) -> frozenset[str]:
    """The scopes of a new client: those asked for, or all that its kind may hold where none is named."""
    scopes = frozenset(asked) or (OPERATOR_SCOPES if operator else ORGANISATION_SCOPES)
    if unknown := scopes - set(SCOPES):
        raise ScopeUnknown(unknown)
    if not operator and (forbidden := scopes & OPERATOR_ONLY):
        raise ScopeForOperatorOnly(forbidden)
    return scopes
