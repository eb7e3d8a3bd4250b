"""What the InventoryCollateral says of pledged goods. Quantities in thousandths, amounts in minor units, times in Unix
seconds. What goods are worth now is asked from the contract."""

from sqlalchemy import BigInteger, Column
from sqlmodel import Field

from api.db import ChainRow
from api.values import units_column


class GoodsOffer(ChainRow, table=True):
    """Goods that their owner offers out of custody, by the digest of the offer; `buyer` is null for any. Whether it
    still stands is asked from the contract."""

    __tablename__ = "goods_offers"

    digest: str = Field(primary_key=True)
    financing: int = Field(sa_column=Column(BigInteger, nullable=False, index=True))
    lot_id: str
    quantity: int = Field(sa_column=units_column())
    price: int = Field(sa_column=units_column())
    buyer: str | None = Field(default=None, index=True)
    until: int = Field(sa_column=Column(BigInteger, nullable=False))
    offered_at: int = Field(sa_column=Column(BigInteger, nullable=False))
    block_number: int = Field(sa_column=Column(BigInteger, nullable=False, index=True))
    transaction_hash: str = Field(index=True)


class PledgeStep(ChainRow, table=True):
    """One thing that happened to pledged goods. `quantity` came of or left `lot_id`, `other_quantity` came of
    `other_lot`; `amount` is the price, or what was paid, `to_pool` what of it went to the source of money."""

    __tablename__ = "pledge_steps"

    transaction_hash: str = Field(primary_key=True)
    log_index: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    financing: int = Field(sa_column=Column(BigInteger, nullable=False, index=True))
    kind: str
    lot_id: str
    quantity: int = Field(default=0, sa_column=units_column())
    other_lot: str | None = None
    other_quantity: int = Field(default=0, sa_column=units_column())
    amount: int = Field(default=0, sa_column=units_column())
    to_pool: int = Field(default=0, sa_column=units_column())
    buyer: str | None = None
    block_number: int = Field(sa_column=Column(BigInteger, nullable=False))
    happened_at: int = Field(sa_column=Column(BigInteger, nullable=False))
