"""A node that misbehaves when told: a process of its own in front of a real one, which a test can kill.

    with NodeProxy(rpc_url) as node:
        node.set(lag=5)        # its newest block is five behind
        node.set(fork=120)     # its blocks from there on are others
        node.set(pool="lost")  # it takes transactions and forgets them; "kept": counts them, and passes none on
        node.kill()            # SIGKILL
        node.start()           # again, on the same port

Only the standard library is loaded at its start, so that it is there at once.
"""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

AT_A_BLOCK = {"eth_call": 1, "eth_getTransactionCount": 1, "eth_getCode": 1, "eth_getStorageAt": 2}
"""Where the block stands among the parameters."""


class NodeProxy:
    """The test's side of it."""

    def __init__(self, rpc_url: str) -> None:
        from support.ports import free_port  # the process itself loads the standard library alone

        self.rpc_url, self._port, self._process = rpc_url, free_port(), None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        command = [sys.executable, "-S", str(Path(__file__)), self.rpc_url, str(self._port)]
        self._process: subprocess.Popen[str] | None = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self._port = int(self._process.stdout.readline())

    def kill(self) -> None:
        if self._process is not None:
            os.kill(self._process.pid, signal.SIGKILL)
            self._process.wait()
            assert self._process.stdout is not None
            self._process.stdout.close()
            self._process = None

    def set(self, **values: Any) -> None:
        self._control(values)

    def taken(self) -> int:
        """How many transactions it took and kept to itself."""
        return int(self._control({})["taken"])

    def asked(self) -> dict[str, int]:
        """How often each method was asked."""
        return dict(self._control({})["asked"])

    def _control(self, values: dict[str, Any]) -> dict[str, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=120)
        connection.request("POST", "/control", json.dumps(values))
        answer = json.loads(connection.getresponse().read())
        connection.close()
        return dict(answer)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.kill()


class Misbehaving:
    """The process's side."""

    def __init__(self, rpc_url: str) -> None:
        self.place = urlsplit(rpc_url)
        self.lag, self.fork, self.pool = 0, None, ""
        self.kept: list[str] = []
        self.counts: dict[str, int] = {}

    def control(self, values: dict[str, Any]) -> dict[str, Any]:
        for name, value in values.items():
            setattr(self, name, value)
        return {"taken": len(self.kept), "asked": self.counts}

    def ask(self, requests: list[dict[str, Any]]) -> list[dict[str, Any]]:
        connection = http.client.HTTPConnection(self.place.hostname or "", self.place.port, timeout=60)
        connection.request("POST", "/", json.dumps(requests), {"Content-Type": "application/json"})
        answers = json.loads(connection.getresponse().read())
        connection.close()
        return list(answers)

    def answers(self, requests: list[dict[str, Any]]) -> list[dict[str, Any]]:
        for request in requests:
            self.counts[request["method"]] = self.counts.get(request["method"], 0) + 1
        kept = [its for its in requests if self.pool and its["method"] == "eth_sendRawTransaction"]
        passed = [its for its in requests if its not in kept]
        newest = self.newest() if self.lag and passed else None
        found = self.ask([self._then(its, newest) for its in passed]) if passed else []
        by_id = {answer["id"]: answer for answer in found} | {its["id"]: self._take(its) for its in kept}
        return [self._told(its, by_id[its["id"]], newest) for its in requests]

    def newest(self) -> int:
        asked = {"jsonrpc": "2.0", "id": 0, "method": "eth_blockNumber", "params": []}
        return max(0, int(self.ask([asked])[0]["result"], 16) - self.lag)

    def _then(self, request: dict[str, Any], newest: int | None) -> dict[str, Any]:
        """As to a node that ends at that block."""
        place, params = AT_A_BLOCK.get(request["method"]), list(request["params"])
        if newest is None or request["method"] not in (*AT_A_BLOCK, "eth_getBlockByNumber"):
            return request
        place = 0 if place is None else place
        if len(params) > place and params[place] in ("latest", "pending"):
            params[place] = hex(newest)
        return {**request, "params": params}

    def _told(self, request: dict[str, Any], answer: dict[str, Any], newest: int | None) -> dict[str, Any]:
        method, result = request["method"], answer.get("result")
        if newest is not None:
            if method == "eth_blockNumber":
                return {**answer, "result": hex(newest)}
            place = AT_A_BLOCK.get(method)
            if place is not None and _is_later(request["params"], place, newest):
                return _refused(request, "header not found")
            if method in ("eth_getBlockByNumber", "eth_getBlockReceipts") and _is_later(request["params"], 0, newest):
                return {**answer, "result": None}
            if method == "eth_getTransactionReceipt" and result and int(result["blockNumber"], 16) > newest:
                return {**answer, "result": None}
        if self.pool == "kept" and method == "eth_getTransactionCount" and request["params"][1] == "pending":
            return {**answer, "result": hex(int(result, 16) + len(self.kept))}
        return {**answer, "result": self._forked(result)} if self.fork is not None and result else answer

    def _take(self, request: dict[str, Any]) -> dict[str, Any]:
        raw = request["params"][0]
        if raw in self.kept and self.pool == "kept":
            return _refused(request, "already known")
        if raw not in self.kept:
            self.kept.append(raw)
        return {"jsonrpc": "2.0", "id": request["id"], "result": "0x" + "00" * 32}

    def _forked(self, result: Any) -> Any:
        """Another chain from that block on: every hash of a block is another one."""
        if isinstance(result, list):
            return [self._forked(each) for each in result]
        if not isinstance(result, dict):
            return result
        number = int(result.get("number") or result.get("blockNumber") or "0x0", 16)
        assert self.fork is not None
        changed = {
            name: _other(result[name])
            for name, from_block in (("hash", self.fork), ("blockHash", self.fork), ("parentHash", self.fork + 1))
            if name in result and number >= from_block
        }
        logs = {"logs": self._forked(result["logs"])} if "logs" in result else {}
        return {**result, **changed, **logs}


def _other(hash_: str) -> str:
    return "0x" + bytes(255 - byte for byte in bytes.fromhex(hash_[2:])).hex()


def _is_later(params: list[Any], place: int, newest: int) -> bool:
    return len(params) > place and str(params[place]).startswith("0x") and int(params[place], 16) > newest


def _refused(request: dict[str, Any], message: str) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": request["id"], "error": {"code": -32000, "message": message}}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    node: Misbehaving

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path == "/control":
            answer: Any = self.node.control(body)
        else:
            answers = self.node.answers(body if isinstance(body, list) else [body])
            answer = answers if isinstance(body, list) else answers[0]
        content = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
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


def main(rpc_url: str, port: int) -> None:
    server = ThreadingHTTPServer(("127.0.0.1", port), type("Handler", (_Handler,), {"node": Misbehaving(rpc_url)}))
    server.daemon_threads = True
    print(server.server_port, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
