"""Webhooks as JSON."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, StringConstraints

from api import examples
from api.events.schemas import EventId
from api.examples import shown

WEBHOOK: dict[str, Any] = {
    "id": "wh_5f2c9d1e0a7b4c3d8e6f1a2b",
    "lei": examples.SUPPLIER["lei"],
    "url": "https://erp.acme.example/portolan",
    "description": "ERP of Acme Supplies",
    "types": ["receivable.*", "financing.drawn"],
    "enabled": True,
    "failures": 0,
    "pending": 0,
    "dead": 0,
    "former_secret_until": None,  # nosec B105 # a moment
    "created_at": examples.OPENED,
}
SECRET = "whsec_ZXhhbXBsZS1zZWNyZXQtbm90LW9uZS10aGF0LWNvdW50cw"  # noqa: S105 - an example  # nosec B105
ATTEMPT: dict[str, Any] = {
    "attempt_number": 1,
    "at": examples.SHIPPED,
    "milliseconds": 84,
    "status": 200,
    "problem": None,
}
DELIVERY: dict[str, Any] = {
    "number": "17",
    "event_id": "evt_000000000000002a",
    "type": "financing.drawn",
    "resource": "financing:1",
    "status": "delivered",
    "is_replay": False,
    "due_at": examples.SHIPPED,
    "created_at": examples.SHIPPED,
    "ended_at": examples.SHIPPED,
    "attempts": [ATTEMPT],
}

Url = Annotated[str, StringConstraints(min_length=1, max_length=2_000, strip_whitespace=True)]
Description = Annotated[str, StringConstraints(max_length=200)]
EventTypes = Annotated[list[Annotated[str, StringConstraints(max_length=80)]], Field(min_length=1, max_length=100)]
StatusName = Literal["pending", "delivered", "dead"]


class WebhookRequest(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra=shown({name: WEBHOOK[name] for name in ("url", "description", "types")}),
    )

    url: Url = Field(description="https, and reachable from the internet")
    types: EventTypes = Field(description="of events; `financing.*` for a kind, `*` for all that the token may see")
    description: Description = ""


class WebhookChange(BaseModel):
    """What is not named stays as it is."""

    model_config = ConfigDict(extra="forbid", json_schema_extra=shown({"enabled": False}))

    url: Url | None = None
    types: EventTypes | None = None
    description: Description | None = None
    enabled: bool | None = Field(default=None, description="false keeps events back until it is true again")


class RotationRequest(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra=shown({"overlap_seconds": 86_400}))

    overlap_seconds: Annotated[int, Field(ge=0, le=30 * 86_400)] = Field(
        default=86_400, description="how long deliveries are signed with the former secret, too"
    )


class ReplayRequest(BaseModel):
    """Which events to deliver once more: both ends included."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra=shown({"first": "evt_0000000000000010", "last": "evt_000000000000002a"})
    )

    first: EventId
    last: EventId | None = Field(default=None, description="the newest by default")
    dead_only: bool = Field(default=False, description="only those whose delivery was given up")


class WebhookView(BaseModel):
    """`failures` counts the attempts that failed since one did not; `pending` and `dead` are deliveries."""

    model_config = ConfigDict(json_schema_extra=shown(WEBHOOK))

    id: str
    lei: str | None = Field(description="whose events it is told; null for the operator's, of all")
    url: str
    description: str
    types: list[str]
    enabled: bool
    failures: int
    pending: int
    dead: int
    former_secret_until: datetime | None
    created_at: datetime


class WebhookWithSecret(WebhookView):
    """The only answer that shows the secret."""

    model_config = ConfigDict(json_schema_extra=shown({**WEBHOOK, "secret": SECRET}))

    secret: str


class AttemptView(BaseModel):
    model_config = ConfigDict(populate_by_name=True, json_schema_extra=shown(ATTEMPT))

    attempt_number: int = Field(validation_alias=AliasChoices("attempt_number", "number"))
    at: datetime
    milliseconds: int
    status: int | None = Field(description="of the receiver's answer; null where there was none")
    problem: str | None


class DeliveryView(BaseModel):
    model_config = ConfigDict(json_schema_extra=shown(DELIVERY))

    number: str = Field(description="grows in the order in which deliveries are to arrive")
    event_id: str | None = Field(description="null for a ping")
    type: str
    resource: str = Field(description="deliveries of one resource arrive one after the other")
    status: StatusName
    is_replay: bool
    due_at: datetime
    created_at: datetime
    ended_at: datetime | None
    attempts: list[AttemptView]


class ReplayView(BaseModel):
    """Which deliveries a replay has queued."""

    model_config = ConfigDict(json_schema_extra=shown({"queued": 3, "first_delivery": "18", "last_delivery": "20"}))

    queued: int
    first_delivery: str | None
    last_delivery: str | None
