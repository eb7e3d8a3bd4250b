"""Which office may call which function: what the AccessManager is told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from chain_node.vocabulary import Office

FUNCTIONS: Final[Mapping[str, Mapping[Office, tuple[str, ...]]]] = {
    "ParticipantRegistry": {
        Office.REGISTRAR: (
            "registerOrganisation",
            "setRoles",
            "renewKyc",
            "suspendOrganisation",
            "reinstateOrganisation",
            "admitAccount",
            "removeAccount",
            "freezeAccount",
            "unfreezeAccount",
        )
    },
    "Directory": {Office.GOVERNOR: ("setModule",)},
    "CashToken": {Office.CASH_ISSUER: ("issue", "withdraw")},
    "ReceivableToken": {Office.GOVERNOR: ("listCurrency", "listCustodian")},
    "OrderEscrow": {Office.GOVERNOR: ("listCurrency", "listAssignee")},
    "MilestoneOracle": {Office.GOVERNOR: ("setPolicy", "listConsumer")},
    "FinancingDesk": {
        Office.GOVERNOR: ("listCollateral", "listPool"),
        Office.CREDIT_OFFICER: ("openFacility", "setLadder", "setImpairment"),
    },
    "LendingPool": {Office.GOVERNOR: ("setVault",), Office.SERVICER: ("takeFees",)},
}

KEY_OF: Final[Mapping[Office, str]] = {
    Office.GUARDIAN: "guardian",
    Office.REGISTRAR: "registrar",
    Office.CREDIT_OFFICER: "credit-officer",
    Office.CASH_ISSUER: "cash-issuer",
    Office.SERVICER: "servicer",
}
"""The keystore that holds each office; the governor receives its own by the hand-over."""
