"""Near-duplicates: found when an invoice is taken in, shown to whom they concern. They stop nothing by themselves."""

from sqlmodel import Session

from api.auth.principal import Principal
from api.invoices import repository as invoices
from api.invoices.models import InvoiceRow, SimilarPair, SketchRow
from api.invoices.similarity import repository
from api.invoices.similarity.schemas import SimilarView
from api.invoices.similarity.score import Marks, Similarity, judge
from api.invoices.similarity.sketch import Features, SketchKey, probes, sketch
from api.invoices.standing import standing


def record(session: Session, key: SketchKey, receivable_id: str, said: Features) -> None:
    """Sketches an invoice and stores which earlier ones it is like; what an earlier attempt left is replaced."""
    mine = sketch(key, said)
    repository.take_turn(session, _turn(key, said.debtor))
    repository.forget(session, receivable_id)
    found = _find(session, key, said, mine.marks)
    repository.store(session, _row(receivable_id, mine.marks), mine.tokens)
    for earlier_id, similar in found.items():
        reasons = list(similar.reasons)
        session.add(
            SimilarPair(receivable_id=receivable_id, earlier_id=earlier_id, score=similar.score, reasons=reasons)
        )
    session.flush()


def shown(session: Session, principal: Principal, receivable_id: str) -> list[SimilarView]:
    """The near-duplicates of an invoice that the caller may see; of a stranger's invoice, only that there is one.

    A supplier that is told in what its invoice agrees with another's could find out the other's prices by trying.
    Whoever holds or finances the claim needs the reasons, but not which invoice it is.
    """
    this = invoices.by_receivable(session, receivable_id)
    if this is None:
        return []
    views = [_view(session, principal, this, pair) for pair in repository.pairs_of(session, receivable_id)]
    return [view for view in views if view is not None]


def _find(session: Session, key: SketchKey, said: Features, mine: Marks) -> dict[str, Similarity]:
    asked = probes(key, said)
    agreeing = repository.candidates(session, asked.keys())
    found = {}
    for row in repository.sketches(session, list(agreeing)):
        theirs = Marks(row.supplier, row.currency, row.names_order, row.names_despatch)
        similar = judge((asked[token] for token in agreeing[row.receivable_id]), mine, theirs)
        if similar is not None:
            found[row.receivable_id] = similar
    return found


def _row(receivable_id: str, marks: Marks) -> SketchRow:
    return SketchRow(
        receivable_id=receivable_id,
        supplier=marks.supplier,
        currency=marks.currency,
        names_order=marks.names_order,
        names_despatch=marks.names_despatch,
    )


def _turn(key: SketchKey, debtor: str) -> int:
    """A number for the debtor, whose invoices are the only ones that can be alike."""
    return int.from_bytes(key.token("turn", debtor)[:8], "big", signed=True)


def _view(session: Session, principal: Principal, this: InvoiceRow, pair: SimilarPair) -> SimilarView | None:
    other_id = pair.earlier_id if pair.receivable_id == this.receivable_id else pair.receivable_id
    other = invoices.by_receivable(session, other_id)
    state = standing(session, other_id)
    if other is None or state is None:
        return None
    if principal.sees(other.supplier_lei, other.debtor_lei):
        return SimilarView(receivable_id=other_id, state=state, score=pair.score, reasons=pair.reasons)
    if principal.sees(this.supplier_lei):
        return SimilarView(receivable_id=None, state=None, score=None, reasons=[])
    return SimilarView(receivable_id=None, state=None, score=pair.score, reasons=pair.reasons)
