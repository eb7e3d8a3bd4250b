"""How goods come in: the supplier opens their consignment and engages the warehouse, the warehouse announces a lot, and
whoever likes makes it one once witnesses attest the entry."""

from sqlmodel import Session

from api.acting import Acting
from api.errors import Conflict, Malformed, of_chain
from api.network_key import keyed_reference, parse_references
from api.participants import service as participants
from api.receipts import repository, service
from api.receipts.models import Announcement
from api.receipts.schemas import (
    AnnouncementRequest,
    AnnouncementWritten,
    ConsignmentRequest,
    ConsignmentWritten,
    EngagementRequest,
    ReceiptWritten,
    TransactionsWritten,
)
from api.transactions.schemas import transaction_views
from api.values import days, hex32
from chain_node.client import Chain, Entry
from chain_node.errors import ChainError
from chain_node.references import NetworkKey, fingerprint
from chain_node.references import subject as subject_of

_NO_SUBJECT = bytes(32)


# The supplier


def open_consignment(acting: Acting, key: NetworkKey, asked: ConsignmentRequest) -> tuple[str, list[str]]:
    """The subject, and the transactions that open it and engage the warehouse."""
    chain = acting.chain
    subject = subject_of(key, fingerprint(key, {"consignment": asked.number, "supplier": acting.lei}))
    references = [
        (kind, value, keyed_reference(key, kind, value)) for kind, value in parse_references(asked.references)
    ]
    operator = _number_of_warehouse(acting.session, asked.warehouse_lei)
    _require_free(chain, references)
    call = chain.milestones.open_subject(subject, list(dict.fromkeys(keyed for _, _, keyed in references)))
    opened = acting.by_itself(call, "open consignment", hex32(subject))
    sent = [opened.id]
    if not repository.is_engaged(acting.session, _own_number(acting), operator):
        engaging = chain.lots.engage_operator(operator, True)
        sent.append(acting.by_itself(engaging, "engage warehouse", asked.warehouse_lei, opened).id)
    return hex32(subject), sent


def engage(acting: Acting, asked: EngagementRequest) -> list[str]:
    operator = _number_of_warehouse(acting.session, asked.warehouse_lei)
    call = acting.chain.lots.engage_operator(operator, asked.engaged)
    return [acting.by_itself(call, "engage warehouse", asked.warehouse_lei).id]


# The warehouse


def announce(acting: Acting, key: NetworkKey, asked: AnnouncementRequest) -> tuple[str, list[str]]:
    """The announcement's digest, and the transaction."""
    identifiers = [keyed_reference(key, "sscc", code) for code in asked.identifiers]
    if len(set(identifiers)) < len(identifiers):
        raise Malformed("identifier-taken", "The same physical unit is named twice.", identifiers=asked.identifiers)
    entry = Entry(
        id=fingerprint(key, {"lot": asked.number, "warehouse": acting.lei}),
        owner=participants.acting_account(acting.session, asked.owner_lei),
        commodity=asked.commodity,
        unit=asked.unit,
        quantity=int(asked.quantity_thousandths),
        subject=bytes.fromhex(asked.subject[2:]),
        sequence=asked.sequence,
        place=asked.place,
        entered_at=int(asked.entered_at.timestamp()),
        expiry_date=days(asked.expiry_date) if asked.expiry_date else 0,
        identifiers=tuple(identifiers),
    )
    sent = acting.by_itself(acting.chain.lots.announce(entry), "announce lot", hex32(entry.id))
    return hex32(_digest(acting.chain, entry)), [sent.id]


def withdraw(acting: Acting, digest: str) -> list[str]:
    found = _open(acting, digest)
    call = acting.chain.lots.withdraw_announcement(_entry(found))
    return [acting.by_itself(call, "withdraw announcement", found.lot_id).id]


# Anyone


def mint(acting: Acting, digest: str) -> tuple[str, list[str]]:
    """The lot's id, and the transaction that makes it one."""
    found = _open(acting, digest)
    call = acting.chain.lots.mint(_entry(found))
    return found.lot_id, [acting.as_anyone("office:servicer", call, "mint lot", found.lot_id).id]


# Answers


def consignment_written(session: Session, subject: str, ids: list[str]) -> ConsignmentWritten:
    return ConsignmentWritten(subject=subject, transactions=transaction_views(session, ids))


def engaged(session: Session, ids: list[str]) -> TransactionsWritten:
    return TransactionsWritten(transactions=transaction_views(session, ids))


def announced(session: Session, chain: Chain, digest: str, ids: list[str]) -> AnnouncementWritten:
    found = repository.announcement(session, digest)
    shown = service.announcement_views(session, [found], chain)[0] if found else None
    return AnnouncementWritten(id=digest, announcement=shown, transactions=transaction_views(session, ids))


def minted(session: Session, acting: Acting, lot_id: str, ids: list[str]) -> ReceiptWritten:
    lot = repository.lot(session, lot_id)
    shown = service.view(session, acting.principal, lot, acting.chain) if lot else None
    return ReceiptWritten(id=lot_id, receipt=shown, transactions=transaction_views(session, ids))


def _open(acting: Acting, digest: str) -> Announcement:
    """One that neither was withdrawn nor has become a lot."""
    found = service.find_announcement(acting.session, acting.principal, digest)
    (shown,) = service.announcement_views(acting.session, [found], acting.chain)
    if shown.state != "announced":
        detail = f"The announcement is {shown.state}; only one that is still open can be minted or withdrawn."
        raise Conflict("not-announced", detail, id=digest, state=shown.state)
    return found


def _entry(found: Announcement) -> Entry:
    its = found.entry
    return Entry(
        id=int(found.lot_id, 16),
        owner=found.owner,
        commodity=its["commodity"],
        unit=its["unit"],
        quantity=int(its["quantity"]),
        subject=bytes.fromhex(found.subject[2:]),
        sequence=found.sequence,
        place=its["place"],
        entered_at=int(its["enteredAt"]),
        expiry_date=its["expiryDate"],
        identifiers=tuple(bytes.fromhex(each[2:]) for each in its["identifiers"]),
    )


def _digest(chain: Chain, entry: Entry) -> bytes:
    try:
        return chain.lots.entry_digest(entry)
    except ChainError as error:
        raise of_chain(error) from error


def _require_free(chain: Chain, references: list[tuple[str, str, bytes]]) -> None:
    """Conflict where a reference leads to other goods already: the contract would name its keyed hash only."""
    try:
        taken = chain.milestones.subjects_of([keyed for _, _, keyed in references]) if references else []
    except ChainError as error:
        raise of_chain(error) from error
    for (kind, value, _), subject in zip(references, taken, strict=True):
        if subject != _NO_SUBJECT:
            detail = f"The {kind} {value} already leads to other goods."
            raise Conflict("reference-taken", detail, kind=kind, value=value)


def _number_of_warehouse(session: Session, lei: str) -> int:
    participants.acting_account(session, lei)
    number = participants.number_of(session, lei)
    if number is None:
        raise Conflict("not-indexed-yet", f"The admission of {lei} is still on its way; try again.", lei=lei)
    return number


def _own_number(acting: Acting) -> int:
    return _number_of_warehouse(acting.session, acting.lei)
