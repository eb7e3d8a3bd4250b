"""Events as JSON."""

import json
from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from api import examples
from api.examples import eur, shown

EVENT_ID_PATTERN = r"^evt_[0-9a-f]{16}$"
EventId = Annotated[str, StringConstraints(pattern=EVENT_ID_PATTERN)]
EVENT: dict[str, Any] = {
    "id": "evt_000000000000002a",
    "type": "financing.drawn",
    "resource": {"kind": "financing", "id": "1"},
    "occurred_at": examples.SHIPPED,
    **examples.IN_BLOCK,
    "trace_id": examples.TRACE,
    "reverts": None,
    "body": {"amount": eur(5_970_000), "principal": eur(6_000_000)},
}


STREAM_RESPONSE: dict[str, Any] = {
    "description": "Events as they come, comments as heartbeats. It ends now and then, and goes on where one resumes.",
    "content": {
        "text/event-stream": {
            "schema": {"type": "string"},
            "example": f"id: {EVENT['id']}\r\nevent: {EVENT['type']}\r\ndata: {json.dumps(EVENT)}\r\n\r\n",
        }
    },
}


class ResourceView(BaseModel):
    """What an event is about: a kind of resource, and its id there."""

    kind: str
    id: str


class EventView(BaseModel):
    """Something that happened, on chain or, without a transaction, at the gateway.

    Ids grow in the order in which events became known, and say no more."""

    model_config = ConfigDict(json_schema_extra=shown(EVENT))

    id: str
    type: str
    resource: ResourceView
    occurred_at: datetime = Field(description="of the chain's clock")
    block_number: int = Field(description="its own, or the newest that was read when the gateway told it")
    transaction_hash: str | None = Field(description="null of what no transaction did")
    trace_id: str | None = Field(description="of the request that caused the transaction; null where it came otherwise")
    reverts: str | None = Field(description="the event that a reorganisation undid; its own block is no more either")
    body: dict[str, Any]


class EventPage(BaseModel):
    model_config = ConfigDict(json_schema_extra=shown({"items": [EVENT], "next": EVENT["id"]}))

    items: list[EventView]
    next: str | None = Field(description="pass as `before`, or as `after` where that was given; null at the end")


class TypeView(BaseModel):
    model_config = ConfigDict(json_schema_extra=shown({"type": "financing.drawn", "scope": "financings:read"}))

    type: str
    scope: str = Field(description="which seeing events of this type takes, besides `events:read`")


class TypesView(BaseModel):
    model_config = ConfigDict(
        json_schema_extra=shown({"items": [{"type": "financing.drawn", "scope": "financings:read"}]})
    )

    items: list[TypeView]
