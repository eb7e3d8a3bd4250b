"""/v1/webhooks: events brought to an organisation's own address."""

from typing import Annotated

from fastapi import Depends, Request, Response

from api.deps import Principal, SessionDep, gateway_of, gateway_router, requires
from api.lists import Asked
from api.problems import READ_PROBLEMS, WRITE_PROBLEMS
from api.values import Page
from api.webhooks import service
from api.webhooks.listing import DELIVERIES, WEBHOOKS
from api.webhooks.schemas import (
    DeliveryView,
    ReplayRequest,
    ReplayView,
    RotationRequest,
    WebhookChange,
    WebhookRequest,
    WebhookView,
    WebhookWithSecret,
)
from api.webhooks.service import Webhooks

router = gateway_router("/v1/webhooks", "webhooks")
Reader = Annotated[Principal, Depends(requires("webhooks:read"))]
Writer = Annotated[Principal, Depends(requires("webhooks:write"))]


async def _webhooks(request: Request) -> Webhooks:
    return gateway_of(request).webhooks


WebhooksDep = Annotated[Webhooks, Depends(_webhooks)]


@router.post(
    "", status_code=201, responses=WRITE_PROBLEMS, summary="Have events delivered to an address; shows the secret once"
)
def create(body: WebhookRequest, writer: Writer, session: SessionDep, webhooks: WebhooksDep) -> WebhookWithSecret:
    return webhooks.create(session, writer, body)


@router.lists("", Page[WebhookView], WEBHOOKS, "List one's webhooks")
def list_webhooks(
    reader: Reader, session: SessionDep, asked: Annotated[Asked, Depends(WEBHOOKS.asked)]
) -> Page[WebhookView]:
    return service.page(session, reader, asked)


@router.get("/{webhook_id}", responses=READ_PROBLEMS, summary="See one webhook and how it fares")
def webhook(webhook_id: str, reader: Reader, session: SessionDep) -> WebhookView:
    return service.view(session, service.find(session, reader, webhook_id))


@router.patch("/{webhook_id}", responses=WRITE_PROBLEMS, summary="Change a webhook, hold it back or let it go on")
def change(
    webhook_id: str, body: WebhookChange, writer: Writer, session: SessionDep, webhooks: WebhooksDep
) -> WebhookView:
    return webhooks.change(session, writer, webhook_id, body)


@router.delete(
    "/{webhook_id}", status_code=204, responses=WRITE_PROBLEMS, summary="Forget a webhook and all that waits for it"
)
def drop(webhook_id: str, writer: Writer, session: SessionDep) -> Response:
    service.drop(session, writer, webhook_id)
    return Response(status_code=204)


@router.post("/{webhook_id}/secret", responses=WRITE_PROBLEMS, summary="Rotate a webhook's secret; shows the new once")
def rotate(
    webhook_id: str, body: RotationRequest, writer: Writer, session: SessionDep, webhooks: WebhooksDep
) -> WebhookWithSecret:
    return webhooks.rotate(session, writer, webhook_id, body)


@router.post(
    "/{webhook_id}/ping", status_code=202, responses=WRITE_PROBLEMS, summary="Deliver a ping, to see that it arrives"
)
def ping(webhook_id: str, writer: Writer, session: SessionDep) -> DeliveryView:
    return service.ping(session, writer, webhook_id)


@router.lists("/{webhook_id}/deliveries", Page[DeliveryView], DELIVERIES, "List a webhook's deliveries")
def deliveries(
    webhook_id: str, reader: Reader, session: SessionDep, asked: Annotated[Asked, Depends(DELIVERIES.asked)]
) -> Page[DeliveryView]:
    return service.deliveries(session, service.find(session, reader, webhook_id), asked)


@router.get("/{webhook_id}/deliveries/{number}", responses=READ_PROBLEMS, summary="See one delivery and its attempts")
def delivery(webhook_id: str, number: str, reader: Reader, session: SessionDep) -> DeliveryView:
    return service.delivery_view(session, service.find(session, reader, webhook_id), number)


@router.post(
    "/{webhook_id}/deliveries/{number}/replay",
    status_code=202,
    responses=WRITE_PROBLEMS,
    summary="Deliver the event of a delivery once more",
)
def replay_one(webhook_id: str, number: str, writer: Writer, session: SessionDep) -> ReplayView:
    return service.replay_one(session, writer, webhook_id, number)


@router.post(
    "/{webhook_id}/replays", status_code=202, responses=WRITE_PROBLEMS, summary="Deliver a range of events once more"
)
def replay(webhook_id: str, body: ReplayRequest, writer: Writer, session: SessionDep) -> ReplayView:
    return service.replay(session, writer, webhook_id, body)
