"""`portolan up`: the embedded network for use, until Ctrl-C."""

import shutil
import time
from datetime import timedelta
from pathlib import Path

from rich.console import Console
from rich.table import Table

from chain_node.deploy import DeployFailed
from chain_node.errors import ChainError
from chain_node.supervisor import ProcessFailed
from scripts.embedded import EmbeddedNetwork, EmbeddedSettings
from scripts.gateway_client import GatewayClient, GatewayRefused

NODES = {
    "carrier": ("Skager Lines", "999900SKAGERLINES098", "DK", "CARRIER"),
    "warehouse": ("Vinterhamn Warehouse", "999900VINTERHAMNAB25", "SE", "WAREHOUSE"),
    "inspector": ("Plumbline Survey", "999900PLUMBLINEINS71", "NL", "INSPECTOR"),
}
ADMITTED_DAYS = 3650
WATCH_SECONDS = 1.0


def run_command(port: int, rpc_port: int, data_dir: Path, *, fresh: bool) -> int:
    console, errors = Console(), Console(stderr=True, soft_wrap=True)
    if fresh:
        shutil.rmtree(data_dir, ignore_errors=True)
    settings = EmbeddedSettings(data_dir, gateway_port=port, rpc_port=rpc_port)
    try:
        with EmbeddedNetwork(settings, console) as network:
            network.start()
            _admit_nodes(network)
            network.start_nodes({name: lei for name, (_, lei, _, _) in NODES.items()})
            _say_where(network, console)
            while True:
                network.check()
                time.sleep(WATCH_SECONDS)
    except KeyboardInterrupt:
        console.print("\nStopped; the network's state is kept and goes on with the next `make up`.")
        return 0
    except DeployFailed as error:
        errors.print(f"The network cannot start: {error}. `portolan up --fresh` forgets what is there.")
        return 1
    except (ProcessFailed, ChainError, GatewayRefused, OSError) as error:
        errors.print(f"The network stopped: {error}")
        return 1


def _admit_nodes(network: EmbeddedNetwork) -> None:
    """Admits the three firms at the first start; at later ones they are known."""
    operator = GatewayClient(network.gateway_url, network.operator_credentials())
    known = {participant["lei"] for participant in operator.get("/v1/participants", limit="200")["items"]}
    for name, (firm, lei, jurisdiction, role) in NODES.items():
        if lei not in known:
            body = {
                "lei": lei,
                "name": firm,
                "jurisdiction": jurisdiction,
                "roles": [role],
                "kyc_expires_at": (network.now() + timedelta(days=ADMITTED_DAYS)).isoformat(),
                "account": network.node_account(name),
            }
            operator.post("/v1/participants", body)
    operator.close()


def _say_where(network: EmbeddedNetwork, console: Console) -> None:
    table = Table.grid(padding=(0, 2))
    table.add_row("[bold]Gateway[/]", f"{network.gateway_url} (its reference: {network.gateway_url}/docs)")
    table.add_row("[bold]Chain[/]", f"{network.rpc_url} (JSON-RPC, id {network.definition.config.chain_id})")
    for name in NODES:
        table.add_row(f"[bold]Node {name}[/]", f"drop files into {network.node_dir(name) / 'inbox'}")
    table.add_row("[bold]Operator[/]", f"client id and secret in {network.data_dir / 'operator-client.json'}")
    table.add_row("[bold]Logs[/]", str(network.data_dir / "logs"))
    console.print(table)
    console.print("Running; Ctrl-C stops it.")
