"""The first tables."""

import sqlalchemy as sa
from alembic import op

from api.db import RowNumber, UtcDateTime
from api.values import WholeNumber

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "accounts",
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("organisation", sa.Integer(), nullable=False),
        sa.Column("frozen", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("address"),
    )
    with op.batch_alter_table("accounts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_accounts_organisation"), ["organisation"], unique=False)

    op.create_table(
        "cash_balances",
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("amount", WholeNumber(), nullable=False),
        sa.PrimaryKeyConstraint("currency", "account"),
    )
    with op.batch_alter_table("cash_balances", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_cash_balances_account"), ["account"], unique=False)

    op.create_table(
        "document_keys",
        sa.Column("cid", sa.String(), nullable=False),
        sa.Column("reader", sa.String(), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("cid", "reader"),
    )
    with op.batch_alter_table("document_keys", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_document_keys_reader"), ["reader"], unique=False)

    op.create_table(
        "documents",
        sa.Column("cid", sa.String(), nullable=False),
        sa.Column("owner_lei", sa.String(), nullable=False),
        sa.Column("media_type", sa.String(), nullable=False),
        sa.Column("length_bytes", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("cid"),
    )
    with op.batch_alter_table("documents", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_documents_owner_lei"), ["owner_lei"], unique=False)

    op.create_table(
        "draws",
        sa.Column("transaction_hash", sa.String(), nullable=False),
        sa.Column("log_index", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("financing", sa.BigInteger(), nullable=False),
        sa.Column("payee", sa.String(), nullable=False),
        sa.Column("amount", WholeNumber(), nullable=False),
        sa.Column("fee", WholeNumber(), nullable=False),
        sa.Column("base", WholeNumber(), nullable=False),
        sa.Column("principal", WholeNumber(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("drawn_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("transaction_hash", "log_index"),
    )
    with op.batch_alter_table("draws", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_draws_financing"), ["financing"], unique=False)

    op.create_table(
        "facilities",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("supplier", sa.String(), nullable=False),
        sa.Column("pool", sa.String(), nullable=False),
        sa.Column("limit", WholeNumber(), nullable=False),
        sa.Column("drawn", WholeNumber(), nullable=False),
        sa.Column("discount_rate_bps", sa.Integer(), nullable=False),
        sa.Column("fee_bps", sa.Integer(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("transaction_hash", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )
    with op.batch_alter_table("facilities", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_facilities_supplier"), ["supplier"], unique=False)
        batch_op.create_index(batch_op.f("ix_facilities_transaction_hash"), ["transaction_hash"], unique=False)

    op.create_table(
        "facility_ladders",
        sa.Column("facility", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("collateral", sa.String(), nullable=False),
        sa.Column("steps", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("facility", "collateral"),
    )
    op.create_table(
        "facts",
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("milestone", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("sequence", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("measured_by", sa.Integer(), nullable=False),
        sa.Column("least_quantity", sa.BigInteger(), nullable=False),
        sa.Column("greatest_quantity", sa.BigInteger(), nullable=False),
        sa.Column("relied_quantity", sa.BigInteger(), nullable=False),
        sa.Column("occurred_at", sa.BigInteger(), nullable=False),
        sa.Column("final_at", sa.BigInteger(), nullable=True),
        sa.Column("usable_from", sa.BigInteger(), nullable=True),
        sa.Column("final_transaction", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("subject", "milestone", "sequence"),
    )
    op.create_table(
        "financings",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("facility", sa.BigInteger(), nullable=False),
        sa.Column("collateral", sa.String(), nullable=False),
        sa.Column("item_id", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("units", WholeNumber(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("discount_rate_bps", sa.Integer(), nullable=False),
        sa.Column("fee_bps", sa.Integer(), nullable=False),
        sa.Column("pool", sa.String(), nullable=False),
        sa.Column("supplier", sa.String(), nullable=False),
        sa.Column("ladder", sa.JSON(), nullable=False),
        sa.Column("principal", WholeNumber(), nullable=False),
        sa.Column("fees_due", WholeNumber(), nullable=False),
        sa.Column("accrued_numerator", WholeNumber(), nullable=False),
        sa.Column("accrued_at", sa.BigInteger(), nullable=False),
        sa.Column("impairment", WholeNumber(), nullable=False),
        sa.Column("repaid_ahead", WholeNumber(), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("transaction_hash", sa.String(), nullable=False),
        sa.Column("deferred", WholeNumber(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )
    with op.batch_alter_table("financings", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_financings_facility"), ["facility"], unique=False)
        batch_op.create_index(batch_op.f("ix_financings_item_id"), ["item_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_financings_subject"), ["subject"], unique=False)
        batch_op.create_index(batch_op.f("ix_financings_supplier"), ["supplier"], unique=False)
        batch_op.create_index(batch_op.f("ix_financings_transaction_hash"), ["transaction_hash"], unique=False)

    op.create_table(
        "idempotency_answers",
        sa.Column("key_hash", sa.String(), nullable=False),
        sa.Column("request_hash", sa.String(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("media_type", sa.String(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("key_hash"),
    )
    with op.batch_alter_table("idempotency_answers", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_idempotency_answers_created_at"), ["created_at"], unique=False)

    op.create_table(
        "indexer_blocks",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_table(
        "indexer_cursor",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("block_hash", sa.String(), nullable=False),
        sa.Column("block_timestamp", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "indexer_events",
        sa.Column("block_hash", sa.String(), nullable=False),
        sa.Column("log_index", sa.Integer(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("transaction_hash", sa.String(), nullable=False),
        sa.Column("contract", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("error", sa.String(), nullable=True),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("block_hash", "log_index"),
    )
    with op.batch_alter_table("indexer_events", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_indexer_events_block_number"), ["block_number"], unique=False)
        batch_op.create_index(batch_op.f("ix_indexer_events_status"), ["status"], unique=False)

    op.create_table(
        "indexer_journal",
        sa.Column("id", RowNumber, autoincrement=True, nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("table_name", sa.String(), nullable=False),
        sa.Column("key", sa.JSON(), nullable=False),
        sa.Column("image", sa.JSON(none_as_null=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("indexer_journal", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_indexer_journal_block_number"), ["block_number"], unique=False)

    op.create_table(
        "invoices",
        sa.Column("sequence", RowNumber, autoincrement=True, nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("receivable_id", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("supplier_lei", sa.String(), nullable=False),
        sa.Column("debtor_lei", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("syntax", sa.String(), nullable=False),
        sa.Column("terms", sa.JSON(), nullable=False),
        sa.Column("references", sa.JSON(), nullable=False),
        sa.Column("document_cid", sa.String(), nullable=False),
        sa.Column("transaction_ids", sa.JSON(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("sequence"),
        sa.UniqueConstraint("id"),
        sa.UniqueConstraint("receivable_id"),
    )
    with op.batch_alter_table("invoices", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_invoices_debtor_lei"), ["debtor_lei"], unique=False)
        batch_op.create_index(batch_op.f("ix_invoices_subject"), ["subject"], unique=False)
        batch_op.create_index(batch_op.f("ix_invoices_supplier_lei"), ["supplier_lei"], unique=False)

    op.create_table(
        "milestone_policies",
        sa.Column("milestone", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("threshold", sa.Integer(), nullable=False),
        sa.Column("eligible_roles", sa.Integer(), nullable=False),
        sa.Column("required_roles", sa.Integer(), nullable=False),
        sa.Column("tolerance_bps", sa.Integer(), nullable=False),
        sa.Column("max_age_seconds", sa.BigInteger(), nullable=False),
        sa.Column("clock_skew_seconds", sa.BigInteger(), nullable=False),
        sa.Column("dispute_window_seconds", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("milestone"),
    )
    op.create_table(
        "oauth_clients",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("secret_hash", sa.String(), nullable=False),
        sa.Column("lei", sa.String(), nullable=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("disabled_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("oauth_clients", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_oauth_clients_lei"), ["lei"], unique=False)

    op.create_table(
        "organisations",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("lei", sa.String(), nullable=False),
        sa.Column("group_lei", sa.String(), nullable=False),
        sa.Column("jurisdiction", sa.String(), nullable=False),
        sa.Column("roles", sa.Integer(), nullable=False),
        sa.Column("kyc_expires_at", sa.BigInteger(), nullable=False),
        sa.Column("suspended", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )
    with op.batch_alter_table("organisations", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_organisations_lei"), ["lei"], unique=False)

    op.create_table(
        "parked_payouts",
        sa.Column("keeper", sa.String(), nullable=False),
        sa.Column("payee", sa.String(), nullable=False),
        sa.Column("cash", sa.String(), nullable=False),
        sa.Column("amount", WholeNumber(), nullable=False),
        sa.PrimaryKeyConstraint("keeper", "payee", "cash"),
    )
    op.create_table(
        "participant_identifiers",
        sa.Column("scheme", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.Column("lei", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("scheme", "value"),
    )
    with op.batch_alter_table("participant_identifiers", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_participant_identifiers_lei"), ["lei"], unique=False)

    op.create_table(
        "participant_profiles",
        sa.Column("lei", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("signer", sa.String(), nullable=True),
        sa.Column("document_key", sa.String(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("lei"),
    )
    op.create_table(
        "pool_deposits",
        sa.Column("transaction_hash", sa.String(), nullable=False),
        sa.Column("log_index", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("assets", WholeNumber(), nullable=False),
        sa.Column("shares", WholeNumber(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("deposited_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("transaction_hash", "log_index"),
    )
    with op.batch_alter_table("pool_deposits", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_pool_deposits_account"), ["account"], unique=False)

    op.create_table(
        "pool_income",
        sa.Column("pool", sa.String(), nullable=False),
        sa.Column("weight", WholeNumber(), nullable=False),
        sa.Column("settled", WholeNumber(), nullable=False),
        sa.PrimaryKeyConstraint("pool"),
    )
    op.create_table(
        "pool_positions",
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("shares", WholeNumber(), nullable=False),
        sa.Column("deposited", WholeNumber(), nullable=False),
        sa.Column("withdrawn", WholeNumber(), nullable=False),
        sa.PrimaryKeyConstraint("currency", "account"),
    )
    with op.batch_alter_table("pool_positions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_pool_positions_account"), ["account"], unique=False)

    op.create_table(
        "pools",
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("cash", WholeNumber(), nullable=False),
        sa.Column("principal_out", WholeNumber(), nullable=False),
        sa.Column("accrued_fees", WholeNumber(), nullable=False),
        sa.Column("impairment", WholeNumber(), nullable=False),
        sa.Column("shares", WholeNumber(), nullable=False),
        sa.Column("interest_received", WholeNumber(), nullable=False),
        sa.PrimaryKeyConstraint("currency"),
    )
    op.create_table(
        "receivable_approvals",
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("operator", sa.String(), nullable=False),
        sa.Column("approved", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("owner", "operator"),
    )
    op.create_table(
        "receivable_holdings",
        sa.Column("receivable_id", sa.String(), nullable=False),
        sa.Column("holder", sa.String(), nullable=False),
        sa.Column("units", WholeNumber(), nullable=False),
        sa.Column("synced_paid", WholeNumber(), nullable=False),
        sa.PrimaryKeyConstraint("receivable_id", "holder"),
    )
    with op.batch_alter_table("receivable_holdings", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_receivable_holdings_holder"), ["holder"], unique=False)

    op.create_table(
        "receivable_payments",
        sa.Column("transaction_hash", sa.String(), nullable=False),
        sa.Column("log_index", sa.Integer(), nullable=False),
        sa.Column("receivable_id", sa.String(), nullable=False),
        sa.Column("payer", sa.String(), nullable=False),
        sa.Column("amount", WholeNumber(), nullable=False),
        sa.Column("outstanding", WholeNumber(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("paid_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("transaction_hash", "log_index"),
    )
    with op.batch_alter_table("receivable_payments", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_receivable_payments_receivable_id"), ["receivable_id"], unique=False)

    op.create_table(
        "receivables",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("supplier", sa.Integer(), nullable=False),
        sa.Column("debtor", sa.Integer(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("face_value", WholeNumber(), nullable=False),
        sa.Column("paid", WholeNumber(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("due_date", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("set_off_waived", sa.Boolean(), nullable=False),
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

    op.create_table(
        "refused_votes",
        sa.Column("transaction_hash", sa.String(), nullable=False),
        sa.Column("log_index", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("milestone", sa.Integer(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("signer", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("refused_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("transaction_hash", "log_index"),
    )
    with op.batch_alter_table("refused_votes", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_refused_votes_subject"), ["subject"], unique=False)

    op.create_table(
        "repayments",
        sa.Column("transaction_hash", sa.String(), nullable=False),
        sa.Column("log_index", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("financing", sa.BigInteger(), nullable=False),
        sa.Column("payer", sa.String(), nullable=False),
        sa.Column("fees", WholeNumber(), nullable=False),
        sa.Column("interest", WholeNumber(), nullable=False),
        sa.Column("principal", WholeNumber(), nullable=False),
        sa.Column("residual", WholeNumber(), nullable=False),
        sa.Column("still_owed", WholeNumber(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("repaid_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("transaction_hash", "log_index"),
    )
    with op.batch_alter_table("repayments", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_repayments_financing"), ["financing"], unique=False)

    op.create_table(
        "subject_references",
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("reference"),
    )
    with op.batch_alter_table("subject_references", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_subject_references_subject"), ["subject"], unique=False)

    op.create_table(
        "subjects",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("beneficiary", sa.Integer(), nullable=False),
        sa.Column("opened_by", sa.String(), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("consumer", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "transaction_attempts",
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column("transaction_sequence", sa.BigInteger(), nullable=False),
        sa.Column("nonce", sa.BigInteger(), nullable=False),
        sa.Column("replaced_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("hash"),
    )
    with op.batch_alter_table("transaction_attempts", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_transaction_attempts_transaction_sequence"), ["transaction_sequence"], unique=False
        )

    op.create_table(
        "transaction_lanes",
        sa.Column("sender", sa.String(), nullable=False),
        sa.Column("signer", sa.String(), nullable=False),
        sa.Column("next_nonce", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("sender"),
    )
    op.create_table(
        "transactions",
        sa.Column("sequence", RowNumber, autoincrement=True, nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("signer", sa.String(), nullable=False),
        sa.Column("sender", sa.String(), nullable=False),
        sa.Column("owner_lei", sa.String(), nullable=True),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("subject_id", sa.String(), nullable=True),
        sa.Column("to_address", sa.String(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("function", sa.String(), nullable=False),
        sa.Column("gas", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("nonce", sa.BigInteger(), nullable=True),
        sa.Column("hash", sa.String(), nullable=True),
        sa.Column("raw", sa.LargeBinary(), nullable=True),
        sa.Column("fee_per_gas", sa.BigInteger(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=True),
        sa.Column("block_hash", sa.String(), nullable=True),
        sa.Column("gas_used", sa.BigInteger(), nullable=True),
        sa.Column("error", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("sent_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("sequence"),
        sa.UniqueConstraint("hash"),
        sa.UniqueConstraint("id"),
    )
    with op.batch_alter_table("transactions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_transactions_block_number"), ["block_number"], unique=False)
        batch_op.create_index(batch_op.f("ix_transactions_subject_id"), ["subject_id"], unique=False)
        batch_op.create_index("transactions_lane", ["sender", "nonce"], unique=False)
        batch_op.create_index("transactions_of_owner", ["owner_lei", "sequence"], unique=False)
        batch_op.create_index("transactions_open", ["status", "sender", "nonce"], unique=False)

    op.create_table(
        "votes",
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("milestone", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("sequence", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("organisation", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("occurred_at", sa.BigInteger(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("evidence", sa.String(), nullable=False),
        sa.Column("voted_at", sa.BigInteger(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("log_index", sa.Integer(), nullable=False),
        sa.Column("transaction_hash", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("subject", "milestone", "sequence", "organisation"),
    )


def downgrade() -> None:
    op.drop_table("votes")
    with op.batch_alter_table("transactions", schema=None) as batch_op:
        batch_op.drop_index("transactions_open")
        batch_op.drop_index("transactions_of_owner")
        batch_op.drop_index("transactions_lane")
        batch_op.drop_index(batch_op.f("ix_transactions_subject_id"))
        batch_op.drop_index(batch_op.f("ix_transactions_block_number"))

    op.drop_table("transactions")
    op.drop_table("transaction_lanes")
    with op.batch_alter_table("transaction_attempts", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_transaction_attempts_transaction_sequence"))

    op.drop_table("transaction_attempts")
    op.drop_table("subjects")
    with op.batch_alter_table("subject_references", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_subject_references_subject"))

    op.drop_table("subject_references")
    with op.batch_alter_table("repayments", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_repayments_financing"))

    op.drop_table("repayments")
    with op.batch_alter_table("refused_votes", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_refused_votes_subject"))

    op.drop_table("refused_votes")
    with op.batch_alter_table("receivables", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_receivables_supplier"))
        batch_op.drop_index(batch_op.f("ix_receivables_registered_at"))
        batch_op.drop_index(batch_op.f("ix_receivables_debtor"))

    op.drop_table("receivables")
    with op.batch_alter_table("receivable_payments", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_receivable_payments_receivable_id"))

    op.drop_table("receivable_payments")
    with op.batch_alter_table("receivable_holdings", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_receivable_holdings_holder"))

    op.drop_table("receivable_holdings")
    op.drop_table("receivable_approvals")
    op.drop_table("pools")
    with op.batch_alter_table("pool_positions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_pool_positions_account"))

    op.drop_table("pool_positions")
    op.drop_table("pool_income")
    with op.batch_alter_table("pool_deposits", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_pool_deposits_account"))

    op.drop_table("pool_deposits")
    op.drop_table("participant_profiles")
    with op.batch_alter_table("participant_identifiers", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_participant_identifiers_lei"))

    op.drop_table("participant_identifiers")
    op.drop_table("parked_payouts")
    with op.batch_alter_table("organisations", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_organisations_lei"))

    op.drop_table("organisations")
    with op.batch_alter_table("oauth_clients", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_oauth_clients_lei"))

    op.drop_table("oauth_clients")
    op.drop_table("milestone_policies")
    with op.batch_alter_table("invoices", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_invoices_supplier_lei"))
        batch_op.drop_index(batch_op.f("ix_invoices_subject"))
        batch_op.drop_index(batch_op.f("ix_invoices_debtor_lei"))

    op.drop_table("invoices")
    with op.batch_alter_table("indexer_journal", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_indexer_journal_block_number"))

    op.drop_table("indexer_journal")
    with op.batch_alter_table("indexer_events", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_indexer_events_status"))
        batch_op.drop_index(batch_op.f("ix_indexer_events_block_number"))

    op.drop_table("indexer_events")
    op.drop_table("indexer_cursor")
    op.drop_table("indexer_blocks")
    with op.batch_alter_table("idempotency_answers", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_idempotency_answers_created_at"))

    op.drop_table("idempotency_answers")
    with op.batch_alter_table("financings", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_financings_transaction_hash"))
        batch_op.drop_index(batch_op.f("ix_financings_supplier"))
        batch_op.drop_index(batch_op.f("ix_financings_subject"))
        batch_op.drop_index(batch_op.f("ix_financings_item_id"))
        batch_op.drop_index(batch_op.f("ix_financings_facility"))

    op.drop_table("financings")
    op.drop_table("facts")
    op.drop_table("facility_ladders")
    with op.batch_alter_table("facilities", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_facilities_transaction_hash"))
        batch_op.drop_index(batch_op.f("ix_facilities_supplier"))

    op.drop_table("facilities")
    with op.batch_alter_table("draws", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_draws_financing"))

    op.drop_table("draws")
    with op.batch_alter_table("documents", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_documents_owner_lei"))

    op.drop_table("documents")
    with op.batch_alter_table("document_keys", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_document_keys_reader"))

    op.drop_table("document_keys")
    with op.batch_alter_table("cash_balances", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_cash_balances_account"))

    op.drop_table("cash_balances")
    with op.batch_alter_table("accounts", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_accounts_organisation"))

    op.drop_table("accounts")
