"""By what the lists of webhooks and of their deliveries may be filtered and sorted."""

from api.lists import COUNT, FLAG, LEI, NUMBER, TEXT, TIMESTAMP, Listing, column, words
from api.webhooks.models import Delivery, DeliveryStatus, Webhook

WEBHOOKS = Listing(
    column("lei", LEI, Webhook.lei),
    column("url", TEXT, Webhook.url),
    column("enabled", FLAG, Webhook.enabled),
    column("failures", COUNT, Webhook.failures),
    column("created_at", TIMESTAMP, Webhook.created_at),
    key=column("id", TEXT, Webhook.id),
)
DELIVERIES = Listing(
    column("status", words(DeliveryStatus), Delivery.status, "`dead` are the dead letters"),
    column("type", TEXT, Delivery.type),
    column("resource", TEXT, Delivery.resource),
    column("is_replay", FLAG, Delivery.is_replay),
    column("due_at", TIMESTAMP, Delivery.due_at),
    column("created_at", TIMESTAMP, Delivery.created_at),
    column("ended_at", TIMESTAMP, Delivery.ended_at),
    key=column("number", NUMBER, Delivery.number),
)
