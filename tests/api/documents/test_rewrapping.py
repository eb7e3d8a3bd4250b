"""Papers for who joins their deals, on both databases, over rows as the indexer would have written them."""

import os
import signal
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import SQLModel, select

from api.auth.principal import Principal
from api.db import INDEXING, Database
from api.documents import erasure, rewrapping
from api.documents.errors import DocumentAbsent, DocumentErased, NoPartyToDeal
from api.documents.models import THE_PLACE, DocumentKey, DocumentPlace
from api.documents.readers import ReaderKeys
from api.documents.rewrapping import Rewrapper
from api.documents.sealing import unseal, unwrap
from api.documents.service import Content, Documents
from api.documents.stores import DirectoryStore
from api.events.models import EventRow
from api.facilities.models import Facility
from api.financings.models import Financing
from api.invoices.models import InvoiceRow
from api.participants.models import Account, Organisation, Profile
from api.pools.models import Position, SyndicateMember
from api.receivables.models import Holding

SUPPLIER, DEBTOR, LENDER, BUYER, STRANGER = (f"LEI{name}" for name in ("SUPPLIER", "DEBTOR", "LENDER", "BUYER", "S"))
ALL = (SUPPLIER, DEBTOR, LENDER, BUYER, STRANGER)
POOL, POOLS = "0x" + "aa" * 20, {"0x" + "aa" * 20: "EUR"}
SYNDICATE, OTHERS = "0x" + "5d" * 20, "0x" + "5e" * 20
TX = "0x" + "0" * 64


def account(lei: str) -> str:
    return f"0x{ALL.index(lei) + 1:040x}"


def of(lei: str | None, *scopes: str) -> Principal:
    return Principal(f"client of {lei}", lei, frozenset(scopes))


class Book:
    """A gateway's database with organisations, papers and what the chain is made to say of them."""

    def __init__(self, database: Database, directory: Path) -> None:
        self.database = database
        self.keys = ReaderKeys(directory / "keys", "secret")
        self.documents = Documents(DirectoryStore(directory / "documents"), self.keys)
        self.rewrapper = Rewrapper(database, lambda: self.keys, POOLS)
        self.events = 0
        for number, lei in enumerate(ALL, 1):
            told = {"group_lei": lei, "jurisdiction": "DE", "roles": 1, "kyc_expires_at": 2**40}
            self.chain(Organisation(number=number, lei=lei, **told), Account(address=account(lei), organisation=number))
        terms = dict.fromkeys(("discount_rate_bps", "fee_bps", "late_fee_bps", "reserve_bps", "committed_fee_bps"), 0)
        flags = dict.fromkeys(("recourse", "revolving", "earmarked"), False)
        line = {"supplier": account(SUPPLIER), "limit": 1, "day_count": "actual_360"}
        seen = {"grace_days": 0, "expires_at": 1, "opened_at": 1, "block_number": 1, "transaction_hash": TX}
        for number, source in ((1, POOL), (2, SYNDICATE), (3, OTHERS)):
            self.chain(Facility(number=number, pool=source, **terms, **flags, **line, **seen))

    def chain(self, *rows: Any) -> None:
        with self.database.session() as session:
            session.info[INDEXING] = True
            for row in rows:
                session.merge(row)
            session.commit()

    def tell(self, kind: str, resource_id: str) -> None:
        self.events += 1
        told = {"body": {}, "occurred_at": 1, "block_number": self.events, "block_hash": TX, "transaction_hash": TX}
        row = EventRow(
            sequence=self.events, type=kind, kind=kind.split(".")[0], resource_id=resource_id, log_index=0, **told
        )
        self.database.run(lambda session: session.add(row))

    def paper(self, number: int) -> str:
        sealed = self.documents.seal(Content(b"paper %d" % number, "application/xml"))
        readers = {lei: self.keys.ensure(lei) for lei in (SUPPLIER, DEBTOR)}
        row = {"supplier_lei": SUPPLIER, "debtor_lei": DEBTOR, "number": str(number), "syntax": "ubl"}
        rest = {"terms": {}, "references": [], "document_cid": sealed.cid, "transaction_ids": []}
        invoice = InvoiceRow(receivable_id=item(number), subject=f"subject {number}", **row, **rest)
        self.database.run(
            lambda session: (self.documents.record(session, sealed, SUPPLIER, readers), session.add(invoice))
        )
        return sealed.cid

    def list_syndicate(self, syndicate: str = SYNDICATE) -> None:
        at = {"listed_at": 1, "block_number": 1, "transaction_hash": TX}
        self.chain(SyndicateMember(syndicate=syndicate, pool=POOL, **at))
        self.tell("pool.syndicate_joined", "EUR")

    def finance(
        self, number: int, kind: str = "financing.opened", state: str = "open", of: int = 1, facility: int = 1
    ) -> None:
        told = {"units": 1, "ladder": [], "opened_at": 1, "block_number": 1, "transaction_hash": TX}
        back = {"item_id": item(number), "subject": f"subject {number}", "collateral": "0xcc", "state": state}
        self.chain(Financing(number=of, facility=facility, supplier=account(SUPPLIER), **back, **told))
        self.tell(kind, str(of))

    def lend(self, lei: str, shares: int) -> None:
        self.chain(Position(currency="EUR", tranche="senior", account=account(lei), shares=shares))
        self.tell("pool.deposit", "EUR")

    def hold(self, number: int, lei: str, units: int) -> None:
        self.chain(Holding(receivable_id=item(number), holder=account(lei), units=units))
        self.tell("receivable.transferred", item(number))

    def follow(self) -> None:
        while self.rewrapper.step():
            pass

    def readers(self, cid: str) -> set[str]:
        with self.database.session() as session:
            return set(session.exec(select(DocumentKey.reader).where(DocumentKey.cid == cid)))

    def place(self) -> int:
        with self.database.session() as session:
            place = session.get(DocumentPlace, THE_PLACE)
            return place.through if place else 0


def item(number: int) -> str:
    return f"0x{number:064x}"


@pytest.fixture
def book(database: Database, tmp_path: Path) -> Book:
    return Book(database, tmp_path)


PARTIES = {SUPPLIER, DEBTOR, "operator"}


def test_nobody_is_granted_a_paper_of_which_nothing_was_told(book: Book) -> None:
    cid = book.paper(1)
    book.lend(LENDER, 5)
    book.hold(2, BUYER, 5)

    book.follow()

    assert book.readers(cid) == PARTIES


def test_lender_reads_the_paper_that_its_money_is_lent_on(book: Book) -> None:
    cid, other = book.paper(1), book.paper(2)
    book.lend(LENDER, 5)
    book.finance(1)

    book.follow()

    assert (book.readers(cid), book.readers(other)) == (PARTIES | {LENDER}, PARTIES)
    with book.database.session() as session:
        assert book.documents.read(session, of(LENDER), cid).data == b"paper 1"
        with pytest.raises(DocumentAbsent):
            book.documents.read(session, of(STRANGER), cid)


def test_reader_with_its_own_key_gets_an_envelope_that_the_gateway_cannot_open(book: Book) -> None:
    own = X25519PrivateKey.generate()
    profile = Profile(lei=BUYER, name="b", account="x", document_key=own.public_key().public_bytes_raw().hex())
    book.database.run(lambda session: session.add(profile))
    cid = book.paper(1)
    book.hold(1, BUYER, 5)

    book.follow()

    with book.database.session() as session:
        wrapped = session.get_one(DocumentKey, (cid, BUYER)).wrapped
    key = unwrap(wrapped, own, cid=cid, reader=BUYER)
    assert unseal(book.documents.store.get(cid), key, cid) == b"paper 1"


def test_lender_that_joins_reads_what_is_out_and_not_what_was_released(book: Book) -> None:
    out, released = book.paper(1), book.paper(2)
    book.finance(1, of=1)
    book.finance(2, state="released", of=2)
    book.follow()
    assert book.readers(out) == PARTIES

    book.lend(LENDER, 5)
    book.follow()

    assert (book.readers(out), book.readers(released)) == (PARTIES | {LENDER}, PARTIES)


def test_who_left_keeps_what_it_read_and_gets_no_new_paper(book: Book) -> None:
    first, second = book.paper(1), book.paper(2)
    book.lend(LENDER, 5)
    book.finance(1)
    book.hold(1, BUYER, 3)
    book.follow()
    book.chain(Position(currency="EUR", tranche="senior", account=account(LENDER), shares=0))
    book.hold(1, BUYER, 0)

    book.finance(2, "financing.handed_over")
    book.hold(2, STRANGER, 1)
    book.follow()

    assert book.readers(first) == PARTIES | {LENDER, BUYER}
    assert book.readers(second) == PARTIES | {STRANGER}


def test_lender_through_a_syndicate_reads_what_it_lends_on_and_nothing_of_another_syndicate(book: Book) -> None:
    shared, alone, others = (book.paper(number) for number in (1, 2, 3))
    book.lend(LENDER, 5)
    book.list_syndicate()
    for number, facility in ((1, 2), (3, 3)):
        book.finance(number, of=number, facility=facility)

    book.follow()

    assert book.readers(shared) == PARTIES | {LENDER}
    assert (book.readers(alone), book.readers(others)) == (PARTIES, PARTIES)


def test_pool_that_joins_a_syndicate_brings_its_lenders_to_what_is_out(book: Book) -> None:
    out, released = book.paper(1), book.paper(2)
    book.lend(LENDER, 5)
    book.finance(1, of=1, facility=2)
    book.finance(2, state="released", of=2, facility=2)
    book.follow()
    assert book.readers(out) == PARTIES

    book.list_syndicate()
    book.follow()

    assert (book.readers(out), book.readers(released)) == (PARTIES | {LENDER}, PARTIES)


def test_deposit_into_a_member_brings_the_papers_of_its_syndicates(book: Book) -> None:
    cid = book.paper(1)
    book.list_syndicate()
    book.finance(1, facility=2)
    book.follow()
    assert book.readers(cid) == PARTIES

    book.lend(LENDER, 5)
    book.follow()

    assert book.readers(cid) == PARTIES | {LENDER}


def test_lender_that_left_a_syndicates_member_gets_nothing_of_what_follows(book: Book) -> None:
    first, second = book.paper(1), book.paper(2)
    book.list_syndicate()
    book.lend(LENDER, 5)
    book.finance(1, of=1, facility=2)
    book.follow()

    book.chain(Position(currency="EUR", tranche="senior", account=account(LENDER), shares=0))
    book.finance(2, of=2, facility=2)
    book.follow()

    assert (book.readers(first), book.readers(second)) == (PARTIES | {LENDER}, PARTIES)


def test_who_is_handed_shares_reads_as_who_deposits(book: Book) -> None:
    cid = book.paper(1)
    book.lend(LENDER, 5)
    book.finance(1)
    book.follow()

    book.chain(Position(currency="EUR", tranche="senior", account=account(BUYER), shares=2))
    book.tell("pool.shares_transferred", "EUR")
    book.follow()

    assert book.readers(cid) == PARTIES | {LENDER, BUYER}


def test_stranger_cannot_be_let_in_by_a_lender_of_a_syndicate(book: Book) -> None:
    cid = book.paper(1)
    book.list_syndicate()
    book.lend(LENDER, 5)
    book.finance(1, facility=2)
    book.follow()

    for lei in (STRANGER, BUYER):
        with pytest.raises(NoPartyToDeal):
            admit(book, of(LENDER), cid, lei)
    with pytest.raises(DocumentAbsent):
        admit(book, of(STRANGER), cid, STRANGER)


def test_erased_paper_is_granted_to_nobody(book: Book) -> None:
    cid = book.paper(1)
    book.database.run(lambda session: erasure.erase(session, of(None, "operator"), cid, "It is over."))
    book.lend(LENDER, 5)
    book.finance(1)

    book.follow()

    assert book.readers(cid) == set()
    with pytest.raises(DocumentErased):
        admit(book, of(SUPPLIER), cid, DEBTOR)


def test_erasure_between_look_and_grant_wins(book: Book) -> None:
    cid = book.paper(1)
    book.database.run(lambda session: erasure.erase(session, of(None, "operator"), cid, "It is over."))

    assert book.database.run(lambda session: rewrapping.grant(session, book.keys, cid, [LENDER])) == []
    assert book.readers(cid) == set()


def test_log_longer_than_a_batch_is_followed_to_its_end(book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rewrapping, "BATCH", 2)
    cids = [book.paper(number) for number in range(1, 6)]
    book.lend(LENDER, 1)
    for number in range(1, 6):
        book.finance(number, of=number)

    book.follow()

    assert all(LENDER in book.readers(cid) for cid in cids)
    assert book.place() == 6


def test_place_moves_past_what_says_nothing_of_readers_now_and_then(
    book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rewrapping, "SKIPPED", 3)
    cid = book.paper(1)

    places = []
    for _ in range(4):
        book.tell("receivable.accepted", item(1))
        book.follow()
        places.append(book.place())
    book.hold(1, BUYER, 1)
    book.follow()

    assert places == [0, 0, 3, 3]
    assert (book.place(), book.readers(cid)) == (5, PARTIES | {BUYER})


def test_two_processes_do_it_once(book: Book) -> None:
    cid = book.paper(1)
    book.lend(LENDER, 1)
    book.finance(1)
    second = Rewrapper(book.database, lambda: book.keys, POOLS)
    before = book.place()

    book.follow()
    book.database.run(lambda session: rewrapping._move(session, before, 1))
    second.step()

    assert (book.place(), book.readers(cid)) == (2, PARTIES | {LENDER})


@pytest.mark.parametrize("dies_at", range(4))
def test_process_killed_on_the_way_leaves_the_rest_to_the_next(book: Book, dies_at: int) -> None:
    """SIGKILL as a grant or the place in the log is about to be stored, each in turn."""
    cids = [book.paper(number) for number in range(1, 4)]
    book.lend(LENDER, 1)
    for number in range(1, 4):
        book.finance(number, of=number)
    book.database.close()
    child = os.fork()
    if child == 0:
        _die_at(book, dies_at)

    _, status = os.waitpid(child, 0)
    assert os.WTERMSIG(status) == signal.SIGKILL
    assert sum(LENDER in book.readers(cid) for cid in cids) == min(dies_at, 3)
    assert book.place() == 0

    book.follow()

    assert all(book.readers(cid) == PARTIES | {LENDER} for cid in cids)
    assert book.place() == 4


def _die_at(book: Book, dies_at: int) -> None:
    """In the child: never returns."""
    try:
        database = Database(book.database.engine.url.render_as_string(hide_password=False))
        rewrapper = Rewrapper(database, lambda: book.keys, POOLS)
        left, granting, moving = [dies_at], rewrapper._grant, rewrapping._move

        def counted(work: Any) -> Any:
            def run(*told: Any) -> None:
                work(*told)
                if left[0] == 0:
                    os.kill(os.getpid(), signal.SIGKILL)
                left[0] -= 1

            return run

        rewrapper._grant = counted(granting)  # type: ignore[method-assign]
        rewrapping._move = counted(moving)
        rewrapper.step()
    finally:
        os._exit(1)


def admit(book: Book, principal: Principal, cid: str, lei: str) -> bool:
    view = book.database.run(lambda session: rewrapping.admit(session, principal, book.keys, POOLS, cid, lei))
    return bool(view.granted)


def test_who_cannot_read_a_paper_lets_nobody_in(book: Book) -> None:
    cid = book.paper(1)

    with pytest.raises(DocumentAbsent):
        admit(book, of(STRANGER), cid, STRANGER)


def test_stranger_to_the_deal_is_not_let_in_by_anyone(book: Book) -> None:
    cid = book.paper(1)

    for principal in (of(SUPPLIER), of(DEBTOR), of(None, "operator")):
        with pytest.raises(NoPartyToDeal):
            admit(book, principal, cid, STRANGER)
    assert book.readers(cid) == PARTIES


def test_debtor_cannot_find_out_who_lends_by_naming_it(book: Book) -> None:
    cid = book.paper(1)
    book.lend(LENDER, 5)
    book.finance(1)

    with pytest.raises(NoPartyToDeal):
        admit(book, of(DEBTOR), cid, LENDER)


def test_reader_lets_a_party_in_once(book: Book) -> None:
    cid = book.paper(1)
    book.hold(1, BUYER, 5)

    assert admit(book, of(SUPPLIER), cid, BUYER)
    assert not admit(book, of(SUPPLIER), cid, BUYER)
    assert book.readers(cid) == PARTIES | {BUYER}


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("lend"), st.sampled_from([LENDER, BUYER]), st.integers(0, 1)),
        st.tuples(st.just("hold"), st.integers(1, 3), st.sampled_from([BUYER, STRANGER]), st.integers(0, 1)),
        st.tuples(st.just("finance"), st.integers(1, 3)),
        st.tuples(st.just("follow")),
    ),
    max_size=12,
)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS)
def test_readers_are_those_who_were_party_when_it_was_told(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[Any, ...]]
) -> None:
    """Against a model that follows after each step: nobody less reads a paper, and nobody who was never a party."""
    directory = tmp_path_factory.mktemp("book")
    database = Database(f"sqlite:///{directory / 'gateway.db'}")
    SQLModel.metadata.create_all(database.engine)
    book = Book(database, directory)
    cids = {number: book.paper(number) for number in (1, 2, 3)}
    lent: dict[str, int] = {}
    held: dict[tuple[int, str], int] = {}
    financed: set[int] = set()
    ever = {number: set(PARTIES) for number in cids}
    for name, *told in steps:
        if name == "lend":
            lent[told[0]] = told[1]
        elif name == "hold":
            held[(told[0], told[1])] = told[2]
        elif name == "finance":
            financed.add(told[0])
        getattr(book, name)(*told, **({"of": told[0]} if name == "finance" else {}))
        for number, parties in ever.items():
            parties |= {lei for (paper, lei), units in held.items() if paper == number and units}
            parties |= {lei for lei, shares in lent.items() if shares and number in financed}
    book.follow()

    now = {
        number: {lei for (paper, lei), units in held.items() if paper == number and units}
        | {lei for lei, shares in lent.items() if shares and number in financed}
        for number in cids
    }
    for number, cid in cids.items():
        assert PARTIES | now[number] <= book.readers(cid) <= ever[number]
    database.close()
