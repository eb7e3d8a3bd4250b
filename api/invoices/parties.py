"""Who is who on an invoice: the caller must be its seller, and its buyer a participant."""

from dataclasses import dataclass

from sqlmodel import Session

from api.auth.principal import Principal
from api.errors import Forbidden, Malformed
from api.participants import service as participants
from standards.invoices import Invoice, Party


@dataclass(frozen=True)
class Parties:
    """LEIs of the two."""

    supplier: str
    debtor: str


def identify(session: Session, principal: Principal, invoice: Invoice) -> Parties:
    """The parties by the identifiers that participants registered; Forbidden where the seller is not the caller,
    Malformed where a party is unknown or its identifiers belong to more than one participant."""
    caller = principal.organisation()
    supplier = _one(session, invoice.supplier, "seller")
    if supplier != caller:
        detail = f"The invoice's seller, {_named(invoice.supplier)}, is not your organisation."
        raise Forbidden("seller-is-not-caller", detail, seller=invoice.supplier.name, caller=caller)
    debtor = _one(session, invoice.debtor, "buyer")
    if debtor is None:
        detail = f"The invoice's buyer, {_named(invoice.debtor)}, is not a participant of this network."
        raise Malformed("debtor-unknown", detail, buyer=invoice.debtor.name, identifiers=_shown(invoice.debtor))
    return Parties(caller, debtor)


def _one(session: Session, party: Party, role: str) -> str | None:
    found = participants.leis_named(session, party.identifiers)
    if len(found) > 1:
        detail = f"The identifiers of the invoice's {role}, {_named(party)}, belong to more than one participant."
        raise Malformed("party-ambiguous", detail, role=role, identifiers=_shown(party))
    return found.pop() if found else None


def _named(party: Party) -> str:
    return party.name or party.trading_name or "unnamed"


def _shown(party: Party) -> list[dict[str, str]]:
    return [{"scheme": scheme, "value": value} for scheme, value in party.identifiers]
