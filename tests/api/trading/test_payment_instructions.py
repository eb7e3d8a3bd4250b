"""What a participant says it will pay in by bank, and what its own bank is handed."""

from typing import Any

import pytest
from httpx import Response
from lxml import etree
from refusing import refused
from stdnum import iso11649
from trading import BANK, FACE_VALUE, LEIS, Desk, Trading, eur

pytestmark = [pytest.mark.node, pytest.mark.usefixtures("sold")]
AT = "/v1/payment-instructions"
PAYER = {"debtor_iban": "NO93 8601 1117 947", "debtor_name": "Borealis Retail"}


def deposit(**changes: Any) -> dict[str, Any]:
    return {"purpose": "deposit", "amount": eur(1_000), **changes}


def said(desk: Desk, body: dict[str, Any]) -> Any:
    answer = desk.post(AT, body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def pain(desk: Desk, instruction_id: str, **query: str) -> Response:
    answer: Response = desk.client.get(f"{AT}/{instruction_id}/pain001", params=query, headers=dict(desk.headers))
    return answer


@pytest.mark.parametrize(
    ("body", "status", "error"),
    [
        (deposit(target_id="1"), 422, "target-wrong"),
        (deposit(purpose="receivable"), 422, "target-wrong"),
        (deposit(purpose="receivable", target_id="0x" + "77" * 32), 404, "receivable-absent"),
        (deposit(purpose="financing", target_id="77"), 404, "financing-absent"),
        (deposit(amount={"amount": "1000", "currency": "JPY"}), 422, "currency-unlisted"),
        (deposit(expires_at="2026-05-04T07:00:00Z"), 422, "expiry-in-past"),
        (deposit(amount=eur(0)), 422, "request-invalid"),
    ],
)
def test_what_could_not_be_taken_is_not_instructed(
    body: dict[str, Any], status: int, error: str, trading: Trading
) -> None:
    desk = trading.desks["debtor"]
    before = desk.get(AT)["items"]

    refused(desk.post(AT, body), status, error)

    assert desk.get(AT)["items"] == before


def test_currency_without_an_account_of_the_operator_is_refused(trading: Trading) -> None:
    answer = trading.desks["debtor"].post(AT, deposit(amount={"amount": "1000", "currency": "USD"}))

    problem = refused(answer, 409, "bank-account-missing")
    assert problem["context"] == {"currency": "USD", "known": ["EUR"]}


def test_only_the_debtor_says_that_it_pays_and_no_more_than_it_owes(trading: Trading, sold: Any) -> None:
    body = deposit(purpose="receivable", target_id=sold["receivable_id"], amount=eur(FACE_VALUE + 1))

    refused(trading.desks["supplier"].post(AT, body), 403, "not-debtor-of")
    refused(trading.desks["debtor"].post(AT, body), 409, "payment-exceeds-outstanding")


def test_instruction_has_references_of_its_own(trading: Trading, sold: Any) -> None:
    body = deposit(purpose="receivable", target_id=sold["receivable_id"], amount=eur(FACE_VALUE))

    first, second = (said(trading.desks["debtor"], body) for _ in range(2))

    assert iso11649.is_valid(first["reference"])
    assert len({first["reference"], second["reference"], first["end_to_end_id"], second["end_to_end_id"]}) == 4
    assert (first["state"], first["creditor"], first["amount"]) == ("open", BANK, eur(FACE_VALUE))
    assert trading.desks["debtor"].get(f"{AT}/{first['id']}") == first


def test_payers_bank_is_told_whom_to_pay_how_much_with_which_reference(trading: Trading) -> None:
    desk = trading.desks["debtor"]
    instruction = said(desk, deposit())

    answer = pain(desk, instruction["id"], **PAYER, execute_on="2026-07-02")

    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/xml")
    root = etree.fromstring(answer.content)
    assert root.findtext(".//{*}CdtrAcct//{*}IBAN") == BANK["iban"]
    assert root.findtext(".//{*}DbtrAcct//{*}IBAN") == "NO9386011117947"
    assert root.findtext(".//{*}CdtrRefInf/{*}Ref") == instruction["reference"]
    assert root.findtext(".//{*}EndToEndId") == instruction["end_to_end_id"]
    assert root.findtext(".//{*}InstdAmt") == "10.00"
    assert root.findtext(".//{*}ReqdExctnDt/{*}Dt") == "2026-07-02"
    assert pain(desk, instruction["id"], **PAYER, execute_on="2026-07-02").content == answer.content


def test_account_with_wrong_check_digits_is_refused(trading: Trading) -> None:
    desk = trading.desks["debtor"]
    instruction = said(desk, deposit())

    answer = pain(desk, instruction["id"], **{**PAYER, "debtor_iban": "NO9386011117948"})

    assert "check digits" in refused(answer, 422, "debtor-account-invalid")["detail"]


def test_cancelled_instruction_is_not_paid_and_not_cancelled_again(trading: Trading) -> None:
    desk = trading.desks["debtor"]
    instruction = said(desk, deposit())

    cancelled = desk.post(f"{AT}/{instruction['id']}/cancellation")

    assert cancelled.json()["state"] == "cancelled"
    refused(desk.post(f"{AT}/{instruction['id']}/cancellation"), 409, "instruction-not-open")
    refused(pain(desk, instruction["id"], **PAYER), 409, "instruction-not-open")
    assert instruction["id"] in {each["id"] for each in desk.get(AT, state="cancelled")["items"]}
    assert instruction["id"] not in {each["id"] for each in desk.get(AT, state="open")["items"]}


def test_instructions_are_ones_own(trading: Trading) -> None:
    instruction = said(trading.desks["debtor"], deposit())

    refused(trading.desks["lender"].post(f"{AT}/{instruction['id']}/cancellation"), 404, "instruction-absent")
    assert trading.desks["lender"].get(AT, lei=LEIS["debtor"])["items"] == []
    assert trading.operator.get(AT, lei=LEIS["debtor"], reference=instruction["reference"])["items"] == [instruction]
