"""When a receivable was last changed, and on which branch of the chain; without indexes that nobody asks and each row
of history pays for. What was read of the chain is read again."""

import sqlalchemy as sa
from alembic import op

from api.db import chain_tables

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_CURSOR = ("indexer_blocks", "indexer_cursor", "indexer_events", "indexer_journal")
_UNUSED = (("movements", "giver"), ("movements", "taker"), ("indexer_events", "status"))
_POISONED = sa.text("status = 'poison'")


def _read_anew() -> None:
    """Empties what is made from the chain, whichever tables of that kind there are at this point."""
    present = set(sa.inspect(op.get_bind()).get_table_names())
    made = {str(kind.__tablename__) for kind in chain_tables()} | set(_CURSOR)
    for table in sorted(made & present):
        op.execute(sa.delete(sa.table(table)))


def upgrade() -> None:
    _read_anew()
    with op.batch_alter_table("receivables") as batch_op:
        batch_op.add_column(sa.Column("changed_block", sa.BigInteger(), nullable=False))
    with op.batch_alter_table("indexer_cursor") as batch_op:
        batch_op.add_column(sa.Column("branch", sa.String(), nullable=False))
    for table, column in _UNUSED:
        op.drop_index(f"ix_{table}_{column}", table_name=table)
    op.create_index(
        "poison_events", "indexer_events", ["block_number"], sqlite_where=_POISONED, postgresql_where=_POISONED
    )


def downgrade() -> None:
    _read_anew()
    op.drop_index("poison_events", table_name="indexer_events")
    for table, column in reversed(_UNUSED):
        op.create_index(f"ix_{table}_{column}", table, [column])
    with op.batch_alter_table("indexer_cursor") as batch_op:
        batch_op.drop_column("branch")
    with op.batch_alter_table("receivables") as batch_op:
        batch_op.drop_column("changed_block")
