"""Finds what is wrong with a running network, from what its nodes say, and says what to do. Pure: facts in, findings
out, the causes before what follows from them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Any, Final

from chain_node.networks.agreed_rules import first_block_faults, fork_faults, forks_in
from chain_node.networks.ceremony import Ceremony
from chain_node.networks.engine import NetworkEngine
from chain_node.networks.facts import WINDOW, Header, NodeFacts
from chain_node.networks.findings import Finding
from chain_node.networks.majority import ASK_MORE, KEEP, LAG_BLOCKS, half_beyond, reached, strict_majority
from chain_node.networks.standing_still import standing_still
from chain_node.networks.turns import believed, turns

SKEW_SECONDS: Final = 3


@dataclass(frozen=True)
class Doctor:
    """`facts` by node, of those that were asked; `ports` whether each node's peer port could be reached, where tried;
    `now` is this machine's clock, `genesis` the agreed genesis.json."""

    engine: NetworkEngine
    ceremony: Ceremony
    facts: Mapping[str, NodeFacts]
    ports: Mapping[str, bool]
    now: int
    genesis: Mapping[str, Any]

    def findings(self) -> list[Finding]:
        return [
            *self._silent(),
            *self._closed_ports(),
            *self._foreign(),
            *self._parted(),
            *self._fork_id(),
            *self._forked(),
            *self._still(),
            *self._clock(),
            *self._behind(),
            *self._unconnected(),
            *self._wrong_validators(),
            *self._not_sealing(),
            *self._lists(),
            *self._versions(),
            *self._unanswered(),
            *self._unasked(),
        ]

    @property
    def _answering(self) -> list[NodeFacts]:
        return [its for _, its in sorted(self.facts.items()) if its.answers]

    @property
    def ours(self) -> list[NodeFacts]:
        """Those that are on this network's chain."""
        foreign = {finding.node for finding in self._foreign()}
        return [its for its in self._answering if its.name not in foreign]

    @property
    def _heights(self) -> dict[str, int]:
        return {its.name: its.latest.number for its in self.ours if its.latest}

    @property
    def _moves(self) -> bool:
        return any(
            its.later_number is not None and its.later_number > its.latest.number for its in self.ours if its.latest
        )

    def _silent(self) -> list[Finding]:
        todo = "see whether it runs (systemctl status, docker ps) and what its log says last; RPC is on loopback only"
        return [
            Finding("wrong", "rpc", name, next(iter(its.unanswered.values()), "does not answer"), todo)
            for name, its in sorted(self.facts.items())
            if not its.answers
        ]

    def _closed_ports(self) -> list[Finding]:
        found = []
        for name, open_ in sorted(self.ports.items()):
            if not open_:
                node = self.ceremony.state.nodes[name]
                what = f"its peer port {node.host}:{node.port} cannot be reached from here"
                todo = "start it, or open the port as firewall.md has it, on both machines"
                found.append(Finding("wrong", "port", name, what, todo))
        return found

    def _foreign(self) -> list[Finding]:
        """Another chain id, or another first block: nodes with different ones never talk to each other."""
        wanted, extra = self.ceremony.terms.chain_id, str(self.genesis["extraData"]).lower()
        todo = f"stop it, {KEEP}, start it anew with this network's genesis.json (`portolan network check`)"
        found = []
        usual = strict_majority(self._first_hashes(extra).values())
        for its in self._answering:
            if its.chain_id is not None and its.chain_id != wanted:
                found.append(Finding("wrong", "genesis", its.name, f"has chain id {its.chain_id}, not {wanted}", todo))
            elif its.genesis is not None and its.genesis.extra_data != extra:
                what = "its first block names other validators than genesis.json"
                found.append(Finding("wrong", "genesis", its.name, what, todo))
            elif faults := first_block_faults(self.genesis, its.first_block):
                what = f"its first block is not genesis.json's: {'; '.join(faults)}"
                found.append(Finding("wrong", "genesis", its.name, what, todo))
            elif its.genesis is not None and usual is not None and its.genesis.hash != usual:
                what = f"its first block is {its.genesis.hash}, the others' {usual}"
                found.append(Finding("wrong", "genesis", its.name, what, todo))
        return found

    def _first_hashes(self, extra: str) -> dict[str, str]:
        answering = ((its.name, its.genesis) for its in self._answering)
        return {name: first.hash for name, first in answering if first is not None and first.extra_data == extra}

    def _parted(self) -> list[Finding]:
        """They have different first blocks, and none is most's."""
        hashes = self._first_hashes(str(self.genesis["extraData"]).lower())
        if not hashes or strict_majority(hashes.values()) is not None:
            return []
        return [_differ("genesis", "their first blocks", hashes)]

    def _forked(self) -> list[Finding]:
        """Each node at the newest block where more than half of all have the same, and it another."""
        told: dict[int, dict[str, str]] = defaultdict(dict)
        nodes = [its for its in self.ours if its.recent]
        for its in nodes:
            for header in its.recent:
                told[header.number][its.name] = header.hash
        found: dict[str, Finding] = {}
        open_: dict[int, dict[str, str]] = {}
        todo = f"stop it, {KEEP}, let it sync anew: a final block never changes"
        for height, hashes in sorted(told.items(), reverse=True):
            usual = strict_majority([*hashes.values(), *[None] * (len(nodes) - len(hashes))])
            if usual is None:
                open_[height] = hashes
                continue
            for name, value in hashes.items():
                if value != usual and name not in found:
                    what = f"has another block {height}: {value} instead of {usual}"
                    found[name] = Finding("wrong", "fork", name, what, todo)
        for height, hashes in open_.items():
            rest = {name: value for name, value in hashes.items() if name not in found}
            if len(set(rest.values())) > 1:
                return [*found.values(), _differ("fork", f"their blocks {height}", rest)]
        return list(found.values())

    def _fork_id(self) -> list[Finding]:
        """Other rules at some block: the node will part with the others there, or has already."""
        agreed = forks_in(self.genesis["config"])
        todo = "stop it, start it with this network's genesis.json (`portolan network check`) before the first of these"
        found = []
        for its in self.ours:
            faults = [] if its.forks is None else fork_faults(agreed, its.forks, self.engine.untold_forks)
            if faults:
                what = f"runs other rules than genesis.json: {'; '.join(faults)}"
                found.append(Finding("wrong", "fork-id", its.name, what, todo))
        return found

    def _still(self) -> list[Finding]:
        """No block while we looked."""
        known = [its for its in self.ours if its.later_number is not None]
        return [] if self._moves else standing_still(self.ceremony.state, self.facts, known)

    def _clock(self) -> list[Finding]:
        found = []
        near = [] if half_beyond(self._heights.values()) else believed(self.ours)
        newest = max((its.latest for its in near if its.latest), key=lambda h: h.number, default=None)
        todo = "set it by NTP (timedatectl, chronyc tracking) and keep it so"
        if newest is not None and newest.timestamp > self.now + SKEW_SECONDS:
            ahead = newest.timestamp - self.now
            what = f"this machine's clock is {ahead} s behind the newest block, or the proposer's is ahead"
            found.append(Finding("wrong", "clock", "", what, todo))
        behind = SKEW_SECONDS + 10 * self.engine.block_seconds
        if newest is not None and self._moves and newest.timestamp < self.now - behind:
            what = f"blocks come, but the newest is {self.now - newest.timestamp} s old by this machine's clock"
            found.append(Finding("wrong", "clock", "", what, todo))
        for address, seconds in skewed(self._longest(), self.engine.block_seconds).items():
            what = f"its clock is about {seconds} s ahead: its blocks are that much after the one before"
            found.append(Finding("wrong", "clock", self._name_of(address), what, todo))
        return found

    def _behind(self) -> list[Finding]:
        """Or beyond what most have reached: without them there are no blocks."""
        heights, most = self._heights, reached(self._heights.values())
        if half_beyond(heights.values()):
            return [_differ("behind", "their newest blocks' numbers", heights)]
        todo = "if it does not catch up: see its peers, its disk and its log"
        ahead = "ask again; if it stays so, it is wrong or the others are cut off: ask further members' nodes"
        return [
            Finding("wrong", "behind", name, f"is {most - height} blocks behind", todo)
            for name, height in heights.items()
            if most - height > LAG_BLOCKS
        ] + [
            Finding("wrong", "ahead", name, f"tells block {height}; most of those asked have reached {most}", ahead)
            for name, height in heights.items()
            if height - most > LAG_BLOCKS
        ]

    def _unconnected(self) -> list[Finding]:
        found = []
        by_key = {node.public_key: node.node for node in self.ceremony.state.ordered}
        for its in self.ours:
            if its.peers is None or its.name not in self.ceremony.state.nodes:
                continue
            missing = sorted(set(by_key.values()) - {its.name} - {by_key[key] for key in its.peers if key in by_key})
            strange = sorted(its.peers - set(by_key))
            if missing:
                what = f"is not connected with {', '.join(missing)}"
                todo = "see firewall.md, and whether both have the same lists (`portolan network apply`)"
                found.append(Finding("wrong", "peers", its.name, what, todo))
            if strange:
                what = f"is connected with nodes that nobody agreed on: {', '.join(key[:16] for key in strange)}"
                found.append(
                    Finding("wrong", "peers", its.name, what, "portolan network apply; then find out who it was")
                )
        return found

    def _wrong_validators(self) -> list[Finding]:
        wanted = {node.address for node in self.ceremony.state.validators}
        found = []
        for its in self.ours:
            if its.validators is not None and its.validators != wanted:
                more, less = sorted(its.validators - wanted), sorted(wanted - its.validators)
                what = f"validators on chain: too many {more or 'none'}, missing {less or 'none'}"
                todo = "every member runs `portolan network apply`; see `portolan network status`"
                found.append(Finding("wrong", "validators", its.name, what, todo))
        return found

    def _not_sealing(self) -> list[Finding]:
        """Validators that proposed nothing for so long that their turn came several times."""
        found = []
        for turn in turns(self.ceremony.state.validators, self.ours):
            if turn.in_set is False or turn.blocks_since < WINDOW:
                continue
            alive = turn.node in self.facts and self.facts[turn.node].answers
            what = f"has proposed none of the last {WINDOW} blocks" + (", though it answers" if alive else "")
            todo = self.engine.sealing_cure if alive else "see whether it runs and is connected"
            found.append(Finding("wrong", "sealing", turn.node, what, todo))
        return found

    def _lists(self) -> list[Finding]:
        found = []
        for its in self.ours:
            agreed = self.engine.listed_peers(self.ceremony.state, its.name)
            if its.nodes_list is not None and its.nodes_list != agreed:
                more, less = len(its.nodes_list - agreed), len(agreed - its.nodes_list)
                what = f"its list of nodes has {more} too many and lacks {less}"
                found.append(
                    Finding("wrong", "lists", its.name, what, "portolan network apply, on its member's machine")
                )
        told = {its.name: its.accounts_list for its in self.ours if its.accounts_list is not None}
        usual = strict_majority(told.values())
        if told and usual is None:
            sizes = {name: f"{len(accounts)} accounts" for name, accounts in told.items()}
            what = f"their lists of accounts differ, and none is most nodes': {_named(sizes)}"
            found.append(Finding("wrong", "lists", "", what, "portolan network audit says which of them are right"))
        for name, accounts in told.items():
            if usual is not None and accounts != usual:
                what = f"its list of accounts differs from most nodes' by {len(accounts ^ usual)}"
                found.append(
                    Finding("wrong", "lists", name, what, "portolan network audit says which of them are right")
                )
        return found

    def _versions(self) -> list[Finding]:
        wanted = self.ceremony.terms.engine_version
        return [
            Finding(
                "wrong", "version", its.name, f"runs {its.version}, agreed is {wanted}", "install the agreed version"
            )
            for its in self.ours
            if its.version is not None and wanted not in its.version
        ]

    def _unanswered(self) -> list[Finding]:
        return [
            Finding(
                "unknown", "rpc", its.name, f"{what}: {why}", "compare its flags with the agreed unit or Compose file"
            )
            for its in self._answering
            for what, why in sorted(its.unanswered.items())
        ]

    def _unasked(self) -> list[Finding]:
        todo = "its member runs the doctor, or gives a way to it (--rpc NODE=URL)"
        return [
            Finding("unknown", "reach", name, "was not asked: no --rpc was given for it", todo)
            for name in sorted(set(self.ceremony.state.nodes) - set(self.facts))
        ]

    def _longest(self) -> Sequence[Header]:
        return max((its.recent for its in believed(self.ours)), key=len, default=())

    def _name_of(self, address: str) -> str:
        names = {node.address: node.node for node in self.ceremony.state.ordered}
        return names.get(address, address)


def _differ(area: str, what: str, told: Mapping[str, object]) -> Finding:
    """Nobody is accused where none is most's."""
    return Finding("wrong", area, "", f"{what} differ, and none is most nodes': {_named(told)}", ASK_MORE)


def _named(told: Mapping[str, object]) -> str:
    return ", ".join(f"{name} has {its}" for name, its in told.items())


def skewed(blocks: Iterable[Header], block_seconds: int) -> dict[str, int]:
    """Proposers whose blocks are dated later than the others', by how many seconds.

    A proposer dates its block by its own clock, but never before the parent's date and the period. So one whose clock
    is ahead leaps forward at its turns, where the others' blocks follow closely.
    """
    ordered = sorted(blocks, key=lambda its: its.number)
    gaps: dict[str, list[int]] = defaultdict(list)
    for before, after in pairwise(ordered):
        gaps[after.proposer].append(after.timestamp - before.timestamp - block_seconds)
    middle = {proposer: int(median(its)) for proposer, its in gaps.items() if len(its) >= 3}
    return {
        proposer: leap
        for proposer, leap in sorted(middle.items())
        if leap > SKEW_SECONDS and any(other <= 0 for name, other in middle.items() if name != proposer)
    }
