"""Supervision as JSON."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from api import examples
from api.examples import shown

Export = Literal[
    "participants", "receivables", "payments", "financings", "draws", "repayments", "pools", "positions", "movements",
    "cases", "hits", "audit",
]  # fmt: skip
ExportFormat = Literal["csv", "jsonl"]
_KEY = "85" * 32


class ViewingKeyRequest(BaseModel):
    """The supervisor's own X25519 public key; the private one stays with it."""

    model_config = ConfigDict(extra="forbid", json_schema_extra=shown({"document_key": _KEY}))

    document_key: Annotated[str, StringConstraints(pattern=r"^(0x)?[0-9a-fA-F]{64}$")]


class ViewingKeyView(BaseModel):
    model_config = ConfigDict(
        json_schema_extra=shown(
            {
                "document_key": _KEY,
                "registered_by": "client_3f0c9a61d2b84e57a1c6",
                "registered_at": examples.OPENED,
                "documents": 214,
            }
        )
    )

    document_key: str
    registered_by: str
    registered_at: datetime
    documents: int = Field(description="how many documents it opens")
