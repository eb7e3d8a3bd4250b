"""What stands around the events: the document, its header with master data, and the body or query results."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import ConfigDict, Field, StrictStr

from standards.epcis.fields import ContextDeclaration, Instant, Uri, Version
from standards.epcis.parts import Listing, OpenPart, Part


class Attribute(Part):
    """One property of something in the master data."""

    model_config = ConfigDict(extra="allow")

    id: Uri


class VocabularyElement(Part):
    """One thing that the master data describe."""

    model_config = ConfigDict(extra="allow")

    id: Uri
    attributes: Listing[Attribute] = ()
    children: Listing[Uri] = ()


class Vocabulary(Part):
    """The things of one type that the master data describe."""

    model_config = ConfigDict(extra="allow")

    type: Uri
    vocabulary_element_list: Listing[VocabularyElement] = Field((), alias="vocabularyElementList")


class MasterData(Part):
    """Descriptions of places, parties and goods."""

    model_config = ConfigDict(extra="allow")

    vocabulary_list: Listing[Vocabulary] = Field((), alias="vocabularyList")


class Header(OpenPart):
    """The header of a document."""

    master_data: MasterData | None = Field(None, alias="epcisMasterData")


class Body(Part):
    """The events of a document; each is read on its own."""

    model_config = ConfigDict(extra="allow")

    event_list: Listing[Any] = Field(alias="eventList")


class ResultsBody(OpenPart):
    """The events that a query found."""

    event_list: Listing[Any] = Field(alias="eventList")
    vocabulary_list: Listing[Vocabulary] = Field((), alias="vocabularyList")


class QueryResults(OpenPart):
    """What a query found."""

    query_name: StrictStr = Field(alias="queryName")
    subscription_id: StrictStr | None = Field(None, alias="subscriptionID")
    results_body: ResultsBody = Field(alias="resultsBody")


class QueryBody(OpenPart):
    """The body of a query document."""

    query_results: QueryResults = Field(alias="queryResults")


class Frame(OpenPart):
    """What documents and query documents share."""

    declared_context: ContextDeclaration = Field(alias="@context")
    id: Uri | None = None


class DocumentFrame(Frame):
    """An EPCISDocument."""

    type: Literal["EPCISDocument"]
    schema_version: Version = Field(alias="schemaVersion")
    creation_date: Instant = Field(alias="creationDate")
    instance_identifier: StrictStr | None = Field(None, alias="instanceIdentifier")
    sender: StrictStr | None = None
    receiver: StrictStr | None = None
    header: Header | None = Field(None, alias="epcisHeader")
    body: Body = Field(alias="epcisBody")

    @property
    def event_list(self) -> tuple[Any, ...]:
        return self.body.event_list


class QueryFrame(Frame):
    """An EPCISQueryDocument."""

    type: Literal["EPCISQueryDocument"]
    schema_version: Version | None = Field(None, alias="schemaVersion")
    creation_date: Instant | None = Field(None, alias="creationDate")
    body: QueryBody = Field(alias="epcisBody")

    @property
    def event_list(self) -> tuple[Any, ...]:
        return self.body.query_results.results_body.event_list
