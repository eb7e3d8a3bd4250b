"""A node behind a bad network: a proxy on 127.0.0.1 in front of the real one.

It stands for several nodes behind one address, of which some lag: each HTTP request is answered as a node would whose
newest block is up to `lag` blocks older. It drops connections, before the node has heard the request or after, it
answers the parts of a batch out of order, late, or not at all for being busy. A seeded generator draws what it does.
"""

import json
import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx


@dataclass
class Chaos:
    """Shares of requests, and the deepest lag in blocks. `quiet` makes a good network of it."""

    rpc_url: str
    lag: int = 3
    lagging: float = 0.5
    dropped_before: float = 0.08
    dropped_after: float = 0.08
    busy: float = 0.05
    late: float = 0.05
    quiet: bool = False
    url: str = ""
    seen: dict[str, int] = field(default_factory=dict)
    chance: random.Random = field(default_factory=lambda: random.Random(7))
    lock: threading.Lock = field(default_factory=threading.Lock)

    def happens(self, what: str) -> bool:
        with self.lock:
            it_does = not self.quiet and self.chance.random() < getattr(self, what)
            self.seen[what] = self.seen.get(what, 0) + it_does
        return it_does

    def ask(self, requests: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return list(httpx.post(self.rpc_url, json=requests, timeout=120, trust_env=False).json())

    def number(self) -> int:
        asked = {"jsonrpc": "2.0", "id": 0, "method": "eth_blockNumber", "params": []}
        return int(self.ask([asked])[0]["result"], 16)


def _as_lagging(chaos: Chaos, requests: list[dict[str, Any]], depth: int) -> list[dict[str, Any]]:
    """The answers of a node that has all but the last `depth` blocks."""
    newest = max(0, chaos.number() - depth)
    by_id = {answer["id"]: answer for answer in chaos.ask([_asked_then(r, newest) for r in requests])}
    return [_forgetful(request, by_id[request["id"]], newest) for request in requests]


def _asked_then(request: dict[str, Any], newest: int) -> dict[str, Any]:
    """The request as to a node that ends at that block: it knows no later state, and no pending transactions."""
    params = list(request["params"])
    if request["method"] in ("eth_getTransactionCount", "eth_call", "eth_getStorageAt"):
        params[-1] = hex(newest) if params[-1] in ("latest", "pending") else params[-1]
    if request["method"] == "eth_getLogs":
        to = min(int(params[0]["toBlock"], 16), newest)
        params[0] = {**params[0], "toBlock": hex(max(to, int(params[0]["fromBlock"], 16) - 1, 0))}
        if to < int(params[0]["fromBlock"], 16):
            params[0]["fromBlock"] = params[0]["toBlock"]
    return {**request, "params": params}


def _forgetful(request: dict[str, Any], answer: dict[str, Any], newest: int) -> dict[str, Any]:
    method, result = request["method"], answer.get("result")
    if method == "eth_blockNumber":
        return {**answer, "result": hex(newest)}
    if method in ("eth_getBlockByNumber", "eth_getBlockReceipts") and _is_later(request["params"][0], newest):
        return {**answer, "result": None}
    if method == "eth_getTransactionReceipt" and result and int(result["blockNumber"], 16) > newest:
        return {**answer, "result": None}
    if method == "eth_getLogs" and result:
        first, last = (int(request["params"][0][end], 16) for end in ("fromBlock", "toBlock"))
        return {
            **answer,
            "result": [log for log in result if first <= int(log["blockNumber"], 16) <= min(last, newest)],
        }
    if method in ("eth_getTransactionCount", "eth_call") and _is_later(request["params"][-1], newest):
        return {"jsonrpc": "2.0", "id": answer["id"], "error": {"code": -32001, "message": "unknown block"}}
    return answer


def _is_later(block: str, newest: int) -> bool:
    return block.startswith("0x") and int(block, 16) > newest


class _Proxy(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    chaos: Chaos

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.chaos.happens("dropped_before"):
            self._hang_up()
            return
        if self.chaos.happens("busy"):
            self._send(503, {})
            return
        answers = self._answers(body if isinstance(body, list) else [body])
        if self.chaos.happens("late"):
            time.sleep(0.05)
        if self.chaos.happens("dropped_after"):
            self._hang_up()
            return
        self._send(200, answers if isinstance(body, list) else answers[0])

    def _answers(self, requests: list[dict[str, Any]]) -> list[dict[str, Any]]:
        if self.chaos.happens("lagging"):
            answers = _as_lagging(self.chaos, requests, self.chaos.chance.randint(1, self.chaos.lag))
        else:
            answers = self.chaos.ask(requests)
        if not self.chaos.quiet:
            self.chaos.chance.shuffle(answers)
        return answers

    def _hang_up(self) -> None:
        self.close_connection = True
        self.connection.close()

    def _send(self, status: int, answer: Any) -> None:
        content = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Says nothing."""

    def handle(self) -> None:
        try:
            super().handle()
        except (OSError, ValueError):
            self.close_connection = True


@contextmanager
def chaos_before(rpc_url: str, **shares: float) -> Iterator[Chaos]:
    """A bad network before the node, until the block ends."""
    chaos = Chaos(rpc_url, **shares)  # type: ignore[arg-type]
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Proxy", (_Proxy,), {"chaos": chaos}))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    chaos.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield chaos
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
