"""Keys that tokens are signed with; clients' secrets that change, keys, assertions used once; what was used."""

import sqlalchemy as sa
from alembic import op

from api.db import UtcDateTime

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_OPERATOR_ONLY = {"participants:write", "cash:write", "facilities:write", "operator", "supervisor"}


def upgrade() -> None:
    op.create_table(
        "oauth_signing_keys",
        sa.Column("kid", sa.String(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("signs_from", UtcDateTime(), nullable=False),
        sa.Column("verifies_until", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("kid"),
    )
    op.create_table(
        "oauth_seen_assertions",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("ends_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("oauth_seen_assertions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_oauth_seen_assertions_ends_at"), ["ends_at"], unique=False)
    op.create_table(
        "usage_counts",
        sa.Column("lei", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("operations", sa.String(), nullable=False),
        sa.Column("requests", sa.BigInteger(), nullable=False),
        sa.Column("writes", sa.BigInteger(), nullable=False),
        sa.Column("refused", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("lei", "day", "operations"),
    )
    with op.batch_alter_table("oauth_clients", schema=None) as batch_op:
        batch_op.add_column(sa.Column("previous_secret_hash", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("previous_secret_ends_at", UtcDateTime(), nullable=True))
        batch_op.add_column(sa.Column("jwks", sa.JSON(), nullable=True))
        batch_op.add_column(sa.Column("operator", sa.Boolean(), nullable=False, server_default=sa.false()))
    _mark_operators()


def _mark_operators() -> None:
    """Those whose scopes no organisation may hold."""
    clients = sa.table("oauth_clients", sa.column("id"), sa.column("scopes", sa.JSON()), sa.column("operator"))
    connection = op.get_bind()
    for client_id, scopes in connection.execute(sa.select(clients.c.id, clients.c.scopes)).all():
        if _OPERATOR_ONLY.intersection(scopes):
            marked = clients.update().where(clients.c.id == client_id).values(operator=sa.true())
            connection.execute(marked)


def downgrade() -> None:
    with op.batch_alter_table("oauth_clients", schema=None) as batch_op:
        batch_op.drop_column("operator")
        batch_op.drop_column("jwks")
        batch_op.drop_column("previous_secret_ends_at")
        batch_op.drop_column("previous_secret_hash")
    op.drop_table("usage_counts")
    op.drop_table("oauth_seen_assertions")
    op.drop_table("oauth_signing_keys")
