"""By what the lists of warehouse receipts and announcements may be filtered and sorted. What a lot is and where its
units lie now is the chain's to say; what a warehouse announced of it is not."""

from api.lists import HEX32, LEI, MOMENT, NUMBER, TEXT, UNITS, Listing, column, matched, units, words
from api.participants.listing import is_account_of, is_organisation
from api.receipts.models import Announcement, Lot, LotState

RECEIPTS = Listing(
    column("state", words(LotState), Lot.state),
    matched("warehouse_lei", LEI, is_organisation(Lot.operator), "those in this one's warehouses"),
    column("subject", HEX32, Lot.subject, "those of one consignment"),
    column("sequence", NUMBER, Lot.sequence),
    column("received_thousandths", UNITS, Lot.received),
    column("released_thousandths", UNITS, Lot.released),
    column("left_thousandths", UNITS, units(Lot.received) - units(Lot.released), nullable=False),
    column("part_of", HEX32, Lot.part_of, "what was split from this lot"),
    column("merged_into", HEX32, Lot.merged_into, "what went into this lot"),
    column("minted_at", MOMENT, Lot.minted_at),
    column("transaction_hash", HEX32, Lot.transaction_hash),
    column("block_number", NUMBER, Lot.block_number),
    key=column("id", HEX32, Lot.id),
    usual="-block_number",
)
_said = Announcement.entry
ANNOUNCEMENTS = Listing(
    column("receipt_id", HEX32, Announcement.lot_id, "those of one lot"),
    matched("owner_lei", LEI, is_account_of(Announcement.owner)),
    matched("warehouse_lei", LEI, is_account_of(Announcement.operator)),
    column("subject", HEX32, Announcement.subject, "those of one consignment"),
    column("sequence", NUMBER, Announcement.sequence),
    column("commodity", TEXT, _said["commodity"].as_string(), nullable=False),
    column("unit", TEXT, _said["unit"].as_string(), nullable=False),
    column("place", TEXT, _said["place"].as_string(), nullable=False),
    column("quantity_thousandths", UNITS, _said["quantity"].as_string(), nullable=False),
    column("entered_at", MOMENT, _said["enteredAt"].as_integer(), nullable=False),
    column("announced_at", MOMENT, Announcement.announced_at),
    column("transaction_hash", HEX32, Announcement.transaction_hash),
    column("block_number", NUMBER, Announcement.block_number),
    key=column("id", HEX32, Announcement.digest),
    usual="-block_number",
)
