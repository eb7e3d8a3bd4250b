"""By what the list of clients may be filtered and sorted."""

from sqlmodel import col

from api.auth.models import Client
from api.lists import FLAG, LEI, TEXT, TIMESTAMP, Listing, column, matched

CLIENTS = Listing(
    column("name", TEXT, Client.name),
    column("lei", LEI, Client.lei),
    column("created_at", TIMESTAMP, Client.created_at),
    matched(
        "disabled",
        FLAG,
        lambda disabled: col(Client.disabled_at).is_not(None) if disabled else col(Client.disabled_at).is_(None),
    ),
    key=column("client_id", TEXT, Client.id),
    oldest_first=True,
)
