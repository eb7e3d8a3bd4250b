"""Through which syndicates a pool lends; by which feeds goods are valued; quotes of orders. What was read of the chain
is read again, for what it said of these before."""

import sqlalchemy as sa
from alembic import op

from api.db import chain_tables

revision = "0019"
down_revision = "0018"
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
        "syndicate_members",
        sa.Column("syndicate", sa.String(), nullable=False),
        sa.Column("pool", sa.String(), nullable=False),
        sa.Column("listed_at", sa.BigInteger(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("transaction_hash", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("syndicate", "pool"),
    )
    op.create_index("ix_syndicate_members_pool", "syndicate_members", ["pool"])
    op.create_table(
        "commodity_feeds",
        sa.Column("transaction_hash", sa.String(), nullable=False),
        sa.Column("log_index", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("commodity", sa.String(), nullable=False),
        sa.Column("feed", sa.String(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("set_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("transaction_hash", "log_index"),
    )
    op.create_index("ix_commodity_feeds_commodity", "commodity_feeds", ["commodity"])
    with op.batch_alter_table("quotes") as batch_op:
        batch_op.alter_column("receivable_id", existing_type=sa.String(), nullable=True)
        batch_op.add_column(sa.Column("order_id", sa.String(), nullable=True))
        batch_op.create_index("ix_quotes_order_id", ["order_id"])


def downgrade() -> None:
    op.execute(sa.text("DELETE FROM quotes WHERE receivable_id IS NULL"))
    with op.batch_alter_table("quotes") as batch_op:
        batch_op.drop_index("ix_quotes_order_id")
        batch_op.drop_column("order_id")
        batch_op.alter_column("receivable_id", existing_type=sa.String(), nullable=False)
    op.drop_table("commodity_feeds")
    op.drop_table("syndicate_members")
