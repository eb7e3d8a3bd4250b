"""A program that is started, asked and stopped as Besu is, where Besu is not installed: it knows the flags that ours
are run with and no others, reads the files they name, listens, and counts a block up with each question for one. Its
figures are told to those who call it by a name of its list, as Besu's are."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_PROGRAM: Final = """
import http.server, json, pathlib, signal, socket, sys, threading

FLAGS = {flags!r}
if sys.argv[1:] == ["--version"]:
    print("besu/v{version}/linux-x86_64/openjdk-java-21")
    sys.exit()
given = dict(word.partition("=")[::2] for word in sys.argv[1:])
unknown = sorted(name for name in given if name not in FLAGS)
if unknown:
    sys.exit("Unknown option: " + ", ".join(unknown))
genesis = json.loads(pathlib.Path(given["--genesis-file"]).read_text())
own_end = "@" + given["--p2p-host"] + ":" + given["--p2p-port"]
peers = [its for its in json.loads(pathlib.Path(given["--static-nodes-file"]).read_text()) if not its.endswith(own_end)]
bytes.fromhex(pathlib.Path(given["--node-private-key-file"]).read_text().strip())
for flag in ("--permissions-nodes-config-file", "--permissions-accounts-config-file"):
    if flag in given:
        pathlib.Path(given[flag]).read_text()
data = pathlib.Path(given["--data-path"])
data.mkdir(parents=True, exist_ok=True)
(data / "argv.json").write_text(json.dumps(sys.argv[1:]))
blocks, lock = iter(range(1, 10**9)), threading.Lock()


def answer(asked):
    method = asked["method"]
    with lock:
        known = {{
            "eth_chainId": lambda: hex(genesis["config"]["chainId"]),
            "eth_blockNumber": lambda: hex(next(blocks)),
            "net_peerCount": lambda: hex(len(peers)),
            "web3_clientVersion": lambda: "besu/v{version}",
        }}
        if method not in known:
            return {{"jsonrpc": "2.0", "id": asked["id"], "error": {{"code": -32601, "message": "Method not found"}}}}
        return {{"jsonrpc": "2.0", "id": asked["id"], "result": known[method]()}}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        said = json.dumps([answer(one) for one in asked] if isinstance(asked, list) else answer(asked)).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, *words):
        pass


class Figures(Handler):
    def do_GET(self):
        called = self.headers.get("Host", "").rpartition(":")[0]
        allowed = called in given["--host-allowlist"].split(",")
        status = 403 if not allowed else 200 if self.path == "/metrics" else 404
        said = b"# TYPE ethereum_blockchain_height gauge\\nethereum_blockchain_height 7.0\\n" if status == 200 else b""
        self.send_response(status)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True


signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
signal.signal(signal.SIGINT, signal.SIG_IGN)
try:
    peer = socket.create_server((given.get("--p2p-interface", "127.0.0.1"), int(given["--p2p-port"])))
    server = Server((given["--rpc-http-host"], int(given["--rpc-http-port"])), Handler)
    if given.get("--metrics-enabled") == "true":
        figures = Server((given["--metrics-host"], int(given["--metrics-port"])), Figures)
        threading.Thread(target=figures.serve_forever, daemon=True).start()
except OSError as error:
    sys.exit(f"cannot listen: {{error.strerror}}")
print("fake besu is up", flush=True)
server.serve_forever()
"""
_FLAGS: Final = (
    "--genesis-file",
    "--data-path",
    "--node-private-key-file",
    "--sync-mode",
    "--data-storage-format",
    "--min-gas-price",
    "--tx-pool-max-future-by-sender",
    "--p2p-host",
    "--p2p-port",
    "--p2p-interface",
    "--discovery-enabled",
    "--nat-method",
    "--max-peers",
    "--static-nodes-file",
    "--permissions-nodes-config-file-enabled",
    "--permissions-nodes-config-file",
    "--permissions-accounts-config-file-enabled",
    "--permissions-accounts-config-file",
    "--rpc-http-enabled",
    "--rpc-http-host",
    "--rpc-http-port",
    "--rpc-http-api",
    "--host-allowlist",
    "--metrics-enabled",
    "--metrics-host",
    "--metrics-port",
    "--logging",
)


@dataclass(frozen=True)
class FakeBesu:
    """`java_home` is what JAVA_HOME must say, for no Java that fits may be installed either."""

    program: Path
    java_home: Path


def make_fake_besu(where: Path, version: str = "26.8.0", java: str = 'openjdk version "21.0.4" 2024-07-16') -> FakeBesu:
    fake = FakeBesu(where / "besu" / "bin" / "besu", where / "java")
    program = f"#!{sys.executable} -SE\n" + _PROGRAM.format(flags=_FLAGS, version=version)
    for path, text in ((fake.program, program), (fake.java_home / "bin" / "java", f"#!/bin/sh\necho '{java}' >&2\n")):
        path.parent.mkdir(parents=True)
        path.write_text(text)
        path.chmod(0o755)
    return fake
