"""One receivable with all that its view needs of the database, in one statement."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Select,
    Text,
    bindparam,
    case,
    cast,
    exists,
    func,
    literal_column,
    or_,
    select,
)
from sqlmodel import col

from api.indexer.models import Cursor
from api.invoices.models import SimilarPair
from api.participants.models import Account, Organisation, Profile
from api.reading import Reads, Statement, parts
from api.receivables.models import Holding, Objection, Payment, Receivable

_OWN = (
    "id",
    "state",
    "currency",
    "registered_value",
    "face_value",
    "paid",
    "quantity",
    "due_date",
    "set_off_waived",
    "cancellation_consented",
    "registered_at",
    "accepted_at",
    "settled_at",
    "transaction_hash",
    "block_number",
    "changed_block",
)


class Held(NamedTuple):
    """Units of one account; `lei` and `name` of its organisation, None for an account of nobody."""

    account: str
    units: int
    lei: str | None
    name: str | None


class Paid(NamedTuple):
    payer: str
    amount: str
    outstanding: str
    transaction_hash: str
    block_number: int
    at: int


class Objected(NamedTuple):
    kind: str
    amount: str
    evidence: str | None
    transaction_hash: str
    block_number: int
    at: int


class Seen(NamedTuple):
    """As of one moment, with the newest block that the database has. Amounts in minor units, times in Unix seconds."""

    id: str
    state: str
    currency: str
    registered_value: str
    face_value: str
    paid: str
    quantity: int
    due_date: int
    set_off_waived: bool
    cancellation_consented: bool
    registered_at: int
    accepted_at: int | None
    settled_at: int | None
    transaction_hash: str
    block_number: int
    changed_block: int
    supplier_lei: str
    supplier_name: str
    debtor_lei: str
    debtor_name: str
    indexed_block: int
    indexed_hash: str
    indexed_now: int
    branch: str
    has_similar: bool
    holdings: list[Held]
    payments: list[Paid]
    objections: list[Objected]


async def seen_soon(reads: Reads, receivable_id: str) -> Seen | None:
    """None where the chain has none."""
    return _seen(await reads.soon(_SEEN, id=receivable_id))


def seen(reads: Reads, receivable_id: str) -> Seen | None:
    """As `seen_soon`, in a thread."""
    return _seen(reads.rows(_SEEN, id=receivable_id))


def _seen(rows: Iterable[tuple[Any, ...]]) -> Seen | None:
    for *its, holdings, payments, objections in rows:
        held = [Held(account, int(units), lei, name) for account, units, lei, name in parts(holdings)]
        paid = [Paid(*each) for each in parts(payments)]
        said = [Objected(*each) for each in parts(objections)]
        return Seen._make((*its, held, paid, said))
    return None


def _statement(dialect: str) -> Select[Any]:
    supplier, debtor = Organisation.__table__.alias("supplier"), Organisation.__table__.alias("debtor")  # type: ignore[attr-defined]
    theirs, its = Profile.__table__.alias("of_supplier"), Profile.__table__.alias("of_debtor")  # type: ignore[attr-defined]
    receivable, cursor = Receivable.__table__, Cursor.__table__  # type: ignore[attr-defined]
    sides = (
        receivable.join(supplier, supplier.c.number == receivable.c.supplier)
        .join(debtor, debtor.c.number == receivable.c.debtor)
        .outerjoin(theirs, theirs.c.lei == supplier.c.lei)
        .outerjoin(its, its.c.lei == debtor.c.lei)
        .join(cursor, cursor.c.id == cursor.c.id)
    )
    wanted: BindParameter[str] = bindparam("id")
    either = or_(col(SimilarPair.receivable_id) == wanted, col(SimilarPair.earlier_id) == wanted)
    columns: list[ColumnElement[Any]] = [
        *(receivable.c[name] for name in _OWN),
        supplier.c.lei,
        func.coalesce(theirs.c.name, supplier.c.lei),
        debtor.c.lei,
        func.coalesce(its.c.name, debtor.c.lei),
        *(cursor.c[name] for name in ("block_number", "block_hash", "block_timestamp", "branch")),
        case((exists().where(either), literal_column("1")), else_=literal_column("0")),
        _gathered(dialect, _holdings(wanted)),
        _gathered(dialect, _payments(wanted)),
        _gathered(dialect, _objections(wanted)),
    ]
    return select(*columns).select_from(sides).where(receivable.c.id == wanted)


def _gathered(dialect: str, rows: Select[Any]) -> ColumnElement[Any]:
    """The rows as the text of a JSON list of lists, in their order."""
    inner = rows.subquery()
    if dialect == "postgresql":
        gathered = func.json_agg(func.json_build_array(*inner.c))
    else:
        gathered = func.json_group_array(func.json_array(*inner.c))
    return select(cast(gathered, Text)).scalar_subquery()


def _holdings(wanted: Any) -> Select[Any]:
    """The present holders, by account."""
    columns: list[Any] = [col(Holding.holder), col(Holding.units), col(Organisation.lei), col(Profile.name)]
    return (
        select(*columns)
        .outerjoin(Account, col(Account.address) == col(Holding.holder))
        .outerjoin(Organisation, col(Organisation.number) == col(Account.organisation))
        .outerjoin(Profile, col(Profile.lei) == col(Organisation.lei))
        .where(col(Holding.receivable_id) == wanted, col(Holding.units) != literal_column("'0'"))
        .order_by(col(Holding.holder))
    )


def _payments(wanted: Any) -> Select[Any]:
    """In the order in which they were made."""
    names = ("payer", "amount", "outstanding", "transaction_hash", "block_number", "paid_at")
    chosen = select(*(col(getattr(Payment, name)) for name in names)).where(col(Payment.receivable_id) == wanted)
    return chosen.order_by(col(Payment.block_number), col(Payment.log_index))


def _objections(wanted: Any) -> Select[Any]:
    """In the order in which they were made."""
    names = ("kind", "amount", "evidence", "transaction_hash", "block_number", "made_at")
    chosen = select(*(col(getattr(Objection, name)) for name in names)).where(col(Objection.receivable_id) == wanted)
    return chosen.order_by(col(Objection.block_number), col(Objection.log_index))


_SEEN = Statement(_statement)
