"""Compliance: audit trail, screening, onboarding, cases, movements. What was read of the chain is read again, for the
movements of before."""

import sqlalchemy as sa
from alembic import op

from api.append_only import forbidding
from api.db import RowNumber, UtcDateTime, chain_tables
from api.values import WholeNumber

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_CURSOR = ("indexer_blocks", "indexer_cursor", "indexer_events", "indexer_journal")
_UNLINKED = {"sqlite_where": sa.text("number IS NULL"), "postgresql_where": sa.text("number IS NULL")}
_WRITTEN_ONCE = ("compliance_case_notes", "freeze_records")


def _read_anew() -> None:
    """Empties what is made from the chain, whichever tables of that kind there are at this point."""
    present = set(sa.inspect(op.get_bind()).get_table_names())
    made = {str(kind.__tablename__) for kind in chain_tables()} | set(_CURSOR)
    for table in sorted(made & present):
        op.execute(sa.delete(sa.table(table)))


def _make_append_only() -> None:
    dialect = op.get_bind().dialect.name
    content = ("id", "at", "client", "lei", "operation", "resource", "status", "detail")
    statements = forbidding(dialect, "audit_entries", sealed=content, once="number")
    for table in _WRITTEN_ONCE:
        statements += forbidding(dialect, table)
    for statement in statements:
        op.execute(statement)


def upgrade() -> None:
    _read_anew()
    op.create_table(
        "application_papers",
        sa.Column("sequence", RowNumber, autoincrement=True, nullable=False),
        sa.Column("application_id", sa.String(), nullable=False),
        sa.Column("lei", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("cid", sa.String(), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.Column("replaced", sa.Boolean(), nullable=False),
        sa.Column("uploaded_by", sa.String(), nullable=False),
        sa.Column("uploaded_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("sequence"),
    )
    with op.batch_alter_table("application_papers", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_application_papers_application_id"), ["application_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_application_papers_cid"), ["cid"], unique=False)
        batch_op.create_index(batch_op.f("ix_application_papers_lei"), ["lei"], unique=False)

    op.create_table(
        "applications",
        sa.Column("sequence", RowNumber, autoincrement=True, nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("lei", sa.String(), nullable=False),
        sa.Column("legal_name", sa.String(), nullable=False),
        sa.Column("asked", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("submitted_by", sa.String(), nullable=False),
        sa.Column("submitted_at", UtcDateTime(), nullable=False),
        sa.Column("reviewed_by", sa.String(), nullable=True),
        sa.Column("decided_by", sa.String(), nullable=True),
        sa.Column("decided_at", UtcDateTime(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("transactions", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("sequence"),
        sa.UniqueConstraint("id"),
    )
    with op.batch_alter_table("applications", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_applications_lei"), ["lei"], unique=False)
        batch_op.create_index(batch_op.f("ix_applications_state"), ["state"], unique=False)

    op.create_table(
        "audit_entries",
        sa.Column("id", RowNumber, autoincrement=True, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("client", sa.String(), nullable=False),
        sa.Column("lei", sa.String(), nullable=True),
        sa.Column("operation", sa.String(), nullable=False),
        sa.Column("resource", sa.String(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=True),
        sa.Column("previous", sa.String(), nullable=True),
        sa.Column("hash", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("number"),
    )
    with op.batch_alter_table("audit_entries", schema=None) as batch_op:
        batch_op.create_index(
            "audit_entries_unlinked",
            ["id"],
            unique=False,
            sqlite_where=sa.text("number IS NULL"),
            postgresql_where=sa.text("number IS NULL"),
        )
        batch_op.create_index(batch_op.f("ix_audit_entries_client"), ["client"], unique=False)

    op.create_table(
        "audit_head",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "beneficial_owners",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("application_id", sa.String(), nullable=False),
        sa.Column("lei", sa.String(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("beneficial_owners", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_beneficial_owners_application_id"), ["application_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_beneficial_owners_lei"), ["lei"], unique=False)
        batch_op.create_index(batch_op.f("ix_beneficial_owners_person"), ["person"], unique=False)

    op.create_table(
        "compliance_case_notes",
        sa.Column("id", RowNumber, autoincrement=True, nullable=False),
        sa.Column("case_id", sa.String(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("client", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("compliance_case_notes", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_compliance_case_notes_case_id"), ["case_id"], unique=False)

    op.create_table(
        "compliance_cases",
        sa.Column("sequence", RowNumber, autoincrement=True, nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("lei", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("figures", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("assignee", sa.String(), nullable=True),
        sa.Column("opened_at", UtcDateTime(), nullable=False),
        sa.Column("closed_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("sequence"),
        sa.UniqueConstraint("id"),
        sa.UniqueConstraint("key"),
    )
    with op.batch_alter_table("compliance_cases", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_compliance_cases_kind"), ["kind"], unique=False)
        batch_op.create_index(batch_op.f("ix_compliance_cases_lei"), ["lei"], unique=False)
        batch_op.create_index(batch_op.f("ix_compliance_cases_state"), ["state"], unique=False)

    op.create_table(
        "freeze_records",
        sa.Column("id", RowNumber, autoincrement=True, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("lei", sa.String(), nullable=False),
        sa.Column("frozen", sa.Boolean(), nullable=False),
        sa.Column("client", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("hit_id", sa.String(), nullable=True),
        sa.Column("accounts", sa.JSON(), nullable=False),
        sa.Column("transactions", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("freeze_records", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_freeze_records_lei"), ["lei"], unique=False)

    op.create_table(
        "monitoring_state",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "movements",
        sa.Column("transaction_hash", sa.String(), nullable=False),
        sa.Column("log_index", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("part", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("asset", sa.String(), nullable=False),
        sa.Column("giver", sa.String(), nullable=False),
        sa.Column("taker", sa.String(), nullable=False),
        sa.Column("amount", WholeNumber(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("moved_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("transaction_hash", "log_index", "part"),
    )
    with op.batch_alter_table("movements", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_movements_block_number"), ["block_number"], unique=False)
        batch_op.create_index(batch_op.f("ix_movements_giver"), ["giver"], unique=False)
        batch_op.create_index(batch_op.f("ix_movements_moved_at"), ["moved_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_movements_taker"), ["taker"], unique=False)

    op.create_table(
        "screening_entries",
        sa.Column("list_name", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("serial", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("names", sa.JSON(), nullable=False),
        sa.Column("country", sa.String(), nullable=False),
        sa.Column("lei", sa.String(), nullable=False),
        sa.Column("accounts", sa.JSON(), nullable=False),
        sa.Column("remark", sa.String(), nullable=False),
        sa.Column("removed", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("list_name", "id"),
    )
    with op.batch_alter_table("screening_entries", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_screening_entries_serial"), ["serial"], unique=False)

    op.create_table(
        "screening_hits",
        sa.Column("sequence", RowNumber, autoincrement=True, nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("list_name", sa.String(), nullable=False),
        sa.Column("entry_id", sa.String(), nullable=False),
        sa.Column("entry_digest", sa.String(), nullable=False),
        sa.Column("subject_kind", sa.String(), nullable=False),
        sa.Column("subject_id", sa.String(), nullable=False),
        sa.Column("subject_digest", sa.String(), nullable=False),
        sa.Column("lei", sa.String(), nullable=False),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("raised_at", UtcDateTime(), nullable=False),
        sa.Column("decided_by", sa.String(), nullable=True),
        sa.Column("decided_at", UtcDateTime(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("sequence"),
        sa.UniqueConstraint("id"),
        sa.UniqueConstraint("list_name", "entry_id", "entry_digest", "subject_kind", "subject_id", "subject_digest"),
    )
    with op.batch_alter_table("screening_hits", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_screening_hits_lei"), ["lei"], unique=False)
        batch_op.create_index(batch_op.f("ix_screening_hits_state"), ["state"], unique=False)
        batch_op.create_index(batch_op.f("ix_screening_hits_subject_id"), ["subject_id"], unique=False)

    op.create_table(
        "screening_list_versions",
        sa.Column("serial", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("added", sa.Integer(), nullable=False),
        sa.Column("changed", sa.Integer(), nullable=False),
        sa.Column("removed", sa.Integer(), nullable=False),
        sa.Column("uploaded_by", sa.String(), nullable=False),
        sa.Column("uploaded_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("serial"),
    )
    with op.batch_alter_table("screening_list_versions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_screening_list_versions_name"), ["name"], unique=False)

    op.create_table(
        "screening_state",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("serial", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "screening_subjects",
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("serial", sa.Integer(), nullable=False),
        sa.Column("threshold", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "id"),
    )
    op.create_table(
        "viewing_keys",
        sa.Column("reader", sa.String(), nullable=False),
        sa.Column("public_key", sa.String(), nullable=False),
        sa.Column("registered_by", sa.String(), nullable=False),
        sa.Column("registered_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("reader"),
    )

    _make_append_only()


def downgrade() -> None:
    tables = (
        "application_papers",
        "applications",
        "audit_entries",
        "audit_head",
        "beneficial_owners",
        "compliance_case_notes",
        "compliance_cases",
        "freeze_records",
        "monitoring_state",
        "movements",
        "screening_entries",
        "screening_hits",
        "screening_list_versions",
        "screening_state",
        "screening_subjects",
        "viewing_keys",
    )
    for table in tables:
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        for table in ("audit_entries", *_WRITTEN_ONCE):
            op.execute(f"DROP FUNCTION IF EXISTS {table}_refuse()")
