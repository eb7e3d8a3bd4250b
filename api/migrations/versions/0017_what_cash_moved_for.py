"""What cash moved for, and for whom an account acted when. What was read of the chain is read again, for the movements
of before."""

import sqlalchemy as sa
from alembic import op

from api.db import chain_tables
from api.values import WholeNumber

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_CURSOR = ("indexer_blocks", "indexer_cursor", "indexer_events", "indexer_journal")


def _read_anew() -> None:
    """Empties what is made from the chain, whichever tables of that kind there are at this point."""
    present = set(sa.inspect(op.get_bind()).get_table_names())
    made = {str(kind.__tablename__) for kind in chain_tables()} | set(_CURSOR)
    for table in sorted(made & present):
        op.execute(sa.delete(sa.table(table)))


def upgrade() -> None:
    _read_anew()
    op.create_table(
        "cash_reasons",
        sa.Column("transaction_hash", sa.String(), nullable=False),
        sa.Column("log_index", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("payer", sa.String(), nullable=True),
        sa.Column("payee", sa.String(), nullable=True),
        sa.Column("amount", WholeNumber(), nullable=False),
        sa.Column("reference_kind", sa.String(), nullable=True),
        sa.Column("reference_id", sa.String(), nullable=True),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("transaction_hash", "log_index", "kind"),
    )
    op.create_table(
        "account_tenures",
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("from_block", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("from_log", sa.Integer(), nullable=False),
        sa.Column("organisation", sa.Integer(), nullable=False),
        sa.Column("until_block", sa.BigInteger(), nullable=True),
        sa.Column("until_log", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("account", "from_block", "from_log"),
    )
    op.create_index("ix_account_tenures_organisation", "account_tenures", ["organisation"])


def downgrade() -> None:
    op.drop_table("account_tenures")
    op.drop_table("cash_reasons")
