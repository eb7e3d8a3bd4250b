"""What becomes known of quotes: to the supplier. That one has expired is the clock's to say, and not told."""

from sqlmodel import Session

from api.events.notes import leave
from api.events.registry import Kind, announces, by_requests
from api.quotes.models import QuoteRow
from api.values import moment

QUOTE = Kind("quote", "financings:read", by_requests)
announces(QUOTE, "offered", "accepted", "withdrawn")


def told(session: Session, quote: QuoteRow, what: str) -> None:
    """That a quote was `offered`, `accepted` or `withdrawn`, once the session commits."""
    until = moment(quote.valid_until).isoformat().replace("+00:00", "Z")
    item = {"receivable_id": quote.receivable_id, "order_id": quote.order_id}
    body = {"facility_id": str(quote.facility), **item, "valid_until": until}
    leave(session, QUOTE, what, quote.id, body, to=[quote.supplier_lei])
