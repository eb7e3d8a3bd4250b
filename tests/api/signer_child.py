"""A remote signer in a process of its own, for tests: JSON-RPC with a bearer token, and as bad as it is told to be.

Arguments: the key, the token, and the port (0: any). Prints its port, and answers until it is killed. `GET /asked`
tells the transactions and typed data that it was asked to sign, `PUT /mood` how it is to answer from then on."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_account.signers.local import LocalAccount

TOKEN = "the-gateways-token"
_NUMBERS = ("nonce", "gas", "maxFeePerGas", "maxPriorityFeePerGas", "value", "chainId")
CHANGES = {
    "another nonce": {"nonce": 77},
    "another address": {"to": "0x" + "12" * 20},
    "a value": {"value": 1},
    "a higher fee": {"maxFeePerGas": 10**9, "maxPriorityFeePerGas": 10**9},
    "more gas": {"gas": 4_000_000},
    "other data": {"data": "0x" + "00" * 31 + "63"},
    "another chain": {"chainId": 1},
}


@dataclass
class SignerChild:
    """The process as a test has it."""

    account: LocalAccount
    port: int
    process: subprocess.Popen[str]
    token_file: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def place(self, **more: Any) -> dict[str, Any]:
        """Its table of the settings."""
        return {"url": self.url, "token_file": self.token_file, "timeout_seconds": 120.0, **more}

    def mood(self, mood: str) -> None:
        httpx.put(f"{self.url}/mood", content=mood, timeout=120, trust_env=False)

    def asked(self) -> list[dict[str, Any]]:
        return list(httpx.get(f"{self.url}/asked", timeout=120, trust_env=False).json())

    def kill(self) -> None:
        """As `kill -9` would."""
        self.process.kill()
        self.process.wait()

    def start_again(self) -> None:
        """At the same address."""
        self.process = _started(self.account, self.port)
        assert self.process.stdout is not None
        assert int(self.process.stdout.readline()) == self.port


@contextmanager
def signer_child(folder: Path) -> Iterator[SignerChild]:
    account = Account.create()
    token_file = folder / "signer.token"
    token_file.touch(mode=0o600)
    token_file.write_text(TOKEN)
    process = _started(account, 0)
    assert process.stdout is not None
    child = SignerChild(account, int(process.stdout.readline()), process, token_file)
    try:
        yield child
    finally:
        child.kill()
        assert child.process.stdout is not None
        child.process.stdout.close()


def _started(account: LocalAccount, port: int) -> subprocess.Popen[str]:
    command = [sys.executable, __file__, account.key.hex(), TOKEN, str(port)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


@dataclass
class _Signer:
    account: LocalAccount
    token: str
    mood: str = "honest"
    asked: list[dict[str, Any]] = field(default_factory=list)

    def answer(self, question: dict[str, Any]) -> dict[str, Any]:
        self.asked.append(question)
        head = {"jsonrpc": "2.0", "id": question["id"]}
        if self.mood == "declining":
            return {**head, "error": {"code": -32000, "message": "not on a Sunday", "data": "the vault's combination"}}
        result = self._signed(question["method"], question["params"])
        return {**head, "result": "0x" + bytes(result).hex()}

    def _signed(self, method: str, params: list[Any]) -> bytes:
        account = Account.create() if self.mood == "another key" else self.account
        if "signTypedData" in method:
            data = json.loads(params[1]) if isinstance(params[1], str) else params[1]
            if self.mood == "another message":
                data["message"]["lei"] = "999900SOMEBODYELSE00"
            return bytes(account.sign_message(encode_typed_data(full_message=data)).signature)
        asked = {name: int(params[0][name], 16) for name in _NUMBERS}
        asked |= {"to": params[0]["to"], "data": params[0]["data"], "type": 2, **CHANGES.get(self.mood, {})}
        return bytes(account.sign_transaction(asked).raw_transaction)


def main(key: str, token: str, port: str) -> None:
    signer = _Signer(Account.from_key(key), token)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            question = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if self.headers["Authorization"] != f"Bearer {signer.token}":
                self._say(401, b"who are you?")
            elif signer.mood == "redirecting":
                signer.asked.append(question)
                self._say(307, b"", Location=f"http://127.0.0.1:{self.server.server_port}/elsewhere")
            else:
                self._say(200, json.dumps(signer.answer(question)).encode())

        def do_PUT(self) -> None:
            signer.mood = self.rfile.read(int(self.headers["Content-Length"])).decode()
            self._say(200, b"")

        def do_GET(self) -> None:
            self._say(200, json.dumps(signer.asked).encode())

        def _say(self, status: int, body: bytes, **headers: str) -> None:
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Tests ask what was asked."""

    server = ThreadingHTTPServer(("127.0.0.1", int(port)), Handler)
    print(server.server_port, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
