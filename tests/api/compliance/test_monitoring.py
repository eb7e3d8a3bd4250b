"""The rules over rows: cases are opened once, whichever gateway looks, and however often."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlmodel import select

from api.compliance.cases.models import Case
from api.compliance.monitoring import repository, service
from api.compliance.monitoring.models import Movement
from api.compliance.monitoring.service import Monitor
from api.compliance.onboarding.models import Application, Owner
from api.compliance.settings import ComplianceSettings, MonitoringSettings
from api.db import INDEXING, Database
from api.indexer.models import Cursor
from api.participants.models import Account, Organisation
from api.receivables.models import Receivable
from api.settings import Settings

LEIS = [f"LEI{number}" for number in range(4)]
CONTRACT = "0x" + "cc" * 20
RULES = MonitoringSettings(
    velocity_most_count=3,
    structuring_threshold_units=1_000,
    structuring_count=3,
    round_trip_most_parties=3,
    price_least_references=3,
)


def account(number: int) -> str:
    return f"0x{number:040x}"


def chain_rows(database: Database, *rows: Any) -> None:
    """As the indexer's handlers would have written them."""
    with database.session() as session:
        session.info[INDEXING] = True
        session.add_all(rows)
        session.commit()


@pytest.fixture
def parties(database: Database) -> Database:
    """Four organisations, of which the first two are of one group."""
    for number, lei in enumerate(LEIS):
        group = LEIS[0] if number == 1 else lei
        organisation = Organisation(
            number=number, lei=lei, group_lei=group, jurisdiction="DE", roles=1, kyc_expires_at=2**40
        )
        chain_rows(database, organisation, Account(address=account(number), organisation=number))
    return database


def move(block: int, giver: int | str, taker: int | str, amount: int = 10, **changes: Any) -> Movement:
    ends = [end if isinstance(end, str) else account(end) for end in (giver, taker)]
    values = {"kind": "cash", "asset": "EUR", "log_index": 0, "part": 0, **changes}
    told = {"transaction_hash": f"0x{block:064x}", "block_number": block, "moved_at": block}
    return Movement(giver=ends[0], taker=ends[1], amount=amount, **told, **values)


def run(database: Database, since: int = 0) -> service.Ran:
    with database.transaction() as session:
        return service.run(session, RULES, since, {})


def cases(database: Database) -> list[tuple[str, str]]:
    with database.session() as session:
        return sorted((case.kind, case.lei) for case in session.exec(select(Case)))


def test_running_again_opens_no_second_case(parties: Database) -> None:
    chain_rows(parties, *(move(block, 0, 2) for block in range(1, 6)))

    first, second = run(parties), run(parties)

    assert (first.movements, len(first.opened), second.opened) == (5, 1, [])
    assert cases(parties) == [("velocity", LEIS[0])]


def test_what_goes_to_contracts_or_stays_in_one_hand_is_no_payment(parties: Database) -> None:
    chain_rows(parties, Account(address=account(9), organisation=0))
    chain_rows(parties, *(move(block, 0, CONTRACT) for block in range(1, 6)))
    chain_rows(parties, *(move(block, 0, 9) for block in range(6, 11)))

    assert run(parties).found == 0


def test_a_round_trip_counts_among_related_parties_only(parties: Database) -> None:
    chain_rows(parties, move(1, 0, 1), move(2, 1, 0), move(3, 2, 3), move(4, 3, 2))

    run(parties)

    assert cases(parties) == [("round-trip", LEIS[0])]


def test_a_shared_owner_relates_two_organisations(parties: Database) -> None:
    with parties.transaction() as session:
        for lei in (LEIS[2], LEIS[3]):
            application = Application(lei=lei, legal_name=lei, asked={}, submitted_by="client")
            session.add(application)
            session.add(Owner(id=f"own_{lei}", application_id=application.id, lei=lei, person="p", sealed=b""))
    units = {"kind": "units", "asset": "0x2a"}
    chain_rows(parties, move(3, 2, 3, **units), move(4, 3, 2, **units))

    run(parties)

    assert cases(parties) == [("round-trip", LEIS[2])]


def receivable(number: int, value: int, quantity: int = 1_000_000) -> Receivable:
    terms = {"supplier": 2, "debtor": 3, "currency": "EUR", "due_date": 20_000, "registered_at": number}
    chain = {"block_number": number, "transaction_hash": f"0x{number:064x}"}
    return Receivable(
        id=f"0x{number:064x}", registered_value=value, face_value=value, quantity=quantity, **terms, **chain
    )


def test_a_price_far_from_those_of_before_is_a_case_and_its_fellows_are_not(parties: Database) -> None:
    asked = [1_000, 1_010, 990, 1_005, 2_000, 1_000]
    chain_rows(parties, *(receivable(number, value) for number, value in enumerate(asked, 1)))
    chain_rows(parties, receivable(9, 5_000_000, quantity=0))

    ran = run(parties)

    assert len(ran.opened) == 1
    with parties.session() as session:
        (case,) = session.exec(select(Case)).all()
    assert (case.kind, case.figures["price"], case.figures["reference"]) == ("price", "2000", "1000")


@pytest.fixture
def monitor(parties: Database, settings_for: Callable[..., Settings]) -> Callable[[int], None]:
    """Looks when the chain's head is that block."""
    settings = settings_for(compliance=ComplianceSettings(monitoring=RULES), reorg_window_blocks=2)
    watching = Monitor(parties, settings, {})

    def look(block: int) -> None:
        with parties.transaction() as session:
            session.merge(Cursor(id=1, block_number=block, block_hash="0x", block_timestamp=block))
        watching.step()

    return look


def test_looking_block_by_block_finds_what_looking_at_once_does(parties: Database, monitor: Any) -> None:
    for block in range(1, 9):
        chain_rows(parties, move(block, block % 2, 2 + block % 2, 990), move(block, 1, 0, 50 + block, log_index=1))
        monitor(block)
    by_blocks = cases(parties)

    assert len(by_blocks) >= 4
    assert run(parties).opened == []
    assert cases(parties) == by_blocks


def test_a_block_that_replaces_another_is_looked_at(parties: Database, monitor: Any) -> None:
    chain_rows(parties, *(move(block, 0, 2) for block in range(1, 4)))
    monitor(4)
    assert cases(parties) == []

    chain_rows(parties, move(4, 0, 2))  # block 4 was another one when the rules looked
    monitor(4)

    assert cases(parties) == [("velocity", LEIS[0])]


def test_while_nothing_moves_what_is_looked_at_anew_stays_short(parties: Database, monitor: Any) -> None:
    chain_rows(parties, move(1, 0, 2))
    monitor(1)

    monitor(100)

    with parties.session() as session:
        assert repository.looked_until(session) == 100


def test_what_is_issued_or_redeemed_makes_nobody_read_the_past(
    parties: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    nobody = "0x" + "ee" * 20
    chain_rows(parties, *(move(block, 0, 2) for block in range(1, 6)))
    chain_rows(parties, move(6, nobody, 2), move(7, 2, nobody), move(8, 2, CONTRACT), move(9, 2, 2))
    monkeypatch.setattr(repository, "moves_after", lambda *_: pytest.fail("the past was read"))

    assert run(parties, since=6).movements == 4


def test_only_the_past_of_what_moves_is_read(parties: Database) -> None:
    chain_rows(parties, *(move(block, 0, 2, asset=asset) for block, asset in ((1, "EUR"), (2, "USD"), (3, "EUR"))))

    with parties.session() as session:
        assert [each.asset for each in repository.moves_since(session, 3)] == ["EUR"]
        assert [each.block_number for each in repository.moves_after(session, 0, ["EUR"])] == [1, 3]
