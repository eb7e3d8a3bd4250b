"""Statements of accounts, against a model of their own: the cash tokens' raw logs, read past the gateway."""

import csv
import io
import random
import re
import zlib
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from banking import ended, instructed, movement, taken
from ordering import accepted
from refusing import refused
from token_logs import Model, compared
from trading import FACE_VALUE, LEIS, Desk, Trading, await_indexer, eur, invoice, until

from api.statements.settings import StatementSettings
from api.statements.words import KINDS
from chain_node.client import Milestone
from chain_node.keys import KeyRing

pytestmark = pytest.mark.node
PATH = "/v1/statements/EUR"
WHOLE = {"since": "2026-05-01", "until": "2026-06-09"}
LAST = datetime(2026, 6, 9, 8, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def busy(trading: Trading) -> Trading:
    """Lent, drawn, paid into and out of an escrow, repaid, redeemed: something of nearly every kind."""
    trading.network.mine_at_once()
    trading.network.set_clock(datetime(2026, 5, 6, 8, 0, tzinfo=UTC))
    trading.fund(30_000_000)
    facility = trading.grant(limit=eur(20_000_000), reserve_bps=100)["id"]
    supplier, debtor, lender = (trading.desks[name] for name in ("supplier", "debtor", "lender"))
    sold = [trading.sell(invoice(f"AS-2026-960{n}")) for n in range(2)]
    financings = []
    for each in sold:
        body = {"facility_id": facility, "receivable_id": each["receivable_id"]}
        financings.append(supplier.write("/v1/financings", body)["id"])
        trading.attest(each["subject"], Milestone.DEPARTED, 1_000_000, "carrier", "inspector")
    trading.network.set_clock(datetime(2026, 5, 20, 8, 0, tzinfo=UTC))
    accepted(trading, "PO-2026-0960", deposit=eur(500_000))
    trading.network.set_clock(datetime(2026, 6, 5, 8, 0, tzinfo=UTC))
    trading.issue("debtor", FACE_VALUE)
    debtor.write(f"/v1/receivables/{sold[0]['receivable_id']}/payments", {"amount": eur(FACE_VALUE)})
    trading.network.set_clock(LAST)
    supplier.write(f"/v1/financings/{financings[1]}/repayments", {"amount": eur(1_000_000)})
    lender.write("/v1/pools/EUR/redemption-requests", {"tranche": "senior", "shares": str(4_000_000 * 10**6)})
    trading.operator.write("/v1/pools/EUR/epochs")
    lender.write("/v1/pools/EUR/redemption-claims", {"tranche": "senior", "amount": eur(1_000_000)})
    await_indexer(trading.gateway, trading.chain)
    return trading


def get(desk: Desk, accept: str = "application/json", **query: str) -> Any:
    headers = {**desk.headers, "Accept": accept}
    return desk.client.get(PATH, params=query, headers=headers)


def units(amount: Mapping[str, str]) -> int:
    return int(amount["amount"])


# Refusals


def test_period_that_ends_before_it_begins_is_refused(busy: Trading) -> None:
    query = {"since": "2026-06-02", "until": "2026-06-01"}

    assert refused(get(busy.desks["lender"], **query), 422, "period-reversed")["context"] == query


def test_period_that_has_not_come_is_refused(busy: Trading) -> None:
    problem = refused(get(busy.desks["lender"], until="2026-06-10"), 422, "period-in-future")

    assert problem["context"] == {"until": "2026-06-10", "today": "2026-06-09"}


def test_period_before_the_network_is_refused(busy: Trading) -> None:
    refused(get(busy.desks["lender"], since="2025-01-01", until="2025-12-31"), 422, "period-before-network")


def test_currency_that_the_network_has_not_is_refused(busy: Trading) -> None:
    desk = busy.desks["lender"]

    refused(desk.client.get("/v1/statements/JPY", headers=dict(desk.headers)), 422, "currency-unlisted")
    assert desk.client.get("/v1/statements/euro", headers=dict(desk.headers)).status_code == 422


def test_statement_that_is_too_long_says_so_and_is_had_as_csv(busy: Trading, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(vars(busy.gateway.settings), "statements", StatementSettings(most_movements=2))

    for media in ("application/json", "application/pdf"):
        problem = refused(get(busy.desks["supplier"], media, **WHOLE), 422, "statement-too-long")
        assert problem["context"]["most"] == 2 < problem["context"]["movements"]
    assert get(busy.desks["supplier"], "text/csv", **WHOLE).status_code == 200


def test_form_that_there_is_none_of_is_refused(busy: Trading) -> None:
    refused(get(busy.desks["lender"], "image/png, text/csv;q=0"), 406, "form-unknown")


def test_statement_of_another_is_absent_and_a_supervisor_reads_it(busy: Trading) -> None:
    for media in ("application/json", "text/csv", "application/pdf"):
        hidden = get(busy.desks["stranger"], media, lei=LEIS["supplier"])
        refused(hidden, 404, "participant-absent")
    refused(get(busy.operator), 403, "organisation-missing")
    refused(get(busy.operator, lei="999900NOBODYATALL077"), 404, "participant-absent")

    told = get(busy.supervisor(), lei=LEIS["supplier"], **WHOLE).json()

    assert told == get(busy.desks["supplier"], **WHOLE).json()
    assert told["organisation"]["lei"] == LEIS["supplier"]


def test_parts_that_a_token_may_not_read_are_left_out(busy: Trading) -> None:
    desk = busy.narrow("supplier", "cash:read")

    told = get(desk, **WHOLE).json()

    assert (told["positions"], told["financings"]) == (None, None)
    assert told["movements"]
    refused(get(desk, "text/csv", table="financings"), 403, "scope-missing")
    refused(get(desk, "text/csv", table="positions"), 403, "scope-missing")


# Account


@pytest.mark.parametrize("name", ["supplier", "debtor", "lender", "junior", "carrier"])
def test_statement_is_what_the_raw_logs_come_to(busy: Trading, name: str) -> None:
    model, pick = Model(busy), random.Random(name)
    first = date(2026, 5, 1)
    periods = [(first, date(2026, 6, 9))]
    for _ in range(6):
        begin = first + timedelta(days=pick.randrange(40))
        periods.append((begin, min(date(2026, 6, 9), begin + timedelta(days=pick.randrange(20)))))

    for since, last in periods:
        told = get(busy.desks[name], since=str(since), until=str(last)).json()
        assert compared(told) == model.statement(busy.accounts[name], since, last), (since, last)
        assert told["proof"]["proven"]
        assert told["is_final"] is (last < date(2026, 6, 9))


def test_closing_is_the_chains_balance_at_the_closing_block(busy: Trading) -> None:
    told = get(busy.desks["supplier"], since="2026-05-01", until="2026-05-10").json()

    block, closing = told["closing"]["block_number"], units(told["closing"]["amount"])
    assert closing == busy.chain.cash("EUR").balance_of(busy.accounts["supplier"], block) > 0
    assert told["proof"]["block_hash"] == "0x" + busy.chain.block(block).hash.hex()
    assert busy.chain.block(block).timestamp < datetime(2026, 5, 11, tzinfo=UTC).timestamp()
    assert busy.chain.block(block + 1).timestamp >= datetime(2026, 5, 11, tzinfo=UTC).timestamp()


def test_movements_are_told_in_words_of_business(busy: Trading) -> None:
    kinds = {
        name: {(line["kind"], units(line["amount"]) > 0) for line in get(busy.desks[name], **WHOLE).json()["movements"]}
        for name in ("supplier", "debtor", "lender")
    }

    assert kinds["supplier"] == {("disbursement", True), ("collateral_proceeds", True), ("repayment", False)}
    assert kinds["debtor"] == {("issue", True), ("receivable_payment", False), ("escrow_deposit", False)}
    assert kinds["lender"] == {("issue", True), ("pool_deposit", False), ("pool_redemption", True)}


def test_movement_names_its_counterparty_and_what_it_was_about(busy: Trading) -> None:
    lines = get(busy.desks["supplier"], **WHOLE).json()["movements"]
    (drawn, *_) = [line for line in lines if line["kind"] == "disbursement"]
    (issued, *_) = [x for x in get(busy.desks["lender"], **WHOLE).json()["movements"] if x["kind"] == "issue"]

    assert drawn["counterparty"] == {"kind": "network", "lei": None, "name": "Lending pool EUR"}
    assert drawn["reference"]["kind"] == "financing"
    assert busy.desks["supplier"].get(f"/v1/financings/{drawn['reference']['id']}")["state"] in ("open", "repaid")
    assert drawn["description"] == KINDS["disbursement"]
    assert issued["counterparty"]["kind"] == "bank"
    assert issued["reference"]["kind"] == "bank_payment"
    assert re.fullmatch(r"\d+\.\d\d", issued["decimal"])


def test_cash_against_an_instruction_names_the_instruction(busy: Trading) -> None:
    instruction = instructed(busy, "debtor", 12_300)
    taken(busy, movement(12_300, reference=instruction["reference"], end_to_end=instruction["end_to_end_id"]))
    ended(busy, instruction, "settled")

    (line, *_) = reversed(get(busy.desks["debtor"], **WHOLE).json()["movements"])

    assert (line["kind"], line["amount"]) == ("issue", eur(12_300))
    assert line["reference"] == {"kind": "payment_instruction", "id": instruction["id"]}


def test_totals_are_of_the_movements(busy: Trading) -> None:
    told = get(busy.desks["supplier"], **WHOLE).json()

    assert sum(each["count"] for each in told["totals"]) == len(told["movements"])
    moved = sum(units(each["amount"]) for each in told["totals"])
    assert units(told["opening"]["amount"]) + moved == units(told["closing"]["amount"])


def test_one_period_goes_on_where_the_other_ended(busy: Trading) -> None:
    first = get(busy.desks["lender"], since="2026-05-01", until="2026-05-31").json()
    second = get(busy.desks["lender"], since="2026-06-01", until="2026-06-09").json()

    assert first["closing"] == second["opening"]
    assert [each["after"] for each in first["positions"]] == [each["before"] for each in second["positions"]]


def test_account_that_moves_to_another_organisation_takes_its_balance_and_no_history(busy: Trading) -> None:
    registrar = KeyRing(busy.network.data_dir).account("registrar")
    account, key = busy.keys["warehouse"].address, busy.keys["warehouse"]
    busy.issue("warehouse", 70_000)
    busy.send(registrar, busy.chain.registry.remove_account(account))
    busy.send(registrar, busy.chain.registry.admit_account(LEIS["carrier"], account))
    busy.send(key, busy.chain.cash("EUR").call("transfer", busy.accounts["carrier"], 20_000))

    left = get(busy.desks["warehouse"], **WHOLE).json()
    joined = get(busy.desks["carrier"], **WHOLE).json()

    told = [(line["kind"], units(line["amount"])) for line in left["movements"]]
    assert told == [("issue", 70_000), ("account_left", -70_000)]
    assert units(left["closing"]["amount"]) == 0
    told = [(line["kind"], units(line["amount"])) for line in joined["movements"]]
    assert told == [("account_joined", 70_000), ("own_transfer", -20_000), ("own_transfer", 20_000)]
    assert units(joined["closing"]["amount"]) == 70_000
    assert joined["proof"]["proven"]


def test_movement_that_a_reorganisation_undoes_is_in_no_statement(busy: Trading) -> None:
    node, cash = busy.chain.node, busy.chain.cash("EUR")
    busy.issue("inspector", 90_000)
    before = get(busy.desks["inspector"], **WHOLE).json()
    snapshot = node.request("evm_snapshot")
    busy.send(busy.keys["inspector"], cash.call("transfer", busy.accounts["supplier"], 40_000))
    undone = get(busy.desks["inspector"], **WHOLE).json()

    node.request("evm_revert", snapshot)
    busy.send(busy.keys["inspector"], cash.call("transfer", busy.accounts["debtor"], 30_000))
    until(lambda: closing(busy) == 60_000, "the gateway has not read the new branch")
    after = get(busy.desks["inspector"], **WHOLE).json()

    assert units(undone["closing"]["amount"]) == 50_000
    assert after["movements"][:-1] == before["movements"]
    (line,) = after["movements"][-1:]
    assert (line["kind"], units(line["amount"]), line["counterparty"]["name"]) == ("transfer", -30_000, "Debtor")
    assert compared(after) == Model(busy).statement(busy.accounts["inspector"], date(2026, 5, 1), date(2026, 6, 9))
    assert after["proof"]["proven"]


def closing(busy: Trading) -> int:
    """While the chain is reorganised no statement may be given."""
    answer = get(busy.desks["inspector"], **WHOLE)
    return units(answer.json()["closing"]["amount"]) if answer.status_code == 200 else -1


# Positions and financings


def test_lenders_income_is_what_its_part_has_become_worth(busy: Trading) -> None:
    (its,) = get(busy.desks["lender"], **WHOLE).json()["positions"]

    (position,) = busy.desks["lender"].get("/v1/pools/EUR/positions")["items"]
    assert (its["tranche"], its["after"]["shares"]) == ("senior", position["shares"])
    assert its["after"]["claimable"] == position["claimable"]
    assert its["before"] == {"shares": "0", "waiting_shares": "0", "value": eur(0), "claimable": eur(0)}
    assert (units(its["deposited"]), units(its["claimed"]), units(its["transferred"])) == (30_000_000, 1_000_000, 0)
    worth = units(its["after"]["value"]) + units(its["after"]["claimable"])
    assert units(its["income"]) == worth - 30_000_000 + 1_000_000 > 0


def test_income_of_all_lenders_is_the_pools_but_for_rounding(busy: Trading) -> None:
    income = sum(units(get(busy.desks[n], **WHOLE).json()["positions"][0]["income"]) for n in ("lender", "junior"))

    pool = busy.chain.pool("EUR")
    owned = pool.gross_assets() - 37_500_000
    set_aside = pool.books().set_aside + 1_000_000
    assert abs(income - owned - set_aside) <= 3
    assert income > 0


def test_suppliers_financings_add_up(busy: Trading) -> None:
    found = get(busy.desks["supplier"], **WHOLE).json()["financings"]

    assert len(found) == 2
    for its in found:
        seen = busy.desks["supplier"].get(f"/v1/financings/{its['financing_id']}")
        assert units(its["drawn"]) == sum(units(draw["amount"]) for draw in seen["draws"])
        for part in ("principal", "interest", "fees", "late_fees", "reserve"):
            assert units(its["paid"][part]) == sum(units(paid[part]) for paid in seen["repayments"])
            added = its["drawn"] if part == "principal" else its["charged"][part]
            moved = units(added) - units(its["paid"][part])
            assert units(its["before"][part]) + moved == units(its["after"][part]), part
        assert its["after"] == seen["owed"]
        assert units(its["charged"]["fees"]) == sum(units(draw["fee"]) for draw in seen["draws"])
        assert units(its["charged"]["interest"]) > 0


def test_financing_is_shown_while_it_is_open_and_not_after(busy: Trading) -> None:
    before = get(busy.desks["supplier"], since="2026-05-01", until="2026-05-05").json()
    quiet = get(busy.desks["supplier"], since="2026-05-07", until="2026-05-20").json()
    after = get(busy.desks["supplier"], since="2026-06-06", until="2026-06-08").json()

    assert (before["financings"], before["movements"]) == ([], [])
    assert [units(each["drawn"]) for each in quiet["financings"]] == [0, 0]
    assert all(units(each["charged"]["interest"]) > 0 for each in quiet["financings"])
    assert [each["financing_id"] for each in after["financings"]] == ["2"]


# CSV


def rows(answer: Any) -> list[dict[str, str]]:
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.text.endswith("\r\n")
    assert "\n" not in answer.text.replace("\r\n", "")
    return list(csv.DictReader(io.StringIO(answer.text, newline=""), strict=True))


def test_csv_says_what_json_says(busy: Trading) -> None:
    told = get(busy.desks["supplier"], **WHOLE).json()

    opening, *moved, closing = rows(get(busy.desks["supplier"], "text/csv", **WHOLE))

    assert (opening["record"], closing["record"]) == ("opening", "closing")
    assert opening["balance_minor"] == told["opening"]["amount"]["amount"]
    assert (closing["balance_minor"], closing["balance"]) == (
        told["closing"]["amount"]["amount"],
        told["closing"]["decimal"],
    )
    assert [(row["amount_minor"], row["kind"], row["transaction_hash"]) for row in moved] == [
        (line["amount"]["amount"], line["kind"], line["transaction_hash"]) for line in told["movements"]
    ]
    assert sum(int(row["amount_minor"]) for row in moved) == int(closing["balance_minor"])


def test_csv_of_financings_and_positions_says_what_json_says(busy: Trading) -> None:
    found = rows(get(busy.desks["supplier"], "text/csv", table="financings", **WHOLE))
    held = rows(get(busy.desks["lender"], "text/csv", table="positions", **WHOLE))

    told = get(busy.desks["supplier"], **WHOLE).json()["financings"]
    assert [row["paid_interest_minor"] for row in found] == [its["paid"]["interest"]["amount"] for its in told]
    assert [row["after_total_minor"] for row in found] == [its["after"]["total"]["amount"] for its in told]
    (position,) = get(busy.desks["lender"], **WHOLE).json()["positions"]
    assert (held[0]["income_minor"], held[0]["after_shares"]) == (
        position["income"]["amount"],
        position["after"]["shares"],
    )


def test_query_wins_over_accept(busy: Trading) -> None:
    answer = get(busy.desks["supplier"], "application/pdf", format="csv", **WHOLE)

    assert rows(answer)
    assert (
        'filename="statement-999900ACMESUPPLIES58-EUR-2026-05-01-2026-06-09-movements.csv"'
        in (answer.headers["content-disposition"])
    )


# PDF


def text_of(content: bytes) -> str:
    """What the pages' streams write, in their order."""
    found = [zlib.decompress(each) for each in re.findall(rb"stream\n(x.*?)\nendstream", content, re.DOTALL)]
    said = b"\n".join(b" ".join(re.findall(rb"\(((?:[^()\\]|\\.)*)\) Tj", stream)) for stream in found)
    return " ".join(re.sub(r"\\([()\\])", r"\1", said.decode("latin-1")).split())


def test_pdf_says_what_json_says_on_numbered_pages(busy: Trading) -> None:
    told = get(busy.desks["supplier"], **WHOLE).json()

    answer = get(busy.desks["supplier"], "application/pdf", **WHOLE)

    assert answer.headers["content-type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF-")
    text = text_of(answer.content)
    assert f"Page 1 of {len(re.findall(rb'/Type /Page[^s]', answer.content))}" in text
    assert told["organisation"]["name"] in text
    for line in told["movements"]:
        assert f" {line['decimal']} " in text
        assert line["at"][:19].replace("T", " ") in text
    assert "Financing 1 under facility" in text


def test_same_statement_is_the_same_bytes(busy: Trading) -> None:
    past = {"since": "2026-05-01", "until": "2026-05-20"}

    first = get(busy.desks["lender"], "application/pdf", **past)
    busy.issue("stranger", 5)
    second = get(busy.desks["lender"], "application/pdf", **past)

    assert first.content == second.content
    assert first.headers["etag"] == second.headers["etag"]
    assert "D:20260520" in first.content.decode("latin-1")
