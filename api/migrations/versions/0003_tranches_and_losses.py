"""Tranches, disputes and losses. The contracts of before are gone: what was read of them is thrown away."""

import sqlalchemy as sa
from alembic import op

from api.values import WholeNumber

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_MADE_ANEW = (
    "facilities",
    "financings",
    "draws",
    "repayments",
    "pool_income",
    "pools",
    "pool_positions",
    "pool_deposits",
    "receivables",
    "receivable_holdings",
)
_READ_ANEW = (
    "accounts",
    "cash_balances",
    "facility_ladders",
    "facts",
    "milestone_policies",
    "organisations",
    "parked_payouts",
    "receivable_approvals",
    "receivable_payments",
    "refused_votes",
    "subject_references",
    "subjects",
    "votes",
    "indexer_blocks",
    "indexer_cursor",
    "indexer_events",
    "indexer_journal",
)


def upgrade() -> None:
    for table in _MADE_ANEW:
        op.drop_table(table)
    for table in _READ_ANEW:
        op.execute(sa.delete(sa.table(table)))

    _create_draws()
    _create_facilities()
    _create_financings()
    _create_pool_deposits()
    _create_pool_positions()
    _create_pool_redemptions()
    _create_pools()
    _create_receivable_holdings()
    _create_receivable_objections()
    _create_receivables()
    _create_repayments()
    _create_write_offs()


def _create_draws() -> None:
    op.create_table(
        "draws",
        sa.Column("transaction_hash", sa.String(), nullable=False),
        sa.Column("log_index", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("financing", sa.BigInteger(), nullable=False),
        sa.Column("payee", sa.String(), nullable=False),
        sa.Column("amount", WholeNumber(), nullable=False),
        sa.Column("fee", WholeNumber(), nullable=False),
        sa.Column("reserve", WholeNumber(), nullable=False),
        sa.Column("base", WholeNumber(), nullable=False),
        sa.Column("principal", WholeNumber(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("drawn_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("transaction_hash", "log_index"),
    )
    with op.batch_alter_table("draws", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_draws_financing"), ["financing"], unique=False)


def _create_facilities() -> None:
    op.create_table(
        "facilities",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("supplier", sa.String(), nullable=False),
        sa.Column("pool", sa.String(), nullable=False),
        sa.Column("limit", WholeNumber(), nullable=False),
        sa.Column("discount_rate_bps", sa.Integer(), nullable=False),
        sa.Column("day_count", sa.String(), nullable=False),
        sa.Column("fee_bps", sa.Integer(), nullable=False),
        sa.Column("late_fee_bps", sa.Integer(), nullable=False),
        sa.Column("reserve_bps", sa.Integer(), nullable=False),
        sa.Column("committed_fee_bps", sa.Integer(), nullable=False),
        sa.Column("grace_days", sa.Integer(), nullable=False),
        sa.Column("recourse", sa.Boolean(), nullable=False),
        sa.Column("revolving", sa.Boolean(), nullable=False),
        sa.Column("recourse_to", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("transaction_hash", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )
    with op.batch_alter_table("facilities", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_facilities_supplier"), ["supplier"], unique=False)
        batch_op.create_index(batch_op.f("ix_facilities_transaction_hash"), ["transaction_hash"], unique=False)


def _create_financings() -> None:
    op.create_table(
        "financings",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("facility", sa.BigInteger(), nullable=False),
        sa.Column("collateral", sa.String(), nullable=False),
        sa.Column("item_id", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("units", WholeNumber(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("supplier", sa.String(), nullable=False),
        sa.Column("ladder", sa.JSON(), nullable=False),
        sa.Column("maturity_day", sa.Integer(), nullable=False),
        sa.Column("deferred", WholeNumber(), nullable=False),
        sa.Column("deferred_by", sa.String(), nullable=True),
        sa.Column("deferred_in", sa.String(), nullable=True),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("transaction_hash", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )
    with op.batch_alter_table("financings", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_financings_facility"), ["facility"], unique=False)
        batch_op.create_index(batch_op.f("ix_financings_item_id"), ["item_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_financings_subject"), ["subject"], unique=False)
        batch_op.create_index(batch_op.f("ix_financings_supplier"), ["supplier"], unique=False)
        batch_op.create_index(batch_op.f("ix_financings_transaction_hash"), ["transaction_hash"], unique=False)


def _create_pool_deposits() -> None:
    op.create_table(
        "pool_deposits",
        sa.Column("transaction_hash", sa.String(), nullable=False),
        sa.Column("log_index", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("tranche", sa.String(), nullable=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("assets", WholeNumber(), nullable=False),
        sa.Column("shares", WholeNumber(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("deposited_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("transaction_hash", "log_index"),
    )
    with op.batch_alter_table("pool_deposits", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_pool_deposits_account"), ["account"], unique=False)


def _create_pool_positions() -> None:
    op.create_table(
        "pool_positions",
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("tranche", sa.String(), nullable=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("shares", WholeNumber(), nullable=False),
        sa.Column("deposited", WholeNumber(), nullable=False),
        sa.Column("withdrawn", WholeNumber(), nullable=False),
        sa.PrimaryKeyConstraint("currency", "tranche", "account"),
    )
    with op.batch_alter_table("pool_positions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_pool_positions_account"), ["account"], unique=False)


def _create_pool_redemptions() -> None:
    op.create_table(
        "pool_redemptions",
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("tranche", sa.String(), nullable=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("epoch", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("shares", WholeNumber(), nullable=False),
        sa.Column("requested_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("currency", "tranche", "account", "epoch"),
    )
    with op.batch_alter_table("pool_redemptions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_pool_redemptions_account"), ["account"], unique=False)


def _create_pools() -> None:
    op.create_table(
        "pools",
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("interest_received", WholeNumber(), nullable=False),
        sa.Column("late_fees_received", WholeNumber(), nullable=False),
        sa.Column("lost", WholeNumber(), nullable=False),
        sa.Column("covered", WholeNumber(), nullable=False),
        sa.Column("recovered", WholeNumber(), nullable=False),
        sa.PrimaryKeyConstraint("address"),
    )


def _create_receivable_holdings() -> None:
    op.create_table(
        "receivable_holdings",
        sa.Column("receivable_id", sa.String(), nullable=False),
        sa.Column("holder", sa.String(), nullable=False),
        sa.Column("units", WholeNumber(), nullable=False),
        sa.PrimaryKeyConstraint("receivable_id", "holder"),
    )
    with op.batch_alter_table("receivable_holdings", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_receivable_holdings_holder"), ["holder"], unique=False)


def _create_receivable_objections() -> None:
    op.create_table(
        "receivable_objections",
        sa.Column("transaction_hash", sa.String(), nullable=False),
        sa.Column("log_index", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("receivable_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("amount", WholeNumber(), nullable=False),
        sa.Column("evidence", sa.String(), nullable=True),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("transaction_hash", "log_index"),
    )
    with op.batch_alter_table("receivable_objections", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_receivable_objections_receivable_id"), ["receivable_id"], unique=False)


def _create_receivables() -> None:
    op.create_table(
        "receivables",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("supplier", sa.Integer(), nullable=False),
        sa.Column("debtor", sa.Integer(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("registered_value", WholeNumber(), nullable=False),
        sa.Column("face_value", WholeNumber(), nullable=False),
        sa.Column("paid", WholeNumber(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("due_date", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("set_off_waived", sa.Boolean(), nullable=False),
        sa.Column("cancellation_consented", sa.Boolean(), nullable=False),
        sa.Column("registered_at", sa.BigInteger(), nullable=False),
        sa.Column("accepted_at", sa.BigInteger(), nullable=True),
        sa.Column("settled_at", sa.BigInteger(), nullable=True),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("transaction_hash", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("receivables", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_receivables_debtor"), ["debtor"], unique=False)
        batch_op.create_index(batch_op.f("ix_receivables_registered_at"), ["registered_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_receivables_supplier"), ["supplier"], unique=False)


def _create_repayments() -> None:
    op.create_table(
        "repayments",
        sa.Column("transaction_hash", sa.String(), nullable=False),
        sa.Column("log_index", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("financing", sa.BigInteger(), nullable=False),
        sa.Column("payer", sa.String(), nullable=False),
        sa.Column("late_fees", WholeNumber(), nullable=False),
        sa.Column("fees", WholeNumber(), nullable=False),
        sa.Column("interest", WholeNumber(), nullable=False),
        sa.Column("principal", WholeNumber(), nullable=False),
        sa.Column("recovered", WholeNumber(), nullable=False),
        sa.Column("reserve", WholeNumber(), nullable=False),
        sa.Column("residual", WholeNumber(), nullable=False),
        sa.Column("still_owed", WholeNumber(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("repaid_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("transaction_hash", "log_index"),
    )
    with op.batch_alter_table("repayments", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_repayments_financing"), ["financing"], unique=False)


def _create_write_offs() -> None:
    op.create_table(
        "write_offs",
        sa.Column("transaction_hash", sa.String(), nullable=False),
        sa.Column("log_index", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("financing", sa.BigInteger(), nullable=False),
        sa.Column("amount", WholeNumber(), nullable=False),
        sa.Column("principal", WholeNumber(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("written_off_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("transaction_hash", "log_index"),
    )
    with op.batch_alter_table("write_offs", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_write_offs_financing"), ["financing"], unique=False)


def downgrade() -> None:
    raise RuntimeError("The tables before 0003 are those of contracts that are gone; begin with an empty database.")
