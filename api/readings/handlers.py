"""The events of FeedOracle and ConditionGrades as rows."""

from typing import Any

from sqlmodel import Session

from api.errors import jsonable
from api.indexer import handles
from api.readings.models import FeedPolicy, FeedValue, GradeStep, ReadingRefusal
from api.values import hex32
from chain_node.client import Block, Event
from chain_node.client.contracts.milestones import organisations_in

_MOST_ORGANISATIONS = 10


@handles("FeedOracle", "FeedPolicySet")
def on_policy_set(session: Session, event: Event, block: Block) -> None:
    told = event.arguments
    session.merge(
        FeedPolicy(
            id=hex32(told["policyId"]),
            kind=told["rules"]["kind"].name,
            rules=jsonable({name: _plain(value) for name, value in told["rules"].items()}),
            terms=jsonable(told["terms"]),
        )
    )


@handles("FeedOracle", "FeedBandClosed")
def on_closed(session: Session, event: Event, block: Block) -> None:
    session.get_one(FeedPolicy, hex32(event.arguments["policyId"])).closed_at = block.timestamp


@handles("FeedOracle", "ValueReported")
def on_value(session: Session, event: Event, block: Block) -> None:
    _record(session, event, block, past=False)


@handles("FeedOracle", "PastValueReported")
def on_past_value(session: Session, event: Event, block: Block) -> None:
    _record(session, event, block, past=True)


@handles("FeedOracle", "ReadingRefused")
@handles("FeedOracle", "ReportRefused")
def on_refused(session: Session, event: Event, block: Block) -> None:
    told = event.arguments
    session.add(
        ReadingRefusal(
            transaction_hash=hex32(event.transaction_hash),
            log_index=event.log_index,
            policy=hex32(told["policyId"]),
            subject=_subject(told),
            round=told["round"],
            signer=told.get("signer"),
            reason=told["reason"].name.lower(),
            block_number=event.block_number,
            refused_at=block.timestamp,
        )
    )


@handles("ConditionGrades", "LotEnrolled")
def on_enrolled(session: Session, event: Event, block: Block) -> None:
    _note(session, event, block, "enrolled")


@handles("ConditionGrades", "GradeWorsened")
def on_worsened(session: Session, event: Event, block: Block) -> None:
    _note(session, event, block, "worsened", before=event.arguments["from"], after=event.arguments["to"])


@handles("ConditionGrades", "LotRegraded")
def on_regraded(session: Session, event: Event, block: Block) -> None:
    told = event.arguments
    by = {"inspector": told["inspector"], "sequence": told["sequence"]}
    _note(session, event, block, "inspected", before=told["from"], after=told["to"], **by)


def _plain(value: Any) -> Any:
    return int(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _subject(told: dict[str, Any]) -> str | None:
    return hex32(told["subject"]) if any(told["subject"]) else None


def _record(session: Session, event: Event, block: Block, *, past: bool) -> None:
    told = event.arguments
    session.add(
        FeedValue(
            transaction_hash=hex32(event.transaction_hash),
            log_index=event.log_index,
            policy=hex32(told["policyId"]),
            subject=_subject(told),
            round=told["round"],
            value=told["value"],
            observed_at=told["observedAt"],
            organisations=[one for one in organisations_in(told["organisations"], _MOST_ORGANISATIONS) if one],
            past=past,
            block_number=event.block_number,
            reported_at=block.timestamp,
        )
    )


def _note(session: Session, event: Event, block: Block, kind: str, **its: int) -> None:
    session.add(
        GradeStep(
            transaction_hash=hex32(event.transaction_hash),
            log_index=event.log_index,
            subject=hex32(event.arguments["subject"]),
            kind=kind,
            block_number=event.block_number,
            happened_at=block.timestamp,
            **its,
        )
    )
