"""Queries over webhooks and their deliveries."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import update
from sqlmodel import Session, col, func, select

from api.lists import Asked, Slice
from api.webhooks.models import Delivery, DeliveryAttempt, DeliveryStatus, Webhook


def webhook(session: Session, webhook_id: str) -> Webhook | None:
    return session.get(Webhook, webhook_id)


def webhooks(session: Session, asked: Asked, lei: str | None, *, every: bool) -> Slice[Webhook]:
    """What is asked for of those of an organisation (None: of the operator), or of all."""
    chosen = select(Webhook)
    return asked.page(session, chosen if every else chosen.where(Webhook.lei == lei))


def count(session: Session, lei: str | None) -> int:
    return session.exec(select(func.count()).select_from(Webhook).where(Webhook.lei == lei)).one()


def rotate(session: Session, webhook: Webhook, secret: bytes, former_until: datetime | None) -> bool:
    """Puts a sealed secret in place of the one that was read, which is kept where it is to count on; whether it is
    still that one, whoever else rotates it."""
    session.flush()
    rotated = (
        update(Webhook)
        .where(col(Webhook.id) == webhook.id, col(Webhook.secret) == webhook.secret)
        .values(secret=secret, former_secret=former_until and webhook.secret, former_until=former_until)
    )
    done = session.connection().execute(rotated).rowcount == 1
    session.refresh(webhook)
    return done


def delivery(session: Session, webhook_id: str, number: int) -> Delivery | None:
    return session.get(Delivery, (webhook_id, number))


def deliveries(session: Session, asked: Asked, webhook_id: str) -> Slice[Delivery]:
    """What is asked for of a webhook's."""
    return asked.page(session, select(Delivery).where(Delivery.webhook_id == webhook_id))


def attempts(session: Session, webhook_id: str, numbers: Sequence[int]) -> list[DeliveryAttempt]:
    """In the order in which they were made."""
    chosen = select(DeliveryAttempt).where(
        DeliveryAttempt.webhook_id == webhook_id, col(DeliveryAttempt.delivery).in_(numbers)
    )
    return list(session.exec(chosen.order_by(col(DeliveryAttempt.delivery), col(DeliveryAttempt.number))))


def counts(session: Session, webhook_ids: Sequence[str]) -> dict[tuple[str, str], int]:
    """How many deliveries of each webhook wait, or were given up, by webhook and status."""
    chosen = (
        select(Delivery.webhook_id, Delivery.status, func.count())
        .where(col(Delivery.webhook_id).in_(webhook_ids), Delivery.status != DeliveryStatus.DELIVERED.value)
        .group_by(Delivery.webhook_id, Delivery.status)
    )
    return {(webhook_id, status): number for webhook_id, status, number in session.exec(chosen)}


def dead_events(session: Session, webhook_id: str, first: int, last: int, limit: int) -> list[int]:
    """Events in a range whose delivery was given up and that did not arrive by a later one, the oldest first."""
    arrived = select(Delivery.event).where(
        Delivery.webhook_id == webhook_id,
        Delivery.status != DeliveryStatus.DEAD.value,
        col(Delivery.event).is_not(None),
    )
    chosen = (
        select(Delivery.event)
        .where(
            Delivery.webhook_id == webhook_id,
            Delivery.status == DeliveryStatus.DEAD.value,
            col(Delivery.event).between(first, last),
            col(Delivery.event).not_in(arrived),
        )
        .distinct()
        .order_by(col(Delivery.event))
        .limit(limit)
    )
    return [event for event in session.exec(chosen) if event is not None]
