"""What the bank has booked: matched with what was instructed, issued as cash once, or left to the operator."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from banking import cash_of, ended, entries, instructed, movement, read, statement, taken
from refusing import refused
from trading import BANK, FACE_VALUE, LEIS, Trading, await_indexer, eur, invoice, until

pytestmark = [pytest.mark.node, pytest.mark.usefixtures("sold")]
REVERSED = {"reversal": "<RvslInd>true</RvslInd>", "direction": "DBIT"}


def only(trading: Trading, taken_view: Any) -> Any:
    (entry,) = entries(trading, statement_id=taken_view["id"])
    return entry


@pytest.mark.parametrize(
    ("message", "error"),
    [
        (b"", "statement-unreadable"),
        (b"<Document/>", "statement-unreadable"),
        (statement(movement(0)), "statement-unreadable"),
        (statement(movement(100), kind="camt.052"), "statement-kind-wrong"),
        (statement(movement(100), iban="NO9386011117947"), "account-unknown"),
    ],
)
def test_message_that_cannot_be_booked_is_refused_as_a_whole(message: bytes, error: str, trading: Trading) -> None:
    before = entries(trading, limit="200")

    refused(read(trading, message), 422, error)

    assert entries(trading, limit="200") == before


def test_same_message_again_has_the_same_answer_and_another_under_its_number_is_refused(trading: Trading) -> None:
    message = statement(movement(700), message_id="TWICE")
    first = read(trading, message)

    assert read(trading, message).json() == first.json()
    refused(read(trading, statement(movement(700), message_id="TWICE")), 409, "statement-differs")
    assert len(entries(trading, statement_id=first.json()["id"])) == 1


def test_movement_that_was_another_before_refuses_its_message(trading: Trading) -> None:
    taken(trading, movement(700, bank="CHANGED"), kind="camt.054")

    answer = read(trading, statement(movement(701, bank="CHANGED"), movement(5, bank="BESIDE")))

    problem = refused(answer, 409, "bank-entry-differs")
    assert (problem["context"]["before"], problem["context"]["now"]) == (eur(700), eur(701))
    assert entries(trading, reference="BESIDE") == []


@pytest.mark.parametrize(
    ("changes", "state", "reason"),
    [
        ({}, "review", "unmatched"),
        ({"direction": "DBIT"}, "review", "debit"),
        (REVERSED, "review", "reversed"),
        ({"status": "PDNG"}, "pending", "pending"),
        ({"bank": ""}, "noted", "not-named"),
    ],
)
def test_what_is_no_payment_of_an_instruction_is_left_to_the_operator(
    changes: dict[str, str], state: str, reason: str, trading: Trading
) -> None:
    view = taken(trading, movement(900, **changes), kind="camt.054")

    entry = only(trading, view)
    assert (view["entries"], view[state]) == (1, 1)
    assert (entry["state"], entry["reason"], entry["amount"]) == (state, reason, eur(900))
    assert entry["expected"] != entry["found"]


@pytest.mark.parametrize(
    ("changes", "units", "reason", "expected", "found"),
    [
        ({}, 999, "too-little", eur(1_000), eur(999)),
        ({}, 1_001, "too-much", eur(1_000), eur(1_001)),
        ({"currency": "USD"}, 1_000, "wrong-currency", "EUR", "USD"),
        ({"day": "2026-06-20"}, 1_000, "expired", "2026-05-18", "2026-06-20"),
    ],
)
def test_payment_that_is_not_as_instructed_waits_with_both_values(
    changes: dict[str, str], units: int, reason: str, expected: Any, found: Any, trading: Trading
) -> None:
    instruction = instructed(trading, "debtor", 1_000, expires_at="2026-05-18T12:00:00Z")

    entry = only(trading, taken(trading, movement(units, reference=instruction["reference"], **changes)))

    assert (entry["state"], entry["reason"]) == ("review", reason)
    assert (entry["expected"], entry["found"], entry["instruction_id"]) == (expected, found, instruction["id"])
    assert trading.operator.get(f"/v1/payment-instructions/{instruction['id']}")["state"] == "open"


def test_payment_of_a_cancelled_instruction_waits(trading: Trading) -> None:
    instruction = instructed(trading, "debtor", 1_000)
    trading.desks["debtor"].post(f"/v1/payment-instructions/{instruction['id']}/cancellation")

    entry = only(trading, taken(trading, movement(1_000, reference=instruction["reference"])))

    assert (entry["state"], entry["reason"], entry["found"]) == ("review", "cancelled", "cancelled")


@pytest.mark.parametrize("by", ["reference", "end_to_end"])
def test_payment_as_instructed_becomes_cash(by: str, trading: Trading) -> None:
    before, instruction = cash_of(trading, "debtor"), instructed(trading, "debtor", 1_250)
    named = {by: instruction["reference" if by == "reference" else "end_to_end_id"]}

    view = taken(trading, movement(1_250, **named))

    settled = ended(trading, instruction, "settled")
    assert (view["matched"], only(trading, view)["state"], settled["received"]) == (1, "issued", eur(1_250))
    assert cash_of(trading, "debtor") == before + 1_250
    assert [each["status"] for each in settled["transactions"]] == ["mined"]


def test_movement_counts_once_in_however_many_messages_it_stands(trading: Trading) -> None:
    before, instruction = cash_of(trading, "debtor"), instructed(trading, "debtor", 1_300)
    same = movement(1_300, reference=instruction["reference"])

    taken(trading, same.replace("BOOK", "PDNG"), kind="camt.054")
    booked = taken(trading, same, kind="camt.054")
    ended(trading, instruction, "settled")
    again = [taken(trading, same), taken(trading, same)]

    assert (booked["matched"], [view["known"] for view in again]) == (1, [1, 1])
    assert cash_of(trading, "debtor") == before + 1_300


def test_messages_that_come_at_once_issue_once(trading: Trading) -> None:
    """Each names the same two movements, in one order or the other."""
    before, paid = cash_of(trading, "debtor"), [instructed(trading, "debtor", units) for units in (2_100, 2_200)]
    both = [movement(units, reference=its["reference"]) for units, its in zip((2_100, 2_200), paid, strict=True)]
    messages = [statement(*(both if n % 2 else both[::-1]), kind=f"camt.05{3 + n % 2}") for n in range(8)]

    def sent(message: bytes) -> int:
        """As a client does that is told to come again in a moment."""

        def answered() -> int | None:
            status = read(trading, message).status_code
            return None if status == 503 else status

        return int(until(answered, "another statement was being read all the time"))

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(sent, messages))

    assert answers == [200] * 8
    assert [ended(trading, its, "settled")["state"] for its in paid] == ["settled"] * 2
    assert cash_of(trading, "debtor") == before + 4_300


def test_more_than_can_be_issued_at_once_is_not_assigned(trading: Trading) -> None:
    entry = only(trading, taken(trading, movement(10**16)))

    answer = trading.operator.post(
        f"/v1/bank-entries/{entry['id']}/assignment", {"lei": LEIS["debtor"], "reason": "Too good to be true."}
    )

    refused(answer, 409, "amount-out-of-range")


def test_second_payment_of_an_instruction_waits(trading: Trading) -> None:
    before, instruction = cash_of(trading, "debtor"), instructed(trading, "debtor", 1_400)

    view = taken(trading, *(movement(1_400, reference=instruction["reference"]) for _ in range(2)))

    ended(trading, instruction, "settled")
    assert (view["matched"], view["review"]) == (1, 1)
    assert {entry["reason"] for entry in entries(trading, statement_id=view["id"])} == {None, "already-paid"}
    assert cash_of(trading, "debtor") == before + 1_400


def test_what_the_bank_gives_no_name_is_booked_from_the_days_statement(trading: Trading) -> None:
    before, instruction = cash_of(trading, "debtor"), instructed(trading, "debtor", 1_500)
    unnamed = movement(1_500, bank="", reference=instruction["reference"])

    noted = taken(trading, unnamed, kind="camt.054")
    booked = taken(trading, unnamed)

    ended(trading, instruction, "settled")
    assert (noted["noted"], noted["matched"], booked["matched"]) == (1, 0, 1)
    assert cash_of(trading, "debtor") == before + 1_500


def test_contract_itself_refuses_what_was_issued_before(trading: Trading) -> None:
    """As after a database was lost: the gateway knows nothing of the movement, the chain does."""
    instruction = instructed(trading, "debtor", 1_600)
    trading.issue("debtor", 1_600, f"{BANK['iban']} LOST-1")
    before = cash_of(trading, "debtor")

    view = taken(trading, movement(1_600, bank="LOST-1", reference=instruction["reference"]))

    until(lambda: only(trading, view)["state"] == "review", "the movement never came back")
    assert only(trading, view)["reason"] == "payment-reference-used"
    assert trading.operator.get(f"/v1/payment-instructions/{instruction['id']}")["state"] == "open"
    assert cash_of(trading, "debtor") == before


def test_debtor_pays_its_invoice_by_bank(trading: Trading, sold: Any) -> None:
    """From the camt.054 to a paid receivable, with nobody lifting a finger in between."""
    receivable, before = sold["receivable_id"], cash_of(trading, "debtor")
    instruction = instructed(trading, "debtor", FACE_VALUE, purpose="receivable", target_id=receivable)
    assert instruction["state"] == "open"

    taken(trading, movement(FACE_VALUE, reference=instruction["reference"]), kind="camt.054")

    settled = ended(trading, instruction, "settled", "held")
    await_indexer(trading.gateway, trading.chain)
    assert (settled["state"], settled["refusal"], len(settled["transactions"])) == ("settled", None, 3)
    shown = trading.desks["supplier"].get(f"/v1/receivables/{receivable}")
    assert (shown["state"], shown["paid"]) == ("settled", eur(FACE_VALUE))
    assert cash_of(trading, "debtor") == before


def test_cash_that_cannot_be_paid_on_stays_with_its_payer_who_is_told_why(trading: Trading, sold: Any) -> None:
    another = trading.sell(invoice("AS-2026-0077"))
    target = {"purpose": "receivable", "target_id": another["receivable_id"]}
    instruction, before = instructed(trading, "debtor", FACE_VALUE, **target), cash_of(trading, "debtor")
    trading.issue("debtor", 1)
    trading.desks["debtor"].write(f"/v1/receivables/{another['receivable_id']}/payments", {"amount": eur(1)})

    taken(trading, movement(FACE_VALUE, reference=instruction["reference"]))

    held = ended(trading, instruction, "settled", "held")
    assert (held["state"], held["refusal"]["error"]) == ("held", "payment-exceeds-outstanding")
    assert cash_of(trading, "debtor") == before + FACE_VALUE


# What the operator decides


@pytest.mark.parametrize("body", [{}, {"lei": LEIS["debtor"], "instruction_id": "pi_1"}])
def test_assignment_names_one_receiver(body: dict[str, str], trading: Trading) -> None:
    entry = only(trading, taken(trading, movement(300)))

    answer = trading.operator.post(f"/v1/bank-entries/{entry['id']}/assignment", {**body, "reason": "So."})

    refused(answer, 422, "request-invalid")


def test_nothing_is_assigned_that_did_not_come_in_or_to_nobody(trading: Trading) -> None:
    debit = only(trading, taken(trading, movement(300, direction="DBIT")))
    credit = only(trading, taken(trading, movement(300)))
    to_debtor = {"lei": LEIS["debtor"], "reason": "They called."}
    to_nobody = {"lei": "999900GANNETTRADIN24", "reason": "They called."}

    refused(trading.operator.post(f"/v1/bank-entries/{debit['id']}/assignment", to_debtor), 409, "bank-entry-no-credit")
    refused(trading.operator.post(f"/v1/bank-entries/{credit['id']}/assignment", to_nobody), 404, "participant-absent")
    assert entries(trading, state="review", statement_id=credit["statement_id"]) == [credit]


def test_operator_assigns_to_an_organisation_as_a_deposit_once(trading: Trading) -> None:
    before, entry = cash_of(trading, "lender"), only(trading, taken(trading, movement(4_200)))
    at, body = f"/v1/bank-entries/{entry['id']}/assignment", {"lei": LEIS["lender"], "reason": "Their letter of 5 May."}

    assigned = trading.operator.post(at, body)

    assert assigned.json()["decision"] == body["reason"], assigned.text
    until(lambda: entries(trading, state="issued", reference=entry["reference"]), "it was never issued")
    assert cash_of(trading, "lender") == before + 4_200
    refused(trading.operator.post(at, body), 409, "bank-entry-decided")


def test_operator_takes_another_amount_for_an_instruction(trading: Trading) -> None:
    before, instruction = cash_of(trading, "debtor"), instructed(trading, "debtor", 5_000)
    entry = only(trading, taken(trading, movement(4_990, reference=instruction["reference"])))
    body = {"instruction_id": instruction["id"], "reason": "Their bank kept ten cents."}

    assert trading.operator.post(f"/v1/bank-entries/{entry['id']}/assignment", body).status_code == 200

    assert ended(trading, instruction, "settled")["received"] == eur(4_990)
    assert cash_of(trading, "debtor") == before + 4_990


def test_dismissed_movement_waits_no_more(trading: Trading) -> None:
    entry = only(trading, taken(trading, movement(300)))
    at = f"/v1/bank-entries/{entry['id']}"

    dismissed = trading.operator.post(f"{at}/dismissal", {"reason": "Interest of our own account."}).json()

    assert (dismissed["state"], dismissed["decision"]) == ("dismissed", "Interest of our own account.")
    refused(trading.operator.post(f"{at}/dismissal", {"reason": "Again."}), 409, "bank-entry-decided")
    refused(
        trading.operator.post(f"{at}/assignment", {"lei": LEIS["debtor"], "reason": "After all."}),
        409,
        "bank-entry-decided",
    )


def test_participants_do_not_see_the_banks_movements(trading: Trading) -> None:
    answer = trading.client.get("/v1/bank-entries", headers=dict(trading.desks["supplier"].headers))

    refused(answer, 403, "scope-missing")
