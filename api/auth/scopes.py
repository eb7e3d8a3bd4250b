"""What a client may do. Scopes are words in a token; the organisation it speaks for is another claim."""

from collections.abc import Iterable
from typing import Final

SCOPES: Final[dict[str, str]] = {
    "participants:read": "see who is admitted to the network",
    "participants:write": "admit organisations (operator)",
    "cash:read": "see balances",
    "cash:write": "issue cash against money received (operator)",
    "invoices:read": "see invoices",
    "invoices:write": "upload invoices",
    "receivables:read": "see receivables",
    "receivables:write": "accept, pay, hand on and dispute receivables",
    "facilities:read": "see credit facilities",
    "facilities:write": "open facilities (operator's credit officer)",
    "financings:read": "see financings",
    "financings:write": "open, repay and amend financings",
    "pools:read": "see the books of pools",
    "pools:write": "deposit into pools, redeem shares, close epochs",
    "milestones:read": "see what was attested",
    "transactions:read": "see the transactions one has caused",
    "supervisor": "see everything, change nothing",
    "operator": "act for the network's operator and see everything",
}
OPERATOR_ONLY: Final = frozenset({"participants:write", "cash:write", "facilities:write", "operator", "supervisor"})
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
