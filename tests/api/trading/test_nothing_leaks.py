"""Invariant 76: logs, calldata and stored documents hold no secret, no paper and no personal data in the clear.

A whole trade is run with everything known that must not be seen, and all that it left behind is searched for it: as it
is, in hexadecimal, in base64, in either case.
"""

import base64
import io
import logging
import re
import stat
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import structlog
from lxml import etree
from trading import DEPARTURE, FACE_VALUE, LEIS, PAYMENT, WAIT, Trading, await_indexer, eur, invoice

from api.logs import configure_logs
from chain_node.client import Milestone

pytestmark = pytest.mark.node
PERSON = "Ingeborg Zwickelmayer"
SHORTEST = 8
# What papers share with the world: dates, codes, names of standards, numbers.
PUBLIC = re.compile(r"[\d.,:TZ+-]+|urn:.*|[A-Z]{2,4}|https?:.*")


def forms(secret: bytes) -> Iterator[bytes]:
    """How bytes may stand in a text or in calldata. Base64 has three alignments, whose inner part is the same."""
    yield secret
    yield secret.hex().encode()
    for shift in range(3):
        encoded = base64.b64encode(b"\x00" * shift + secret)
        yield encoded[4 if shift else 0 : -4]


@dataclass
class Known:
    """What must not be seen anywhere, by what it is."""

    secrets: dict[str, bytes] = field(default_factory=dict)
    papers: dict[str, bytes] = field(default_factory=dict)

    @property
    def everything(self) -> dict[str, bytes]:
        return {**self.secrets, **self.papers}


def found_in(places: Iterable[tuple[str, bytes]], known: dict[str, bytes]) -> list[str]:
    """Which of the known things stand where."""
    wanted = [(what, form.lower()) for what, secret in known.items() for form in forms(secret) if len(form) >= SHORTEST]
    return [
        f"{what} in {place}"
        for place, content in places
        for what in {what for what, form in wanted if form in content.lower()}
    ]


def words_of(paper: bytes) -> dict[str, bytes]:
    """The texts of a paper that belong to somebody."""
    texts = {text.strip() for text in etree.fromstring(paper).itertext()}
    # Who takes part is known to all who do: the chain's registry names organisations by their LEI.
    theirs = {text for text in texts if PUBLIC.fullmatch(text) is None and text not in LEIS.values()}
    kept = sorted(text for text in theirs if len(text) >= SHORTEST)
    return {f"the paper's {text!r}": text.encode() for text in kept}


@dataclass
class Left:
    """A trade that is over, with all that it left behind."""

    trading: Trading
    known: Known
    log: io.StringIO

    def calldata(self) -> Iterator[tuple[str, bytes]]:
        node = self.trading.chain.node
        for number in range(self.trading.chain.block_number() + 1):
            block = node.request("eth_getBlockByNumber", hex(number), True)
            for sent in block["transactions"]:
                yield f"calldata of block {number}", bytes.fromhex(sent["input"][2:])
        for event in node.request("eth_getLogs", {"fromBlock": "0x0", "toBlock": "latest"}):
            yield "an event", bytes.fromhex(event["data"][2:]) + b"".join(bytes.fromhex(t[2:]) for t in event["topics"])

    def files(self, directory: Path) -> Iterator[tuple[str, bytes]]:
        return (
            (str(path.relative_to(directory)), path.read_bytes()) for path in directory.rglob("*") if path.is_file()
        )


@pytest.fixture(scope="module")
def kept_database_url(tmp_path_factory: pytest.TempPathFactory) -> str:
    """One database is enough: logs, calldata and documents are the same on both."""
    return f"sqlite:///{tmp_path_factory.mktemp('database') / 'gateway.db'}"


@pytest.fixture(scope="module")
def log() -> Iterator[io.StringIO]:
    """All that the gateway logs, as it does in earnest, at its most talkative."""
    written, root = io.StringIO(), logging.getLogger()
    handlers, level, stderr = root.handlers[:], root.level, sys.__stderr__
    sys.__stderr__ = written  # type: ignore[misc]
    configure_logs("DEBUG")
    yield written
    sys.__stderr__ = stderr  # type: ignore[misc]
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


@pytest.fixture(scope="module")
def left(log: io.StringIO, trading: Trading) -> Left:
    known = Known()
    paper = invoice()
    known.papers |= words_of(paper)
    known.papers["somebody's name"] = PERSON.encode()
    _secrets(trading, known)
    trading.network.mine_at_once()
    trading.fund(15_000_000)
    facility = trading.grant()["id"]
    sold = trading.sell(paper, "container:ZZXU2605127")
    supplier, debtor = trading.desks["supplier"], trading.desks["debtor"]
    supplier.write("/v1/financings", {"facility_id": facility, "receivable_id": sold["receivable_id"]})
    trading.network.set_clock(DEPARTURE)
    trading.attest(sold["subject"], Milestone.DEPARTED, 1_000_000, "carrier", "inspector")
    trading.network.set_clock(PAYMENT)
    trading.issue("debtor", FACE_VALUE, reference="RF18539007547034")
    known.papers["a bank's reference"] = b"RF18539007547034"
    debtor.write(f"/v1/receivables/{sold['receivable_id']}/payments", {"amount": eur(FACE_VALUE)})
    assert supplier.client.get(f"/v1/documents/{sold['document_cid']}", headers=dict(supplier.headers)).content == paper
    _failures(trading, known)
    await_indexer(trading.gateway, trading.chain)
    return Left(trading, known, log)


def _secrets(trading: Trading, known: Known) -> None:
    """Of every kind that there is: tokens, secrets of clients, keys, passphrases."""
    settings, desk = trading.gateway.settings, trading.desks["supplier"]
    made = desk.client.post(
        "/v1/clients", json={"name": PERSON}, headers={**desk.headers, "Idempotency-Key": "1"}
    ).json()
    known.secrets["a client's secret"] = made["client_secret"].encode()
    asked = {"grant_type": "client_credentials", "client_id": made["client_id"], "client_secret": made["client_secret"]}
    known.secrets["a token"] = desk.client.post("/oauth/token", data=asked).json()["access_token"].encode()
    for name, held in trading.desks.items():
        known.secrets[f"the token of {name}"] = held.headers["Authorization"].removeprefix("Bearer ").encode()
    for name in ("supplier", "debtor", "lender"):
        known.secrets[f"the key of {name}"] = trading.gateway.signers.get(f"org:{LEIS[name]}")._key.secret
    for name in ("registrar", "credit-officer", "cash-issuer"):
        known.secrets[f"the key of {name}"] = trading.gateway.signers.get(f"office:{name}")._key.secret
    for name, account in trading.keys.items():
        known.secrets[f"the key of {name}"] = bytes(account.key)
    signing = trading.gateway.keys.signing().key.as_dict(private=True)["d"]
    known.secrets["the key that signs tokens"] = str(signing).encode()
    assert settings.passphrase_file is not None
    assert settings.document_key_file is not None
    files = [settings.passphrase_file, settings.document_key_file, settings.network_key_file]
    files += [settings.keys_dir / "passphrase", settings.keystores_dir / "passphrase"]
    for file in files:
        known.secrets[f"the content of {file.name} in {file.parent.name}"] = file.read_bytes().strip()


def _failures(trading: Trading, known: Known) -> None:
    """Secrets in the wrong places: what is refused is not quoted either."""
    client, desk = trading.client, trading.desks["supplier"]
    secret = known.secrets["a client's secret"].decode()
    token = known.secrets["a token"].decode()
    answers = [
        client.post("/v1/clients", json={"name": [PERSON], "secret": secret}, headers=dict(desk.headers)),
        client.post("/oauth/token", data={"grant_type": "client_credentials"}, auth=("nobody", secret)),
        client.get("/v1/receivables", headers={"Authorization": f"Bearer {token}x"}),
        client.get("/v1/receivables", params={"access_token": token, "note": PERSON}),
        client.get(f"/v1/{secret}/{token}"),
        client.post(
            "/v1/invoices", content=invoice()[:-40], headers={**desk.headers, "Content-Type": "application/xml"}
        ),
        desk.upload(invoice(), "application/xml", "container:ZZXU2605127", **WAIT),
    ]
    assert [answer.status_code for answer in answers] == [422, 401, 401, 401, 404, 422, 409]


def test_scanner_finds_what_is_there() -> None:
    known = {"the name": PERSON.encode(), "the key": bytes(range(32))}
    planted = (
        ("plain", f"said {PERSON} so".encode()),
        ("another case", PERSON.upper().encode()),
        ("hex", b"0x" + bytes(range(32)).hex().encode()),
        ("base64", base64.b64encode(b"x" + PERSON.encode() + b"yz")),
        ("calldata", b"\x00" * 31 + bytes(range(32))),
    )

    assert {what.partition(" in ")[2] for what in found_in(planted, known)} == {name for name, _ in planted}
    assert found_in([("nothing", b"RF18 and a receivable")], known) == []


def test_there_is_enough_to_look_for(left: Left) -> None:
    assert {"Acme", "Borealis"} <= {word for name in left.known.papers for word in re.findall(r"\w+", name)}
    assert len(left.known.papers) > 15
    assert len(left.known.secrets) > 15


def test_logs_hold_nothing_of_it(left: Left) -> None:
    written = left.log.getvalue()

    assert written.count("\n") > 50
    assert '"event":"request"' in written
    assert found_in([("the log", written.encode())], left.known.everything) == []


def test_calldata_and_events_of_all_blocks_hold_nothing_of_it(left: Left) -> None:
    places = list(left.calldata())

    assert len(places) > 100
    assert found_in(places, left.known.everything) == []


def test_stored_documents_hold_nothing_of_it(left: Left) -> None:
    directory = left.trading.gateway.settings.documents_dir
    assert directory is not None
    places = list(left.files(directory))

    assert places
    assert found_in(places, left.known.everything) == []


def test_database_holds_no_secret(left: Left) -> None:
    """Papers' data is there: organisations read it from there. What opens something is not."""
    database = Path(left.trading.gateway.settings.database_url.removeprefix("sqlite:///"))
    places = [(file.name, file.read_bytes()) for file in database.parent.glob("gateway.db*") if file.is_file()]

    assert sum(len(content) for _, content in places) > 100_000
    assert found_in(places, left.known.secrets) == []


def test_keys_on_disk_are_sealed_and_only_we_may_read_them(left: Left) -> None:
    """Of the gateway's own directory; passphrases are what they are, and the keys that they open are not there."""
    directory = left.trading.gateway.settings.data_dir
    files = [path for path in directory.rglob("*") if path.is_file() and "documents" not in path.parts]
    keys = {name: secret for name, secret in left.known.secrets.items() if "content of" not in name}

    assert {path.name for path in files} >= {"passphrase", "document.key"}
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    assert found_in(((path.name, path.read_bytes()) for path in files), keys) == []
