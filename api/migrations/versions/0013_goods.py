"""Goods: receipts, their way out, pledges, margin calls, readings and insurance. What was read of the chain is read
again, for the events of before."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
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
    "financing_handovers",
    "financing_risks",
    "financings",
    "lender_entries",
    "milestone_policies",
    "movements",
    "order_invoices",
    "order_movements",
    "order_offers",
    "order_steps",
    "orders",
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
        "exceeded_exits",
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("lot_id", sa.String(), nullable=False),
        sa.Column("attested", sa.String(length=80), nullable=False),
        sa.Column("ordered", sa.String(length=80), nullable=False),
        sa.Column("reconciled_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("subject", "sequence"),
    )
    op.create_table(
        "feed_policies",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("rules", sa.JSON(), nullable=False),
        sa.Column("terms", sa.JSON(), nullable=False),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("feed_policies", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_feed_policies_kind"), ["kind"], unique=False)

    op.create_table(
        "feed_values",
        sa.Column("transaction_hash", sa.String(), nullable=False),
        sa.Column("log_index", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("policy", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=True),
        sa.Column("round", sa.BigInteger(), nullable=False),
        sa.Column("value", sa.String(length=80), nullable=False),
        sa.Column("observed_at", sa.BigInteger(), nullable=False),
        sa.Column("organisations", sa.JSON(), nullable=False),
        sa.Column("past", sa.Boolean(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("reported_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("transaction_hash", "log_index"),
    )
    with op.batch_alter_table("feed_values", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_feed_values_block_number"), ["block_number"], unique=False)
        batch_op.create_index(batch_op.f("ix_feed_values_policy"), ["policy"], unique=False)
        batch_op.create_index(batch_op.f("ix_feed_values_subject"), ["subject"], unique=False)

    op.create_table(
        "goods_offers",
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("financing", sa.BigInteger(), nullable=False),
        sa.Column("lot_id", sa.String(), nullable=False),
        sa.Column("quantity", sa.String(length=80), nullable=False),
        sa.Column("price", sa.String(length=80), nullable=False),
        sa.Column("buyer", sa.String(), nullable=True),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("offered_at", sa.BigInteger(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("transaction_hash", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("digest"),
    )
    with op.batch_alter_table("goods_offers", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_goods_offers_block_number"), ["block_number"], unique=False)
        batch_op.create_index(batch_op.f("ix_goods_offers_buyer"), ["buyer"], unique=False)
        batch_op.create_index(batch_op.f("ix_goods_offers_financing"), ["financing"], unique=False)
        batch_op.create_index(batch_op.f("ix_goods_offers_transaction_hash"), ["transaction_hash"], unique=False)

    op.create_table(
        "goods_put_up",
        sa.Column("financing", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("lot_id", sa.String(), nullable=False),
        sa.Column("quantity", sa.String(length=80), nullable=False),
        sa.Column("market_value", sa.String(length=80), nullable=False),
        sa.PrimaryKeyConstraint("financing", "lot_id"),
    )
    op.create_table(
        "grade_steps",
        sa.Column("transaction_hash", sa.String(), nullable=False),
        sa.Column("log_index", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("before", sa.Integer(), nullable=True),
        sa.Column("after", sa.Integer(), nullable=True),
        sa.Column("inspector", sa.Integer(), nullable=True),
        sa.Column("sequence", sa.BigInteger(), nullable=True),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("happened_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("transaction_hash", "log_index"),
    )
    with op.batch_alter_table("grade_steps", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_grade_steps_subject"), ["subject"], unique=False)

    op.create_table(
        "insurance_policies",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("financing", sa.BigInteger(), nullable=False),
        sa.Column("insurer", sa.String(), nullable=False),
        sa.Column("terms", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("offered_at", sa.BigInteger(), nullable=False),
        sa.Column("accepted_at", sa.BigInteger(), nullable=True),
        sa.Column("bound_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("waived", sa.String(length=80), nullable=False),
        sa.Column("loss_at", sa.BigInteger(), nullable=True),
        sa.Column("loss", sa.String(length=80), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("transaction_hash", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )
    with op.batch_alter_table("insurance_policies", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_insurance_policies_financing"), ["financing"], unique=False)
        batch_op.create_index(batch_op.f("ix_insurance_policies_insurer"), ["insurer"], unique=False)
        batch_op.create_index(batch_op.f("ix_insurance_policies_state"), ["state"], unique=False)
        batch_op.create_index(batch_op.f("ix_insurance_policies_transaction_hash"), ["transaction_hash"], unique=False)

    op.create_table(
        "lot_announcements",
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("lot_id", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("operator", sa.String(), nullable=False),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("entry", sa.JSON(), nullable=False),
        sa.Column("announced_at", sa.BigInteger(), nullable=False),
        sa.Column("withdrawn_at", sa.BigInteger(), nullable=True),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("transaction_hash", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("digest"),
    )
    with op.batch_alter_table("lot_announcements", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_lot_announcements_block_number"), ["block_number"], unique=False)
        batch_op.create_index(batch_op.f("ix_lot_announcements_lot_id"), ["lot_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_lot_announcements_operator"), ["operator"], unique=False)
        batch_op.create_index(batch_op.f("ix_lot_announcements_owner"), ["owner"], unique=False)
        batch_op.create_index(batch_op.f("ix_lot_announcements_subject"), ["subject"], unique=False)
        batch_op.create_index(batch_op.f("ix_lot_announcements_transaction_hash"), ["transaction_hash"], unique=False)

    op.create_table(
        "lot_steps",
        sa.Column("transaction_hash", sa.String(), nullable=False),
        sa.Column("log_index", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("lot_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("giver", sa.String(), nullable=True),
        sa.Column("taker", sa.String(), nullable=True),
        sa.Column("quantity", sa.String(length=80), nullable=False),
        sa.Column("other", sa.String(), nullable=True),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("happened_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("transaction_hash", "log_index", "lot_id"),
    )
    with op.batch_alter_table("lot_steps", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_lot_steps_lot_id"), ["lot_id"], unique=False)

    op.create_table(
        "lot_titles",
        sa.Column("lot_id", sa.String(), nullable=False),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("units", sa.String(length=80), nullable=False),
        sa.PrimaryKeyConstraint("lot_id", "owner"),
    )
    with op.batch_alter_table("lot_titles", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_lot_titles_owner"), ["owner"], unique=False)

    op.create_table(
        "lots",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("operator", sa.Integer(), nullable=False),
        sa.Column("received", sa.String(length=80), nullable=False),
        sa.Column("released", sa.String(length=80), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("part_of", sa.String(), nullable=True),
        sa.Column("merged_into", sa.String(), nullable=True),
        sa.Column("minted_at", sa.BigInteger(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("transaction_hash", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("lots", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_lots_block_number"), ["block_number"], unique=False)
        batch_op.create_index(batch_op.f("ix_lots_operator"), ["operator"], unique=False)
        batch_op.create_index(batch_op.f("ix_lots_state"), ["state"], unique=False)
        batch_op.create_index(batch_op.f("ix_lots_subject"), ["subject"], unique=False)

    op.create_table(
        "margin_calls",
        sa.Column("financing", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("owed", sa.String(length=80), nullable=False),
        sa.Column("value", sa.String(length=80), nullable=False),
        sa.Column("deadline", sa.BigInteger(), nullable=False),
        sa.Column("called_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_block", sa.BigInteger(), nullable=True),
        sa.Column("left_owed", sa.BigInteger(), nullable=True),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("transaction_hash", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("financing", "number"),
    )
    with op.batch_alter_table("margin_calls", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_margin_calls_block_number"), ["block_number"], unique=False)
        batch_op.create_index(batch_op.f("ix_margin_calls_transaction_hash"), ["transaction_hash"], unique=False)

    op.create_table(
        "pledge_steps",
        sa.Column("transaction_hash", sa.String(), nullable=False),
        sa.Column("log_index", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("financing", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("lot_id", sa.String(), nullable=False),
        sa.Column("quantity", sa.String(length=80), nullable=False),
        sa.Column("other_lot", sa.String(), nullable=True),
        sa.Column("other_quantity", sa.String(length=80), nullable=False),
        sa.Column("amount", sa.String(length=80), nullable=False),
        sa.Column("to_pool", sa.String(length=80), nullable=False),
        sa.Column("buyer", sa.String(), nullable=True),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("happened_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("transaction_hash", "log_index"),
    )
    with op.batch_alter_table("pledge_steps", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_pledge_steps_financing"), ["financing"], unique=False)

    op.create_table(
        "reading_refusals",
        sa.Column("transaction_hash", sa.String(), nullable=False),
        sa.Column("log_index", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("policy", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=True),
        sa.Column("round", sa.String(length=80), nullable=False),
        sa.Column("signer", sa.String(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("refused_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("transaction_hash", "log_index"),
    )
    with op.batch_alter_table("reading_refusals", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_reading_refusals_policy"), ["policy"], unique=False)
        batch_op.create_index(batch_op.f("ix_reading_refusals_subject"), ["subject"], unique=False)

    op.create_table(
        "release_consents",
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("financing", sa.BigInteger(), nullable=False),
        sa.Column("lender", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("digest"),
    )
    op.create_table(
        "release_orders",
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("lot_id", sa.String(), nullable=False),
        sa.Column("quantity", sa.String(length=80), nullable=False),
        sa.Column("beneficiary", sa.String(), nullable=False),
        sa.Column("holder", sa.String(), nullable=False),
        sa.Column("to", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("deadline", sa.BigInteger(), nullable=False),
        sa.Column("nonce", sa.String(length=80), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("released", sa.String(length=80), nullable=False),
        sa.Column("kept", sa.String(length=80), nullable=False),
        sa.Column("financing", sa.BigInteger(), nullable=True),
        sa.Column("lender", sa.String(), nullable=True),
        sa.Column("ordered_at", sa.BigInteger(), nullable=False),
        sa.Column("done_at", sa.BigInteger(), nullable=True),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("transaction_hash", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("digest"),
    )
    with op.batch_alter_table("release_orders", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_release_orders_beneficiary"), ["beneficiary"], unique=False)
        batch_op.create_index(batch_op.f("ix_release_orders_block_number"), ["block_number"], unique=False)
        batch_op.create_index(batch_op.f("ix_release_orders_lot_id"), ["lot_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_release_orders_state"), ["state"], unique=False)
        batch_op.create_index(batch_op.f("ix_release_orders_to"), ["to"], unique=False)
        batch_op.create_index(batch_op.f("ix_release_orders_transaction_hash"), ["transaction_hash"], unique=False)

    op.create_table(
        "release_requests",
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("owner_lei", sa.String(), nullable=False),
        sa.Column("financing", sa.BigInteger(), nullable=False),
        sa.Column("lot_id", sa.String(), nullable=False),
        sa.Column("quantity", sa.String(length=80), nullable=False),
        sa.Column("beneficiary", sa.String(), nullable=False),
        sa.Column("holder", sa.String(), nullable=False),
        sa.Column("to", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("deadline", sa.BigInteger(), nullable=False),
        sa.Column("nonce", sa.String(length=80), nullable=False),
        sa.PrimaryKeyConstraint("digest"),
    )
    with op.batch_alter_table("release_requests", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_release_requests_financing"), ["financing"], unique=False)
        batch_op.create_index(batch_op.f("ix_release_requests_lot_id"), ["lot_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_release_requests_owner_lei"), ["owner_lei"], unique=False)

    op.create_table(
        "sale_rounds",
        sa.Column("financing", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("call", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("transaction_hash", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("financing", "call", "number"),
    )
    op.create_table(
        "warehouse_engagements",
        sa.Column("owner", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("operator", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("engaged", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("owner", "operator"),
    )


def downgrade() -> None:
    op.drop_table("warehouse_engagements")
    op.drop_table("sale_rounds")
    with op.batch_alter_table("release_requests", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_release_requests_owner_lei"))
        batch_op.drop_index(batch_op.f("ix_release_requests_lot_id"))
        batch_op.drop_index(batch_op.f("ix_release_requests_financing"))

    op.drop_table("release_requests")
    with op.batch_alter_table("release_orders", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_release_orders_transaction_hash"))
        batch_op.drop_index(batch_op.f("ix_release_orders_to"))
        batch_op.drop_index(batch_op.f("ix_release_orders_state"))
        batch_op.drop_index(batch_op.f("ix_release_orders_lot_id"))
        batch_op.drop_index(batch_op.f("ix_release_orders_block_number"))
        batch_op.drop_index(batch_op.f("ix_release_orders_beneficiary"))

    op.drop_table("release_orders")
    op.drop_table("release_consents")
    with op.batch_alter_table("reading_refusals", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_reading_refusals_subject"))
        batch_op.drop_index(batch_op.f("ix_reading_refusals_policy"))

    op.drop_table("reading_refusals")
    with op.batch_alter_table("pledge_steps", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_pledge_steps_financing"))

    op.drop_table("pledge_steps")
    with op.batch_alter_table("margin_calls", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_margin_calls_transaction_hash"))
        batch_op.drop_index(batch_op.f("ix_margin_calls_block_number"))

    op.drop_table("margin_calls")
    with op.batch_alter_table("lots", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_lots_subject"))
        batch_op.drop_index(batch_op.f("ix_lots_state"))
        batch_op.drop_index(batch_op.f("ix_lots_operator"))
        batch_op.drop_index(batch_op.f("ix_lots_block_number"))

    op.drop_table("lots")
    with op.batch_alter_table("lot_titles", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_lot_titles_owner"))

    op.drop_table("lot_titles")
    with op.batch_alter_table("lot_steps", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_lot_steps_lot_id"))

    op.drop_table("lot_steps")
    with op.batch_alter_table("lot_announcements", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_lot_announcements_transaction_hash"))
        batch_op.drop_index(batch_op.f("ix_lot_announcements_subject"))
        batch_op.drop_index(batch_op.f("ix_lot_announcements_owner"))
        batch_op.drop_index(batch_op.f("ix_lot_announcements_operator"))
        batch_op.drop_index(batch_op.f("ix_lot_announcements_lot_id"))
        batch_op.drop_index(batch_op.f("ix_lot_announcements_block_number"))

    op.drop_table("lot_announcements")
    with op.batch_alter_table("insurance_policies", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_insurance_policies_transaction_hash"))
        batch_op.drop_index(batch_op.f("ix_insurance_policies_state"))
        batch_op.drop_index(batch_op.f("ix_insurance_policies_insurer"))
        batch_op.drop_index(batch_op.f("ix_insurance_policies_financing"))

    op.drop_table("insurance_policies")
    with op.batch_alter_table("grade_steps", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_grade_steps_subject"))

    op.drop_table("grade_steps")
    op.drop_table("goods_put_up")
    with op.batch_alter_table("goods_offers", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_goods_offers_transaction_hash"))
        batch_op.drop_index(batch_op.f("ix_goods_offers_financing"))
        batch_op.drop_index(batch_op.f("ix_goods_offers_buyer"))
        batch_op.drop_index(batch_op.f("ix_goods_offers_block_number"))

    op.drop_table("goods_offers")
    with op.batch_alter_table("feed_values", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_feed_values_subject"))
        batch_op.drop_index(batch_op.f("ix_feed_values_policy"))
        batch_op.drop_index(batch_op.f("ix_feed_values_block_number"))

    op.drop_table("feed_values")
    with op.batch_alter_table("feed_policies", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_feed_policies_kind"))

    op.drop_table("feed_policies")
    op.drop_table("exceeded_exits")
