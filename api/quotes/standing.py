"""All that a quote depends on, asked from the contracts at the block that the database has, with two requests."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any, Literal

from eth_typing import ChecksumAddress, HexAddress, HexStr
from sqlmodel import Session

from api.clock import indexed_block, indexed_now
from api.facilities import service as facilities
from api.facilities.models import Facility
from api.figures import Figures, Question, ask
from api.participants import service as participants
from api.quotes.plan import Room, Terms
from chain_node.client import Chain, Collateral, DayCount, DeskActivity, Dimension, FactStatus, Milestone, Pool

Kind = Literal["receivable", "order"]
_MOST_STEPS = 4
_MOST_DELIVERIES = 8
_STEP_BITS = 16
UNCAPPED = 2**56 - 1
"""What the contracts answer where there is no cap."""


@dataclass(frozen=True)
class Step:
    """A step of the ladder; `reached` where its fact may be used now."""

    milestone: int
    advance_rate_bps: int
    measured: bool
    reached: bool


@dataclass(frozen=True)
class Item:
    """What is to be pledged: `units` of a receivable, or of what is outstanding on an order, by an account that has
    `held` of it. `value` is the whole item's, `due` the day on which it matures, `debtor` who pays it, by organisation
    number; `subject` its consignment, 32 zero bytes where it is lent on acceptance only. Of an order, `assignee` is the
    contract that its money goes to already, and `begun` says that its goods were on their way before it was."""

    kind: Kind
    id: str
    currency: str
    state: str
    due: int
    value: int
    quantity: int
    debtor: int
    account: str
    units: int
    held: int
    subject: bytes
    assignee: str | None = None
    begun: bool = False


@dataclass(frozen=True)
class Standing:
    """At one block. `value` is what of the item may be lent against, `attested` the quantity (thousandths) that counts
    for the step reached, `match` the least and the invoiced value of an order that the invoice is matched with, (0, 0)
    without one; `fact` the status of the furthest fact; `watched` whether the goods move another financing."""

    item: Item
    facility: Facility
    currency: str
    block: int
    now: int
    terms: Terms
    room: Room
    steps: tuple[Step, ...]
    fact: FactStatus
    attested: int
    match: tuple[int, int]
    value: int
    recourse_to: int
    earmarked: bool
    stopped: bool
    reserved_for: int
    watched: bool
    pledges: int

    def base(self, step: Step, attested: int) -> int:
        """What the step makes of the item, as the collateral's contract reckons it; `attested` in thousandths."""
        part, quantity = self.value, self.item.quantity
        if step.measured:
            part = part * min(attested, quantity) // quantity if quantity else 0
        if self.match[1]:
            part = min(part, self.value * min(self.match) // self.match[1])
        return part * step.advance_rate_bps // 10_000


def standing(session: Session, chain: Chain, facility: Facility, item: Item, *, watched: bool) -> Standing:
    """What there is to say of pledging an item to a facility; a GatewayError where the node is away."""
    ladder = facilities.steps_for_collateral(session, facility.number, custodian_of(chain, item.kind).address)
    figures = Figures.at(session, chain)
    first = dict(_first(chain, facility, item, ladder))
    told = dict(zip(first, figures.answers(list(first.values())), strict=True))
    steps, fact = _reached(ladder, told["furthest"])
    reached = next((step for step in reversed(steps) if step.reached), None)
    more = {**_deliveries(chain, item, reached), **_exposures(session, chain, facility, item, told)}
    told |= dict(zip(more, figures.answers(list(more.values())), strict=True)) if more else {}
    its, now = told["facility"], indexed_now(session)
    reserved_for, until = told["reservationOf"]
    return Standing(
        item=item,
        facility=facility,
        currency=facilities.currency_of(session, chain, facility),
        block=indexed_block(session),
        now=now,
        terms=_terms(its["terms"]),
        room=Room(
            limit=its["terms"]["limit"],
            drawn=its["drawn"],
            caps=_caps(told, _sources(facility, told), _keys(session, item, told)),
            cash=told["lendable"],
            expires_at=its["terms"]["expiresAt"],
            since=now,
            commitment_due=told["commitmentDue"],
        ),
        steps=steps,
        fact=fact,
        attested=_attested(told, reached, item.quantity),
        match=tuple(told.get("capOf", (0, 0))),
        value=max(0, item.units - (1 if told["financingsOf"] else 0)),
        recourse_to=its["recourseTo"],
        earmarked=its["terms"]["earmarked"],
        stopped=told["isStopped"],
        reserved_for=reserved_for if until > now else 0,
        watched=watched,
        pledges=len(told["financingsOf"]),
    )


def custodian_of(chain: Chain, kind: Kind) -> Collateral:
    """The adapter that keeps this kind of collateral."""
    return chain.order_collateral if kind == "order" else chain.receivable_collateral


def _first(
    chain: Chain, facility: Facility, item: Item, ladder: list[dict[str, Any]]
) -> Iterator[tuple[str, Question]]:
    number, item_id = facility.number, int(item.id, 16)
    source = Pool(chain.node, "source of money", ChecksumAddress(HexAddress(HexStr(facility.pool))))
    yield "facility", ask(chain.desk, "facility", number)
    yield "commitmentDue", ask(chain.desk, "commitmentDue", number)
    yield "isStopped", ask(chain.desk, "isStopped", int(DeskActivity.OPENING))
    yield "lendable", ask(source, "lendable")
    custodian = custodian_of(chain, item.kind)
    yield "financingsOf", ask(custodian, "financingsOf", item_id)
    yield "reservationOf", ask(custodian, "reservationOf", item_id, item.account)
    yield "furthest", ask(chain.milestones, "furthest", item.subject, _packed(ladder))
    if item.kind == "receivable":
        yield "capOf", ask(chain.order_matches, "capOf", item_id, item.subject)
    yield "membersOf", ask(chain.concentration, "membersOf", facility.pool)
    yield "countsPlaces", ask(chain.concentration, "countsPlaces", facility.pool)
    yield "membership", ask(chain.registry, "membershipOf", item.account)


def _packed(ladder: list[dict[str, Any]]) -> int:
    """The milestones as the oracle is asked for them, the furthest at the low end."""
    packed = 0
    for step in ladder:
        packed = packed << _STEP_BITS | int(step["milestone"])
    return packed


def _reached(ladder: list[dict[str, Any]], told: tuple[int, int, int]) -> tuple[tuple[Step, ...], FactStatus]:
    """The steps, and how the furthest fact stands; as `LadderedCollateral` finds the step that counts."""
    index, status = told[0], FactStatus(told[1])
    place = len(ladder) - 1 - index
    if status == FactStatus.NONE:
        place = 0 if ladder and ladder[0]["milestone"] == Milestone.ACCEPTED else -1
    elif status != FactStatus.FINAL or index >= _MOST_STEPS:
        place = -1
    return tuple(Step(**step, reached=number <= place) for number, step in enumerate(ladder)), status


def _deliveries(chain: Chain, item: Item, reached: Step | None) -> dict[str, Question]:
    if reached is None or not reached.measured:
        return {}
    sequences = range(1, _MOST_DELIVERIES + 1)
    return {f"delivery:{n}": ask(chain.milestones, "standing", item.subject, reached.milestone, n) for n in sequences}


def _attested(told: dict[str, Any], reached: Step | None, quantity: int) -> int:
    """Partial deliveries add up; nothing counts where one of them is in dispute."""
    if reached is None or not reached.measured:
        return quantity
    attested = 0
    for number in range(1, _MOST_DELIVERIES + 1):
        status, delivered = told[f"delivery:{number}"]
        if status == FactStatus.DISPUTED:
            return 0
        if status != FactStatus.FINAL:
            break
        attested += delivered
    return attested


def _terms(told: dict[str, Any]) -> Terms:
    return Terms(
        discount_rate_bps=told["discountRateBps"],
        fee_bps=told["feeBps"],
        reserve_bps=told["reserveBps"],
        late_fee_bps=told["lateFeeBps"],
        committed_fee_bps=told["committedFeeBps"],
        grace_days=told["graceDays"],
        day_count=DayCount(told["dayCount"]),
    )


# Concentration: the source's caps, and those of every member of a syndicate

Key = tuple[Dimension, int]


def _keys(session: Session, item: Item, told: dict[str, Any]) -> list[Key]:
    """Whose risk it is. Places count only where the source counts them; neither kind of item lies in a warehouse."""
    keys = [(Dimension.DEBTOR, item.debtor), (Dimension.SELLER_GROUP, told["membership"]["group"])]
    if told["countsPlaces"]:
        country = participants.jurisdiction_of(session, item.debtor)
        keys.append((Dimension.COUNTRY, int.from_bytes(country.encode(), "big")))
    return [key for key in keys if key[1]]


def _sources(facility: Facility, told: dict[str, Any]) -> list[tuple[str, int]]:
    """The source itself and its members, by address, with their share of each draw in bps."""
    return [(facility.pool, 10_000), *((share["source"], share["fundingBps"]) for share in told["membersOf"])]


def _exposures(
    session: Session, chain: Chain, facility: Facility, item: Item, told: dict[str, Any]
) -> dict[str, Question]:
    keys = _keys(session, item, told)
    return {
        f"{view}:{source}:{dimension.name}": ask(chain.concentration, view, source, int(dimension), key)
        for (source, _), (dimension, key) in product(_sources(facility, told), keys)
        for view in ("exposureOf", "capOf")
    }


def _caps(told: dict[str, Any], sources: list[tuple[str, int]], keys: Iterable[Key]) -> int:
    """What every cap leaves room for, as `Concentration.room`."""
    left = UNCAPPED
    for dimension, _ in keys:
        whole = told[f"exposureOf:{sources[0][0]}:{dimension.name}"]
        for place, (source, share_bps) in enumerate(sources):
            exposure = told[f"exposureOf:{source}:{dimension.name}"]
            room = max(0, told[f"capOf:{source}:{dimension.name}"] - exposure)
            left = min(left, _whole_within(whole, share_bps, room) if place else room)
    return left


def _whole_within(whole: int, share_bps: int, most: int) -> int:
    """The most that may be added to the whole so that a member's part, rounded up, grows by `most` at most."""
    if most == 0:
        return 0
    return (-(-whole * share_bps // 10_000) + most) * 10_000 // share_bps - whole
