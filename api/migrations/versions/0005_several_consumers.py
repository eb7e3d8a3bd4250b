"""Several contracts are told of a consignment's facts, and facilities may be earmarked. What was read of the chain is
read again, to know them all."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_READ_ANEW = (
    "accounts",
    "amendment_consents",
    "cash_balances",
    "draws",
    "facilities",
    "facility_ladders",
    "facts",
    "financings",
    "milestone_policies",
    "organisations",
    "parked_payouts",
    "pool_deposits",
    "pool_positions",
    "pool_redemptions",
    "pools",
    "receivable_approvals",
    "receivable_holdings",
    "receivable_objections",
    "receivable_payments",
    "receivables",
    "refused_votes",
    "repayments",
    "subject_references",
    "subjects",
    "votes",
    "write_offs",
    "indexer_blocks",
    "indexer_cursor",
    "indexer_events",
    "indexer_journal",
)


def upgrade() -> None:
    for table in _READ_ANEW:
        op.execute(sa.delete(sa.table(table)))

    with op.batch_alter_table("subjects", schema=None) as batch_op:
        batch_op.drop_column("consumer")
    with op.batch_alter_table("facilities", recreate="always") as batch_op:
        batch_op.add_column(sa.Column("earmarked", sa.Boolean(), nullable=False))
    op.create_table(
        "subject_consumers",
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("consumer", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("subject", "consumer"),
    )


def downgrade() -> None:
    op.drop_table("subject_consumers")
    with op.batch_alter_table("facilities", schema=None) as batch_op:
        batch_op.drop_column("earmarked")
    with op.batch_alter_table("subjects", schema=None) as batch_op:
        batch_op.add_column(sa.Column("consumer", sa.String(), nullable=True))
