"""Where sealed documents lie: a directory of our own, or IPFS. Both file the same bytes under the same CID."""

import io
import os
import threading
from pathlib import Path
from typing import Protocol

import ipfshttpclient
from ipfshttpclient.exceptions import Error as IpfsError
from ipfshttpclient.exceptions import ErrorResponse

from api.documents.cids import CHUNK_BYTES, cid_of, require_cid
from api.documents.errors import DocumentAbsent, DocumentDamaged, StoreUnavailable

SWARM_SECONDS = 2
"""How long the daemon asks its swarm for what it has not got itself."""


class DocumentStore(Protocol):
    def put(self, data: bytes) -> str:
        """Keeps the bytes for good and gives their CID; the same bytes again change nothing."""

    def get(self, cid: str) -> bytes:
        """The bytes, checked against their CID; DocumentAbsent where the store has none."""


def open_store(directory: Path, ipfs_address: str | None, timeout_seconds: int = 10) -> DocumentStore:
    """The store that the settings name: IPFS where a daemon's multiaddress is given, else the directory."""
    return IpfsStore(ipfs_address, timeout_seconds) if ipfs_address else DirectoryStore(directory)


class DirectoryStore:
    """Files named by CID, spread over folders by the CID's last two characters but one, written whole or not at all."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def put(self, data: bytes) -> str:
        cid = cid_of(data)
        path = self._path(cid)
        if not path.exists():
            self._write(path, data)
        return cid

    def get(self, cid: str) -> bytes:
        try:
            data = self._path(require_cid(cid)).read_bytes()
        except FileNotFoundError as error:
            raise DocumentAbsent(cid) from error
        return _checked(cid, data)

    def _path(self, cid: str) -> Path:
        return self._directory / cid[-3:-1] / cid

    def _write(self, path: Path, data: bytes) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            aside = path.with_name(f".{path.name}.{os.urandom(4).hex()}")
            with aside.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            aside.replace(path)
        except OSError as error:
            raise StoreUnavailable(str(self._directory), str(error)) from error


class IpfsStore:
    """A node of IPFS by its HTTP interface. The client is made without the version handshake, as its documentation
    provides for: today's daemons answer the two calls used here, and what comes back is checked by CID anyway."""

    def __init__(self, address: str, timeout_seconds: int) -> None:
        self._address = address
        self._timeout_seconds = timeout_seconds
        self._clients = threading.local()

    @property
    def _client(self) -> ipfshttpclient.Client:
        """This thread's, whose connection stays open: no two threads may use one at once."""
        if not hasattr(self._clients, "own"):
            self._clients.own = ipfshttpclient.Client(self._address, timeout=self._timeout_seconds, session=True)
        client: ipfshttpclient.Client = self._clients.own
        return client

    def put(self, data: bytes) -> str:
        try:
            answer = self._client.add(
                io.BytesIO(data), pin=True, cid_version=1, raw_leaves=True, chunker=f"size-{CHUNK_BYTES}"
            )
        except IpfsError as error:
            raise StoreUnavailable(f"IPFS at {self._address}", str(error)) from error
        cid = cid_of(data)
        if answer["Hash"] != cid:
            raise DocumentDamaged(cid, f"IPFS at {self._address} filed it as {answer['Hash']}")
        return cid

    def get(self, cid: str) -> bytes:
        """The daemon's own copy, else its swarm's; a node asked for what nobody has would look for it without end."""
        try:
            data = self._own(require_cid(cid))
            if data is None:
                self._client.block.stat(cid, opts={"timeout": f"{SWARM_SECONDS}s"})
                data = self._client.cat(cid)
        except IpfsError as error:
            if isinstance(error, ErrorResponse) and _says_absent(str(error)):
                raise DocumentAbsent(cid) from error
            raise StoreUnavailable(f"IPFS at {self._address}", str(error)) from error
        return _checked(cid, bytes(data))

    def _own(self, cid: str) -> bytes | None:
        try:
            return bytes(self._client.cat(cid, offline=True))
        except ErrorResponse as error:
            if _says_absent(str(error)):
                return None
            raise


def _says_absent(message: str) -> bool:
    """IPFS has no error code for it: it says "merkledag: not found" or "ipld: could not find"; of a swarm in which
    nobody answered in time, "context deadline exceeded"."""
    return any(words in message for words in ("not found", "could not find", "context deadline exceeded"))


def _checked(cid: str, data: bytes) -> bytes:
    if cid_of(data) != cid:
        raise DocumentDamaged(cid, "its bytes do not fit its name")
    return data
