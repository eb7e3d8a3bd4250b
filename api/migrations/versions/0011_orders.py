"""Orders, and financings handed over from one paper to the next. What was read of the chain is read again, for the
orders of before."""

import sqlalchemy as sa
from alembic import op

from api.values import WholeNumber

revision = "0011"
down_revision = "0010"
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
    "financing_risks",
    "financings",
    "lender_entries",
    "milestone_policies",
    "organisations",
    "parked_payouts",
    "pool_deposits",
    "pool_entries",
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
    "subject_consumers",
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
        "financing_handovers",
        sa.Column("transaction_hash", sa.String(), nullable=False),
        sa.Column("log_index", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("financing", sa.BigInteger(), nullable=False),
        sa.Column("collateral", sa.String(), nullable=False),
        sa.Column("item_id", sa.String(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("handed_over_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("transaction_hash", "log_index"),
    )
    with op.batch_alter_table("financing_handovers", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_financing_handovers_financing"), ["financing"], unique=False)
        batch_op.create_index(batch_op.f("ix_financing_handovers_item_id"), ["item_id"], unique=False)

    op.create_table(
        "order_invoices",
        sa.Column("receivable_id", sa.String(), nullable=False),
        sa.Column("order_id", sa.String(), nullable=False),
        sa.Column("face_value", WholeNumber(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("matched_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("receivable_id"),
    )
    with op.batch_alter_table("order_invoices", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_order_invoices_order_id"), ["order_id"], unique=False)

    op.create_table(
        "order_movements",
        sa.Column("transaction_hash", sa.String(), nullable=False),
        sa.Column("log_index", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("order_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("account", sa.String(), nullable=True),
        sa.Column("beneficiary", sa.String(), nullable=True),
        sa.Column("amount", WholeNumber(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("moved_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("transaction_hash", "log_index"),
    )
    with op.batch_alter_table("order_movements", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_order_movements_order_id"), ["order_id"], unique=False)

    op.create_table(
        "order_offers",
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("order_id", sa.String(), nullable=False),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("lot", sa.String(), nullable=False),
        sa.Column("quantity", WholeNumber(), nullable=False),
        sa.Column("price", WholeNumber(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("offered_at", sa.BigInteger(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("digest"),
    )
    with op.batch_alter_table("order_offers", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_order_offers_order_id"), ["order_id"], unique=False)

    op.create_table(
        "order_steps",
        sa.Column("transaction_hash", sa.String(), nullable=False),
        sa.Column("log_index", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("order_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("by", sa.Integer(), nullable=True),
        sa.Column("to_seller", sa.BigInteger(), nullable=True),
        sa.Column("evidence", sa.String(), nullable=True),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("transaction_hash", "log_index"),
    )
    with op.batch_alter_table("order_steps", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_order_steps_order_id"), ["order_id"], unique=False)

    op.create_table(
        "order_words",
        sa.Column("terms_hash", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("items", sa.JSON(), nullable=False),
        sa.Column("references", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("terms_hash"),
    )
    op.create_table(
        "orders",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("seller", sa.Integer(), nullable=False),
        sa.Column("buyer", sa.Integer(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("terms_hash", sa.String(), nullable=False),
        sa.Column("value", WholeNumber(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("deliver_by", sa.Integer(), nullable=False),
        sa.Column("grace_days", sa.Integer(), nullable=False),
        sa.Column("deposit", WholeNumber(), nullable=False),
        sa.Column("over_bps", sa.Integer(), nullable=False),
        sa.Column("under_bps", sa.Integer(), nullable=False),
        sa.Column("lines", sa.JSON(), nullable=False),
        sa.Column("payouts", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("buyer_account", sa.String(), nullable=True),
        sa.Column("assignee", sa.String(), nullable=True),
        sa.Column("refund_assignee", sa.String(), nullable=True),
        sa.Column("invoicing_permitted", sa.Boolean(), nullable=False),
        sa.Column("disputed_by", sa.Integer(), nullable=True),
        sa.Column("dispute_until", sa.BigInteger(), nullable=True),
        sa.Column("registered_at", sa.BigInteger(), nullable=False),
        sa.Column("accepted_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("transaction_hash", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("orders", schema=None) as batch_op:
        batch_op.create_index("orders_by_delivery", ["deliver_by", "id"], unique=False)
        batch_op.create_index("orders_by_registration", ["registered_at", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_orders_buyer"), ["buyer"], unique=False)
        batch_op.create_index(batch_op.f("ix_orders_seller"), ["seller"], unique=False)
        batch_op.create_index(batch_op.f("ix_orders_subject"), ["subject"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("orders", schema=None) as batch_op:
        batch_op.drop_index("orders_by_registration")
        batch_op.drop_index("orders_by_delivery")
        batch_op.drop_index(batch_op.f("ix_orders_subject"))
        batch_op.drop_index(batch_op.f("ix_orders_seller"))
        batch_op.drop_index(batch_op.f("ix_orders_buyer"))

    op.drop_table("orders")
    op.drop_table("order_words")
    with op.batch_alter_table("order_steps", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_order_steps_order_id"))

    op.drop_table("order_steps")
    with op.batch_alter_table("order_offers", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_order_offers_order_id"))

    op.drop_table("order_offers")
    with op.batch_alter_table("order_movements", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_order_movements_order_id"))

    op.drop_table("order_movements")
    with op.batch_alter_table("order_invoices", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_order_invoices_order_id"))

    op.drop_table("order_invoices")
    with op.batch_alter_table("financing_handovers", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_financing_handovers_item_id"))
        batch_op.drop_index(batch_op.f("ix_financing_handovers_financing"))

    op.drop_table("financing_handovers")
