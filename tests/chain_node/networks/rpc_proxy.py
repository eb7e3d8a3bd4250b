"""A JSON-RPC node for tests: answers what it is told to answer, and hands the rest on to a real one, if any."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import requests

Answer = Callable[[list[Any]], Any]


class Proxy:
    """`answers` by method: a value, or a function of the parameters; what is missing goes to `upstream`."""

    def __init__(self, answers: dict[str, Any], upstream: str | None) -> None:
        self.answers, self.upstream = answers, upstream
        self.calls: list[tuple[str, list[Any]]] = []
        self.url = ""

    def reply(self, request: dict[str, Any]) -> dict[str, Any]:
        method, params = request["method"], request.get("params", [])
        self.calls.append((method, params))
        head = {"jsonrpc": "2.0", "id": request["id"]}
        if method in self.answers:
            answer = self.answers[method]
            return {**head, "result": answer(params) if callable(answer) else answer}
        if self.upstream is not None:
            got: dict[str, Any] = requests.post(self.upstream, json=request, timeout=120).json()
            return got
        return {**head, "error": {"code": -32601, "message": f"Method {method} not found"}}


@contextmanager
def proxy(answers: dict[str, Any], upstream: str | None = None) -> Iterator[Proxy]:
    served = Proxy(answers, upstream)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            said = [served.reply(one) for one in asked] if isinstance(asked, list) else served.reply(asked)
            content = json.dumps(said).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: Any) -> None:
            """Tests have their own words."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    served.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield served
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
