"""What becomes known of receivables: to supplier, debtor and holders. Who hands units to whom is told to these two."""

from collections.abc import Collection, Mapping

from sqlmodel import col, select

from api.events.registry import Kind, at, hash32, hashed, money, on, plain, tells, whole, word
from api.events.telling import Telling
from api.receivables import repository
from api.receivables.models import Receivable
from chain_node.client import Event

_NOBODY = "0x0000000000000000000000000000000000000000"


def _rows(telling: Telling, ids: Collection[str]) -> list[Receivable]:
    return list(telling.session.exec(select(Receivable).where(col(Receivable.id).in_(ids))))


def parties(telling: Telling, ids: Collection[str]) -> Mapping[str, Collection[str]]:
    rows, holdings = _rows(telling, ids), repository.holdings(telling.session, list(ids))
    leis = telling.leis_of_numbers({number for row in rows for number in (row.supplier, row.debtor)})
    holders = telling.leis_of_accounts({holding.holder for holding in holdings})
    found = {row.id: {leis[number] for number in (row.supplier, row.debtor) if number in leis} for row in rows}
    for holding in holdings:
        if holding.holder in holders:
            found[holding.receivable_id].add(holders[holding.holder])
    return found


def _currencies(telling: Telling, ids: Collection[str]) -> Mapping[str, str]:
    return {row.id: row.currency for row in _rows(telling, ids)}


def _between_two(event: Event) -> bool:
    return _NOBODY not in (event.arguments["from"], event.arguments["to"])


RECEIVABLE = Kind("receivable", "receivables:read", hashed("id"), parties, _currencies)
_EVIDENCE, _OUTSTANDING = hash32("evidence"), money("outstanding")

tells(
    RECEIVABLE,
    "ReceivableToken",
    "ReceivableRegistered",
    "registered",
    face_value=money("faceValue"),
    quantity_thousandths=whole("quantity"),
    due_date=on("dueDate"),
)
tells(RECEIVABLE, "ReceivableToken", "ReceivableAccepted", "accepted", set_off_waived=plain("setOffWaived"))
tells(RECEIVABLE, "ReceivableToken", "ReceivablePaid", "paid", amount=money("amount"), outstanding=_OUTSTANDING)
tells(RECEIVABLE, "ReceivableToken", "ReceivableSettled", "settled")
tells(RECEIVABLE, "ReceivableToken", "ReceivableCancelled", "cancelled")
tells(RECEIVABLE, "ReceivableToken", "CancellationConsented", "cancellation_consented", given=plain("given"))
tells(RECEIVABLE, "ReceivableToken", "ReceivableDefaulted", "defaulted", outstanding=_OUTSTANDING)
tells(
    RECEIVABLE,
    "ReceivableToken",
    "ReceivableDiluted",
    "diluted",
    amount=money("amount"),
    face_value=money("faceValue"),
)
tells(
    RECEIVABLE,
    "ReceivableToken",
    "DisputeRecorded",
    "dispute_recorded",
    disputed=money("disputed"),
    state=word("state"),
)
tells(
    RECEIVABLE,
    "ReceivableToken",
    "TransferSingle",
    "transferred",
    told_to=("from", "to"),
    when=_between_two,
    sender=plain("from"),
    taker=plain("to"),
    amount=money("value"),
)
tells(
    RECEIVABLE,
    "ReceivableToken",
    "TransferBatch",
    "transferred",
    told_to=("from", "to"),
    split={"ids": "id", "values": "value"},
    when=_between_two,
    sender=plain("from"),
    taker=plain("to"),
    amount=money("value"),
)
tells(
    RECEIVABLE,
    "ReceivableToken",
    "ProceedsClaimed",
    "proceeds_claimed",
    told_to=("holder",),
    holder=plain("holder"),
    amount=money("amount"),
)
tells(RECEIVABLE, "ReceivableToken", "UnitsReserved", "reserved", told_to=("holder",), until=at("until"))
tells(RECEIVABLE, "ReceivableToken", "ReservationEnded", "reservation_ended", told_to=("holder",))
tells(RECEIVABLE, "ReceivableDisputes", "CreditNoteIssued", "credit_noted", amount=money("amount"), evidence=_EVIDENCE)
tells(RECEIVABLE, "ReceivableDisputes", "DisputeOpened", "dispute_opened", amount=money("amount"), evidence=_EVIDENCE)
tells(RECEIVABLE, "ReceivableDisputes", "DisputeWithdrawn", "dispute_withdrawn")
tells(
    RECEIVABLE,
    "ReceivableDisputes",
    "DisputeConceded",
    "dispute_conceded",
    amount=money("amount"),
    left=money("left"),
    evidence=_EVIDENCE,
)
tells(
    RECEIVABLE,
    "ReceivableDisputes",
    "DisputeResolved",
    "dispute_resolved",
    taken_off=money("diluted"),
    upheld=money("upheld"),
    evidence=_EVIDENCE,
)
