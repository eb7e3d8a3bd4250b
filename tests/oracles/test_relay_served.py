"""The relay over real sockets: what it refuses of nodes, and what nodes put up with from one that lies."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
from oracle_fakes import NODE_ACCOUNT
from oracle_nodes import until
from support.ports import free_port
from test_capture_served import Authority
from test_relay_gathering import OWN, RelayBench

from chain_node.client import Observation
from oracles.http.server import serving
from oracles.http.settings import HttpSettings
from oracles.metrics import Metrics
from oracles.relay.app import relay_interface
from oracles.relay.client import relay_client
from oracles.relay.mail import RelayMail
from oracles.relay.messages import MOST_BYTES, Answer, Offer, item_of, list_id
from oracles.relay.rates import Rate
from oracles.relay.settings import BundlingSettings
from oracles.signing import Signer

# The relay


@contextmanager
def served(relay: RelayBench) -> Iterator[str]:
    """Its address while it works, in a thread as in real life."""
    ended = threading.Event()
    relay.clock = time.monotonic
    relay.gathering.clock = time.monotonic

    def work() -> None:
        while not ended.is_set():
            relay.gathering.run(relay.chain.head())
            relay.outbox.run()
            relay.chain.mine()
            ended.wait(0.005)

    thread = threading.Thread(target=work)
    with serving(HttpSettings(listen="127.0.0.1:0"), [relay_interface(relay.desk)], Metrics()) as url:
        thread.start()
        try:
            yield url
        finally:
            ended.set()
            thread.join()
            relay.desk.close()


@pytest.fixture
def relay(tmp_path: Path) -> RelayBench:
    return RelayBench(tmp_path)


def offer_of(relay: RelayBench, signer: Signer, *, seconds: int = 60, **changes: object) -> dict[str, object]:
    expires_at = int(time.time()) + seconds
    signature = signer.offer(relay.chain.chain_id, relay.chain.oracle_address, [OWN], expires_at)
    offer = Offer(account=signer.address, expires_at=expires_at, observations=[item_of(OWN)], signature=signature.hex())
    return offer.model_dump() | changes


def test_what_is_no_offer_is_refused_and_the_relay_goes_on(relay):
    one, other, stranger = relay.signers[0], relay.signers[1], relay.stranger
    item = item_of(OWN).model_dump()
    deep = b'{"a":' * 100_000 + b"1" + b"}" * 100_000
    refused = {
        "garbage": (b"\xff\xfe{", 422),
        "nothing": (b"", 400),
        "deep": (deep, 422),
        "too long": (b" " * (MOST_BYTES + 1), 413),
        "another's name": (offer_of(relay, one, account=other.address), 403),
        "no signature": (offer_of(relay, one, signature="00" * 65), 403),
        "altered": (offer_of(relay, one, observations=[item | {"quantity": 1}]), 403),
        "expired": (offer_of(relay, one, seconds=-5), 422),
        "for ever": (offer_of(relay, one, seconds=100_000), 422),
        "not admitted": (offer_of(relay, stranger), 403),
        "too many": (offer_of(relay, one, observations=[item] * 65), 422),
        "none": (offer_of(relay, one, observations=[]), 422),
        "negative": (offer_of(relay, one, observations=[item | {"quantity": -1}]), 422),
        "text for a number": (offer_of(relay, one, observations=[item | {"quantity": "1"}]), 422),
        "a field too many": (offer_of(relay, one) | {"more": 1}, 422),
    }

    with served(relay) as url, httpx.Client(base_url=url, timeout=120) as http:
        answers = {
            name: http.post("/relay/offers", content=body if isinstance(body, bytes) else json.dumps(body)).status_code
            for name, (body, _) in refused.items()
        }
        good = http.post("/relay/offers", json=offer_of(relay, one))

    assert answers == {name: status for name, (_, status) in refused.items()}
    assert good.status_code == 202


def test_vote_that_its_account_did_not_sign_is_refused(relay):
    signer, other = relay.signers[:2]
    vote = signer.vote_on(relay.chain.chain_id, relay.chain.oracle_address, [OWN], 1, b"\x05" * 32)
    good = Answer(
        account=signer.address,
        list=list_id([OWN]),
        mask="0x1",
        evidence=vote.evidence.hex(),
        signature=vote.signature.hex(),
    ).model_dump()

    with served(relay) as url, httpx.Client(base_url=url, timeout=120) as http:
        unknown = http.post("/relay/answers", json=good)
        http.post("/relay/offers", json=offer_of(relay, signer))
        until(lambda: relay.desk.listed(list_id([OWN])) is not None)
        changes = [{"account": other.address}, {"mask": "0x2"}, {"mask": "0x0"}, {"evidence": "00" * 32}, {}]
        answers = [http.post("/relay/answers", json=good | change).status_code for change in changes]

    assert unknown.status_code == 404
    assert answers == [403, 422, 422, 403, 202]


def test_who_asks_too_often_is_told_so(relay):
    interface = relay_interface(relay.desk)
    cast(Any, interface.app).state.counter.rate = Rate(0.001, 3)
    query = {"account": relay.signers[0].address, "wait": "0"}

    with (
        serving(HttpSettings(listen="127.0.0.1:0"), [interface], Metrics()) as url,
        httpx.Client(base_url=url, timeout=120) as http,
    ):
        statuses = [http.get("/relay/proposals", params=query).status_code for _ in range(5)]

    assert statuses == [200, 200, 200, 429, 429]


def test_rate_forgets_who_asked_longest_ago_and_gives_back_in_time():
    rate = Rate(1, 2)

    assert [rate.allows("a", 1, 0.0) for _ in range(3)] == [True, True, False]
    assert rate.allows("b", 2, 0.0)
    assert not rate.allows("a", 1, 0.5)
    assert rate.allows("a", 1, 1.5)
    for number in range(5_000):
        rate.allows(str(number), 1, 2.0)
    assert rate.allows("b", 2, 0.0)


def lists_of(mail: RelayMail) -> list[list[Observation]]:
    """What was proposed, as soon as something was."""
    found: list[list[Observation]] = []
    until(lambda: bool(found.extend(mail.lists()) or found))
    return found


def test_nodes_get_their_votes_on_chain_through_the_relay(relay):
    """Three clients over the wire; each signs what it is shown."""
    mails = [RelayMail() for _ in relay.signers]
    with served(relay) as url:
        clients = [
            relay_client(BundlingSettings(urls=[url]), signer.address, mail)
            for signer, mail in zip(relay.signers, mails, strict=True)
        ]
        with clients[0], clients[1], clients[2]:
            for signer, mail in zip(relay.signers, mails, strict=True):
                mail.send(Offer.model_validate(offer_of(relay, signer)), 60)
            for signer, mail in zip(relay.signers, mails, strict=True):
                (items,) = lists_of(mail)
                vote = signer.vote_on(relay.chain.chain_id, relay.chain.oracle_address, items, 1, b"\x05" * 32)
                its = Answer(
                    account=signer.address,
                    list=list_id(items),
                    mask="0x1",
                    evidence=vote.evidence.hex(),
                    signature=vote.signature.hex(),
                )
                mail.send(its, 60)
            until(lambda: len(relay.chain.counted) >= 2)

    assert len(relay.chain.sent) == 1


def test_messages_do_not_wait_for_each_others_answers(relay):
    """A relay answers in its own turns: one message a turn, and offers would pile up until nobody needs them."""
    mail, asked = RelayMail(), list[object]()
    offer = Offer.model_validate(offer_of(relay, relay.signers[0]))

    def arrived() -> int:
        asked.extend(relay.desk.take())
        return len(asked)

    with serving(HttpSettings(listen="127.0.0.1:0"), [relay_interface(relay.desk)], Metrics()) as url:
        with relay_client(BundlingSettings(urls=[url]), relay.signers[0].address, mail):
            until(lambda: not mail.away)
            for _ in range(5):
                mail.send(offer, 60)
            until(lambda: arrived() == 5)
        relay.desk.close()


def test_what_could_not_be_handed_over_in_time_is_dropped(relay):
    now = 100.0
    mail = RelayMail(clock=lambda: now)
    offer = Offer.model_validate(offer_of(relay, relay.signers[0]))
    later = offer.model_copy(update={"expires_at": offer.expires_at + 1})
    mail.send(offer, 3)
    now += 2
    mail.send(later, 3)
    now += 1

    assert [mail.next(), mail.next()] == [later, None]


# A relay that lies


EMPTY = {"run": "1", "cursor": 0, "proposals": [], "left_out": []}


def http_answer(body: bytes, status: str = "200 OK") -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


def hangs(connection: socket.socket) -> None:
    connection.recv(1)


def trickles(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        connection.sendall(b"1\r\n \r\n")
        time.sleep(0.05)


def never_ends(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        connection.sendall(b"10000\r\n" + b" " * 0x10000 + b"\r\n")


def endless_head(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    while True:
        connection.sendall(b"X-More: " + b"x" * 1000 + b"\r\n")


def says(answer: bytes) -> Callable[[socket.socket], None]:
    return lambda connection: connection.sendall(answer)


def says_json(value: object) -> Callable[[socket.socket], None]:
    return says(http_answer(json.dumps(value).encode()))


WRONG_ITEM = {"subject": "00", "milestone": 1, "sequence": 1, "occurred_at": 1, "quantity": 1}
LIES = {
    "hangs": hangs,
    "trickles": trickles,
    "never ends": never_ends,
    "endless head": endless_head,
    "garbage": says(http_answer(b"\xff\xfe\x00")),
    "no HTTP": says(b"\x16\x03\x01 what"),
    "half": says(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"),
    "fails": says(http_answer(b"", "500 Internal Server Error")),
    "elsewhere": says(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"),
    "deep": says(http_answer(b"[" * 200_000)),
    "wrong items": says_json(EMPTY | {"proposals": [{"observations": [WRONG_ITEM]}]}),
    "too many items": says_json(EMPTY | {"proposals": [{"observations": [item_of(OWN).model_dump()] * 65}]}),
    "empty lists": says_json(EMPTY | {"proposals": [{"observations": []}]}),
    "huge numbers": says_json(EMPTY | {"cursor": 10**40}),
    "a list": says_json([]),
}


@contextmanager
def lying(lie: Callable[[socket.socket], None]) -> Iterator[str]:
    """A relay whose every answer is the lie."""
    listener = socket.create_server(("127.0.0.1", 0))
    open_: list[socket.socket] = []

    def answer(connection: socket.socket) -> None:
        try:
            connection.recv(65_536)
            lie(connection)
            connection.close()
        except OSError:
            return

    def work() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            open_.append(connection)
            threading.Thread(target=answer, args=(connection,), daemon=True).start()

    threading.Thread(target=work, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        for connection in open_:
            connection.close()


@pytest.mark.parametrize("lie", LIES)
def test_relay_that_answers_with_anything_else_counts_as_away(lie):
    mail = RelayMail()

    with lying(LIES[lie]) as url:
        settings = BundlingSettings(urls=[url], patience_seconds=0.5)
        with relay_client(settings, NODE_ACCOUNT.address, mail):
            until(lambda: mail.away != "")

    assert mail.away
    assert mail.lists() == []


def test_next_relay_is_used_where_the_first_lies(relay):
    mail = RelayMail()
    mail.set_away("not asked yet")

    with lying(LIES["fails"]) as bad, served(relay) as good:
        settings = BundlingSettings(urls=[bad, good], patience_seconds=5)
        with relay_client(settings, relay.signers[0].address, mail):
            until(lambda: not mail.away)
            mail.send(Offer.model_validate(offer_of(relay, relay.signers[0])), 60)
            assert lists_of(mail) == [[OWN]]


def test_relay_that_refuses_the_connection_is_tried_again(relay):
    mail = RelayMail()
    port = free_port()
    settings = BundlingSettings(urls=[f"http://127.0.0.1:{port}"])

    with relay_client(settings, relay.signers[0].address, mail):
        until(lambda: mail.away != "")
        http = HttpSettings(listen=f"127.0.0.1:{port}")
        with serving(http, [relay_interface(relay.desk)], Metrics()):
            until(lambda: not mail.away)
            assert not mail.away
            relay.desk.close()


def test_relay_whose_certificate_nobody_signed_counts_as_away(relay, tmp_path):
    authority = Authority(tmp_path, "relays")
    certificate, key = authority.issue("CN=relay", of_server=True)
    http = HttpSettings(listen="127.0.0.1:0", tls_certificate=certificate, tls_key=key)
    with serving(http, [relay_interface(relay.desk)], Metrics()) as url:
        mails = []
        for ca in (None, authority.file):
            mail = RelayMail()
            mail.set_away("not asked yet" if ca else "")
            with relay_client(BundlingSettings(urls=[url], ca=ca), relay.signers[0].address, mail):
                until(lambda mail=mail, ca=ca: bool(mail.away) is (ca is None))
                mails.append(mail.away)
        relay.desk.close()

    assert "cannot be reached" in mails[0]
    assert mails[1] == ""
