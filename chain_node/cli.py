"""`portolan node ...` and `portolan deploy`: a network's chain, its contracts and its keys."""

from __future__ import annotations

import shutil
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import wraps
from pathlib import Path
from typing import Annotated, Final, Never, ParamSpec, TypeVar

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table

from chain_node.abi import client_files, write_client_files
from chain_node.admission_cli import admit
from chain_node.besu_option import BesuOption
from chain_node.brownie import BrownieFailed
from chain_node.brownie_cli import brownie
from chain_node.client import AddressBook, Chain, Node
from chain_node.compile import ROOT, CompileError, compile_contracts
from chain_node.config import CONFIG_ROOT, ConfigInvalid, Network, data_dir_of, load_network
from chain_node.deploy import DeployFailed, deploy
from chain_node.engines import ClockFixed, Engine, EngineChoices, make_engine
from chain_node.engines.anvil import set_clock
from chain_node.engines.base import Endpoint, EngineBusy, find_endpoint
from chain_node.engines.validators import make_validator_keys
from chain_node.errors import ChainError
from chain_node.freezing_cli import freeze
from chain_node.genesis import GenesisInvalid
from chain_node.keys import OFFICE_KEYS, KeyRing, KeysInvalid
from chain_node.networks.options import RootOption
from chain_node.references import ReferenceInvalid
from chain_node.supervisor import ProcessFailed
from chain_node.upgrade.cli import upgrade

P = ParamSpec("P")
R = TypeVar("R")
PROBLEMS: Final = (
    BrownieFailed,
    ChainError,
    CompileError,
    ConfigInvalid,
    DeployFailed,
    EngineBusy,
    GenesisInvalid,
    KeysInvalid,
    OSError,
    ProcessFailed,
    ReferenceInvalid,
    ValueError,
)

node_app = typer.Typer(help="Start the network's chain, look at it, and keep its keys.", no_args_is_help=True)

NetworkOption = Annotated[str, typer.Option("--network", help="Name of a folder in network-config.")]
DataOption = Annotated[
    Path | None, typer.Option("--data-dir", help="Where chain, keys and contract list are kept (build/networks/NAME).")
]


def plainly(command: Callable[P, R]) -> Callable[P, R]:
    """Ends a command with one clear sentence instead of a stack trace where it is known what went wrong."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except PROBLEMS as problem:
            Console(stderr=True).print(str(problem), style="red", markup=False, highlight=False, soft_wrap=True)
            raise typer.Exit(1) from problem

    return run


def deploy_with_progress(network: Network, ring: KeyRing, rpc_url: str, console: Console) -> AddressBook:
    """Compiles (once for the same sources) and deploys, showing how far it is; the list goes to the ring's folder."""
    with console.status("Compiling the contracts; the first time takes about ten seconds"):
        artifacts = compile_contracts()
    columns = (TextColumn("Deploying"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}"))
    node = Node(rpc_url)
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("", total=None)

        def show(done: int, total: int, title: str) -> None:
            bar.update(task, completed=done, total=total, description=title)

        try:
            return deploy(node, network, ring, artifacts, ring.data_dir / "deployments.json", show)
        finally:
            node.close()


@node_app.command()
@plainly
def start(
    network: NetworkOption = "local",
    data_dir: DataOption = None,
    port: Annotated[int | None, typer.Option(help="Port on this machine; 0 takes a free one (network.toml).")] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Forget its chain, contracts and keys first.")] = False,
    metrics_port: Annotated[
        int | None,
        typer.Option(
            help="Port of loopback for Prometheus, the next ones for more nodes; 0 takes free ones.", min=0, max=65_514
        ),
    ] = None,
    besu: BesuOption = None,
) -> None:
    """Start the chain with its contracts and keep it running until Ctrl-C. What it knows stays for the next start."""
    console = Console()
    loaded, folder = _load(network, data_dir)
    if fresh:
        forget_network(folder)
    ring = KeyRing.make(folder)
    choices = EngineChoices(port=port, metrics_port=metrics_port, besu=besu)
    with until_interrupted() as interruption, make_engine(loaded.config, folder, choices) as engine:
        book = deploy_with_progress(loaded, ring, engine.rpc_url, console)
        console.print(f"The chain {network} answers at {engine.rpc_url} (chain id {book.chain_id}).")
        console.print(f"Its {len(book.names())} contracts are listed in {folder / 'deployments.json'}.", soft_wrap=True)
        console.print(f"Figures for Prometheus: {', '.join(engine.metrics_urls)}", soft_wrap=True, highlight=False)
        console.print("Ctrl-C stops it.")
        watch(engine, interruption)
    console.print("Stopped; the chain's state is kept.")


@node_app.command()
@plainly
def status(network: NetworkOption = "local", data_dir: DataOption = None) -> None:
    """Say whether the chain runs, how far it is, what time it has and whether all is well, and list its contracts."""
    console = Console()
    loaded, folder = _load(network, data_dir)
    endpoint = find_endpoint(folder)
    if endpoint is None:
        console.print(f"The chain {network} is not running (its folder is {folder}).", soft_wrap=True)
        raise typer.Exit(1)
    chain = Chain.connect(endpoint.rpc_url, AddressBook.load(folder / "deployments.json"))
    block = chain.block()
    moment = datetime.fromtimestamp(block.timestamp, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    console.print(f"The chain {network} answers at {endpoint.rpc_url}, process {endpoint.pid}.")
    console.print(f"Block {block.number}, {moment}.")
    _tell_nodes(console, loaded, endpoint)
    health = chain.health.check()
    broken = f"NOT: {health.invariant} (of {health.subject:#x})"
    console.print(f"Every invariant of lending holds: {'yes' if health.healthy else broken}.")
    table = Table("contract", "address")
    for name in chain.addresses.names():
        table.add_row(name, chain.addresses.address(name))
    console.print(table)


@node_app.command()
@plainly
def keys(network: NetworkOption = "local", data_dir: DataOption = None) -> None:
    """Make the keys of the operator and its validators where they are missing, list their accounts. Shows no secret."""
    console = Console()
    loaded, folder = _load(network, data_dir)
    ring = KeyRing.make(folder)
    table = Table("office", "account", "key")
    for name in OFFICE_KEYS:
        table.add_row(name, ring.address(name), str(ring.keystore_path(name)))
    for name, (path, identity) in make_validator_keys(folder, loaded.config.engine.validators_here).items():
        table.add_row(name, identity.address, str(path))
    console.print(table)


@node_app.command()
@plainly
def clock(
    moment: Annotated[datetime, typer.Argument(help="UTC, e.g. 2026-05-12T06:40:00", formats=["%Y-%m-%dT%H:%M:%S"])],
    network: NetworkOption = "local",
    data_dir: DataOption = None,
) -> None:
    """Move the embedded chain's clock on. It runs in real seconds from there; it can never be set back."""
    loaded, folder = _load(network, data_dir)
    if loaded.config.engine.kind != "anvil":
        raise ClockFixed(f"the chain {network} runs in real time: its clock cannot be moved")
    endpoint = find_endpoint(folder)
    if endpoint is None:
        raise ProcessFailed(network, "is not running", folder / "logs" / "anvil.log")
    set_clock(Node(endpoint.rpc_url), folder, int(moment.replace(tzinfo=UTC).timestamp()))


@node_app.command()
@plainly
def abi(check: Annotated[bool, typer.Option("--check", help="Only say whether they are up to date.")] = False) -> None:
    """Bring the interfaces that the Python client carries up to date with the contracts."""
    console = Console()
    with console.status("Compiling the contracts"):
        artifacts = compile_contracts()
    if check:
        files = client_files(artifacts).items()
        stale = [path for path, text in files if not path.exists() or path.read_text(encoding="utf-8") != text]
        for path in stale:
            console.print(f"{path.relative_to(ROOT)} is out of date", soft_wrap=True)
        raise typer.Exit(1 if stale else 0)
    changed = write_client_files(artifacts)
    console.print(f"{len(changed)} files changed." if changed else "Nothing has changed.")


node_app.command("brownie")(plainly(brownie))
node_app.command("admit")(plainly(admit))
node_app.command("freeze")(plainly(freeze))
node_app.command("upgrade")(plainly(upgrade))


@plainly
def deploy_command(
    network: NetworkOption = "local",
    data_dir: DataOption = None,
    rpc_url: Annotated[str | None, typer.Option(help="A node of the network, if not this folder's.")] = None,
    besu: BesuOption = None,
    root: RootOption = CONFIG_ROOT,
) -> None:
    """Put the contracts on a network's chain. Goes on where it was broken off; a finished one is only checked."""
    console = Console()
    loaded, folder = _load(network, data_dir, root)
    ring = KeyRing.make(folder)
    endpoint = find_endpoint(folder)
    running = rpc_url or (endpoint.rpc_url if endpoint else None)
    if running is not None:
        book = deploy_with_progress(loaded, ring, running, console)
    else:
        with make_engine(loaded.config, folder, EngineChoices(port=0, besu=besu)) as engine:
            book = deploy_with_progress(loaded, ring, engine.rpc_url, console)
    console.print(f"{len(book.names())} contracts stand; {folder / 'deployments.json'} lists them.", soft_wrap=True)


def _tell_nodes(console: Console, network: Network, endpoint: Endpoint) -> None:
    """Where a chain tells its figures. Of one of several validators, also how far each is that is said to run, and how
    many others it sees."""
    if not network.config.engine.validators_here:
        for url in endpoint.metrics_urls.values():
            console.print(f"Figures for Prometheus: {url}", highlight=False, soft_wrap=True)
        return
    urls = (endpoint.rpc_url, *endpoint.more_urls)
    console.print(f"{len(urls)} of {network.config.engine.validators_here} validators run:")
    for url in urls:
        node = Node(url, timeout_seconds=3)
        try:
            peers = int(node.request("net_peerCount"), 16)
            where = f", figures at {endpoint.metrics_urls[url]}" if url in endpoint.metrics_urls else ""
            said = f"  {url}  block {node.block_number()}, sees {peers} others{where}"
            console.print(said, highlight=False, soft_wrap=True)
        except ChainError as error:
            console.print(f"  {url}  {error}", highlight=False, soft_wrap=True)
        finally:
            node.close()


def _load(network: str, data_dir: Path | None, root: Path | None = None) -> tuple[Network, Path]:
    return load_network((root or CONFIG_ROOT) / network), (data_dir or data_dir_of(network)).resolve()


def forget_network(data_dir: Path) -> None:
    """Removes a network's folder, but never one that is not a network's, or whose chain runs."""
    if not data_dir.exists():
        return
    if find_endpoint(data_dir) is not None:
        raise EngineBusy(f"a chain already runs in {data_dir}")
    if not (data_dir / "network.key").exists() and any(data_dir.iterdir()):
        raise ValueError(f"{data_dir} is not the folder of a network: nothing is removed")
    shutil.rmtree(data_dir)


class Interruption:
    """Whether Ctrl-C or TERM came. The exception that either raises is lost where it falls into a finaliser, which
    Python may run at any moment: who waits for the end asks here too."""

    def __init__(self) -> None:
        self._came = False

    def interrupt(self, _number: int, _frame: object) -> Never:
        self._came = True
        raise KeyboardInterrupt

    def check(self) -> None:
        """Raises `KeyboardInterrupt` where one came."""
        if self._came:
            raise KeyboardInterrupt


@contextmanager
def interruptible() -> Iterator[Interruption]:
    """Within it Ctrl-C and TERM both raise `KeyboardInterrupt`, even where the shell had this process ignore Ctrl-C."""
    signals = (signal.SIGINT, signal.SIGTERM)
    interruption = Interruption()
    previous = [signal.signal(number, interruption.interrupt) for number in signals]
    try:
        yield interruption
    finally:
        for number, handler in zip(signals, previous, strict=True):
            signal.signal(number, handler)


@contextmanager
def until_interrupted() -> Iterator[Interruption]:
    """Ends quietly at Ctrl-C, and at TERM just so."""
    try:
        with interruptible() as interruption:
            yield interruption
    except KeyboardInterrupt:
        return


def watch(engine: Engine, interruption: Interruption) -> None:
    """Until interrupted. Raises `ProcessFailed` when the chain dies."""
    while True:
        interruption.check()
        engine.check()
        time.sleep(0.2)
