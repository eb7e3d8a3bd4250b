"""By what the audit trail may be filtered and sorted."""

from api.compliance.audit.models import AuditEntry
from api.lists import COUNT, LEI, NUMBER, TEXT, TIMESTAMP, Listing, column

ENTRIES = Listing(
    column("number", NUMBER, AuditEntry.number),
    column("at", TIMESTAMP, AuditEntry.at),
    column("client", TEXT, AuditEntry.client),
    column("lei", LEI, AuditEntry.lei),
    column("operation", TEXT, AuditEntry.operation),
    column("resource", TEXT, AuditEntry.resource),
    column("status", COUNT, AuditEntry.status),
    key=column("id", NUMBER, AuditEntry.id, nullable=False),
)
