"""Uploading lists, and deciding on hits."""

from hashlib import sha256

from sqlmodel import Session, select

from api.auth.principal import Principal
from api.compliance.decisions import decided
from api.compliance.personal import Personal
from api.compliance.screening import repository
from api.compliance.screening.lists import Listed, read_list
from api.compliance.screening.models import Hit, ListEntry, ListVersion
from api.compliance.screening.schemas import EntryView, HitDecision, HitView, ListVersionView
from api.compliance.screening.subjects import all_subjects
from api.db import utc_now
from api.errors import Conflict, NotFound
from api.lists import Asked
from api.values import Page


def upload(
    session: Session, principal: Principal, name: str, kind: str, content: bytes, media_type: str
) -> ListVersionView:
    """Takes a file as the list's newest version; the same file again changes nothing. ListInvalid with all mistakes."""
    listed = read_list(content, media_type)
    digest = sha256(content).hexdigest()
    before = repository.latest(session, name)
    if before is not None and before.kind != kind:
        detail = f"The list {name} is a {before.kind} list; it cannot become a {kind} list."
        raise Conflict("list-kind-differs", detail, name=name, kind=before.kind)
    if before is not None and before.sha256 == digest:
        return _version_view(before)
    serial = repository.next_serial(session)
    added, changed, removed = _replace(session, name, serial, listed)
    version = ListVersion(
        serial=serial,
        name=name,
        kind=kind,
        sha256=digest,
        entries=len(listed),
        added=added,
        changed=changed,
        removed=removed,
        uploaded_by=principal.client_id,
    )
    session.add(version)
    session.flush()
    return _version_view(version)


def _replace(session: Session, name: str, serial: int, listed: list[Listed]) -> tuple[int, int, int]:
    """Makes the entries those of the file; how many were added, changed and removed."""
    present = repository.entries_of(session, name)
    added = changed = 0
    for each in listed:
        known = present.pop(each.id, None)
        if known is None:
            added += 1
            session.add(_row(name, serial, each))
        elif known.removed or known.digest != each.digest:
            changed += 1
            session.merge(_row(name, serial, each))
        elif known.remark != each.remark:
            known.remark = each.remark  # not compared: what was decided stands
    gone = [entry for entry in present.values() if not entry.removed]
    for entry in gone:
        entry.removed, entry.serial = True, serial
    return added, changed, len(gone)


def _row(name: str, serial: int, listed: Listed) -> ListEntry:
    return ListEntry(
        list_name=name,
        id=listed.id,
        serial=serial,
        digest=listed.digest,
        kind=listed.kind,
        names=list(listed.names),
        country=listed.country,
        lei=listed.lei,
        accounts=list(listed.accounts),
        remark=listed.remark,
        removed=False,
    )


def _version_view(version: ListVersion) -> ListVersionView:
    return ListVersionView(version=str(version.serial), **version.model_dump(exclude={"serial"}))


def versions(session: Session, asked: Asked) -> Page[ListVersionView]:
    found = asked.page(session, select(ListVersion))
    return Page(items=[_version_view(version) for version in found.rows], next=found.next)


def hits(session: Session, personal: Personal, asked: Asked) -> Page[HitView]:
    found = asked.page(session, select(Hit))
    return Page(items=_views(session, personal, found.rows), next=found.next)


def find(session: Session, hit_id: str) -> Hit:
    hit = repository.hit(session, hit_id)
    if hit is None:
        raise NotFound("hit-absent", f"There is no hit {hit_id[:40]}.", id=hit_id[:40])
    return hit


def view(session: Session, personal: Personal, hit: Hit) -> HitView:
    return _views(session, personal, [hit])[0]


def decide(session: Session, principal: Principal, personal: Personal, hit_id: str, asked: HitDecision) -> HitView:
    """Clears or confirms a hit; Conflict where it is outdated: then there is nothing to decide on."""
    hit = find(session, hit_id)
    if hit.state == "outdated":
        detail = "The list or what was compared with it has changed; decide on the hit that took this one's place."
        raise Conflict("hit-outdated", detail, id=hit.id)
    hit.state, hit.reason = asked.decision, asked.reason
    hit.decided_by, hit.decided_at = principal.client_id, utc_now()
    session.add(hit)
    decided(session, principal, "screening hit decided", hit.id, asked.decision, asked.reason)
    session.flush()
    return view(session, personal, hit)


def undecided(session: Session, lei: str) -> list[Hit]:
    """Hits on the organisation that nobody has decided on."""
    return repository.hits_of(session, lei, "open")


def confirmed(session: Session, lei: str) -> list[Hit]:
    return repository.hits_of(session, lei, "confirmed")


def _views(session: Session, personal: Personal, found: list[Hit]) -> list[HitView]:
    names = {
        (subject.kind, subject.id): list(subject.names)
        for lei in {hit.lei for hit in found}
        for subject in all_subjects(session, personal, lei)
    }
    entries = repository.entries(session, ((hit.list_name, hit.entry_id) for hit in found))
    return [_view(hit, entries[hit.list_name, hit.entry_id], names) for hit in found]


def _view(hit: Hit, entry: ListEntry, names: dict[tuple[str, str], list[str]]) -> HitView:
    shown = entry.model_dump(include={"id", "kind", "names", "country", "lei", "accounts", "remark", "removed"})
    told = hit.model_dump(
        include={"id", "state", "lei", "subject_kind", "score", "reasons", "raised_at"}
        | {"decided_by", "decided_at", "reason"}
    )
    return HitView(
        **told,
        subject=hit.subject_id,
        subject_names=names.get((hit.subject_kind, hit.subject_id), []),
        entry=EntryView(list_name=entry.list_name, **shown),
    )
