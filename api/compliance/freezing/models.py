"""Why accounts were frozen and unfrozen. Whether they are now, the chain says."""

from datetime import datetime

from sqlalchemy import JSON, Column
from sqlmodel import Field, SQLModel

from api.append_only import append_only
from api.db import RowNumber, UtcDateTime, utc_now


class FreezeRecord(SQLModel, table=True):
    """One freeze or unfreeze: who asked for it, why, and by which transactions."""

    __tablename__ = "freeze_records"

    id: int | None = Field(default=None, sa_column=Column(RowNumber, primary_key=True, autoincrement=True))
    at: datetime = Field(default_factory=utc_now, sa_column=Column(UtcDateTime, nullable=False))
    lei: str = Field(index=True)
    frozen: bool
    client: str
    reason: str
    hit_id: str | None = None
    accounts: list[str] = Field(sa_column=Column(JSON, nullable=False))
    transactions: list[str] = Field(sa_column=Column(JSON, nullable=False))


append_only(SQLModel.metadata.tables["freeze_records"])
