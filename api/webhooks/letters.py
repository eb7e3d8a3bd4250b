"""What is delivered: an event as `GET /v1/events` shows it, with what there is to say of the delivery itself."""

import json
from dataclasses import dataclass, field
from typing import Any

from sqlmodel import Session

from api.db import utc_now
from api.events import service as events
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

    def headers(self, timestamp: int) -> dict[str, str]:
        return {
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
    return Letter(
        url=webhook.url,
        body=_body(session, webhook, delivery),
        attempt=delivery.attempts + 1,
        delivery=f"{webhook.id}/{delivery.number}",
        type=delivery.type,
        secrets=secrets_of(vault, webhook),
    )


def secrets_of(vault: Vault, webhook: Webhook) -> list[str]:
    """The present one, and the former while it counts."""
    secrets = [vault.open(PURPOSE, webhook.secret, webhook.id).decode()]
    if webhook.former_secret is not None and webhook.former_until is not None and utc_now() < webhook.former_until:
        secrets.append(vault.open(PURPOSE, webhook.former_secret, webhook.id).decode())
    return secrets


def _body(session: Session, webhook: Webhook, delivery: Delivery) -> bytes:
    missed = queue.missed(session.connection(), webhook.id, delivery.number, delivery.resource)
    told: dict[str, Any] = {
        **_event(session, delivery),
        "delivery": {
            "webhook_id": webhook.id,
            "number": delivery.number,
            "attempt": delivery.attempts + 1,
            "is_replay": delivery.is_replay,
            "missed": [events.event_id(sequence) for sequence in missed],
        },
    }
    return json.dumps(told, separators=(",", ":")).encode()


def _event(session: Session, delivery: Delivery) -> dict[str, Any]:
    if delivery.event is None:
        return {"id": None, "type": delivery.type, "body": {}}
    return events.told(session, delivery.event).model_dump(mode="json")
