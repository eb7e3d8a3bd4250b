"""Which documents were erased, and how far the events were read for new readers of documents."""

import sqlalchemy as sa
from alembic import op

from api.db import UtcDateTime

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "document_erasures",
        sa.Column("cid", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("readers", sa.JSON(), nullable=False),
        sa.Column("erased_by", sa.String(), nullable=False),
        sa.Column("erased_at", UtcDateTime(), nullable=False),
        sa.Column("swept_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("cid"),
    )
    with op.batch_alter_table("document_erasures", schema=None) as batch_op:
        batch_op.create_index("ix_document_erasures_swept_at", ["swept_at"], unique=False)
    op.create_table(
        "document_place",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("through", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )


def downgrade() -> None:
    op.drop_table("document_place")
    op.drop_table("document_erasures")
