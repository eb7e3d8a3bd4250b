"""Indexes that serve lists in the orders that they are asked for, and continue them."""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_INDEXES = (
    ("receivables_by_registration", "receivables", ["registered_at", "id"]),
    ("receivables_by_due_date", "receivables", ["due_date", "id"]),
    ("receivables_by_state", "receivables", ["state", "registered_at", "id"]),
    ("financings_by_maturity", "financings", ["maturity_day", "number"]),
    ("invoices_of_supplier", "invoices", ["supplier_lei", "sequence"]),
    ("invoices_of_debtor", "invoices", ["debtor_lei", "sequence"]),
)


def upgrade() -> None:
    for name, table, columns in _INDEXES:
        op.create_index(name, table, columns)


def downgrade() -> None:
    for name, table, _ in reversed(_INDEXES):
        op.drop_index(name, table_name=table)
