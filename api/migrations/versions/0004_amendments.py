"""Amendments, and who has agreed to them. What was read of the chain is read again, for the agreements of before."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_READ_ANEW = (
    "accounts",
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

    op.create_table(
        "amendment_consents",
        sa.Column("amendment", sa.String(), nullable=False),
        sa.Column("financing", sa.BigInteger(), nullable=False),
        sa.Column("agreed_at", sa.BigInteger(), nullable=True),
        sa.Column("approved_at", sa.BigInteger(), nullable=True),
        sa.Column("carried_out_at", sa.BigInteger(), nullable=True),
        sa.Column("first_block", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("amendment"),
    )
    with op.batch_alter_table("amendment_consents", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_amendment_consents_financing"), ["financing"], unique=False)

    op.create_table(
        "amendment_words",
        sa.Column("amendment", sa.String(), nullable=False),
        sa.Column("facility", sa.BigInteger(), nullable=False),
        sa.Column("maturity_day", sa.Integer(), nullable=False),
        sa.Column("new_facility", sa.BigInteger(), nullable=False),
        sa.Column("new_maturity_day", sa.Integer(), nullable=False),
        sa.Column("document", sa.String(), nullable=False),
        sa.Column("valid_until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("amendment"),
    )


def downgrade() -> None:
    op.drop_table("amendment_words")
    op.drop_table("amendment_consents")
