"""The manifests of trades whose goods are collateral: `kind = "stock"` and `kind = "line"`."""

import tomllib
from abc import abstractmethod
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, TypeAdapter, ValidationError, model_validator

from chain_node.config import CONFIG_ROOT, load_network
from scripts.demo.manifest import (
    ORACLE_ROLES,
    MajorUnits,
    ManifestInvalid,
    Moment,
    Paper,
    Party,
    Payment,
    Rung,
    Strict,
    sentence,
)

KIND_WITHOUT_WORD = "invoice"
NEEDED = ("supplier", "buyer", "lender", "junior", "warehouse", "inspector")
Quantity = Annotated[Decimal, Field(gt=0, max_digits=15, decimal_places=3)]


class Goods(Strict):
    """A lot: `commodity` by its name in network.toml, `number` as the warehouse's papers call it, `quantity` in the
    unit of the commodity's price, `place` a UN/LOCODE, `identifiers` SSCCs."""

    commodity: str
    number: str
    quantity: Quantity
    place: str = Field(pattern="^[A-Z]{2}[A-Z0-9]{3}$")
    expires_on: date | None = None
    identifiers: list[str] = Field(min_length=1)
    references: list[str] = Field(default=[])


class Line(Strict):
    """What a lender grants, in major units; a ladder for each kind of paper that may back a financing."""

    deposit: MajorUnits
    junior_deposit: MajorUnits
    limit: MajorUnits
    discount_rate_bps: int = Field(ge=0, le=10_000)
    fee_bps: int = Field(ge=0, le=10_000)
    reserve_bps: int = Field(default=0, ge=0, le=10_000)
    ladders: dict[Literal["order", "inventory", "receivable"], list[Rung]]


class Margin(Strict):
    """See `IInventoryCollateral.MarginTerms`."""

    call_level_bps: int
    release_ratio_bps: int
    start_bps: int
    floor_bps: int
    least_bid_bps: int
    tenor_days: int
    cure_hours: int
    sale_hours: int


class Leg(Strict):
    """At `at` on the chain's clock these papers reach the nodes."""

    at: Moment
    papers: list[Paper] = Field(default=[])


class Cure(Leg):
    """The supplier pays so much."""

    amount: MajorUnits


class Sale(Leg):
    """So much of the goods goes to the buyer, for this price in all."""

    quantity: Quantity
    price: MajorUnits


class Selling(Leg):
    """The goods go to the buyer, against this invoice."""

    invoice: str


class OrderPapers(Strict):
    """`references`: further names of the consignment, kind:value."""

    file: str
    references: list[str] = Field(default=[])


class _Trade(Strict):
    title: str
    currency: str = Field(pattern="^[A-Z]{3}$")
    starts_at: Moment
    parties: dict[str, Party]
    goods: Goods
    lending: Line
    margin: Margin

    def nodes(self) -> dict[str, Party]:
        return {name: party for name, party in self.parties.items() if party.role in ORACLE_ROLES}

    @abstractmethod
    def legs(self) -> list[Leg]:
        """What the trade consists of, in the order of its time."""

    def ends_at(self) -> Any:
        return self.legs()[-1].at

    def files(self) -> list[str]:
        return [paper.file for leg in self.legs() for paper in leg.papers]

    @model_validator(mode="after")
    def _hangs_together(self) -> Self:
        problems = [f"parties.{name} is missing" for name in NEEDED if name not in self.parties]
        for paper in [paper for leg in self.legs() for paper in leg.papers]:
            if paper.party not in self.nodes():
                problems.append(f"{paper.file}: {paper.party!r} is no party with an oracle role")
        leis = [party.lei for party in self.parties.values()]
        problems += [f"two parties have the LEI {code}" for code in sorted(set(leis)) if leis.count(code) > 1]
        moments = [self.starts_at, *(leg.at for leg in self.legs())]
        if moments != sorted(moments):
            problems.append("starts_at and what follows must follow each other in time")
        commodities = load_network(CONFIG_ROOT / "local").config.commodities
        if self.goods.commodity not in commodities:
            problems.append(f"goods.commodity: {self.goods.commodity!r} is none of {', '.join(commodities)}")
        if problems:
            raise ValueError("; ".join(problems))
        return self


class StockTrade(_Trade):
    """Goods pledged in a warehouse: they come in, are in a worse condition, the supplier cures, they are sold."""

    kind: Literal["stock"]
    entry: Leg
    breach: Leg
    cure: Cure
    sales: list[Sale] = Field(min_length=1)
    exit: Leg

    def legs(self) -> list[Leg]:
        return [self.entry, self.breach, self.cure, *self.sales, self.exit]


class LineTrade(_Trade):
    """One financing from an order to the payment of its invoice."""

    kind: Literal["line"]
    order: OrderPapers
    ship: Leg
    store: Leg
    sell: Selling
    payment: Payment

    def legs(self) -> list[Leg]:
        return [self.ship, self.store, self.sell, Leg(at=self.payment.at)]

    def files(self) -> list[str]:
        return [*super().files(), self.order.file, self.sell.invoice]


GoodsTrade = StockTrade | LineTrade
_ANY: TypeAdapter[GoodsTrade] = TypeAdapter(Annotated[GoodsTrade, Field(discriminator="kind")])


def kind_of(folder: Path) -> str:
    """What kind of trade a folder holds; that of a trade without the word, or that cannot be read, is an invoice's."""
    try:
        raw = tomllib.loads((folder / "trade.toml").read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError):
        return KIND_WITHOUT_WORD
    return str(raw.get("kind", KIND_WITHOUT_WORD))


def load_goods_trade(folder: Path) -> GoodsTrade:
    """Reads `trade.toml`; all problems are reported at once. Raises `ManifestInvalid`."""
    path = folder / "trade.toml"
    try:
        trade = _ANY.validate_python(tomllib.loads(path.read_text(encoding="utf-8")))
    except ValidationError as error:
        raise ManifestInvalid(path, [sentence(problem) for problem in error.errors()]) from error
    missing = [f"{name} is named but not in the folder" for name in trade.files() if not (folder / name).is_file()]
    if missing:
        raise ManifestInvalid(path, missing)
    return trade
