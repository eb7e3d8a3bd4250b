"""What an organisation does with its webhooks."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlmodel import Session

from api.auth.principal import Principal
from api.db import utc_now
from api.errors import Conflict, Malformed, NotFound, Unavailable
from api.events import service as events
from api.lists import Asked
from api.outgoing import Outgoing, TargetUnavailable
from api.values import Page
from api.vault import Vault
from api.webhooks import queue, repository
from api.webhooks.models import Delivery, DeliveryAttempt, DeliveryStatus, Webhook, new_webhook_id
from api.webhooks.schemas import (
    AttemptView,
    DeliveryView,
    ReplayRequest,
    ReplayView,
    RotationRequest,
    WebhookChange,
    WebhookRequest,
    WebhookView,
    WebhookWithSecret,
)
from api.webhooks.settings import WebhookSettings
from api.webhooks.signing import PURPOSE, new_secret

MOST_REPLAYED = 1_000


@dataclass(frozen=True)
class Webhooks:
    """What managing webhooks takes."""

    vault: Vault
    outgoing: Outgoing
    settings: WebhookSettings

    def create(self, session: Session, principal: Principal, asked: WebhookRequest) -> WebhookWithSecret:
        """A webhook for what happens from now on; its secret is never shown again."""
        lei = _owner(principal)
        self._require_callable(asked.url)
        events.require_types(principal, asked.types)
        if repository.count(session, lei) >= self.settings.most_per_organisation:
            detail = f"There are {self.settings.most_per_organisation} webhooks already, which is the most."
            raise Conflict("webhooks-too-many", detail, most=self.settings.most_per_organisation)
        webhook_id, secret = new_webhook_id(), new_secret()
        webhook = Webhook(
            id=webhook_id,
            lei=lei,
            url=asked.url,
            description=asked.description,
            types=asked.types,
            kinds=sorted(events.kinds_of(principal)),
            secret=self.vault.seal(PURPOSE, secret.encode(), webhook_id),
            through=events.last(session),
        )
        session.add(webhook)
        session.flush()
        return WebhookWithSecret(**_views(session, [webhook])[0].model_dump(), secret=secret)

    def change(self, session: Session, principal: Principal, webhook_id: str, asked: WebhookChange) -> WebhookView:
        webhook = own(session, principal, webhook_id)
        if asked.url is not None:
            self._require_callable(asked.url)
            webhook.url, webhook.failures = asked.url, 0
        if asked.types is not None:
            events.require_types(principal, asked.types)
            webhook.types, webhook.kinds = asked.types, sorted(events.kinds_of(principal))
        webhook.description = webhook.description if asked.description is None else asked.description
        webhook.enabled = webhook.enabled if asked.enabled is None else asked.enabled
        session.flush()
        return _views(session, [webhook])[0]

    def rotate(
        self, session: Session, principal: Principal, webhook_id: str, asked: RotationRequest
    ) -> WebhookWithSecret:
        """A new secret; the former one counts besides for as long as was asked. Conflict where that would end an
        earlier one that still counts; without an overlap nothing but the new one is to count."""
        webhook, overlap = own(session, principal, webhook_id), timedelta(seconds=asked.overlap_seconds)
        if overlap:
            _require_no_overlap(webhook)
        secret = new_secret()
        sealed = self.vault.seal(PURPOSE, secret.encode(), webhook_id)
        if not repository.rotate(session, webhook, sealed, utc_now() + overlap if overlap else None):
            detail = "Another rotation of this secret came first; look at the webhook, and ask again if need be."
            raise Conflict("webhook-secret-rotated", detail, id=webhook.id)
        return WebhookWithSecret(**_views(session, [webhook])[0].model_dump(), secret=secret)

    def _require_callable(self, url: str) -> None:
        try:
            self.outgoing.check(url)
        except TargetUnavailable as away:
            raise Unavailable("target-unavailable", str(away)) from away


def find(session: Session, principal: Principal, webhook_id: str) -> Webhook:
    """The webhook; NotFound where there is none that the caller may see."""
    found = repository.webhook(session, webhook_id)
    if found is None or not (principal.sees_all or principal.sees(found.lei)):
        detail = f"There is no webhook {webhook_id[:40]} of yours."
        raise NotFound("webhook-absent", detail, id=webhook_id[:40])
    return found


def own(session: Session, principal: Principal, webhook_id: str) -> Webhook:
    """As `find`, for who may change it: of another's the operator sees that it is there, and no more."""
    found = find(session, principal, webhook_id)
    if found.lei != _owner(principal):
        detail = f"There is no webhook {webhook_id[:40]} of yours."
        raise NotFound("webhook-absent", detail, id=webhook_id[:40])
    return found


def _require_no_overlap(webhook: Webhook) -> None:
    """A receiver may still have the former secret only: it counts for as long as was said."""
    if webhook.former_until is None or webhook.former_until <= utc_now():
        return
    until = webhook.former_until.isoformat().replace("+00:00", "Z")
    detail = f"The former secret counts until {until}. Rotate then, or with overlap_seconds 0: only the new one counts."
    raise Conflict("webhook-secret-overlaps", detail, id=webhook.id, former_secret_until=until)


def _owner(principal: Principal) -> str | None:
    """Whose webhooks the caller keeps: the operator's, or its organisation's."""
    return None if principal.lei is None and principal.is_operator else principal.organisation()


def view(session: Session, webhook: Webhook) -> WebhookView:
    return _views(session, [webhook])[0]


def page(session: Session, principal: Principal, asked: Asked) -> Page[WebhookView]:
    """The caller's webhooks; all for who sees all."""
    lei = None if principal.sees_all else principal.organisation()
    found = repository.webhooks(session, asked, lei, every=principal.sees_all)
    return Page(items=_views(session, found.rows), next=found.next)


def drop(session: Session, principal: Principal, webhook_id: str) -> None:
    queue.drop(session.connection(), own(session, principal, webhook_id).id)


def ping(session: Session, principal: Principal, webhook_id: str) -> DeliveryView:
    """Queues a delivery of no event, to see whether it arrives."""
    webhook = own(session, principal, webhook_id)
    number = queue.ping(session.connection(), webhook.id)
    return delivery_view(session, webhook, str(number))


def deliveries(session: Session, webhook: Webhook, asked: Asked) -> Page[DeliveryView]:
    found = repository.deliveries(session, asked, webhook.id)
    return Page(items=_delivery_views(session, webhook, found.rows), next=found.next)


def delivery_view(session: Session, webhook: Webhook, number: str) -> DeliveryView:
    return _delivery_views(session, webhook, [_delivery(session, webhook, number)])[0]


def replay_one(session: Session, principal: Principal, webhook_id: str, number: str) -> ReplayView:
    """Queues the delivery's event once more, behind all that waits."""
    webhook = own(session, principal, webhook_id)
    delivery = _delivery(session, webhook, number)
    if delivery.event is None:
        raise Conflict("ping-not-replayed", "A ping is not replayed; send another.", number=number)
    return _repeat(session, webhook, [delivery.event])


def replay(session: Session, principal: Principal, webhook_id: str, asked: ReplayRequest) -> ReplayView:
    """Queues the events of a range once more, those before the webhook was made, too; at most a thousand."""
    webhook = own(session, principal, webhook_id)
    first = events.sequence_of(asked.first)
    last = events.last(session) if asked.last is None else events.sequence_of(asked.last)
    if asked.dead_only:
        found = repository.dead_events(session, webhook.id, first, last, MOST_REPLAYED + 1)
    else:
        sight = queue.sight(webhook)
        rows = events.following(session, sight, first - 1, MOST_REPLAYED + 1, through=last)
        found = [row.sequence for row in rows]
    if len(found) > MOST_REPLAYED:
        detail = f"There are more than {MOST_REPLAYED} events in that range; take it in parts."
        raise Malformed("replay-too-long", detail, most=MOST_REPLAYED, next=events.event_id(found[-1]))
    return _repeat(session, webhook, found)


def _repeat(session: Session, webhook: Webhook, sequences: Sequence[int]) -> ReplayView:
    if not sequences:
        return ReplayView(queued=0, first_delivery=None, last_delivery=None)
    rows = events.by_sequence(session, sequences)
    first, last = queue.repeat(session.connection(), webhook.id, [rows[sequence] for sequence in sequences])
    return ReplayView(queued=len(sequences), first_delivery=str(first), last_delivery=str(last))


def _delivery(session: Session, webhook: Webhook, number: str) -> Delivery:
    known = number.isdecimal() and len(number) < 19
    found = repository.delivery(session, webhook.id, int(number)) if known else None
    if found is None:
        raise NotFound("delivery-absent", f"Webhook {webhook.id} has no delivery {number[:20]}.", number=number[:20])
    return found


def _views(session: Session, webhooks: Sequence[Webhook]) -> list[WebhookView]:
    counts = repository.counts(session, [webhook.id for webhook in webhooks])
    now = utc_now()
    return [
        WebhookView(
            id=webhook.id,
            lei=webhook.lei,
            url=webhook.url,
            description=webhook.description,
            types=webhook.types,
            enabled=webhook.enabled,
            failures=webhook.failures,
            pending=counts.get((webhook.id, DeliveryStatus.PENDING.value), 0),
            dead=counts.get((webhook.id, DeliveryStatus.DEAD.value), 0),
            former_secret_until=webhook.former_until if webhook.former_until and webhook.former_until > now else None,
            created_at=webhook.created_at,
        )
        for webhook in webhooks
    ]


def _delivery_views(session: Session, webhook: Webhook, found: Sequence[Delivery]) -> list[DeliveryView]:
    attempts: dict[int, list[DeliveryAttempt]] = {}
    for attempt in repository.attempts(session, webhook.id, [delivery.number for delivery in found]):
        attempts.setdefault(attempt.delivery, []).append(attempt)
    return [
        DeliveryView(
            number=str(delivery.number),
            event_id=None if delivery.event is None else events.event_id(delivery.event),
            type=delivery.type,
            resource=delivery.resource,
            status=DeliveryStatus(delivery.status).value,
            is_replay=delivery.is_replay,
            due_at=delivery.due_at,
            created_at=delivery.created_at,
            ended_at=delivery.ended_at,
            attempts=[
                AttemptView.model_validate(attempt, from_attributes=True)
                for attempt in attempts.get(delivery.number, [])
            ],
        )
        for delivery in found
    ]
