"""Holds what the nodes of a network enforce against what its registry, its papers and its build say.

The account list is no rule of consensus: each node keeps its own, so each is asked. What is read of contracts is read
at the block that most of them have reached, of a node that has the same chain as most.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from chain_node.client import AddressBook, Node
from chain_node.client.chain import Chain
from chain_node.client.contracts.access import Organisation
from chain_node.compile import Artifact, code_version
from chain_node.networks.answers import NO_ANSWER, quantity, reason
from chain_node.networks.ceremony import Ceremony
from chain_node.networks.code import CodeMatch, compare_code
from chain_node.networks.engine import NetworkEngine, RpcCall, plain
from chain_node.networks.findings import Finding
from chain_node.networks.majority import ASK_MORE, KEEP, LAG_BLOCKS, half_beyond, reached, strict_majority
from chain_node.networks.papers import Papers, expiries


@dataclass(frozen=True)
class Registered:
    """An organisation of the registry with its accounts, small hexadecimal letters."""

    organisation: Organisation
    accounts: tuple[str, ...]


@dataclass(frozen=True)
class Audit:
    """`nodes` are those that can be asked, by name; `soon_days` is how far ahead an expiry is pointed out."""

    engine: NetworkEngine
    ceremony: Ceremony
    nodes: Mapping[str, Node]
    book: AddressBook
    artifacts: Mapping[str, Artifact]
    papers: Papers
    soon_days: int = 30

    def run(self) -> list[Finding]:
        findings = self._strangers()
        heights = self._heights(findings)
        near = self._not_behind(heights, findings)
        most = reached(heights.values())
        agreeing = self._agreeing(min([most, *near.values()]), near, findings)
        # The newest block that most have, not the oldest of all: the nodes' lists are those of now.
        for name in sorted(agreeing, key=lambda its: -min(most, near[its])):
            try:
                return findings + self._held_against(Chain(self.nodes[name], self.book), min(most, near[name]), heights)
            except NO_ANSWER as error:
                findings.append(_unreadable(name, error))
        return findings

    def _held_against(self, chain: Chain, block: int, names: Iterable[str]) -> list[Finding]:
        """`names` are the nodes whose lists are looked at. Raises what reading the contracts raises."""
        registered = registry_of(chain, block)
        expected = self.expected_accounts(registered)
        findings = self._no_accounts_list()
        for name in names:
            peers = self.engine.listed_peers(self.ceremony.state, name)
            findings += self._list(name, "accounts", self.engine.accounts_list_call(), expected)
            findings += self._list(name, "nodes", self.engine.nodes_list_call(), peers)
        findings += expiries(
            (its.organisation for its in registered), self.papers, chain.block(block).timestamp, self.soon_days
        )
        findings += self._directory(chain, block)
        findings += self._code(chain, block)
        return findings

    def expected_accounts(self, registered: Iterable[Registered]) -> set[str]:
        """Whoever sends transactions: the registry's accounts but for our own contracts, and those of the terms."""
        contracts = {address.lower() for address in self.book.addresses.values()}
        listed = {account for one in registered for account in one.accounts}
        return (listed - contracts) | set(self.ceremony.terms.accounts)

    def _strangers(self) -> list[Finding]:
        agreed = self.ceremony.state.nodes
        found = [
            Finding(
                "wrong", "nodes", name, "is no node of this network", "name nodes as `portolan network status` does"
            )
            for name in sorted(set(self.nodes) - set(agreed))
        ]
        todo = "its member runs the audit, or gives a way to it (--rpc NODE=URL)"
        return found + [
            Finding("unknown", "reach", name, "was not asked: no --rpc was given for it", todo)
            for name in sorted(set(agreed) - set(self.nodes))
        ]

    def _heights(self, findings: list[Finding]) -> dict[str, int]:
        found: dict[str, int] = {}
        for name, node in sorted(self.nodes.items()):
            try:
                chain_id = quantity(node.request("eth_chainId"))
                if chain_id != self.ceremony.terms.chain_id:
                    what = f"serves chain {chain_id}, not {self.ceremony.terms.chain_id}"
                    findings.append(Finding("wrong", "chain", name, what, "start it with this network's genesis.json"))
                    continue
                found[name] = quantity(node.request("eth_blockNumber"))
            except NO_ANSWER as error:
                findings.append(_unreadable(name, error))
        return found

    def _not_behind(self, heights: Mapping[str, int], findings: list[Finding]) -> dict[str, int]:
        """Those that are as far as most, but for a few blocks; none where nobody can say how far that is."""
        if half_beyond(heights.values()):
            told = ", ".join(f"{name} is at block {height}" for name, height in heights.items())
            what = f"they differ, so that no contract and no list was looked at: {told}"
            findings.append(Finding("wrong", "behind", "", what, f"wait for those that sync, or {ASK_MORE}"))
            return {}
        most = reached(heights.values())
        for name, height in heights.items():
            if most - height > LAG_BLOCKS:
                what = f"is {most - height} blocks behind; what it has of the chain was not looked at"
                findings.append(Finding("wrong", "behind", name, what, "see its peers, disk and log: network doctor"))
        return {name: height for name, height in heights.items() if most - height <= LAG_BLOCKS}

    def _agreeing(self, block: int, names: Iterable[str], findings: list[Finding]) -> list[str]:
        """The nodes with the block that most have; those with another are on a fork. None where no block is most's."""
        hashes: dict[str, bytes] = {}
        for name in names:
            try:
                hashes[name] = self.nodes[name].block(block).hash
            except NO_ANSWER as error:
                findings.append(_unreadable(name, error))
        most = strict_majority(hashes.values())
        if most is None and hashes:
            told = ", ".join(f"{name} has 0x{value.hex()}" for name, value in hashes.items())
            what = f"they differ in block {block}, so that no contract and no list was looked at: {told}"
            findings.append(Finding("wrong", "chain", "", what, ASK_MORE))
            return []
        for name, value in hashes.items():
            if most is not None and value != most:
                what = f"has another block {block}: 0x{value.hex()} instead of 0x{most.hex()}"
                findings.append(Finding("wrong", "chain", name, what, f"stop it, {KEEP}, let it sync anew"))
        return [name for name, value in hashes.items() if value == most]

    def _list(self, name: str, area: str, call: RpcCall | None, expected: set[str]) -> list[Finding]:
        if call is None:
            return []
        try:
            answer = self.nodes[name].request(call.method, *call.params)
        except NO_ANSWER as error:
            api = call.method.partition("_")[0].upper()
            return [Finding("unknown", area, name, reason(error), f"enable {api} in its RPC; see its version")]
        if not isinstance(answer, list) or not all(isinstance(item, str) for item in answer):
            return [Finding("unknown", area, name, f"{call.method} gave no list", "see its version and flags")]
        found = {plain(item) for item in answer}
        wanted = {item.lower() for item in expected}
        return [
            *(self._drift(area, name, item, "lets in", admit=False) for item in sorted(found - wanted)),
            *(self._drift(area, name, item, "does not let in", admit=True) for item in sorted(wanted - found)),
        ]

    def _no_accounts_list(self) -> list[Finding]:
        """Silence would say that somebody looked."""
        if self.engine.accounts_list_call() is not None:
            return []
        what = (
            f"{self.engine.kind} keeps no list of accounts: whoever reaches a node's JSON-RPC may send it transactions"
        )
        return [Finding("soon", "accounts", "", what, "nothing to do, as long as JSON-RPC stays on loopback")]

    def _drift(self, area: str, name: str, item: str, verb: str, admit: bool) -> Finding:
        if area == "nodes":
            return Finding(
                "wrong", area, name, f"{verb} the node {item}", "portolan network apply, on its member's machine"
            )
        call = self.engine.change_accounts_call((item,), admit)
        todo = "" if call is None else f"on it: {call.method} {list(call.params)}"
        return Finding("wrong", area, name, f"{verb} the account {item}", todo)

    def _directory(self, chain: Chain, block: int) -> list[Finding]:
        findings = []
        names = chain.directory.names(block)
        for name in sorted({*names, *self.book.names()}):
            wanted = self.book.addresses.get(name)
            found = chain.directory.module_of(name, block) if name in names else None
            if found != wanted:
                what = f"{name}: the Directory says {found or 'nothing'}, deployments.json {wanted or 'nothing'}"
                findings.append(
                    Finding("wrong", "directory", "", what, "find out which change was decided; never edit the file")
                )
        return findings

    def _code(self, chain: Chain, block: int) -> list[Finding]:
        # A version that runs off is of an earlier build; the Directory says that it is still the same.
        names = sorted(name for name in self.book.names() if not name.startswith("run-off-"))
        places = [(self.book.address(name), hex(block)) for name in names]
        codes: list[Any] = chain.node.batch([("eth_getCode", place) for place in places])
        today = code_version(self.artifacts.values())
        findings = []
        for name, code in zip(names, codes, strict=True):
            contract = self.book.contracts[name]
            artifact = self.artifacts.get(contract)
            match = CodeMatch.UNKNOWN if artifact is None else compare_code(bytes.fromhex(code[2:]), artifact)
            build = self.book.builds.get(name, today)
            if build != today and match in (CodeMatch.DIFFERENT, CodeMatch.UNKNOWN):
                what = f"{name} at {self.book.address(name)}: of an earlier build ({build}), which was not compared"
                todo = f"check out the version whose code_version is {build} and audit its contracts with it"
                findings.append(Finding("unknown", "code", "", what, todo))
            elif match is not CodeMatch.SAME:
                weight = "soon" if match is CodeMatch.OTHER_METADATA else "wrong"
                what = f"{name} at {self.book.address(name)}: {match.value}"
                todo = "check out the version that was deployed (code_version in deployments.json) and audit again"
                findings.append(Finding(weight, "code", "", what, todo))  # type: ignore[arg-type]  # one of the two
        return findings


def _unreadable(name: str, error: BaseException) -> Finding:
    return Finding("unknown", "reach", name, reason(error), "see whether it runs: network doctor")


def registry_of(chain: Chain, block: int) -> list[Registered]:
    """All organisations of the ParticipantRegistry: they are numbered from 1 without a gap."""
    found: list[Registered] = []
    while True:
        number = len(found) + 1
        organisation = chain.registry.organisation(number, block)
        if not organisation.lei:
            return found
        accounts = tuple(sorted(account.lower() for account in chain.registry.accounts_of(number, block)))
        found.append(Registered(organisation, accounts))
