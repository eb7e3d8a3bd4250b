"""The rules of the ceremony a second time, in the plainest way: one list of what was said, gone through from the start
for every question. Knows no signatures and no files."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Ballot:
    change: tuple[str, ...]
    says: dict[str, bool] = field(default_factory=dict)
    standing: str = "open"
    by: str = ""
    todo: set[str] = field(default_factory=set)
    did: set[str] = field(default_factory=set)


class Illegal(Exception):
    pass


@dataclass
class Model:
    """`who` maps a node's name to its organisation and role. A change is `(kind, node)` or `("rotate-key", old, new)`;
    `cards` are all nodes that have a card, with the organisation and role in it."""

    cards: dict[str, tuple[str, str]]
    who: dict[str, tuple[str, str]]
    used_up: set[str] = field(default_factory=set)
    ballots: dict[int, Ballot] = field(default_factory=dict)
    verdicts: list[int] = field(default_factory=list)
    said: int = 0

    def voters(self) -> set[str]:
        return {lei for lei, role in self.who.values() if role == "validator"}

    def members(self) -> set[str]:
        return {lei for lei, _ in self.who.values()}

    def outcome(self, change: tuple[str, ...]) -> dict[str, tuple[str, str]]:
        kind, first, *rest = change
        after = dict(self.who)
        role = "node" if kind.endswith("-node") else "validator"
        if kind == "rotate-key":
            if first not in after:
                raise Illegal
            lost = after.pop(first)
            (new,) = rest
            if self.cards[new] != lost or new == first or new in after or new in self.used_up:
                raise Illegal
            after[new] = lost
        elif kind.startswith("add"):
            if first in after or first in self.used_up or self.cards[first][1] != role:
                raise Illegal
            after[first] = self.cards[first]
        else:
            if after.pop(first, ("", ""))[1] != role:
                raise Illegal
            if "validator" not in {r for _, r in after.values()}:
                raise Illegal
        return after

    def propose(self, lei: str, change: tuple[str, ...]) -> None:
        if lei not in self.members():
            raise Illegal
        self.outcome(change)
        if sum(1 for b in self.ballots.values() if b.by == lei and b.standing == "open") >= 8:
            raise Illegal
        self.said += 1
        self.ballots[self.said] = Ballot(change, {lei: True} if lei in self.voters() else {}, by=lei)
        self.close()

    def answer(self, lei: str, number: int, agrees: bool) -> None:
        ballot = self.ballots.get(number)
        if ballot is None or ballot.standing != "open" or lei not in self.voters() or ballot.says.get(lei) is agrees:
            raise Illegal
        self.said += 1
        ballot.says[lei] = agrees
        self.close()

    def done(self, lei: str, number: int) -> None:
        left = [n for n in self.verdicts if lei in self.ballots[n].todo - self.ballots[n].did]
        if lei not in self.members() or left[:1] != [number]:
            raise Illegal
        self.said += 1
        self.ballots[number].did.add(lei)

    def close(self) -> None:
        moved = True
        while moved:
            moved = False
            for number in sorted(self.ballots):
                ballot = self.ballots[number]
                if ballot.standing == "open" and self.judge(number, ballot):
                    moved = True
                    break

    def judge(self, number: int, ballot: Ballot) -> bool:
        try:
            after = self.outcome(ballot.change)
        except Illegal:
            ballot.standing = "void"
            return True
        voices = [ballot.says.get(lei) for lei in self.voters()]
        if 2 * voices.count(True) > len(voices):
            ballot.standing = "decided"
        elif 2 * (len(voices) - voices.count(False)) <= len(voices):
            ballot.standing = "refused"
        if ballot.standing != "decided":
            return ballot.standing == "refused"
        before = self.members()
        self.used_up |= set(self.who) - set(after)
        self.who = after
        left = before - self.members()
        # Each organisation of the walks has one member key, which all its cards are signed with.
        self.used_up |= {node for node, (lei, _) in self.cards.items() if lei in left}
        for other in self.ballots.values():
            if other.standing == "open":
                other.says = {lei: agrees for lei, agrees in other.says.items() if lei not in left}
        for other in self.ballots.values():
            other.todo = {lei for lei in other.todo if lei in self.members() or lei in other.did}
        ballot.todo = self.members()
        self.verdicts.append(number)
        return True
