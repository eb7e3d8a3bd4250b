"""Similar invoices: keyed sketches, and the pairs found."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "invoice_sketch_tokens",
        sa.Column("token", sa.LargeBinary(), nullable=False),
        sa.Column("receivable_id", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("token", "receivable_id"),
    )
    with op.batch_alter_table("invoice_sketch_tokens", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_invoice_sketch_tokens_receivable_id"), ["receivable_id"], unique=False)

    op.create_table(
        "invoice_sketches",
        sa.Column("receivable_id", sa.String(), nullable=False),
        sa.Column("supplier", sa.LargeBinary(), nullable=False),
        sa.Column("currency", sa.LargeBinary(), nullable=False),
        sa.Column("names_order", sa.Boolean(), nullable=False),
        sa.Column("names_despatch", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("receivable_id"),
    )
    op.create_table(
        "similar_invoices",
        sa.Column("receivable_id", sa.String(), nullable=False),
        sa.Column("earlier_id", sa.String(), nullable=False),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("receivable_id", "earlier_id"),
    )
    with op.batch_alter_table("similar_invoices", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_similar_invoices_earlier_id"), ["earlier_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("similar_invoices", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_similar_invoices_earlier_id"))

    op.drop_table("similar_invoices")
    op.drop_table("invoice_sketches")
    with op.batch_alter_table("invoice_sketch_tokens", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_invoice_sketch_tokens_receivable_id"))

    op.drop_table("invoice_sketch_tokens")
