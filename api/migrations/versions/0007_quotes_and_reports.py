"""The quotes that were given; and what pools' statements and concentrations are made of. What was read of the chain is
read again, for the movements of before."""

import sqlalchemy as sa
from alembic import op

from api.db import RowNumber, UtcDateTime, chain_tables
from api.resources import load_tables
from api.values import WholeNumber

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


_INDEXER = ("indexer_blocks", "indexer_cursor", "indexer_events", "indexer_journal")


def _read_anew() -> None:
    """Forgets what the chain said, whichever of its tables there are by now."""
    load_tables()
    there = set(sa.inspect(op.get_bind()).get_table_names())
    of_the_chain = {str(table.__tablename__) for table in chain_tables()}
    for name in sorted(there & of_the_chain | set(_INDEXER)):
        op.execute(sa.delete(sa.table(name)))


def upgrade() -> None:
    _read_anew()
    _report_tables()
    _quotes()


def _report_tables() -> None:
    op.create_table(
        "financing_risks",
        sa.Column("financing", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("debtor", sa.Integer(), nullable=False),
        sa.Column("seller_group", sa.Integer(), nullable=False),
        sa.Column("country", sa.String(), nullable=False),
        sa.Column("warehouse", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("financing"),
    )
    with op.batch_alter_table("financing_risks", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_financing_risks_source"), ["source"], unique=False)
    op.create_table(
        "pool_entries",
        sa.Column("transaction_hash", sa.String(), nullable=False),
        sa.Column("log_index", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("booked_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("transaction_hash", "log_index", "kind"),
    )
    with op.batch_alter_table("pool_entries", schema=None) as batch_op:
        batch_op.create_index("ix_pool_entries_period", ["currency", "booked_at"], unique=False)
    op.create_table(
        "lender_entries",
        sa.Column("transaction_hash", sa.String(), nullable=False),
        sa.Column("log_index", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("tranche", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("shares", WholeNumber(), nullable=False),
        sa.Column("assets", WholeNumber(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("booked_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("transaction_hash", "log_index", "account"),
    )
    with op.batch_alter_table("lender_entries", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_lender_entries_account"), ["account"], unique=False)


def _quotes() -> None:
    op.create_table(
        "quotes",
        sa.Column("sequence", RowNumber, autoincrement=True, nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("supplier_lei", sa.String(), nullable=False),
        sa.Column("facility", sa.BigInteger(), nullable=False),
        sa.Column("receivable_id", sa.String(), nullable=False),
        sa.Column("asked", sa.JSON(), nullable=False),
        sa.Column("said", sa.JSON(), nullable=False),
        sa.Column("bound", sa.JSON(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("quoted_at", sa.BigInteger(), nullable=False),
        sa.Column("valid_until", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("transaction_ids", sa.JSON(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("sequence"),
        sa.UniqueConstraint("id"),
    )
    with op.batch_alter_table("quotes", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_quotes_supplier_lei"), ["supplier_lei"], unique=False)
        batch_op.create_index(batch_op.f("ix_quotes_receivable_id"), ["receivable_id"], unique=False)


def downgrade() -> None:
    for table in ("quotes", "lender_entries", "pool_entries", "financing_risks"):
        op.drop_table(table)
