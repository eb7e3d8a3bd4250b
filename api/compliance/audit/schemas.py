"""The audit trail as JSON."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from api import examples
from api.compliance.audit.models import AuditEntry
from api.examples import shown


class AuditEntryView(BaseModel):
    """One entry; place and hashes are null for the moment until it is linked."""

    model_config = ConfigDict(
        json_schema_extra=shown(
            {
                "id": "812",
                "number": 812,
                "at": examples.OPENED,
                "client": "client_3f0c9a61d2b84e57a1c6",
                "lei": examples.DEBTOR["lei"],
                "operation": "POST /v1/receivables/{receivable_id}/acceptance",
                "resource": f"/v1/receivables/{examples.RECEIVABLE}/acceptance",
                "status": 202,
                "detail": {"body_sha256": "c4" * 32, "transactions": ["tx_1a2027a3139897f126bff35943"]},
                "previous": "3e" * 32,
                "hash": "9b" * 32,
            }
        )
    )

    id: str
    number: int | None = Field(description="its place in the chain, from 1 on without gaps")
    at: datetime
    client: str
    lei: str | None = Field(description="the organisation it spoke for; null for operator and supervisor")
    operation: str
    resource: str
    status: int = Field(description="of the answer; 202: accepted, what came of it is told by its transactions")
    detail: dict[str, Any]
    previous: str | None
    hash: str | None = Field(description="over this entry and the hash before it")

    @classmethod
    def of(cls, entry: AuditEntry) -> "AuditEntryView":
        return cls.model_validate({**entry.model_dump(), "id": str(entry.id)})


class AuditHeadView(BaseModel):
    """The end of the chain, to be noted elsewhere: who has it can later show that nothing before it was changed."""

    model_config = ConfigDict(json_schema_extra=shown({"number": 812, "hash": "9b" * 32}))

    number: int
    hash: str
