"""What is delivered: an event as `GET /v1/events` shows it, with what there is to say of the delivery itself."""

import json
from dataclasses import dataclass, field
from typing import Any

from sqlmodel import Session

from api.db import utc_now
from api.events import service as events
from api.tracing import HEADER as TRACE_HEADER
from api.tracing import traceparent
from api.vault import Vault
from api.webhooks import queue, repository
from api.webhooks.models import Delivery, Webhook
from api.webhooks.queue import Claim
from api.webhooks.signing import HEADER, PURPOSE, signature


@dataclass(frozen=True)
class Letter:
    """One delivery, ready to be sent; `attempt` counts from 1."""

    url: str
    body: bytes
    attempt: int
    delivery: str
    type: str
    secrets: list[str] = field(repr=False)
    trace_id: str | None = None

    def headers(self, timestamp: int) -> dict[str, str]:
        trace = {} if self.trace_id is None else {TRACE_HEADER.decode(): traceparent(self.trace_id)}
        return {
            **trace,
            "Content-Type": "application/json",
            "User-Agent": "Portolan-Webhooks/1",
            "Portolan-Event": self.type,
            "Portolan-Delivery": self.delivery,
            HEADER: signature(self.secrets, timestamp, self.body),
        }


def letter_of(session: Session, vault: Vault, claimed: Claim) -> Letter | None:
    """None where the webhook or the delivery is gone, or is another's by now."""
    webhook = repository.webhook(session, claimed.webhook_id)
    delivery = repository.delivery(session, claimed.webhook_id, claimed.number)
    if webhook is None or delivery is None or delivery.claim != claimed.token:
        return None
    told = _told(session, webhook, delivery)
    return Letter(
        url=webhook.url,
        body=json.dumps(told, separators=(",", ":")).encode(),
        attempt=delivery.attempts + 1,
        delivery=f"{webhook.id}/{delivery.number}",
        type=delivery.type,
        secrets=secrets_of(vault, webhook),
        trace_id=told.get("trace_id"),
    )


def secrets_of(vault: Vault, webhook: Webhook) -> list[str]:
    """The present one, and the former while it counts."""
    secrets = [vault.open(PURPOSE, webhook.secret, webhook.id).decode()]
    if webhook.former_secret is not None and webhook.former_until is not None and utc_now() < webhook.former_until:
        secrets.append(vault.open(PURPOSE, webhook.former_secret, webhook.id).decode())
    return secrets


def _told(session: Session, webhook: Webhook, delivery: Delivery) -> dict[str, Any]:
    missed = queue.missed(session.connection(), webhook.id, delivery.number, delivery.resource)
    return {
        **_event(session, delivery),
        "delivery": {
            "webhook_id": webhook.id,
            "number": delivery.number,
            "attempt": delivery.attempts + 1,
            "is_replay": delivery.is_replay,
            "missed": [events.event_id(sequence) for sequence in missed],
        },
    }


def _event(session: Session, delivery: Delivery) -> dict[str, Any]:
    if delivery.event is None:
        return {"id": None, "type": delivery.type, "body": {}}
    return events.told(session, delivery.event).model_dump(mode="json")
