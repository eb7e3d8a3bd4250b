"""By what the lists of statements and movements may be filtered and sorted."""

from api.banking.models import BankEntry, BankMessage, EntryStatus
from api.lists import CURRENCY, DAY_TEXT, LEI, NUMBER, TEXT, TIMESTAMP, UNITS, Listing, column, words

STATEMENTS = Listing(
    column("kind", words("camt.053", "camt.054"), BankMessage.kind),
    column("message_id", TEXT, BankMessage.message_id),
    column("received_at", TIMESTAMP, BankMessage.received_at),
    key=column("sequence", NUMBER, BankMessage.sequence),
    key_is_shown=False,
)
ENTRIES = Listing(
    column("state", words(EntryStatus), BankEntry.status),
    column("reason", TEXT, BankEntry.reason),
    column("statement_id", TEXT, BankEntry.statement_id),
    column("iban", TEXT, BankEntry.iban),
    column("reference", TEXT, BankEntry.reference),
    column("currency", CURRENCY, BankEntry.currency),
    column("amount", UNITS, BankEntry.amount),
    column("booked_on", DAY_TEXT, BankEntry.booked_on),
    column("instruction_id", TEXT, BankEntry.instruction_id),
    column("lei", LEI, BankEntry.lei),
    key=column("sequence", NUMBER, BankEntry.sequence),
    key_is_shown=False,
)
