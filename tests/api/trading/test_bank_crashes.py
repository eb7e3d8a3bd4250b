"""Whenever the one who issues and pays on is killed: one issue, one payment, and the books agree."""

from typing import Any

import pytest
from banking import cash_of, ended, entries, instructed, movement, taken
from killed_banker import KILLED_AT, issuing_of, run
from sqlmodel import func, select
from support.dying import run_until_killed
from trading import Trading, await_indexer, until

from api.banking.issuing import Issuing
from api.transactions.models import Transaction

pytestmark = pytest.mark.node


@pytest.fixture(scope="module")
def issuing(trading: Trading, sold: Any) -> Issuing:
    """The pass, taken by nobody but the tests."""
    (loop,) = (each for each in trading.gateway.loops if each.name == "banking")
    loop.stop()
    return issuing_of(trading.gateway)


def sent(trading: Trading, purpose: str) -> int:
    wanted = select(func.count()).select_from(Transaction).where(Transaction.purpose == purpose)
    with trading.gateway.database.session() as session:
        return session.exec(wanted).one()


def settled(trading: Trading, issuing: Issuing, instruction: Any) -> Any:
    """The instruction, once the pass has been taken often enough."""

    def over() -> Any:
        issuing.step()
        its = trading.operator.get(f"/v1/payment-instructions/{instruction['id']}")
        return its if its["state"] in ("settled", "held") else None

    return until(over, "it was never settled")


def bring_to(trading: Trading, issuing: Issuing, waiting: str, entry: Any, instruction: Any) -> None:
    """What waits is in the state, and what that waits for is in a block that the gateway has read."""
    if waiting == "matched":
        return
    issuing.step()
    if waiting == "paying":

        def is_paying() -> bool:
            issuing.step()
            return bool(ended(trading, instruction, "booked", "paying")["state"] == "paying")

        until(is_paying, "it was never paid")
        ids = [its["id"] for its in ended(trading, instruction, "paying")["transactions"]]
    else:
        ids = [its["id"] for its in entries(trading, reference=entry)[0]["transactions"]]
    for transaction in ids:
        assert trading.gateway.transactions.wait(transaction, 120).status == "mined"
    await_indexer(trading.gateway, trading.chain)


@pytest.mark.parametrize("step", KILLED_AT)
def test_killed_one_doubles_nothing_and_loses_nothing(step: str, trading: Trading, issuing: Issuing, sold: Any) -> None:
    receivable = int(sold["receivable_id"], 16)
    target = {"purpose": "receivable", "target_id": sold["receivable_id"]}
    instruction, name = instructed(trading, "debtor", 1_000, **target), f"KILLED-{list(KILLED_AT).index(step)}"
    before = sent(trading, "issue cash"), sent(trading, "pay invoice"), cash_of(trading, "debtor")
    paid = trading.chain.receivables.receivable(receivable).paid
    taken(trading, movement(1_000, bank=name, reference=instruction["reference"]))
    bring_to(trading, issuing, KILLED_AT[step][0], name, instruction)

    run_until_killed(run, trading.gateway.settings, step)

    assert settled(trading, issuing, instruction)["state"] == "settled"
    await_indexer(trading.gateway, trading.chain)
    assert (sent(trading, "issue cash"), sent(trading, "pay invoice")) == (before[0] + 1, before[1] + 1)
    assert cash_of(trading, "debtor") == before[2]
    assert trading.chain.receivables.receivable(receivable).paid == paid + 1_000


def test_reversal_that_is_read_before_the_issue_stops_it(trading: Trading, issuing: Issuing, sold: Any) -> None:
    instruction, before = instructed(trading, "debtor", 1_230), cash_of(trading, "debtor")
    view = taken(trading, movement(1_230, bank="LATE", reference=instruction["reference"]))
    taken(trading, movement(1_230, bank="LATE", direction="DBIT", reversal="<RvslInd>true</RvslInd>"))
    assert view["matched"] == 1

    issuing.step()

    (entry,) = entries(trading, statement_id=view["id"])
    assert (entry["state"], entry["reason"], entry["transactions"]) == ("review", "reversed", [])
    its = trading.operator.get(f"/v1/payment-instructions/{instruction['id']}")
    assert (its["state"], cash_of(trading, "debtor")) == ("open", before)
