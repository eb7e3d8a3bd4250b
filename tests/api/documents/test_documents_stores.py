import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from api.documents.cids import cid_of
from api.documents.errors import DocumentAbsent, DocumentDamaged, StoreUnavailable
from api.documents.stores import DirectoryStore, DocumentStore, IpfsStore, open_store

SEALED = bytes(range(256)) * 2000


class FakeDaemon(ThreadingHTTPServer):
    """Speaks /api/v0/add, /cat and /block/stat as kubo does, and notes what it was asked."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), FakeDaemonHandler)
        self.files: dict[str, bytes] = {}
        self.asked: list[tuple[str, dict[str, list[str]]]] = []
        self.misfiles = False

    @property
    def address(self) -> str:
        return f"/ip4/127.0.0.1/tcp/{self.server_port}/http"


class FakeDaemonHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: FakeDaemon

    def do_POST(self) -> None:
        url = urlsplit(self.path)
        query = parse_qs(url.query)
        self.server.asked.append((url.path, query))
        body = self._body()
        if url.path == "/api/v0/add":
            self._add(body)
        elif url.path == "/api/v0/cat" and query["arg"][0] in self.server.files:
            self._answer(200, self.server.files[query["arg"][0]], "text/plain")
        elif url.path in ("/api/v0/cat", "/api/v0/block/stat"):
            refusal = {"Message": "ipld: could not find " + query["arg"][0], "Code": 0, "Type": "error"}
            self._answer(500, json.dumps(refusal).encode(), "application/json")
        else:
            self._answer(404, b"404 page not found", "text/plain")

    def _add(self, body: bytes) -> None:
        head, _, rest = body.partition(b"\r\n\r\n")
        content = rest[: rest.rindex(b"\r\n" + head.split(b"\r\n")[0])]
        cid = cid_of(content + b"!" if self.server.misfiles else content)
        self.server.files[cid] = content
        self._answer(
            200, json.dumps({"Name": cid, "Hash": cid, "Size": str(len(content))}).encode(), "application/json"
        )

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", "0")))
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def _answer(self, status: int, body: bytes, media_type: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Quiet: the test reads `asked` instead."""


@pytest.fixture
def daemon() -> Iterator[FakeDaemon]:
    server = FakeDaemon()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(params=["directory", "ipfs"])
def store(request: pytest.FixtureRequest, tmp_path: Path, daemon: FakeDaemon) -> DocumentStore:
    return open_store(tmp_path, daemon.address if request.param == "ipfs" else None)


def test_document_comes_back_by_the_cid_that_ipfs_gives(store: DocumentStore) -> None:
    cid = store.put(SEALED)

    assert cid == cid_of(SEALED)
    assert store.get(cid) == SEALED


def test_same_bytes_again_change_nothing(store: DocumentStore) -> None:
    assert store.put(SEALED) == store.put(SEALED)


def test_unknown_document_is_absent(store: DocumentStore) -> None:
    with pytest.raises(DocumentAbsent):
        store.get(cid_of(b"never stored"))


def test_directory_notices_a_changed_file_and_leaves_nothing_half_written(tmp_path: Path) -> None:
    store = DirectoryStore(tmp_path)
    cid = store.put(SEALED)
    (file,) = [path for path in tmp_path.rglob("*") if path.is_file()]
    file.write_bytes(SEALED[:-1])

    with pytest.raises(DocumentDamaged, match=cid):
        store.get(cid)


def test_directory_that_cannot_be_written_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(StoreUnavailable, match="document store"):
        DirectoryStore(tmp_path / "file").put(SEALED)


def test_ipfs_is_asked_for_pinned_raw_leaves_and_without_the_version_handshake(daemon: FakeDaemon) -> None:
    IpfsStore(daemon.address, 60).put(SEALED)

    ((path, query),) = daemon.asked
    assert path == "/api/v0/add"
    assert {name: query[name] for name in ("cid-version", "raw-leaves", "pin", "chunker")} == {
        "cid-version": ["1"],
        "raw-leaves": ["True"],
        "pin": ["True"],
        "chunker": ["size-262144"],
    }


def test_ipfs_that_files_under_another_name_is_refused(daemon: FakeDaemon) -> None:
    daemon.misfiles = True

    with pytest.raises(DocumentDamaged, match="filed it as"):
        IpfsStore(daemon.address, 60).put(SEALED)


def test_ipfs_that_gives_other_bytes_is_noticed(daemon: FakeDaemon) -> None:
    cid = IpfsStore(daemon.address, 60).put(SEALED)
    daemon.files[cid] = SEALED + b"!"

    with pytest.raises(DocumentDamaged):
        IpfsStore(daemon.address, 60).get(cid)


def test_ipfs_away_is_unavailable_and_not_absent(daemon: FakeDaemon) -> None:
    store = IpfsStore("/ip4/127.0.0.1/tcp/1/http", 2)

    with pytest.raises(StoreUnavailable, match="IPFS"):
        store.put(SEALED)
    with pytest.raises(StoreUnavailable, match="IPFS"):
        store.get(cid_of(SEALED))
