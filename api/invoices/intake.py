"""From a paper to a registered receivable, once: read, check, find the parties, refuse duplicates, file, register."""

from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from api.auth.principal import Principal
from api.documents.readers import public_key_of
from api.documents.service import Content, Documents
from api.errors import Conflict, of_chain
from api.invoices import paper, parties, references, repository
from api.invoices.models import InvoiceRow
from api.invoices.references import Linked
from api.invoices.similarity import service as similarity
from api.invoices.similarity.sketch import SketchKey, features_of
from api.invoices.standing import standing
from api.network_key import parse_references
from api.participants import service as participants
from api.transactions.preparing import is_preparing
from api.transactions.service import Transactions
from api.values import days, hex32
from chain_node.client import Call, Chain, ReceivableState
from chain_node.errors import ChainError, ContractReverted
from chain_node.references import NetworkKey, fingerprint
from chain_node.references import subject as subject_of
from standards.invoices import Invoice


@dataclass(frozen=True)
class Claim:
    """An invoice that may be registered: its fingerprint and consignment, and the call that registers it."""

    invoice: Invoice
    fingerprint: int
    subject: bytes
    supplier_lei: str
    debtor_lei: str
    register: Call
    linked: list[Linked]

    @property
    def receivable_id(self) -> str:
        return hex32(self.fingerprint)


@dataclass(frozen=True)
class Intake:
    """What taking in takes."""

    chain: Chain
    transactions: Transactions
    documents: Documents
    key: NetworkKey

    def take(self, session: Session, principal: Principal, content: Content, given: list[str]) -> str:
        """Takes an invoice in; its id. Whatever is refused is refused before anything is stored or sent."""
        invoice = paper.read(content.data, content.media_type)
        claim = self._claim(session, principal, invoice, parse_references(given))
        signer = participants.signer_of(session, claim.supplier_lei)
        self._require_new(session, claim, participants.acting_account(session, claim.supplier_lei))
        if is_preparing(session):
            # No store is written to, and no key made, for what is not to be kept.
            self._register(session, claim, signer)
            return ""
        readers = self._readers(session, claim)
        self.transactions.require_signature(session, signer, claim.register)
        # Stored before the database is written to: no lock is held while a store works.
        sealed = self.documents.seal(content)
        transaction_ids = self._register(session, claim, signer)
        self.documents.record(session, sealed, claim.supplier_lei, readers)
        invoice_id = _store(session, claim, sealed.cid, transaction_ids)
        said = features_of(invoice, claim.supplier_lei, claim.debtor_lei)
        similarity.record(session, SketchKey.of(self.key), claim.receivable_id, said)
        return invoice_id

    def _claim(self, session: Session, principal: Principal, invoice: Invoice, given: list[tuple[str, str]]) -> Claim:
        found = parties.identify(session, principal, invoice)
        print_ = fingerprint(self.key, invoice.identity())
        subject = subject_of(self.key, print_)
        terms = paper.terms_on_chain(invoice)
        register = self.chain.receivables.register(
            id=print_,
            debtor=participants.acting_account(session, found.debtor),
            currency=invoice.currency,
            face_value=terms.face_value,
            quantity=terms.quantity,
            due_date=days(terms.due_date),
        )
        linked = references.link(self.chain, self.key, subject, invoice, given)
        return Claim(invoice, print_, subject, found.supplier, found.debtor, register, linked)

    def _require_new(self, session: Session, claim: Claim, account: str) -> None:
        """Conflict for an invoice that is here or on chain already, under whatever name or syntax."""
        if (state := standing(session, claim.receivable_id)) is not None:
            raise _exists(claim.receivable_id, state)
        try:
            self.chain.simulate(claim.register, account)
        except ContractReverted as reverted:
            if reverted.name == "ReceivableExists":
                raise _exists(claim.receivable_id, ReceivableState(reverted.values["state"]).name.lower()) from reverted
            raise of_chain(reverted) from reverted
        except ChainError as error:
            raise of_chain(error) from error

    def _readers(self, session: Session, claim: Claim) -> dict[str, X25519PublicKey]:
        """The two parties with their document keys: their own where they gave one."""
        readers = {}
        for lei in (claim.supplier_lei, claim.debtor_lei):
            own = participants.document_key_of(session, lei)
            readers[lei] = public_key_of(lei, own) if own else self.documents.reader_keys.ensure(lei)
        return readers

    def _register(self, session: Session, claim: Claim, signer: str) -> list[str]:
        """Registers the receivable and opens its consignment, one after the other; the transactions' ids."""
        common: dict[str, Any] = {
            "signer": signer,
            "owner_lei": claim.supplier_lei,
            "subject_id": claim.receivable_id,
        }
        registered = self.transactions.submit(session, call=claim.register, purpose="register invoice", **common)
        keyed = [linked.keyed for linked in claim.linked if linked.is_free]
        opening = self.chain.milestones.open_subject(claim.subject, keyed)
        opened = self.transactions.submit(session, call=opening, purpose="open consignment", after=registered, **common)
        return [registered.id, opened.id]


def _store(session: Session, claim: Claim, cid: str, transaction_ids: list[str]) -> str:
    """Keeps what the chain is not told; the invoice's id. An earlier attempt whose registration failed gives way."""
    earlier = repository.lock_by_receivable(session, claim.receivable_id)
    if earlier is not None:
        # Looked at again under the lock: another request may have taken the same invoice in since.
        if (state := standing(session, claim.receivable_id)) is not None:
            raise _exists(claim.receivable_id, state)
        session.delete(earlier)
        session.flush()
    row = InvoiceRow(
        receivable_id=claim.receivable_id,
        subject=hex32(claim.subject),
        supplier_lei=claim.supplier_lei,
        debtor_lei=claim.debtor_lei,
        number=claim.invoice.number,
        syntax=claim.invoice.syntax,
        terms=claim.invoice.terms(),
        references=[linked.as_json() for linked in claim.linked],
        document_cid=cid,
        transaction_ids=transaction_ids,
    )
    session.add(row)
    try:
        session.flush()
    except IntegrityError as error:
        raise _exists(claim.receivable_id, "submitted") from error
    return row.id


_SAYINGS = {
    "submitted": "it is being registered by another request",
    "registered": "it waits for the debtor's acceptance",
    "accepted": "the debtor has accepted it",
    "settled": "it has been paid",
    "defaulted": "it is in default",
    "cancelled": "it was withdrawn, which spends its fingerprint for good",
}


def _exists(receivable_id: str, state: str) -> Conflict:
    detail = f"This invoice is already in the network, whatever the file is called: {_SAYINGS.get(state, state)}."
    return Conflict("receivable-exists", detail, id=receivable_id, state=state)
