"""A signer of its own, for tests: JSON-RPC as Web3Signer and Clef speak it, over HTTP, TLS or a Unix socket."""

from __future__ import annotations

import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_account.signers.local import LocalAccount

HEX = ("nonce", "gas", "maxFeePerGas", "maxPriorityFeePerGas", "value", "chainId")


@dataclass
class RemoteSigner:
    """Signs what it is sent. `spoil` changes an answer before it goes out; `questions` is what came in."""

    account: LocalAccount
    spoil: Callable[[dict[str, Any]], Any] = lambda answer: answer
    status: int = 200
    questions: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)

    def answer(self, question: dict[str, Any]) -> bytes:
        self.questions.append(question)
        result = self._result(question["method"], question["params"])
        spoiled = self.spoil({"jsonrpc": "2.0", "id": question["id"], "result": result})
        return spoiled if isinstance(spoiled, bytes) else json.dumps(spoiled).encode()

    def _result(self, method: str, params: list[Any]) -> Any:
        if "signTypedData" in method:
            assert params[0] == self.account.address
            data = json.loads(params[1]) if isinstance(params[1], str) else params[1]
            return (
                "0x" + bytes(self.account.sign_message(encode_typed_data(full_message=_counted(data))).signature).hex()
            )
        transaction = {name: int(params[0][name], 16) for name in HEX}
        transaction |= {"to": params[0]["to"], "data": params[0]["data"], "type": 2}
        raw = "0x" + bytes(self.account.sign_transaction(transaction).raw_transaction).hex()
        return {"raw": raw, "tx": {}} if method.startswith("account_") else raw

    @contextmanager
    def over_http(self, context: ssl.SSLContext | None = None) -> Iterator[str]:
        signer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                signer.headers.append(dict(self.headers))
                answer = signer.answer(json.loads(body))
                self.send_response(signer.status)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: object) -> None:
                """Tests read what was asked from `questions`."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.handle_error = lambda *_: None  # type: ignore[method-assign]
        if context is not None:
            server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield f"http{'s' if context else ''}://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            server.server_close()

    @contextmanager
    def over_socket(self, path: Path) -> Iterator[str]:
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listener.bind(str(path))
        listener.listen()
        thread = threading.Thread(target=self._serve, args=(listener,), daemon=True)
        thread.start()
        try:
            yield f"unix:{path}"
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            listener.close()

    def _serve(self, listener: socket.socket) -> None:
        while True:
            try:
                link, _ = listener.accept()
            except OSError:
                return
            with link, link.makefile("rwb") as stream:
                answer = self.answer(json.loads(stream.readline()))
                # In two pieces, as a stream may bring it.
                stream.write(answer[:10])
                stream.flush()
                stream.write(answer[10:])


def _counted(value: Any) -> Any:
    """Numbers of a message come as text; eth-account wants them as such."""
    if isinstance(value, dict):
        return {name: _counted(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_counted(inner) for inner in value]
    return int(value) if isinstance(value, str) and value.lstrip("-").isdecimal() and value != "1" else value


def stranger() -> LocalAccount:
    return Account.from_key("0x" + "77" * 32)
