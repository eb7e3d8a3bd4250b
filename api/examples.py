"""The values that the OpenAPI description shows: one trade, Acme Supplies invoices Borealis Retail 100,000.00."""

from typing import Any, Final

SUPPLIER: Final = {"lei": "999900ACMESUPPLIES58", "name": "Acme Supplies"}
DEBTOR: Final = {"lei": "999900BOREALISRETL40", "name": "Borealis Retail"}
LENDER: Final = {"lei": "999900MERIDIANFUND54", "name": "Meridian Fund"}
ACCOUNT: Final = "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf"
CONTRACT: Final = "0x5FbDB2315678afecb367f032d93F642f64180aa3"
RECEIVABLE: Final = "0x" + "2a" * 32
SUBJECT: Final = "0x" + "7b" * 32
HASH: Final = "0x" + "c4" * 32
TRACE: Final = "4bf8" * 8
CID: Final = "bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e"
OPENED: Final = "2026-05-04T09:00:05Z"
SHIPPED: Final = "2026-05-12T09:00:01Z"
PAID: Final = "2026-07-02T09:00:01Z"
WAREHOUSE: Final = {"lei": "999900VINTERHAMNAB25", "name": "Vinterhamn"}
LOT: Final = "0x" + "1f" * 32
IN_BLOCK: Final[dict[str, Any]] = {"transaction_hash": HASH, "block_number": 42}


def eur(units: int) -> dict[str, str]:
    return {"amount": str(units), "currency": "EUR"}


def transaction(purpose: str) -> dict[str, Any]:
    return {
        "id": "tx_1a2027a3139897f126bff35943",
        "status": "mined",
        "purpose": purpose,
        "subject_id": RECEIVABLE,
        "hash": HASH,
        "block_number": 42,
        "gas_used": 86_412,
        "error": None,
        "created_at": OPENED,
        "trace_id": TRACE,
    }


def shown(example: dict[str, Any]) -> dict[str, Any]:
    """The `json_schema_extra` of a model."""
    return {"example": example}
