"""One receivable as JSON, straight from one statement and from what the contract answered when something last happened
to it. It says what `service.view` says, byte for byte; a test compares the two."""

from collections.abc import Hashable, Sequence
from typing import Any

import orjson
from fastapi.concurrency import run_in_threadpool

from api.auth.principal import Principal
from api.chain_link import ChainLink
from api.db import Database
from api.errors import NotFound, of_chain
from api.figures import ask, of_block
from api.invoices.similarity import service as similarity
from api.receivables.models import ReceivableState
from api.receivables.seeing import Held, Objected, Paid, Seen, seen, seen_soon
from api.receivables.service import HolderStanding, Standing
from api.values import day, is_hex32, moment, moment_or_none
from chain_node.errors import ChainError

Answers = list[tuple[int, ...]]


async def shown_soon(database: Database, link: ChainLink, principal: Principal, receivable_id: str) -> bytes:
    """A `ReceivableView`; NotFound where there is none to which the caller is a party. A thread is taken only where
    there is more to ask."""
    its = await seen_soon(database.reads, receivable_id) if is_hex32(receivable_id) else None
    its, visible = _visible(principal, its, receivable_id)
    known = link.kept.get(_state(its, visible))
    if known is None or its.has_similar:
        return await run_in_threadpool(_shown, database, link, principal, its, visible)
    return _said(its, known, visible, link.names, [])


def shown(database: Database, link: ChainLink, principal: Principal, receivable_id: str) -> bytes:
    """As `shown_soon`, in a thread."""
    its = seen(database.reads, receivable_id) if is_hex32(receivable_id) else None
    return _shown(database, link, principal, *_visible(principal, its, receivable_id))


def _visible(principal: Principal, its: Seen | None, receivable_id: str) -> tuple[Seen, list[Held]]:
    """With the holdings that the caller sees."""
    if its is None or not _may_see(principal, its):
        detail = f"There is no receivable {receivable_id[:80]} to which you are a party."
        raise NotFound("receivable-absent", detail, id=receivable_id[:80])
    return its, [held for held in its.holdings if principal.sees_all or held.lei == principal.lei]


def _shown(database: Database, link: ChainLink, principal: Principal, its: Seen, visible: Sequence[Held]) -> bytes:
    similar: list[Any] = []
    if its.has_similar:
        with database.session() as session:
            similar = [each.model_dump() for each in similarity.shown(session, principal, its.id)]
    return _said(its, _answers(link, its, visible), visible, link.names, similar)


def _said(its: Seen, answers: Answers, visible: Sequence[Held], contracts: dict[str, str], similar: list[Any]) -> bytes:
    (transfers, disputed), *each = answers
    standings = (HolderStanding(claimable, tier, until or None) for claimable, tier, until in each)
    holders = (held.account for held in visible)
    standing = Standing(disputed, transfers, dict(zip(holders, standings, strict=True)))
    return orjson.dumps(_view(its, standing, visible, contracts, similar), option=orjson.OPT_UTC_Z)


def _may_see(principal: Principal, its: Seen) -> bool:
    if principal.sees_all:
        return True
    parties = (its.supplier_lei, its.debtor_lei, *(held.lei for held in its.holdings))
    return principal.lei is not None and principal.lei in parties


def _state(its: Seen, visible: Sequence[Held]) -> Hashable:
    """What the contract's answers follow from: they change in blocks only in which it says so."""
    return its.id, its.branch, its.changed_block, tuple(held.account for held in visible)


def _answers(link: ChainLink, its: Seen, visible: Sequence[Held]) -> Answers:
    state = _state(its, visible)
    answers: Answers | None = link.kept.get(state)
    if answers is None:
        answers, surely = _asked(link, its, [held.account for held in visible])
        if surely:
            link.kept.keep(state, answers)
    return answers


def _asked(link: ChainLink, its: Seen, holders: Sequence[str]) -> tuple[Answers, bool]:
    """Transfers and what is disputed; of each holder what it may claim, its tier, and until when it is reserved."""
    try:
        chain = link.chain()
    except ChainError as error:
        raise of_chain(error) from error
    token, item = chain.receivables, int(its.id, 16)
    questions = [ask(token, "receivable", item), ask(token, "disputedOf", item)]
    for holder in holders:
        questions += [ask(token, "claimable", item, holder), ask(token, "holding", item, holder)]
    (record, disputed, *rest), surely = of_block(chain, its.indexed_block, its.indexed_hash, questions)
    pairs = zip(rest[::2], rest[1::2], strict=True)
    each = [(claimable, holding["tier"], holding["reservedUntil"]) for claimable, holding in pairs]
    return [(record["transfers"], disputed), *each], surely


def _view(
    its: Seen, standing: Standing, visible: Sequence[Held], contracts: dict[str, str], similar: list[Any]
) -> dict[str, Any]:
    """The fields of a `ReceivableView`, in its order."""
    currency, face, paid = its.currency, int(its.face_value), int(its.paid)
    elsewhere = sum(held.units for held in its.holdings) - sum(held.units for held in visible)

    def money(units: int | str) -> dict[str, str]:
        return {"amount": str(units), "currency": currency}

    def holder(held: Held) -> dict[str, Any]:
        its_standing = standing.holders[held.account]
        until = its_standing.reserved_until
        return {
            "account": held.account,
            "holder": contracts.get(held.account) or held.name or held.lei or held.account,
            "units": money(held.units),
            "claimable": money(its_standing.claimable),
            "tier": its_standing.tier or None,
            "reserved_until": moment_or_none(until if until is not None and until > its.indexed_now else None),
        }

    def payment(each: Paid) -> dict[str, Any]:
        said = {"payer": each.payer, "amount": money(each.amount), "outstanding": money(each.outstanding)}
        return {**said, **_in_block(each)}

    def objection(each: Objected) -> dict[str, Any]:
        said = {"kind": each.kind, "amount": money(each.amount), "evidence": each.evidence}
        return {**said, **_in_block(each)}

    return {
        "id": its.id,
        "state": its.state,
        "supplier": {"lei": its.supplier_lei, "name": its.supplier_name},
        "debtor": {"lei": its.debtor_lei, "name": its.debtor_name},
        "registered_value": money(its.registered_value),
        "face_value": money(face),
        "disputed": money(standing.disputed),
        "paid": money(paid),
        "outstanding": money(0 if its.state == ReceivableState.CANCELLED else face - paid),
        "quantity_thousandths": str(its.quantity),
        "due_date": day(its.due_date),
        "set_off_waived": bool(its.set_off_waived),
        "cancellation_consented": bool(its.cancellation_consented),
        "transfers": standing.transfers,
        "registered_at": moment(its.registered_at),
        "accepted_at": moment_or_none(its.accepted_at),
        "settled_at": moment_or_none(its.settled_at),
        "transaction_hash": its.transaction_hash,
        "block_number": its.block_number,
        "holders": [holder(each) for each in visible],
        "elsewhere": money(elsewhere),
        "payments": [payment(each) for each in its.payments],
        "objections": [objection(each) for each in its.objections],
        "similar": similar,
    }


def _in_block(row: Paid | Objected) -> dict[str, Any]:
    return {"transaction_hash": row.transaction_hash, "block_number": row.block_number, "at": moment(row.at)}
