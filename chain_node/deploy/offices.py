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
    "ReceivableToken": {
        Office.GOVERNOR: ("listCurrency", "listCustodian", "setCirculationRules", "setDisputes", "resume"),
        Office.GUARDIAN: ("stop",),
    },
    "ReceivableDisputes": {Office.ARBITER: ("resolve",)},
    "OrderEscrow": {
        Office.GOVERNOR: ("listCurrency", "listAssignee", "listMatcher"),
        Office.ARBITER: ("decideDispute",),
    },
    "WarehouseReceiptToken": {
        Office.GOVERNOR: ("listCustodian", "listGrader", "resume"),
        Office.GUARDIAN: ("stop",),
    },
    "GoodsValuation": {Office.CREDIT_OFFICER: ("setTerms",)},
    "InventoryCollateral": {Office.CREDIT_OFFICER: ("setMarginTerms",)},
    "MilestoneOracle": {Office.GOVERNOR: ("setPolicy", "listConsumer")},
    "FeedOracle": {Office.GOVERNOR: ("setPolicy", "setKeeper"), Office.GUARDIAN: ("closeBand",)},
    "ConditionGrades": {
        Office.GOVERNOR: ("listEnroller", "listInspector"),
        Office.CREDIT_OFFICER: ("setRules",),
    },
    "FxQuotes": {Office.GOVERNOR: ("openMarket", "listAgent"), Office.CREDIT_OFFICER: ("setBand",)},
    "Conversions": {Office.CREDIT_OFFICER: ("acceptCurrency",)},
    "OrderMatch": {Office.CREDIT_OFFICER: ("demandMatch",)},
    "FinancingDesk": {
        Office.GOVERNOR: (
            "listCollateral",
            "listPool",
            "setServicing",
            "setApplications",
            "setCover",
            "setPurposes",
            "resume",
        ),
        Office.GUARDIAN: ("stop",),
        Office.CREDIT_OFFICER: ("openFacility", "setLadder", "setLimit", "setExpiry", "setImpairment"),
    },
    "Servicing": {Office.CREDIT_OFFICER: ("setSchedule", "approve", "withdrawApproval")},
    "Applications": {Office.CREDIT_OFFICER: ("endReservation",)},
    "Concentration": {Office.CREDIT_OFFICER: ("setDefaultCap", "setCap", "clearCap")},
    "LendingPool": {
        Office.GOVERNOR: ("setTranches", "setReserve", "listSyndicate", "setDepositCap", "resume"),
        Office.GUARDIAN: ("stop",),
        Office.SERVICER: ("takeFees", "strikeLoss"),
    },
    "TrancheVault": {Office.GOVERNOR: ("setSmallestRequest",)},
    "InsurancePolicies": {Office.CREDIT_OFFICER: ("bind",)},
    "FirstLossReserve": {Office.SERVICER: ("release", "releaseSurplus")},
}

KEY_OF: Final[Mapping[Office, str]] = {
    Office.GUARDIAN: "guardian",
    Office.REGISTRAR: "registrar",
    Office.CREDIT_OFFICER: "credit-officer",
    Office.CASH_ISSUER: "cash-issuer",
    Office.SERVICER: "servicer",
    Office.ARBITER: "arbiter",
}
"""The keystore that holds each office; the governor receives its own by the hand-over."""
