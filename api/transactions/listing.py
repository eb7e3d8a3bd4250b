"""By what the list of transactions may be filtered and sorted."""

from api.lists import HEX32, NUMBER, TEXT, TIMESTAMP, Listing, column, words
from api.transactions.models import Status, Transaction

TRANSACTIONS = Listing(
    column("status", words(Status), Transaction.status),
    column("purpose", TEXT, Transaction.purpose),
    column("subject_id", TEXT, Transaction.subject_id),
    column("hash", HEX32, Transaction.hash),
    column("block_number", NUMBER, Transaction.block_number),
    column("gas_used", NUMBER, Transaction.gas_used),
    column("created_at", TIMESTAMP, Transaction.created_at),
    key=column("sequence", NUMBER, Transaction.sequence),
    key_is_shown=False,
)
