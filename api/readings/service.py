"""Prices and rates, to everybody; conditions and grades of a consignment, to the parties of its deal."""

import re
from collections.abc import Iterator, Sequence
from typing import Any, cast

from sqlmodel import Session

from api.auth.principal import Principal
from api.clock import indexed_now
from api.errors import NotFound
from api.figures import Figures, ask
from api.lists import Asked
from api.milestones import service as milestones
from api.participants import service as participants
from api.possible import Possible, possible
from api.readings import evidence, repository
from api.readings.models import FeedPolicy, FeedValue, GradeStep
from api.readings.schemas import (
    ConditionView,
    FeedsView,
    FeedView,
    GradeRuleView,
    GradeStepView,
    GradeView,
    KindName,
    ReadingView,
    RefusalView,
    StatusName,
)
from api.values import Page, in_block, is_hex32, moment, moment_or_none
from chain_node.client import Chain, FeedKind, FeedStatus, Role, condition_feed

_CONDITIONS = ("TEMPERATURE", "HUMIDITY", "SHOCK", "DOOR")
_UNITS = {
    "TEMPERATURE": "thousandths of a degree Celsius",
    "HUMIDITY": "thousandths of a per cent of relative humidity",
    "SHOCK": "thousandths of standard gravity",
    "DOOR": "0 closed, 1 open",
}
_NO_SUBJECT = bytes(32)


def _unit(policy: FeedPolicy) -> str:
    if policy.kind in _UNITS:
        return _UNITS[policy.kind]
    terms = policy.terms
    return f"{terms['quote']} for one {terms['base']}, times 10^{policy.rules['decimals']}"


def require_seen(session: Session, principal: Principal, subject: str) -> str:
    """The subject; NotFound where no consignment of the caller's has it."""
    if not is_hex32(subject) or not milestones.sees(session, principal, subject):
        raise NotFound("subject-absent", f"There is no consignment {subject[:80]} of yours.", subject=subject[:80])
    return subject


# Feeds


def feeds(session: Session, principal: Principal, chain: Chain, subject: str | None) -> FeedsView:
    """All prices and rates; with a consignment its conditions."""
    of_goods = require_seen(session, principal, subject) if subject is not None else None
    found = [its for its in repository.policies(session) if (its.kind in _CONDITIONS) == (of_goods is not None)]
    about = bytes.fromhex(of_goods[2:]) if of_goods else _NO_SUBJECT
    questions = []
    for its in found:
        key = bytes.fromhex(its.id[2:])
        feed = condition_feed(FeedKind[its.kind], about) if of_goods else key
        status = (
            ask(chain.feeds, "condition", int(FeedKind[its.kind]), about)
            if of_goods
            else ask(chain.feeds, "latest", feed)
        )
        questions += [status, ask(chain.feeds, "record", feed), ask(chain.feeds, "dueAt", key, about)]
    answers = iter(Figures.at(session, chain).answers(questions) if questions else [])
    return FeedsView(items=[_feed_view(its, next(answers), next(answers), next(answers)) for its in found])


def _feed_view(its: FeedPolicy, told: tuple[int, int, int], last: dict[str, int], due_at: int) -> FeedView:
    rules, terms, known = its.rules, its.terms, last["round"] > 0
    stale_after = rules["staleAfterSeconds"]
    return FeedView(
        id=its.id,
        kind=cast(KindName, its.kind),
        base=terms["base"] or None,
        quote=terms["quote"] or None,
        decimals=rules["decimals"],
        unit=_unit(its),
        least=str(terms["least"]),
        greatest=str(terms["greatest"]),
        haircut_bps=terms["haircutBps"],
        threshold=rules["threshold"],
        organisations=rules["organisations"],
        required_roles=[role.name for role in Role if role & rules["requiredRoles"] and role.name],
        stale_after_seconds=stale_after,
        heartbeat_seconds=rules["heartbeatSeconds"],
        version=rules["version"],
        closed_at=moment_or_none(its.closed_at),
        status=_status(told[0]),
        value=str(last["value"]) if known else None,
        observed_at=moment(last["observedAt"]) if known else None,
        stale_from=moment(last["observedAt"] + stale_after + 1) if known else None,
        due_at=moment_or_none(due_at or None),
        round=last["round"],
    )


def _status(status: int) -> StatusName:
    return cast(StatusName, FeedStatus(status).name.lower())


# Readings


def page(session: Session, principal: Principal, asked: Asked, subject: str | None) -> Page[ReadingView]:
    """What is asked for of prices and rates, or with a consignment of its conditions."""
    of_goods = require_seen(session, principal, subject) if subject is not None else None
    found = repository.page(session, asked, subject=of_goods)
    policies = {its.id: its for its in repository.policies(session)}
    return Page(items=_views(session, found.rows, policies), next=found.next)


def one(session: Session, principal: Principal, chain: Chain, reading_id: str) -> ReadingView:
    """A reading with what each organisation has signed, as the chain has it in the transaction that reported it."""
    parts = re.fullmatch(r"(0x[0-9a-f]{64})\.([0-9]{1,9})", reading_id)
    found = repository.value(session, parts[1], int(parts[2])) if parts else None
    if found is None or not (found.subject is None or milestones.sees(session, principal, found.subject)):
        raise NotFound("reading-absent", f"There is no reading {reading_id[:90]} that you may see.", id=reading_id[:90])
    policy = repository.policy(session, found.policy)
    (shown,) = _views(session, [found], {policy.id: policy} if policy else {})
    refused = repository.refusals(session, found.transaction_hash, found.policy, found.subject)
    signed = evidence.of_value(session, chain, found)
    return shown.model_copy(
        update={
            "evidence": signed,
            "refused": [RefusalView(signer=its.signer, reason=its.reason) for its in refused],
        }
    )


def _views(session: Session, found: Sequence[FeedValue], policies: dict[str, FeedPolicy]) -> list[ReadingView]:
    parties = participants.parties_by_number(session, {number for its in found for number in its.organisations})
    return [
        ReadingView(
            id=f"{its.transaction_hash}.{its.log_index}",
            feed_id=its.policy,
            kind=cast(KindName, policies[its.policy].kind),
            subject=its.subject,
            round=its.round,
            value=str(its.value),
            unit=_unit(policies[its.policy]),
            observed_at=moment(its.observed_at),
            past=its.past,
            organisations=[parties[number] for number in its.organisations if number in parties],
            evidence=None,
            refused=[],
            at=moment(its.reported_at),
            **in_block(its),
        )
        for its in found
    ]


# Grades


def grade(session: Session, principal: Principal, chain: Chain, subject: str) -> GradeView:
    """The grade of a consignment's goods, and what it comes of."""
    about = bytes.fromhex(require_seen(session, principal, subject)[2:])
    grades, figures = chain.grades, Figures.at(session, chain)
    (status, its_grade), lot = figures.answers([ask(grades, "gradeOf", about), ask(grades, "lot", about)])
    version = lot["rulesVersion"]
    rules = figures.answers([ask(grades, "rulesOf", version)])[0][1] if version else []
    kinds = list(dict.fromkeys(FeedKind(rule["kind"]) for rule in rules))
    questions = [ask(chain.feeds, view, int(kind), about) for kind in kinds for view in ("condition", "excursion")]
    questions += [ask(chain.feeds, "record", condition_feed(kind, about)) for kind in kinds]
    answers = figures.answers(questions) if questions else []
    told, records = answers[: 2 * len(kinds)], answers[2 * len(kinds) :]
    return GradeView(
        subject=subject,
        grade=its_grade,
        known=status is FeedStatus.USABLE,
        set_grade=lot["setGrade"],
        noted_grade=lot["notedGrade"],
        rules_version=version,
        rules=[_rule_view(rule) for rule in rules],
        conditions=[
            _condition_view(kind, told[2 * place], told[2 * place + 1], records[place])
            for place, kind in enumerate(kinds)
        ],
        steps=_step_views(session, repository.grade_steps(session, subject)),
        possible=list(_possible(lot, its_grade, status, records, indexed_now(session))),
    )


def _rule_view(rule: dict[str, Any]) -> GradeRuleView:
    return GradeRuleView(
        kind=cast(KindName, FeedKind(rule["kind"]).name),
        **{name: str(rule[key]) for name, key in (("low", "low"), ("high", "high"), ("deeper_than", "deeperThan"))},
        long_seconds=rule["longSeconds"],
        steps=rule["steps"],
    )


def _condition_view(
    kind: FeedKind, told: tuple[int, int, int], excursion: dict[str, int], last: dict[str, int]
) -> ConditionView:
    known = last["round"] > 0
    return ConditionView(
        kind=cast(KindName, kind.name),
        status=_status(told[0]),
        value=str(last["value"]) if known else None,
        unit=_UNITS[kind.name],
        observed_at=moment(last["observedAt"]) if known else None,
        **{name: str(excursion[name]) for name in ("low", "high", "deepest")},
        longest_seconds=excursion["longestSeconds"],
        outside_since=moment_or_none(excursion["outsideSince"] or None),
        last_outside_at=moment_or_none(excursion["lastOutsideAt"] or None),
    )


def _possible(
    lot: dict[str, int], its_grade: int, status: FeedStatus, records: list[dict[str, int]], now: int
) -> Iterator[Possible]:
    if not lot["rulesVersion"]:
        return
    noted = max(lot["setGrade"], lot["notedGrade"])
    if its_grade > noted:
        yield possible("assessment", "anyone", f"the grade is {its_grade} by its readings, {noted} is noted")
    if its_grade:
        yield possible("inspections", "listed inspector", "an inspection may set the grade anew, better or worse")
    if status is not FeedStatus.USABLE:
        oldest = min((its["observedAt"] for its in records), default=0)
        age = f"the oldest is {now - oldest} seconds old" if oldest else "some were never reported"
        yield possible("reports", "witnesses", f"a reading that the rules ask for is missing or stale: {age}")


def _step_views(session: Session, steps: list[GradeStep]) -> list[GradeStepView]:
    parties = participants.parties_by_number(session, {its.inspector for its in steps if its.inspector})
    return [
        GradeStepView(
            **its.model_dump(include={"kind", "before", "after", "sequence"}),
            inspector=parties.get(its.inspector) if its.inspector else None,
            at=moment(its.happened_at),
            **in_block(its),
        )
        for its in steps
    ]
