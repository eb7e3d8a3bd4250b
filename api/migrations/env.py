"""Runs migrations on the connection that `api.migrations` hands over."""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlmodel import SQLModel
from sqlmodel.sql.sqltypes import AutoString

from api import auth, idempotency, indexer, transactions
from api.auth import models as auth_models
from api.db import RowNumber
from api.indexer import models as indexer_models
from api.resources import load_tables
from api.transactions import models as transaction_models

# Imported for their tables.
_MODELS = (auth, auth_models, idempotency, indexer, indexer_models, transactions, transaction_models)


def render(kind: str, item: Any, autogen: AutogenContext) -> str | Literal[False]:
    """Our column types by the names that migrations import."""
    kind_of_item = type(item)
    if kind == "type" and kind_of_item.__module__.startswith("api."):
        autogen.imports.add(f"from {kind_of_item.__module__} import {kind_of_item.__name__}")
        return f"{kind_of_item.__name__}()"
    if kind == "type" and item is RowNumber:
        autogen.imports.add("from api.db import RowNumber")
        return "RowNumber"
    if kind == "type" and isinstance(item, AutoString):
        return "sa.String()"
    return False


def run() -> None:
    context.configure(
        connection=context.config.attributes["connection"],
        target_metadata=SQLModel.metadata,
        render_item=render,
        compare_type=True,
        render_as_batch=True,
        transaction_per_migration=False,
    )
    context.run_migrations()


load_tables()
run()
