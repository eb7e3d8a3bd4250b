"""Lots and announcements, to those who own, keep or have announced them."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast

from sqlmodel import Session

from api.auth.principal import Principal
from api.errors import NotFound
from api.figures import Figures, ask
from api.lists import Asked
from api.participants import service as participants
from api.participants.schemas import PartyView
from api.possible import Possible, possible
from api.receipts import repository
from api.receipts.models import Announcement, Lot, LotState, Step, Title
from api.receipts.schemas import AnnouncementView, LotStateName, PositionView, ReceiptView, StepView
from api.values import Page, day, in_block, is_hex32, moment
from chain_node.client import Chain, FeedStatus, Milestone

_NOBODY = "0x" + "0" * 40
FACT_WORDS = ("none", "gathering", "final", "disputed")


@dataclass(frozen=True)
class Standing:
    """What the contracts say of a lot now; positions by owner."""

    goods: dict[str, Any]
    stock: dict[str, Any]
    grade_known: bool
    grade: int
    financing: int
    positions: dict[str, dict[str, Any]]


def find(session: Session, principal: Principal, lot_id: str) -> Lot:
    """The lot; NotFound where there is none that the caller owns, has owned, or keeps."""
    found = repository.lot(session, lot_id) if is_hex32(lot_id) else None
    if found is None or not (principal.sees_all or _is_party(session, principal, found)):
        detail = f"There is no warehouse receipt {lot_id[:80]} of yours."
        raise NotFound("receipt-absent", detail, id=lot_id[:80])
    return found


def known(session: Session, lot_id: str) -> Lot | None:
    """For services that have their own reasons to look."""
    return repository.lot(session, lot_id)


def is_party_of_subject(session: Session, principal: Principal, subject: str) -> bool:
    """Whether a lot of the consignment is, or was, the caller's, or is kept by it."""
    accounts, operator = _own(session, principal)
    return principal.lei is not None and repository.has_lot(session, subject, accounts, operator)


def owned(session: Session, lot_id: str, owner: str) -> int:
    title = repository.title(session, lot_id, owner)
    return title.units if title else 0


def page(session: Session, principal: Principal, chain: Chain, asked: Asked) -> Page[ReceiptView]:
    """What is asked for of the caller's lots; of all for who sees all."""
    accounts, operator = (None, None) if principal.sees_all else _own(session, principal)
    found = repository.page(session, asked, accounts=accounts, operator=operator)
    return Page(items=views(session, principal, found.rows, chain), next=found.next)


def _own(session: Session, principal: Principal) -> tuple[list[str], int | None]:
    lei = principal.organisation() if principal.lei else None
    return (participants.accounts_of(session, lei), participants.number_of(session, lei)) if lei else ([], None)


def _is_party(session: Session, principal: Principal, lot: Lot) -> bool:
    accounts, operator = _own(session, principal)
    return lot.operator == operator or any(repository.title(session, lot.id, each) for each in accounts)


def view(session: Session, principal: Principal, lot: Lot, chain: Chain) -> ReceiptView:
    return views(session, principal, [lot], chain)[0]


def views(session: Session, principal: Principal, lots: list[Lot], chain: Chain) -> list[ReceiptView]:
    if not lots:
        return []
    ids = [lot.id for lot in lots]
    accounts, operator = _own(session, principal)
    titles, steps = repository.titles(session, ids), repository.steps(session, ids)
    seen: dict[str, list[Title]] = defaultdict(list)
    hidden: dict[str, int] = defaultdict(int)
    keeps = {lot.id for lot in lots if principal.sees_all or lot.operator == operator}
    for title in titles:
        if title.lot_id in keeps or title.owner in accounts:
            seen[title.lot_id].append(title)
        else:
            hidden[title.lot_id] += title.units
    houses = participants.parties_by_number(session, {lot.operator for lot in lots})
    people = {title.owner for held in seen.values() for title in held}
    names: dict[str, str] = {a: name for name, a in chain.addresses.addresses.items()}
    names |= {a: party.name for a, party in participants.parties_by_account(session, people).items()}
    shown = {*names, *accounts}
    standings = _standings(session, chain, lots, seen)
    return [
        _view(
            lot,
            standing,
            houses[lot.operator],
            names,
            hidden[lot.id],
            accounts,
            [_step_view(s, shown, lot.id in keeps) for s in steps if s.lot_id == lot.id],
            sees_financing=principal.sees_all or any(title.owner in accounts for title in seen[lot.id]),
        )
        for lot, standing in zip(lots, standings, strict=True)
    ]


def _standings(session: Session, chain: Chain, lots: list[Lot], seen: dict[str, list[Title]]) -> list[Standing]:
    questions = []
    for lot in lots:
        item, subject = int(lot.id, 16), bytes.fromhex(lot.subject[2:])
        questions += [ask(chain.lots, "goods", item), ask(chain.lots, "stock", item)]
        questions += [ask(chain.grades, "gradeOf", subject), ask(chain.desk, "financingOf", subject)]
        questions += [ask(chain.lots, "position", item, title.owner) for title in seen[lot.id]]
    answers: Iterator[Any] = iter(Figures.at(session, chain).answers(questions))

    def standing(lot: Lot) -> Standing:
        goods, stock, (status, grade), financing = (next(answers) for _ in range(4))
        positions = {title.owner: next(answers) for title in seen[lot.id]}
        return Standing(goods, stock, status is FeedStatus.USABLE, grade, financing, positions)

    return [standing(lot) for lot in lots]


def _view(
    lot: Lot,
    its: Standing,
    warehouse: PartyView,
    names: dict[str, str],
    hidden: int,
    own: Sequence[str],
    steps: list[StepView],
    *,
    sees_financing: bool,
) -> ReceiptView:
    expiry = its.goods["expiryDate"]
    return ReceiptView(
        id=lot.id,
        state=cast(LotStateName, lot.state),
        warehouse=warehouse,
        subject=lot.subject,
        sequence=lot.sequence,
        **{name: its.goods[name] for name in ("commodity", "unit", "place", "condition")},
        received_thousandths=str(lot.received),
        released_thousandths=str(lot.released),
        left_thousandths=str(lot.received - lot.released),
        in_custody_thousandths=str(its.stock["inCustody"]),
        grade=its.grade,
        grade_known=its.grade_known,
        identifiers=its.stock["identifiers"],
        entered_at=moment(its.goods["enteredAt"]),
        expiry_date=day(expiry) if expiry else None,
        part_of=lot.part_of,
        merged_into=lot.merged_into,
        financing_id=str(its.financing) if its.financing and sees_financing else None,
        positions=[_position_view(owner, p, names) for owner, p in its.positions.items() if _owns(p)],
        elsewhere_thousandths=str(hidden),
        steps=steps,
        possible=list(_possible(lot, its, own)),
        minted_at=moment(lot.minted_at),
        **in_block(lot),
    )


def _owns(position: dict[str, Any]) -> bool:
    return any(position[place] for place in ("free", "pledged", "freeAside", "pledgedAside"))


def _possible(lot: Lot, its: Standing, own: Sequence[str]) -> Iterator[Possible]:
    """What the caller may do with goods of its own."""
    free = sum(its.positions[account]["free"] for account in own if account in its.positions)
    if lot.state != LotState.LIVE or not free:
        return
    unit = its.goods["unit"]
    yield possible("transfers", "owner", f"up to {free} thousandths of {unit} are free to be sold")
    yield possible("release-orders", "owner", f"up to {free} thousandths of {unit} may be ordered to leave")
    if not its.financing:
        yield possible("financings", "owner", f"up to {free} thousandths of {unit} may be pledged")
    if free == lot.received - lot.released:
        if its.stock["identifiers"] > 1:
            yield possible("splits", "owner", f"its {its.stock['identifiers']} physical units can be parted")
        yield possible("mergers", "owner", "all of it is free, so it can go into another lot of its consignment")


def _position_view(owner: str, its: dict[str, Any], names: dict[str, str]) -> PositionView:
    return PositionView(
        account=owner,
        owner=names.get(owner, owner),
        free=str(its["free"]),
        pledged=str(its["pledged"]),
        free_aside=str(its["freeAside"]),
        pledged_aside=str(its["pledgedAside"]),
        sellable=its["sellable"],
    )


def _step_view(step: Step, shown: set[str], sees_all: bool) -> StepView:
    """Accounts of others are theirs to tell."""

    def account(whose: str | None) -> str | None:
        return whose if whose in shown or sees_all else None

    return StepView(
        kind=step.kind,
        giver=account(step.giver),
        taker=account(step.taker),
        quantity_thousandths=str(step.quantity),
        other=step.other,
        at=moment(step.happened_at),
        **in_block(step),
    )


# Announcements


def find_announcement(session: Session, principal: Principal, digest: str) -> Announcement:
    """NotFound where there is none by or for the caller."""
    found = repository.announcement(session, digest) if is_hex32(digest) else None
    accounts, _ = _own(session, principal)
    if found is None or not (principal.sees_all or {found.owner, found.operator} & set(accounts)):
        detail = f"There is no announcement {digest[:80]} by or for you."
        raise NotFound("announcement-absent", detail, id=digest[:80])
    return found


def announcement_page(session: Session, principal: Principal, chain: Chain, asked: Asked) -> Page[AnnouncementView]:
    """What is asked for of the announcements by or for the caller; of all for who sees all."""
    accounts = None if principal.sees_all else _own(session, principal)[0]
    found = repository.announcements(session, asked, accounts=accounts)
    return Page(items=announcement_views(session, found.rows, chain), next=found.next)


def announcement_views(session: Session, found: list[Announcement], chain: Chain) -> list[AnnouncementView]:
    if not found:
        return []
    parties = participants.parties_by_account(session, {a for its in found for a in (its.owner, its.operator)})
    questions = []
    for its in found:
        subject = bytes.fromhex(its.subject[2:])
        questions.append(ask(chain.lots, "announcedBy", bytes.fromhex(its.digest[2:])))
        stored = (subject, int(Milestone.STORED), its.sequence)
        questions += [ask(chain.milestones, "fact", *stored), ask(chain.milestones, "usableFact", *stored)]
    answers = iter(Figures.at(session, chain).answers(questions))
    return [_announcement_view(its, parties, next(answers), next(answers), next(answers)) for its in found]


def _announcement_view(
    its: Announcement,
    parties: dict[str, PartyView],
    announced_by: str,
    fact: dict[str, Any],
    usable: tuple[bool, int],
) -> AnnouncementView:
    state: Literal["announced", "withdrawn", "minted"] = "announced"
    if announced_by == _NOBODY:
        state = "minted" if its.withdrawn_at is None else "withdrawn"
    entry, relied = its.entry, usable[1] if usable[0] else 0
    return AnnouncementView(
        id=its.digest,
        state=state,
        receipt_id=its.lot_id,
        owner=_party(parties, its.owner),
        warehouse=_party(parties, its.operator),
        subject=its.subject,
        sequence=its.sequence,
        **{name: entry[name] for name in ("commodity", "unit", "place")},
        quantity_thousandths=str(entry["quantity"]),
        attested=cast(Any, FACT_WORDS[fact["status"]]),
        attested_thousandths=str(relied),
        entered_at=moment(int(entry["enteredAt"])),
        expiry_date=day(entry["expiryDate"]) if entry["expiryDate"] else None,
        announced_at=moment(its.announced_at),
        **in_block(its),
        possible=list(_acts_on(state, int(entry["quantity"]), relied)),
    )


def _acts_on(state: str, announced: int, attested: int) -> Iterator[Possible]:
    if state != "announced":
        return
    if attested:
        detail = f"{attested} thousandths are attested of the {announced} announced; the lesser becomes the lot"
        yield possible("minting", "anyone", detail)
    yield possible("withdrawal", "warehouse", "no lot has come of it yet")


def _party(parties: dict[str, PartyView], account: str) -> PartyView:
    return parties.get(account, PartyView(lei="", name=account))
