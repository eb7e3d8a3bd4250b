"""A financing whose paper is another from now on: the gateway shows the new one, its ladder and when it falls due."""

from dataclasses import replace

from sqlmodel import Session

from api.db import INDEXING, Database
from api.facilities.models import Ladder
from api.financings.handlers import on_handed_over, on_maturity_set
from api.financings.models import Financing
from api.values import hex32
from chain_node.client import Block, Event

ORDERS, INVOICES = "0x" + "a1" * 20, "0x" + "b2" * 20
SUBJECT = bytes(31) + b"\x07"
STEPS = [{"milestone": 40, "advance_rate_bps": 8000, "measured": True}]
BLOCK = Block(number=9, hash=bytes(32), parent_hash=bytes(32), timestamp=1_777_896_000, transaction_hashes=())
HANDED_OVER = Event(
    contract="FinancingDesk",
    name="FinancingHandedOver",
    arguments={"financing": 3, "from": ORDERS, "to": INVOICES, "itemId": 88, "units": 500, "subject": SUBJECT},
    address="0x" + "c3" * 20,  # type: ignore[arg-type]
    block_number=9,
    block_hash=bytes(32),
    transaction_hash=bytes(32),
    log_index=1,
)


def on_an_order() -> Financing:
    return Financing(
        number=3,
        facility=1,
        collateral=ORDERS,
        item_id=hex32(77),
        subject=hex32(bytes(31) + b"\x06"),
        units=900,
        supplier="0x" + "d4" * 20,
        ladder=[{"milestone": 5, "advance_rate_bps": 3000, "measured": False}],
        maturity_day=100,
        opened_at=1,
        block_number=1,
        transaction_hash=hex32(1),
    )


def test_financing_is_of_the_new_paper_and_its_ladder(database: Database) -> None:
    with Session(database.engine, info={INDEXING: True}) as session:
        session.add(on_an_order())
        session.add(Ladder(facility=1, collateral=INVOICES, steps=STEPS))
        session.flush()

        on_handed_over(session, HANDED_OVER, BLOCK)
        due = {"financing": 3, "previousDay": 100, "maturityDay": 160}
        on_maturity_set(session, replace(HANDED_OVER, name="MaturitySet", arguments=due), BLOCK)

        told = session.get_one(Financing, 3)
        assert (told.collateral, told.item_id, told.subject) == (INVOICES, hex32(88), hex32(SUBJECT))
        assert (told.units, told.ladder, told.maturity_day) == (500, STEPS, 160)


def test_who_owes_and_since_when_stays(database: Database) -> None:
    with Session(database.engine, info={INDEXING: True}) as session:
        session.add(on_an_order())
        session.flush()

        on_handed_over(session, HANDED_OVER, BLOCK)

        told, before = session.get_one(Financing, 3), on_an_order()
        kept = ("number", "facility", "state", "supplier", "opened_at", "block_number", "transaction_hash")
        assert [getattr(told, name) for name in kept] == [getattr(before, name) for name in kept]
