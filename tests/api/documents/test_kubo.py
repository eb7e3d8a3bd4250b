"""IPFS as it is: Kubo daemons in a private network. Same CIDs in both stores, and no block outside the swarm."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlmodel import func, select
from support.kubo import Kubo, new_swarm_key

from api.db import Database
from api.documents.cids import CHUNK_BYTES, LINKS_PER_NODE, cid_of
from api.documents.errors import DocumentAbsent, StoreUnavailable
from api.documents.models import Document
from api.documents.readers import ReaderKeys
from api.documents.sealing import unseal
from api.documents.service import Content, Documents
from api.documents.stores import DirectoryStore, IpfsStore, open_store

pytestmark = pytest.mark.node
SEALED = bytes(range(256)) * 5_000
OWNER = "999900ACMESUPPLIES58"


@pytest.fixture(autouse=True)
def patient_swarm(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine must not look like a swarm that has not got it."""
    monkeypatch.setattr("api.documents.stores.SWARM_SECONDS", 8)


@pytest.fixture(scope="module")
def swarm_key() -> str:
    return new_swarm_key()


def running(directory: Path, key: str) -> Iterator[Kubo]:
    node = Kubo(directory, key)
    try:
        node.start()
        yield node
    finally:
        node.stop()


@pytest.fixture(scope="module")
def kubo(tmp_path_factory: pytest.TempPathFactory, swarm_key: str) -> Iterator[Kubo]:
    yield from running(tmp_path_factory.mktemp("kubo") / "first", swarm_key)


@pytest.fixture(scope="module")
def sibling(tmp_path_factory: pytest.TempPathFactory, swarm_key: str) -> Iterator[Kubo]:
    yield from running(tmp_path_factory.mktemp("kubo") / "second", swarm_key)


@pytest.fixture(scope="module")
def outsider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kubo]:
    yield from running(tmp_path_factory.mktemp("kubo") / "outsider", new_swarm_key())


def store_of(node: Kubo) -> IpfsStore:
    return IpfsStore(node.address, 60)


def test_daemon_without_its_swarms_key_does_not_start(tmp_path: Path) -> None:
    node = Kubo(tmp_path / "keyless", "")
    (tmp_path / "keyless" / "swarm.key").unlink()

    with pytest.raises(AssertionError, match="private network"):
        node.start()


@pytest.mark.parametrize(
    "size", [0, 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES, CHUNK_BYTES * LINKS_PER_NODE + 1]
)
def test_document_has_one_cid_and_the_same_bytes_in_either_store(kubo: Kubo, tmp_path: Path, size: int) -> None:
    data = (SEALED * (size // len(SEALED) + 1))[:size]
    directory, ipfs = DirectoryStore(tmp_path), store_of(kubo)

    cids = {directory.put(data), ipfs.put(data), cid_of(data)}

    (cid,) = cids
    assert directory.get(cid) == ipfs.get(cid) == data


@settings(max_examples=25, deadline=None)
@given(st.binary(max_size=4_000), st.integers(1, 300))
def test_any_bytes_have_one_cid(kubo: Kubo, data: bytes, times: int) -> None:
    content = data * times

    assert store_of(kubo).put(content) == cid_of(content)
    assert store_of(kubo).get(cid_of(content)) == content


def test_sealed_document_is_read_from_either_store(kubo: Kubo, tmp_path: Path) -> None:
    keys = ReaderKeys(tmp_path / "keys", "secret")
    sealed = Documents(open_store(tmp_path, kubo.address), keys).seal(Content(b"<Invoice/>", "application/xml"))

    moved = DirectoryStore(tmp_path / "documents")
    assert moved.put(store_of(kubo).get(sealed.cid)) == sealed.cid
    assert unseal(moved.get(sealed.cid), sealed.key, sealed.cid) == b"<Invoice/>"


def test_cid_that_no_one_has_is_absent(kubo: Kubo) -> None:
    """A daemon that is asked for it plainly never answers: here the call must come back by itself."""
    with pytest.raises(DocumentAbsent, match="There is no document"):
        store_of(kubo).get(cid_of(b"never stored anywhere"))


def test_nodes_of_one_swarm_see_each_others_documents_and_a_stranger_does_not(
    kubo: Kubo, sibling: Kubo, outsider: Kubo
) -> None:
    cid = store_of(kubo).put(SEALED + b"for the swarm")
    with pytest.raises(DocumentAbsent):
        store_of(sibling).get(cid)

    sibling.connect(kubo)
    with pytest.raises(subprocess.CalledProcessError):
        outsider.connect(kubo)

    assert store_of(sibling).get(cid) == SEALED + b"for the swarm"
    assert (sibling.peers(), outsider.peers()) == (1, 0)
    with pytest.raises(DocumentAbsent):
        store_of(outsider).get(cid)


@pytest.fixture
def mortal(tmp_path: Path, swarm_key: str) -> Iterator[Kubo]:
    yield from running(tmp_path / "mortal", swarm_key)


def test_document_is_refused_while_the_daemon_is_dead_and_kept_once_it_is_back(
    tmp_path: Path, mortal: Kubo, database: Database
) -> None:
    """Nothing is recorded of what could not be stored; what was stored before the kill is still there after it."""
    keys, content = ReaderKeys(tmp_path / "keys", "secret"), Content(b"<Invoice/>", "application/xml")
    documents = Documents(open_store(tmp_path, mortal.address), keys)
    early = documents.seal(content)
    mortal.kill()

    with pytest.raises(StoreUnavailable, match="IPFS") as refusal:
        documents.seal(content)
    assert refusal.value.status == 503
    with pytest.raises(StoreUnavailable):
        documents.store.get(early.cid)
    with database.session() as session:
        assert session.exec(select(func.count()).select_from(Document)).one() == 0

    mortal.start()
    late = documents.seal(content)
    readers = {OWNER: X25519PrivateKey.generate().public_key()}
    database.run(lambda session: documents.record(session, late, OWNER, readers))
    for sealed in (early, late):
        assert unseal(documents.store.get(sealed.cid), sealed.key, sealed.cid) == b"<Invoice/>"
