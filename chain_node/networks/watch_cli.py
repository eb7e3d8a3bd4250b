"""`portolan network audit|doctor|watch`: looks at a running network and says what is wrong, once or all the time."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from chain_node.cli import plainly, until_interrupted
from chain_node.client import AddressBook, Node
from chain_node.compile import compile_contracts
from chain_node.config import CONFIG_ROOT, deployments_of
from chain_node.networks.answers import NO_ANSWER, quantity, reason
from chain_node.networks.audit import Audit
from chain_node.networks.beginning import papers_of
from chain_node.networks.catalogue import engine_named
from chain_node.networks.ceremony import Ceremony, load_ceremony
from chain_node.networks.doctor import Doctor
from chain_node.networks.documents import parse, read_bytes
from chain_node.networks.engine import NetworkEngine
from chain_node.networks.facts import NodeFacts, gather, port_is_open
from chain_node.networks.figures import NetworkFigures, told_at
from chain_node.networks.findings import Finding, as_json, exit_code
from chain_node.networks.machine import machine_findings, nowhere, unit_findings
from chain_node.networks.member import MemberFolder
from chain_node.networks.named import members_folder
from chain_node.networks.options import NameArgument, RootOption, rpc_urls
from chain_node.networks.papers import Papers, read_papers
from chain_node.networks.services import UNIT_NODES
from chain_node.networks.watching import NetworkWatch, require_nodes

RpcOption = Annotated[list[str] | None, typer.Option(help="NODE=URL of each node that can be asked from here.")]
JsonOption = Annotated[bool, typer.Option("--json", help="For programs.")]


@plainly
def audit(
    name: NameArgument,
    rpc: RpcOption = None,
    deployments: Annotated[Path | None, typer.Option(help="List of the contracts (deployments.json).")] = None,
    papers: Annotated[
        Path | None, typer.Option(help="The registrar's list of papers (TOML), newer than participants.toml.")
    ] = None,
    soon_days: Annotated[int, typer.Option(help="How far ahead an expiry is pointed out.")] = 30,
    as_json_: JsonOption = False,
    root: RootOption = CONFIG_ROOT,
) -> None:
    """Compare what every node enforces with registry, papers and build. Ends with 1: wrong; 3: not all were asked."""
    folder = members_folder(root, name)
    ceremony = load_ceremony(folder)
    urls = rpc_urls(rpc or [])
    found = Audit(
        engine=engine_named(ceremony.terms.engine),
        ceremony=ceremony,
        nodes={node: Node(url) for node, url in urls.items()},
        book=AddressBook.load(deployments or deployments_of(folder, name)),
        artifacts=compile_contracts(),
        papers=Papers.of(papers_of(folder), [] if papers is None else read_papers(papers)),
        soon_days=soon_days,
    ).run()
    show(name, sorted(urls), found, as_json_)


def show(network: str, looked_at: Sequence[str], findings: Sequence[Finding], for_programs: bool) -> None:
    if for_programs:
        typer.echo(json.dumps(as_json(network, looked_at, findings), indent=2, ensure_ascii=False))
    else:
        table = Table("", "where", "area", "what", "what to do")
        for one in findings:
            table.add_row(one.weight, one.node or network, one.area, one.what, one.todo)
        console = Console()
        console.print(table if findings else f"{network}: nothing is wrong ({', '.join(looked_at)} were asked).")
    raise typer.Exit(exit_code(findings))


@plainly
def doctor(
    name: NameArgument,
    rpc: RpcOption = None,
    member_dir: Annotated[Path | None, typer.Option(help="This member's own folder: its disk and keys.")] = None,
    unit_dir: Annotated[
        Path | None, typer.Option(help=f"Where units keep the nodes' own folders; {UNIT_NODES}/NAME without.")
    ] = None,
    ports: Annotated[bool, typer.Option("--ports/--no-ports", help="Try every node's peer port from here.")] = True,
    watch: Annotated[int, typer.Option(help="Seconds to watch for new blocks.")] = 20,
    as_json_: JsonOption = False,
    root: RootOption = CONFIG_ROOT,
) -> None:
    """Find what is wrong with the running network and say what to do. Ends with 1: wrong; 3: something is unknown."""
    folder = members_folder(root, name)
    ceremony = load_ceremony(folder)
    engine = engine_named(ceremony.terms.engine)
    urls = rpc_urls(rpc or [])
    require_nodes(ceremony, urls)
    nodes = {node: Node(url) for node, url in urls.items()}
    facts = {node: gather(engine, node, way) for node, way in nodes.items()}
    facts = {node: later(its, nodes[node]) for node, its in watched(facts, watch).items()}
    findings = Doctor(
        engine=engine,
        ceremony=ceremony,
        facts=facts,
        ports={n.node: port_is_open(n) for n in ceremony.state.ordered} if ports else {},
        now=int(time.time()),
        genesis=parse(folder / "genesis.json", read_bytes(folder / "genesis.json")),
    ).findings()
    findings += _this_machine(unit_dir or Path(UNIT_NODES) / name, member_dir, ceremony, engine)
    show(name, sorted(nodes), findings, as_json_)


def _this_machine(unit_dir: Path, member_dir: Path | None, ceremony: Ceremony, engine: NetworkEngine) -> list[Finding]:
    found = [] if member_dir is None else machine_findings(MemberFolder(member_dir))
    secrets = tuple(engine.key_files(bytes(32)))
    units = unit_findings(unit_dir, sorted(ceremony.state.nodes), secrets)
    if units is None and member_dir is None:
        return [nowhere(unit_dir)]
    return found + (units or [])


def watched(facts: dict[str, NodeFacts], seconds: int) -> dict[str, NodeFacts]:
    """The same facts, after a while: whether blocks come can only be seen by waiting."""
    if any(its.answers for its in facts.values()):
        time.sleep(seconds)
    return facts


def later(facts: NodeFacts, node: Node) -> NodeFacts:
    try:
        return replace(facts, later_number=quantity(node.request("eth_blockNumber"))) if facts.answers else facts
    except NO_ANSWER as error:
        return replace(facts, unanswered={**facts.unanswered, "height after a while": reason(error)})


@plainly
def watch(
    name: NameArgument,
    rpc: RpcOption = None,
    listen: Annotated[str, typer.Option(help="HOST:PORT where Prometheus finds the figures.")] = "127.0.0.1:9466",
    every: Annotated[int, typer.Option(help="Seconds between two looks.", min=1)] = 5,
    timeout: Annotated[int, typer.Option(help="Seconds after which a node counts as silent.", min=1)] = 5,
    root: RootOption = CONFIG_ROOT,
) -> None:
    """Tell Prometheus whether nodes answer and validators propose blocks, until Ctrl-C. A silent node is a figure."""
    urls, figures = rpc_urls(rpc or []), NetworkFigures()
    watching = NetworkWatch(members_folder(root, name), urls, timeout)
    with until_interrupted() as interruption, closing(watching), told_at(listen, figures) as address:
        figures.latest = watching.look(int(time.time()))
        typer.echo(
            f"Figures of {name} are at {address}; {', '.join(sorted(urls))} asked every {every} s. Ctrl-C ends it."
        )
        while True:
            time.sleep(every)
            interruption.check()
            figures.latest = watching.look(int(time.time()))
