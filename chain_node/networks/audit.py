"""Holds what the nodes of a network enforce against what its registry, its papers and its build say.

The account list is no rule of consensus: each node keeps its own, so each is asked. What is read of contracts is read
at one block that all nodes which can be asked have in common.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from chain_node.client import AddressBook, Node
from chain_node.client.chain import Chain
from chain_node.client.contracts.access import Organisation
from chain_node.compile import Artifact
from chain_node.errors import ChainError, NodeUnavailable, RequestRefused
from chain_node.networks.ceremony import Ceremony
from chain_node.networks.code import CodeMatch, compare_code
from chain_node.networks.engine import NetworkEngine, RpcCall, plain
from chain_node.networks.findings import Finding
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
        if not heights:
            return findings
        block = min(heights.values())
        reference = self._reference(block, heights, findings)
        chain = Chain(self.nodes[reference], self.book)
        registered = registry_of(chain, block)
        expected = self.expected_accounts(registered)
        findings += self._no_accounts_list()
        for name in heights:
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
                chain_id = node.chain_id()
                if chain_id != self.ceremony.terms.chain_id:
                    what = f"serves chain {chain_id}, not {self.ceremony.terms.chain_id}"
                    findings.append(Finding("wrong", "chain", name, what, "start it with this network's genesis.json"))
                    continue
                found[name] = node.block_number()
            except ChainError as error:
                findings.append(Finding("unknown", "reach", name, str(error), "see whether it runs: network doctor"))
        return found

    def _reference(self, block: int, heights: Mapping[str, int], findings: list[Finding]) -> str:
        """A node with the block that most have; those with another are on a fork."""
        hashes = {name: self.nodes[name].block(block).hash for name in heights}
        most = Counter(hashes.values()).most_common(1)[0][0]
        for name, value in hashes.items():
            if value != most:
                what = f"has another block {block}: 0x{value.hex()} instead of 0x{most.hex()}"
                findings.append(Finding("wrong", "chain", name, what, "stop it, remove its database, let it sync anew"))
        return next(name for name, value in hashes.items() if value == most)

    def _list(self, name: str, area: str, call: RpcCall | None, expected: set[str]) -> list[Finding]:
        if call is None:
            return []
        try:
            answer = self.nodes[name].request(call.method, *call.params)
        except (RequestRefused, NodeUnavailable) as error:
            api = call.method.partition("_")[0].upper()
            return [Finding("unknown", area, name, str(error), f"enable {api} in its RPC; see its version")]
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
        findings = []
        for name, code in zip(names, codes, strict=True):
            contract = self.book.contracts[name]
            artifact = self.artifacts.get(contract)
            match = CodeMatch.UNKNOWN if artifact is None else compare_code(bytes.fromhex(code[2:]), artifact)
            if match is not CodeMatch.SAME:
                weight = "soon" if match is CodeMatch.OTHER_METADATA else "wrong"
                what = f"{name} at {self.book.address(name)}: {match.value}"
                todo = "check out the version that was deployed (code_version in deployments.json) and audit again"
                findings.append(Finding(weight, "code", "", what, todo))  # type: ignore[arg-type]  # one of the two
        return findings


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
