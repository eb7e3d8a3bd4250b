from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from consortium import Consortium, found
from rpc_proxy import Proxy, proxy
from support.network import RunningNetwork, lei, start_network
from typer.testing import CliRunner

from chain_node.client import AddressBook, Node
from chain_node.client.contracts.access import Organisation
from chain_node.compile import Artifact, compile_contracts
from chain_node.config import CONFIG_ROOT, load_network
from chain_node.networks.audit import Audit
from chain_node.networks.besu import BesuEngine
from chain_node.networks.ceremony import Ceremony, load_ceremony
from chain_node.networks.cli import network_app
from chain_node.networks.code import CodeMatch, compare_code
from chain_node.networks.errors import FileUnusable
from chain_node.networks.findings import Finding, exit_code
from chain_node.networks.kaia import KaiaNetwork
from chain_node.networks.papers import Paper, Papers, expiries, read_papers
from chain_node.vocabulary import Role

pytestmark = pytest.mark.node

ACME, FROZEN = "0x" + "a1" * 20, "0x" + "f2" * 20
runner = CliRunner()
NEWER = ("FxQuotes", "Servicing")


def paper(of: str, year: int = 2200) -> Paper:
    return Paper(lei=of, expires_at=datetime(year, 1, 1, tzinfo=UTC))


@dataclass
class Audited:
    """Four nodes on one chain (anvil), each with lists of its own."""

    made: Consortium
    network: RunningNetwork
    proxies: dict[str, Proxy]
    ceremony: Ceremony
    listed: list[Paper] = field(default_factory=lambda: [paper(lei("ACME")), paper(lei("FROZEN"))])
    """The registrar's."""

    def audit(self, **changes: Any) -> list[Finding]:
        audit = Audit(
            engine=BesuEngine(),
            ceremony=self.ceremony,
            nodes={name: Node(p.url) for name, p in self.proxies.items()},
            book=AddressBook.load(self.network.deployments),
            artifacts=compile_contracts(),
            papers=Papers.of(load_network(CONFIG_ROOT / "local").organisations, self.listed),
        )
        return replace(audit, **changes).run()

    def list_of(self, node: str, area: str) -> list[str]:
        listed: list[str] = self.proxies[node].answers[f"perm_get{area}Allowlist"]
        return listed


@pytest.fixture(scope="module")
def own_chain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningNetwork]:
    """Nobody but the operator is in its registry: on the session's chain, others' tests admit people."""
    network = start_network(tmp_path_factory.mktemp("audited"))
    yield network
    network.chain.close()
    network.engine.stop()


@pytest.fixture
def audited(tmp_path: Path, own_chain: RunningNetwork) -> Iterator[Audited]:
    network = own_chain
    snapshot = network.chain.node.request("evm_snapshot")
    made = found(tmp_path, chain_id=network.chain.chain_id)
    ceremony = load_ceremony(made.folder)
    network.admit(lei("ACME"), ACME, int(Role.CARRIER))
    network.admit(lei("FROZEN"), FROZEN, int(Role.CARRIER))
    network.send("registrar", network.chain.registry.freeze_account(FROZEN))
    peers = [BesuEngine().peer_url(n) for n in ceremony.state.ordered]
    with ExitStack() as stack:
        proxies = {
            node.node: stack.enter_context(
                proxy(
                    {
                        "perm_getAccountsAllowlist": [
                            ACME.upper().replace("0X", "0x"),
                            FROZEN,
                            *ceremony.terms.accounts,
                        ],
                        "perm_getNodesAllowlist": [peers[0] + "?discport=0", *peers[1:]],
                    },
                    network.rpc_url,
                )
            )
            for node in ceremony.state.ordered
        }
        yield Audited(made, network, proxies, ceremony)
    network.chain.node.request("evm_revert", snapshot)


def test_account_that_one_node_lets_in_by_mistake_is_named_with_the_node(audited: Audited) -> None:
    stranger = "0x" + "66" * 20
    audited.list_of("validator-b", "Accounts").append(stranger)
    audited.list_of("validator-c", "Accounts").remove(FROZEN)

    findings = audited.audit()

    assert [(f.weight, f.area, f.node, f.what) for f in findings] == [
        ("wrong", "accounts", "validator-b", f"lets in the account {stranger}"),
        ("wrong", "accounts", "validator-c", f"does not let in the account {FROZEN}"),
    ]
    assert findings[0].todo == f"on it: perm_removeAccountsFromAllowlist [['{stranger}']]"
    assert findings[1].todo == f"on it: perm_addAccountsToAllowlist [['{FROZEN}']]"
    assert exit_code(findings) == 1


def test_account_taken_from_the_registry_must_leave_every_node(audited: Audited) -> None:
    audited.network.send("registrar", audited.network.chain.registry.remove_account(ACME))

    findings = audited.audit()

    assert [(f.node, f.what) for f in findings] == [(n, f"lets in the account {ACME}") for n in sorted(audited.proxies)]


def test_node_that_was_removed_or_is_missing_from_a_list_is_named(audited: Audited) -> None:
    ours = audited.list_of("validator-a", "Nodes")
    gone = ours.pop()
    ours.append("enode://" + "00" * 64 + "@10.9.9.9:30303")

    findings = audited.audit()

    assert [(f.area, f.node) for f in findings] == [("nodes", "validator-a")] * 2
    assert findings[1].what == f"does not let in the node {gone}"


def test_nodes_that_cannot_be_asked_are_not_taken_as_good(audited: Audited) -> None:
    silent = audited.proxies.pop("validator-d")
    del audited.proxies["validator-a"].answers["perm_getAccountsAllowlist"]
    audited.proxies["validator-b"].answers["perm_getNodesAllowlist"] = None

    findings = audited.audit()

    assert silent.calls == []
    assert {(f.weight, f.area, f.node) for f in findings} == {
        ("unknown", "reach", "validator-d"),
        ("unknown", "accounts", "validator-a"),
        ("unknown", "nodes", "validator-b"),
    }
    assert exit_code(findings) == 3


def test_kaias_lists_are_each_without_the_node_itself_and_none_is_of_accounts(audited: Audited) -> None:
    engine, agreed = KaiaNetwork(), audited.ceremony.state.ordered
    for name, its in audited.proxies.items():
        its.answers["admin_listedPeers"] = [engine.peer_url(node) for node in agreed if node.node != name]
    stranger = "kni://" + "00" * 64 + "@10.9.9.9:30303"
    audited.proxies["validator-a"].answers["admin_listedPeers"].append(stranger + "?discport=0&ntype=cn")
    gone = audited.proxies["validator-b"].answers["admin_listedPeers"].pop()
    del audited.proxies["validator-c"].answers["admin_listedPeers"]

    findings = audited.audit(engine=engine)

    assert [(f.weight, f.area, f.node) for f in findings] == [
        ("soon", "accounts", ""),
        ("wrong", "nodes", "validator-a"),
        ("wrong", "nodes", "validator-b"),
        ("unknown", "nodes", "validator-c"),
    ]
    assert findings[0].what.startswith("kaia keeps no list of accounts: whoever reaches a node's JSON-RPC may send")
    assert findings[1].what == f"lets in the node {stranger}"
    assert findings[2].what == f"does not let in the node {gone.partition('?')[0]}"


def test_dead_node_foreign_chain_and_fork_are_told_apart(audited: Audited) -> None:
    node = audited.network.chain.node
    audited.proxies["validator-a"].answers["eth_chainId"] = "0x1"

    def forked(params: list[Any]) -> Any:
        answer = node.request("eth_getBlockByNumber", *params)
        return {**answer, "hash": "0x" + "77" * 32}

    audited.proxies["validator-b"].answers["eth_getBlockByNumber"] = forked
    nodes = {name: Node(p.url) for name, p in audited.proxies.items()}
    nodes["validator-c"] = Node("http://127.0.0.1:1")
    nodes["nobody"] = nodes["validator-d"]

    findings = audited.audit(nodes=nodes)

    said = {(f.weight, f.area, f.node): f.what for f in findings}
    assert said[("wrong", "chain", "validator-a")] == f"serves chain 1, not {audited.network.chain.chain_id}"
    assert said[("wrong", "chain", "validator-b")].startswith("has another block ")
    assert all("database" not in f.todo or "keep its database for the inquiry" in f.todo for f in findings)
    assert "does not answer" in said[("unknown", "reach", "validator-c")]
    assert said[("wrong", "nodes", "nobody")] == "is no node of this network"


@pytest.mark.parametrize("answer", [None, "zz", {}, "0x" + "f" * 30])
@pytest.mark.parametrize("method", ["eth_chainId", "eth_blockNumber", "eth_getBlockByNumber"])
def test_node_that_answers_nonsense_is_named_and_the_rest_looked_at(
    audited: Audited, method: str, answer: object
) -> None:
    audited.proxies["validator-a"].answers[method] = answer
    audited.list_of("validator-b", "Accounts").remove(FROZEN)

    findings = audited.audit()

    assert {(f.weight, f.area, f.node) for f in findings} == {
        ("unknown", "reach", "validator-a"),
        ("wrong", "accounts", "validator-b"),
    }


def test_contracts_are_read_of_the_next_node_where_one_tells_nonsense(audited: Audited) -> None:
    for method in ("eth_call", "eth_getCode"):
        audited.proxies["validator-a"].answers = {**audited.proxies["validator-a"].answers, method: 7}

        assert [(f.weight, f.area, f.node) for f in audited.audit()] == [("unknown", "reach", "validator-a")]


@pytest.mark.parametrize("blocks", [1, 3, 5])
def test_node_a_few_blocks_late_makes_nobodys_list_wrong(audited: Audited, blocks: int) -> None:
    """The accounts were admitted in these blocks."""
    newest = audited.network.chain.block_number()
    for name, its in audited.proxies.items():
        its.answers["eth_blockNumber"] = hex(newest - blocks if name == "validator-d" else newest)

    assert audited.audit() == []


def test_node_that_is_far_behind_is_named_and_no_account_for_it(audited: Audited) -> None:
    audited.proxies["validator-d"].answers |= {"eth_blockNumber": "0x3", "eth_call": "0x"}

    findings = audited.audit()

    assert [(f.weight, f.area, f.node) for f in findings] == [("wrong", "behind", "validator-d")]
    assert "blocks behind" in findings[0].what


@pytest.mark.parametrize("claimed", [3, 2**40])
def test_of_two_nodes_far_apart_none_is_believed(audited: Audited, claimed: int) -> None:
    audited.proxies["validator-a"].answers["eth_blockNumber"] = hex(claimed)
    two = {name: Node(audited.proxies[name].url) for name in ("validator-a", "validator-b")}

    findings = [f for f in audited.audit(nodes=two) if f.area != "reach"]

    assert [(f.weight, f.area, f.node) for f in findings] == [("wrong", "behind", "")]
    assert f"validator-a is at block {claimed}" in findings[0].what


def test_of_two_nodes_that_differ_none_is_accused(audited: Audited) -> None:
    height = hex(audited.network.chain.block_number())
    block = audited.network.chain.node.request("eth_getBlockByNumber", height, False)
    audited.proxies["validator-a"].answers["eth_getBlockByNumber"] = {**block, "hash": "0x" + "66" * 32}
    two = {name: Node(audited.proxies[name].url) for name in ("validator-a", "validator-b")}

    findings = [f for f in audited.audit(nodes=two) if f.area != "reach"]

    assert [(f.weight, f.area, f.node) for f in findings] == [("wrong", "chain", "")]
    assert "they differ in block" in findings[0].what
    assert "ask further members' nodes" in findings[0].todo
    assert "keep every database" in findings[0].todo


def test_due_diligence_that_ended_ends_soon_or_outlives_its_paper_is_named(audited: Audited) -> None:
    registry, now = audited.network.chain.registry, audited.network.now()
    audited.network.send(
        "registrar", registry.register_organisation(lei("SOON"), "", "DE", Role.CARRIER, now + 9 * 86_400)
    )
    audited.network.send("registrar", registry.register_organisation(lei("PAST"), "", "DE", Role.CARRIER, now + 60))
    audited.network.send("registrar", registry.register_organisation(lei("STOPPED"), "", "DE", Role.CARRIER, now + 60))
    audited.network.send("registrar", registry.suspend_organisation(lei("STOPPED")))
    audited.network.chain.node.request("evm_increaseTime", 3_600)
    audited.network.chain.node.request("evm_mine")
    operator = load_network(CONFIG_ROOT / "local").organisations[0].lei
    audited.listed += [paper(operator, 2030), *(paper(lei(name)) for name in ("SOON", "PAST"))]

    findings = [f for f in audited.audit() if f.area == "kyc"]

    assert [(f.weight, f.what[:20]) for f in findings] == [
        ("wrong", operator),
        ("soon", lei("SOON")),
        ("wrong", lei("PAST")),
    ]
    assert "its paper ends at 2030-01-01T00:00:00Z" in findings[0].what
    assert "ends in 8 days" in findings[1].what
    assert "ended" in findings[2].what


ONE = Organisation(lei("ONE"), "", "DE", int(Role.CARRIER), 2_000_000_000, False, 0)


@pytest.mark.parametrize(
    ("founding", "listed", "weights", "said"),
    [
        ({}, {}, ["unknown"], "was admitted later, may act until 2033-05-18T03:33:20Z, and its paper was not shown"),
        ({ONE.lei: 1_900_000_000}, {}, ["unknown"], "was renewed beyond its founding paper (2030-03-17T17:46:40Z)"),
        ({ONE.lei: 2_000_000_000}, {ONE.lei: 1_999_999_999}, ["wrong"], "its paper ends at 2033-05-18T03:33:19Z"),
        ({ONE.lei: 1_900_000_000}, {ONE.lei: 2_000_000_000}, [], ""),
        ({ONE.lei: 2_000_000_000}, {}, [], ""),
        ({}, {ONE.lei: 2_000_000_000}, [], ""),
    ],
)
def test_renewal_is_no_error_and_an_unknown_paper_is_named(
    founding: dict[str, int], listed: dict[str, int], weights: list[str], said: str
) -> None:
    findings = expiries([ONE], Papers(founding, listed), 1_700_000_000, 30)

    assert [f.weight for f in findings] == weights
    assert all(said in f.what for f in findings)
    assert not any("participants.toml" in f.todo for f in findings)
    assert expiries([replace(ONE, suspended=True)], Papers(founding, listed), 1_700_000_000, 30) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("papers = 1", "papers: "),
        ("[[papers]", "not TOML"),
        ("[[papers]]\nlei = '999900PORTOLANOPER18'\nexpires_at = 2030-01-01T00:00:00Z", "check digits"),
        ("[[papers]]\nlei = '999900PORTOLANOPER17'\nexpires_at = 2030-01-01T00:00:00", "needs a time zone"),
        ("[[papers]]\nlei = '999900PORTOLANOPER17'\nexpires_at = 2030-01-01T00:00:00Z\n" * 2, "is named twice"),
        ("[[papers]]\nlei = '999900PORTOLANOPER17'\nexpires_at = 2030-01-01T00:00:00Z\nend = 1", "end: Extra"),
    ],
)
def test_list_of_papers_that_makes_no_sense_is_refused(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "papers.toml").write_text(text)

    with pytest.raises(FileUnusable, match=said):
        read_papers(tmp_path / "papers.toml")


def test_directory_and_address_list_must_be_one(audited: Audited, tmp_path: Path) -> None:
    book = AddressBook.load(audited.network.deployments)
    moved = {**book.addresses, "FeedOracle": book.addresses["FxQuotes"], "Nowhere": book.addresses["FxQuotes"]}
    del moved["HealthCheck"]
    contracts = {**book.contracts, "FeedOracle": "FxQuotes", "Nowhere": "FxQuotes"}

    findings = audited.audit(book=replace(book, addresses=moved, contracts=contracts))

    said = [f.what for f in findings if f.area == "directory"]
    assert [what.partition(":")[0] for what in said] == ["FeedOracle", "HealthCheck", "Nowhere"]
    assert said[1] == f"HealthCheck: the Directory says {book.addresses['HealthCheck']}, deployments.json nothing"


def test_contract_that_is_not_the_builds_is_named(audited: Audited) -> None:
    address = audited.network.chain.addresses.address("FxQuotes")
    node = audited.network.chain.node
    code = bytearray(node.code(address))
    code[100] ^= 1
    node.request("anvil_setCode", address, "0x" + code.hex())
    other = audited.network.chain.addresses.address("Servicing")
    node.request("anvil_setCode", other, "0x")
    node.request("evm_mine")

    findings = audited.audit()

    assert [(f.weight, f.area, f.what) for f in findings] == [
        ("wrong", "code", f"FxQuotes at {address}: is not what the sources compile to"),
        ("wrong", "code", f"Servicing at {other}: there is no contract"),
    ]


def test_contract_that_an_upgrade_left_in_place_is_of_its_own_build(audited: Audited, tmp_path: Path) -> None:
    """The list says of which, as `chain_node/upgrade/record.py` leaves it."""
    listed = json.loads(audited.network.deployments.read_text())
    listed["contracts"]["FxQuotes"]["code_version"] = listed["code_version"]
    (tmp_path / "deployments.json").write_text(json.dumps(listed))
    today = compile_contracts()
    newer = dict(today)
    for name in NEWER:
        its = today[name]
        newer[name] = replace(its, input_hash="newer", deployed_bytecode="60" + its.deployed_bytecode)

    findings = audited.audit(book=AddressBook.load(tmp_path / "deployments.json"), artifacts=newer)

    assert [(f.weight, f.area, f.what.partition(" at ")[0]) for f in findings] == [
        ("unknown", "code", "FxQuotes"),
        ("wrong", "code", "Servicing"),
    ]
    assert f"of an earlier build ({listed['code_version']})" in findings[0].what


def test_metadata_and_immutables_are_told_from_code() -> None:
    built = bytes.fromhex(
        "6001600255" + "00" * 32 + "fe" + "a2646970667358221220" + "11" * 32 + "64736f6c63430008250033"
    )
    artifact = Artifact("It", "It.sol", "h", [], "", built.hex(), [[5, 32]])
    deployed = built[:5] + b"\x22" * 32 + built[37:]
    tail = built.index(b"\x11" * 32)

    assert compare_code(deployed, artifact) is CodeMatch.SAME
    renamed = deployed[:tail] + b"\x33" * 32 + deployed[tail + 32 :]
    assert compare_code(renamed, artifact) is CodeMatch.OTHER_METADATA
    assert compare_code(b"\x60\x02" + deployed[2:], artifact) is CodeMatch.DIFFERENT
    assert compare_code(deployed + b"\0", artifact) is CodeMatch.DIFFERENT
    assert compare_code(b"", artifact) is CodeMatch.MISSING


def command(audited: Audited, *more: str) -> Any:
    rpc = [f"--rpc={name}={p.url}" for name, p in audited.proxies.items()]
    arguments = ["audit", "harbour", *rpc, "--deployments", str(audited.network.deployments), *more]
    return runner.invoke(network_app, [*arguments, "--root", str(audited.made.folder.parent)], env={"COLUMNS": "200"})


def test_network_in_order_has_no_findings_and_the_command_says_so(audited: Audited, tmp_path: Path) -> None:
    entries = (f'[[papers]]\nlei = "{one.lei}"\nexpires_at = {one.expires_at.isoformat()}\n' for one in audited.listed)
    (tmp_path / "papers.toml").write_text("\n".join(entries))
    papers = ["--papers", str(tmp_path / "papers.toml")]

    told, for_programs = command(audited, *papers), command(audited, *papers, "--json")

    assert audited.audit() == []
    assert told.exit_code == 0, told.output
    assert "harbour: nothing is wrong" in told.output
    assert for_programs.exit_code == 0
    assert json.loads(for_programs.output)["findings"] == []
    assert json.loads(for_programs.output)["looked_at"] == sorted(audited.proxies)
    without = command(audited, "--json")
    assert without.exit_code == 3
    assert [f["what"][:20] for f in json.loads(without.output)["findings"]] == [lei("ACME"), lei("FROZEN")]
    audited.list_of("validator-b", "Accounts").append("0x" + "66" * 20)
    assert command(audited, *papers).exit_code == 1
