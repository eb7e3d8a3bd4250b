"""The ceremony: the log of what members proposed, agreed to and carried out, and the network that follows from it.

The log is one chain. Every member holds a copy, plays it from the first card on, and so needs to trust nobody's word
for what was decided. Copies are compared and brought together by `joined`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Literal

from eth_account.signers.local import LocalAccount

from chain_node.networks.bundle import CEREMONY_FILE, agreed_files, load_members, read_inputs
from chain_node.networks.cards import Card, CardBody
from chain_node.networks.changes import AnyChange, MemberKey, changed, leaving, retiring, silenced
from chain_node.networks.documents import digest, read_document, write_whole
from chain_node.networks.engine import Files, Vote, votes_between
from chain_node.networks.entries import Answer, Done, Entry, EntryBody, Log, Propose, sign_entry
from chain_node.networks.errors import CeremonyRefused, ChangeRefused, FileUnusable, SignatureInvalid
from chain_node.networks.state import NetworkState
from chain_node.networks.terms import Terms

MOST_ENTRIES: Final = 10_000
"""Of one member, so that none can use up the others' room. Once it was the bound of all together: what was a log then
is one still."""
MOST_ANSWERS: Final = 100
"""Of one member to one proposal: each is kept and checked by everybody, so that minds cannot be changed for ever."""
MOST_OPEN: Final = 8
"""Open proposals of one member: so that none can bury the others' under its own."""
Standing = Literal["open", "decided", "refused", "void"]


@dataclass(frozen=True)
class Proposal:
    """`void`: another change made it impossible. `must` are LEIs of those whose nodes have to follow it;
    `turn` is the how-manieth decision it was, `votes` what validators must be
    told for it, `gone` the node that leaves by it."""

    number: int
    change: AnyChange
    author: str
    why: str
    standing: Standing = "open"
    approvals: frozenset[str] = frozenset()
    rejections: frozenset[str] = frozenset()
    must: frozenset[str] = frozenset()
    done: frozenset[str] = frozenset()
    turn: int = 0
    votes: tuple[Vote, ...] = ()
    gone: CardBody | None = None
    answers: dict[str, int] = field(default_factory=dict, hash=False)
    """How often each member has answered."""

    @property
    def waiting_for(self) -> frozenset[str]:
        return self.must - self.done

    def without_answers_of(self, leis: frozenset[str]) -> Proposal:
        """What is closed stays as it was said."""
        if self.standing != "open":
            return self
        return replace(self, approvals=self.approvals - leis, rejections=self.rejections - leis)


@dataclass(frozen=True)
class Ceremony:
    """The log, played to its end. `retired` are keys, of nodes and members, that were taken out of service."""

    terms: Terms
    cards: tuple[Card, ...]
    state: NetworkState
    entries: tuple[Entry, ...] = ()
    proposals: dict[int, Proposal] = field(default_factory=dict)
    retired: frozenset[str] = frozenset()
    spoken: dict[str, int] = field(default_factory=dict)
    """How many entries are by each LEI."""

    @property
    def beginning(self) -> str:
        return digest(
            {"terms": self.terms.hash, "cards": sorted(digest(c.model_dump(mode="json")) for c in self.cards)}
        )

    @property
    def head(self) -> str:
        return self.entries[-1].hash if self.entries else self.beginning

    def log(self) -> Log:
        return Log(network=self.terms.name, beginning=self.beginning, entries=self.entries)

    def author_of(self, key: str) -> str:
        """The LEI whose member key this is. Raises `ChangeRefused` for a stranger's."""
        for lei, member in self.state.members.items():
            if member.key == key.lower():
                return lei
        raise ChangeRefused(f"the key {key} is of no member of {self.terms.name}")

    def signed(self, action: Propose | Answer | Done, key: LocalAccount, now: datetime) -> Ceremony:
        """With one entry more, by the owner of `key`. Raises `CeremonyRefused` where it cannot stand."""
        body = EntryBody(
            network=self.terms.name,
            number=len(self.entries) + 1,
            previous=self.head,
            author=self.author_of(key.address),
            at=now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            action=action,
        )
        return self.then(sign_entry(body, key), "the new entry")

    def then(self, entry: Entry, where: object) -> Ceremony:
        """After one entry more. Raises `CeremonyRefused` with its number and what is wrong."""
        body, number = entry.body, len(self.entries) + 1
        try:
            self._require_place(body, number)
            member = self.state.members.get(body.author)
            if member is None:
                raise ChangeRefused(f"its author {body.author} is no member at this point")
            entry.require_signed("its signature", member.key)
            after = self._acted(body)
        except (ChangeRefused, SignatureInvalid) as error:
            raise CeremonyRefused(where, number, str(error)) from error
        spoken = {**self.spoken, body.author: self.spoken.get(body.author, 0) + 1}
        return replace(after, entries=(*self.entries, entry), spoken=spoken)

    def _require_place(self, body: EntryBody, number: int) -> None:
        if body.network != self.terms.name:
            raise ChangeRefused(f"is of the network {body.network}, not of {self.terms.name}")
        if body.number != number:
            raise ChangeRefused(f"says that it is entry {body.number}")
        if body.previous != self.head:
            raise ChangeRefused(f"follows {body.previous[:16]}…, but what stands before it here is {self.head[:16]}…")
        if self.spoken.get(body.author, 0) >= MOST_ENTRIES:
            raise ChangeRefused(f"{body.author} has written {MOST_ENTRIES} entries already; the others' do not count")

    def _acted(self, body: EntryBody) -> Ceremony:
        action = body.action
        if isinstance(action, Propose):
            waiting = [p for p in self.proposals.values() if p.author == body.author and p.standing == "open"]
            if len(waiting) >= MOST_OPEN:
                raise ChangeRefused(f"{body.author} has {MOST_OPEN} open proposals already")
            if isinstance(action.change, MemberKey) and action.change.lei != body.author:
                raise ChangeRefused(f"only {action.change.lei} itself proposes its member key")
            changed(self.terms, self.state, action.change, self.retired)
            made = Proposal(body.number, action.change, body.author, action.why)
            if body.author in self.state.voters:
                made = replace(made, approvals=frozenset({body.author}))
            return self._with(made)._settled()
        proposal = self.proposals.get(action.proposal)
        if proposal is None:
            raise ChangeRefused(f"there is no proposal {action.proposal} before it")
        if isinstance(action, Done):
            return self._with(self._done(proposal, body.author))
        return self._with(self._answered(proposal, body.author, action.kind))._settled()

    def _answered(self, proposal: Proposal, author: str, kind: str) -> Proposal:
        if proposal.standing != "open":
            raise ChangeRefused(f"proposal {proposal.number} is {proposal.standing}: nobody is asked any more")
        if author not in self.state.voters:
            raise ChangeRefused(f"{author} runs no validator and has no voice")
        if author in (proposal.approvals if kind == "approve" else proposal.rejections):
            raise ChangeRefused(f"{author} has said so already of proposal {proposal.number}")
        given = proposal.answers.get(author, 0)
        if given >= MOST_ANSWERS:
            raise ChangeRefused(
                f"{author} has answered proposal {proposal.number} {MOST_ANSWERS} times already: its last word stands"
            )
        proposal = replace(proposal, answers={**proposal.answers, author: given + 1})
        approvals, rejections = proposal.approvals - {author}, proposal.rejections - {author}
        if kind == "approve":
            return replace(proposal, approvals=approvals | {author}, rejections=rejections)
        return replace(proposal, approvals=approvals, rejections=rejections | {author})

    def _done(self, proposal: Proposal, author: str) -> Proposal:
        if author not in proposal.waiting_for:
            raise ChangeRefused(f"nothing is to be done by {author} for proposal {proposal.number}")
        first = self.pending_for(author)[0]
        if first.number != proposal.number:
            raise ChangeRefused(f"{author} has not carried out proposal {first.number}, which was decided before")
        return replace(proposal, done=proposal.done | {author})

    def pending_for(self, lei: str) -> list[Proposal]:
        """Decided changes that this member's nodes do not follow yet, in the order of the decisions."""
        return sorted((p for p in self.proposals.values() if lei in p.waiting_for), key=lambda its: its.turn)

    def _with(self, proposal: Proposal) -> Ceremony:
        return replace(self, proposals={**self.proposals, proposal.number: proposal})

    def _settled(self) -> Ceremony:
        """Closes what can be closed, the oldest first, until nothing more can: one decision may bring about another."""
        for proposal in self.proposals.values():
            closed = self._closed(proposal) if proposal.standing == "open" else None
            if closed is not None:
                return closed._settled()
        return self

    def _closed(self, proposal: Proposal) -> Ceremony | None:
        voters, needed = set(self.state.voters), self.state.needed
        try:
            after = changed(self.terms, self.state, proposal.change, self.retired)
        except ChangeRefused:
            return self._with(replace(proposal, standing="void"))
        if len(proposal.rejections & voters) > len(voters) - needed:
            return self._with(replace(proposal, standing="refused"))
        if len(proposal.approvals & voters) < needed:
            return None
        gone = leaving(self.state, proposal.change)
        retired = self.retired | retiring(self.state, proposal.change, after)
        strangers = set(self.state.members) - set(after.members)
        before = {n.address for n in self.state.validators}
        votes = votes_between(before, {n.address for n in after.validators})
        must = frozenset() if isinstance(proposal.change, MemberKey) else frozenset(after.members)
        turn = 1 + max(p.turn for p in self.proposals.values())
        decided = replace(proposal, standing="decided", must=must, turn=turn, votes=votes, gone=gone)
        # Whoever is no member any more has nothing left to carry out.
        freed = {n: replace(p, must=p.must - (strangers - p.done)) for n, p in self.proposals.items()}
        heard = {n: p.without_answers_of(silenced(self.state, proposal.change, after)) for n, p in freed.items()}
        return replace(self, proposals=heard, state=after, retired=retired)._with(decided)


def play(where: object, ceremony: Ceremony, entries: Sequence[Entry]) -> Ceremony:
    for entry in entries:
        ceremony = ceremony.then(entry, where)
    return ceremony


def load_ceremony(folder: Path) -> Ceremony:
    """The network of a folder as it stands now."""
    terms, cards, state = load_members(folder)
    begun = Ceremony(terms, tuple(cards), state)
    path = folder / CEREMONY_FILE
    return play(path, begun, _read(path, begun).entries) if path.exists() else begun


def save_ceremony(folder: Path, ceremony: Ceremony) -> None:
    write_whole(folder / CEREMONY_FILE, ceremony.log().file())


def joined(ours: Ceremony, path: Path) -> Ceremony:
    """Our log brought together with another member's copy: the longer one where one continues the other.

    Raises `CeremonyRefused` where they part: two members spoke at once, or one spoke with two tongues.
    """
    theirs = _read(path, ours).entries
    for number, (mine, other) in enumerate(zip(ours.entries, theirs, strict=False), start=1):
        if mine != other:
            raise CeremonyRefused(path, number, _parting(mine, other))
    return play(path, ours, theirs[len(ours.entries) :])


def current_files(folder: Path, ceremony: Ceremony) -> Files:
    """All agreed files as the log leaves them."""
    return agreed_files(ceremony.terms, ceremony.cards, ceremony.state, read_inputs(folder))


def _read(path: Path, ceremony: Ceremony) -> Log:
    log = read_document(path, Log)
    if (log.network, log.beginning) != (ceremony.terms.name, ceremony.beginning):
        raise FileUnusable(path, f"is the ceremony of another network ({log.network}, begun as {log.beginning[:16]}…)")
    return log


def _parting(mine: Entry, other: Entry) -> str:
    by = f"here it is by {mine.body.author} ({mine.body.at}), there by {other.body.author} ({other.body.at})"
    if mine.body.author == other.body.author:
        return f"the copies part: {by}. One member has signed two entries in one place: ask it which one holds"
    return (
        f"the copies part: {by}. They spoke at once: agree which copy goes on; the other one says its word again on it"
    )
