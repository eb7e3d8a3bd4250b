"""`portolan up`: the embedded network for use, until Ctrl-C."""

import time
from datetime import timedelta
from typing import Never

from rich.console import Console

from chain_node.cli import PROBLEMS, Interruption, forget_network, interruptible
from chain_node.deploy import DeployFailed
from scripts.embedded import EmbeddedNetwork, EmbeddedSettings
from scripts.gateway_client import GatewayClient, GatewayRefused

NODES = {
    "carrier": ("Skager Lines", "999900SKAGERLINES098", "DK", "CARRIER"),
    "warehouse": ("Vinterhamn Warehouse", "999900VINTERHAMNAB25", "SE", "WAREHOUSE"),
    "inspector": ("Plumbline Survey", "999900PLUMBLINEINS71", "NL", "INSPECTOR"),
}
ADMITTED_DAYS = 3650
WATCH_SECONDS = 1.0


def run_command(settings: EmbeddedSettings, *, fresh: bool) -> int:
    console, errors = Console(soft_wrap=True), Console(stderr=True, soft_wrap=True, markup=False)
    try:
        with interruptible() as interruption:
            if fresh:
                forget_network(settings.data_dir)
            _serve(settings, console, interruption)
    except KeyboardInterrupt:
        console.print("\nStopped; the network's state is kept and goes on with the next `make up`.")
        return 0
    except DeployFailed as error:
        errors.print(f"The network cannot start: {error}. `portolan up --fresh` forgets what is there.")
        return 1
    except (GatewayRefused, RuntimeError, TimeoutError, *PROBLEMS) as error:
        errors.print(f"The network stopped: {error}")
        return 1


def _serve(settings: EmbeddedSettings, console: Console, interruption: Interruption) -> Never:
    """Runs until a process dies (`ProcessFailed`) or a signal comes (`KeyboardInterrupt`)."""
    with EmbeddedNetwork(settings, console) as network:
        network.start()
        _admit_nodes(network)
        network.start_nodes({name: lei for name, (_, lei, _, _) in NODES.items()})
        _say_where(network, console)
        while True:
            interruption.check()
            network.check()
            time.sleep(WATCH_SECONDS)


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
    rows = {
        "Gateway": f"{network.gateway_url} (its reference: {network.gateway_url}/docs)",
        "Chain": f"{network.rpc_url} (JSON-RPC), now at {network.now():%Y-%m-%d %H:%M} UTC",
        "Figures": f"{', '.join((*network.metrics_urls, f'{network.gateway_url}/metrics'))} (for Prometheus)",
        **{f"Node {name}": f"drop files into {network.node_dir(name) / 'inbox'}" for name in NODES},
        "Operator": f"client id and secret in {network.data_dir / 'operator-client.json'}",
        "Logs": str(network.data_dir / "logs"),
    }
    for what, where in rows.items():
        console.print(f"[bold]{what:<16}[/]{where}", highlight=False)
    console.print("Running; Ctrl-C stops it.")
