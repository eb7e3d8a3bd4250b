"""The manifest of a trade folder, `trade.toml`: who trades, with which papers, and when."""

import tomllib
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator
from stdnum import lei

from api.invoices.check import check_file
from chain_node.client import Milestone
from standards.money import MoneyInvalid, to_minor
from standards.orders import OrderUnreadable, parse_order

ORACLE_ROLES = ("CARRIER", "WAREHOUSE", "INSPECTOR", "CUSTOMS", "SENSOR", "CONSIGNEE")
MILESTONES = [milestone.name for milestone in Milestone]
TRADING_PARTIES = ("supplier", "debtor", "lender", "junior")


class ManifestInvalid(Exception):
    """The folder is no trade that can be run; says every problem, one a line."""

    def __init__(self, path: Path, problems: list[str]) -> None:
        super().__init__(f"{path}: " + "; ".join(problems))
        self.path = path
        self.problems = problems


def _utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("a moment needs its zone, e.g. 2026-05-04T08:00:00Z")
    return moment.astimezone(UTC)


def _milestone(name: str) -> str:
    if name not in MILESTONES:
        raise ValueError(f"{name!r} is no milestone; they are {', '.join(MILESTONES)}")
    return name


def _attested(name: str) -> str:
    if name == Milestone.ACCEPTED.name:
        raise ValueError("acceptance is the debtor's act and is never attested")
    return name


def _lei(text: str) -> str:
    if not lei.is_valid(text):
        raise ValueError(f"{text!r} is no LEI (20 characters, ISO 17442 check digits)")
    return text


MilestoneName = Annotated[str, AfterValidator(_milestone)]
Moment = Annotated[datetime, AfterValidator(_utc)]
MajorUnits = Annotated[Decimal, Field(gt=0, max_digits=18)]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Identifier(Strict):
    """How the party's papers name it: a scheme (`VAT`, `0088` for a GLN, ...) and the value in it."""

    scheme: str
    value: str


class Party(Strict):
    name: str
    lei: Annotated[str, AfterValidator(_lei)]
    jurisdiction: str = Field(pattern="^[A-Z]{2}$")
    role: Literal["SUPPLIER", "DEBTOR", "LENDER", "CARRIER", "WAREHOUSE", "INSPECTOR", "CUSTOMS", "SENSOR", "CONSIGNEE"]
    identifiers: list[Identifier] = []


class InvoicePapers(Strict):
    """`twins` are the same invoice in other clothes; each must be refused as a duplicate."""

    file: str
    twins: list[str] = []
    references: list[str] = Field(default=[], description="further shipment references, kind:value")


class Rung(Strict):
    milestone: MilestoneName
    advance_rate_bps: int = Field(ge=1, le=10_000)
    measured: bool = False


class Lending(Strict):
    """Amounts in major units of the invoice's currency; `deposit` is the lender's, which is senior."""

    deposit: MajorUnits
    junior_deposit: MajorUnits
    limit: MajorUnits
    discount_rate_bps: int = Field(ge=0, le=10_000)
    fee_bps: int = Field(ge=0, le=10_000)
    reserve_bps: int = Field(default=0, ge=0, le=10_000)
    late_fee_bps: int = Field(default=0, ge=0, le=10_000)
    grace_days: int = Field(default=0, ge=0, le=255)
    recourse: bool = False
    ladder: list[Rung] = Field(min_length=1, max_length=4)


class Paper(Strict):
    """A file that a party's own systems hand to its oracle node."""

    party: str
    file: str


class Stage(Strict):
    """A leg of the journey: at `at` on the chain's clock the papers reach the nodes, and cash should move."""

    name: str
    milestone: Annotated[MilestoneName, AfterValidator(_attested)]
    at: Moment
    papers: list[Paper] = Field(min_length=1)


class RefusedPaper(Paper):
    """A file that must change nothing, handed in just before the stage `before`."""

    before: str
    because: Literal["estimate", "malformed"]


class Payment(Strict):
    at: Moment


class Trade(Strict):
    title: str
    starts_at: Moment
    parties: dict[str, Party]
    invoice: InvoicePapers
    order: str | None = None
    lending: Lending
    stages: list[Stage] = Field(min_length=1)
    refused: list[RefusedPaper] = []
    payment: Payment

    @model_validator(mode="after")
    def _hangs_together(self) -> "Trade":
        problems = [f"parties.{name} is missing" for name in TRADING_PARTIES if name not in self.parties]
        for paper in [*self.refused, *(paper for stage in self.stages for paper in stage.papers)]:
            if paper.party not in self.nodes():
                problems.append(f"{paper.file}: {paper.party!r} is no party with an oracle role")
        names = [stage.name for stage in self.stages]
        problems += [f"refused {r.file}: no stage {r.before!r}" for r in self.refused if r.before not in names]
        leis = [party.lei for party in self.parties.values()]
        problems += [f"two parties have the LEI {code}" for code in sorted(set(leis)) if leis.count(code) > 1]
        if len(set(names)) != len(names):
            problems.append("two stages have one name")
        steps = [MILESTONES.index(rung.milestone) for rung in self.lending.ladder]
        if steps != sorted(set(steps)):
            problems.append("lending.ladder: the steps must follow each other in the order of the journey")
        moments = [self.starts_at, *(stage.at for stage in self.stages), self.payment.at]
        if moments != sorted(moments):
            problems.append("starts_at, the stages and the payment must follow each other in time")
        if problems:
            raise ValueError("; ".join(problems))
        return self

    def nodes(self) -> dict[str, Party]:
        return {name: party for name, party in self.parties.items() if party.role in ORACLE_ROLES}

    def files(self) -> list[str]:
        papers = [paper.file for stage in self.stages for paper in stage.papers]
        order = [self.order] if self.order else []
        return [self.invoice.file, *self.invoice.twins, *order, *papers, *(paper.file for paper in self.refused)]


def load_trade(folder: Path) -> Trade:
    """Reads `trade.toml`; unknown keys, broken cross-references and missing files are all reported at once."""
    path = folder / "trade.toml"
    try:
        raw: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ManifestInvalid(path, ["no such file; a trade folder holds a trade.toml"]) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ManifestInvalid(path, [str(error)]) from error
    try:
        trade = Trade.model_validate(raw)
    except ValidationError as error:
        raise ManifestInvalid(path, [sentence(problem) for problem in error.errors()]) from error
    problems = [f"{name} is named but not in the folder" for name in trade.files() if not (folder / name).is_file()]
    problems = problems or [*_invoice_problems(trade, folder), *_order_problems(trade, folder)]
    if problems:
        raise ManifestInvalid(path, problems)
    return trade


def _invoice_problems(trade: Trade, folder: Path) -> list[str]:
    """What would stop the trade at its invoice, and amounts that do not fit its currency."""
    file = trade.invoice.file
    report = check_file(folder / file)
    if not report.financeable or report.invoice is None:
        broken = [f"{violation.rule}: {violation.message}" for violation in report.violations]
        return [f"{file} cannot be financed: {reason}" for reason in report.refusals or broken]
    problems = []
    for key in ("deposit", "junior_deposit", "limit"):
        try:
            to_minor(getattr(trade.lending, key), report.invoice.currency)
        except MoneyInvalid as error:
            problems.append(f"lending.{key}: {error}")
    return problems


def _order_problems(trade: Trade, folder: Path) -> list[str]:
    if trade.order is None:
        return []
    try:
        parse_order((folder / trade.order).read_bytes())
    except OrderUnreadable as error:
        return [f"{trade.order}: {error}"]
    return []


def sentence(problem: Any) -> str:
    where = ".".join(str(part) for part in problem["loc"])
    message = problem["msg"].removeprefix("Value error, ")
    return f"{where}: {message}" if where else message
