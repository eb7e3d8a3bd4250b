"""Movements of which the bank says the same twice, or takes back: none is lost, none is issued that was taken back."""

from typing import Any

import pytest
from banking import cash_of, ended, entries, instructed, movement, taken
from trading import Trading, eur

pytestmark = [pytest.mark.node, pytest.mark.usefixtures("sold")]


def batch(name: str, *parts: tuple[int, str]) -> str:
    """A collective entry whose payments each repeat its reference of the bank."""
    paid = "".join(
        f'<TxDtls><Refs><AcctSvcrRef>{name}</AcctSvcrRef></Refs><Amt Ccy="EUR">{units // 100}.{units % 100:02d}</Amt>'
        f"<RmtInf><Strd><CdtrRefInf><Ref>{reference}</Ref></CdtrRefInf></Strd></RmtInf></TxDtls>"
        for units, reference in parts
    )
    whole = sum(units for units, _ in parts)
    return (
        f'<Ntry><Amt Ccy="EUR">{whole // 100}.{whole % 100:02d}</Amt><CdtDbtInd>CRDT</CdtDbtInd>'
        f"<Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>2026-05-05</Dt></BookgDt><AcctSvcrRef>{name}</AcctSvcrRef>"
        f"<NtryDtls>{paid}</NtryDtls></Ntry>"
    )


def state(trading: Trading, instruction: Any) -> str:
    return str(trading.operator.get(f"/v1/payment-instructions/{instruction['id']}")["state"])


def two(trading: Trading, *units: int) -> list[Any]:
    return [instructed(trading, name, each) for name, each in zip(("debtor", "supplier"), units, strict=True)]


# One reference for several payments


@pytest.mark.parametrize("units", [(1_000, 1_000), (1_000, 2_000)])
def test_each_payment_of_a_batch_settles_its_instruction_though_they_share_a_reference(
    units: tuple[int, int], trading: Trading
) -> None:
    both, name = two(trading, *units), f"BATCH-{units[1]}"
    before = cash_of(trading, "debtor"), cash_of(trading, "supplier")
    entry = batch(name, *((each, its["reference"]) for each, its in zip(units, both, strict=True)))

    view = taken(trading, entry)

    assert [ended(trading, its, "settled")["received"] for its in both] == [eur(each) for each in units]
    assert (view["entries"], view["matched"]) == (2, 2)
    names = {each["reference"] for each in entries(trading, statement_id=view["id"])}
    assert names == {name, f"{name} (2)"}
    assert (cash_of(trading, "debtor"), cash_of(trading, "supplier")) == (before[0] + units[0], before[1] + units[1])


def test_two_entries_of_one_reference_are_two_movements_and_known_when_resent_in_any_order(trading: Trading) -> None:
    both, before = two(trading, 1_100, 1_100), cash_of(trading, "supplier")
    told = [movement(1_100, bank="SAME-1", reference=its["reference"]) for its in both]

    first = taken(trading, *told)
    again = [taken(trading, *told), taken(trading, *told[::-1]), taken(trading, told[1], kind="camt.054")]

    assert (first["matched"], [view["known"] for view in again]) == (2, [2, 2, 1])
    assert [ended(trading, its, "settled")["state"] for its in both] == ["settled"] * 2
    assert cash_of(trading, "supplier") == before + 1_100


def test_second_payment_of_a_days_statement_is_new_where_the_first_was_told_before(trading: Trading) -> None:
    both = two(trading, 1_110, 1_110)
    told = [movement(1_110, bank="SAME-2", reference=its["reference"]) for its in both]

    taken(trading, told[1], kind="camt.054")
    view = taken(trading, *told)

    assert (view["known"], view["matched"]) == (1, 1)
    assert [ended(trading, its, "settled")["state"] for its in both] == ["settled"] * 2


@pytest.mark.parametrize("units", [1_120, 1_130])
def test_other_payment_under_a_reference_of_an_earlier_message_waits(units: int, trading: Trading) -> None:
    first, second = two(trading, 1_120, units)
    name = f"REUSED-{units}"
    taken(trading, movement(1_120, bank=name, reference=first["reference"]), kind="camt.054")
    ended(trading, first, "settled")

    view = taken(trading, movement(units, bank=name, reference=second["reference"]))
    again = taken(trading, movement(units, bank=name, reference=second["reference"]))

    (entry,) = entries(trading, statement_id=view["id"])
    assert (entry["state"], entry["reason"]) == ("review", "reference-differs")
    assert (entry["expected"], entry["found"]) == (first["reference"], second["reference"])
    assert (again["known"], state(trading, second)) == (1, "open")


def test_message_that_says_less_of_a_movement_names_the_same(trading: Trading) -> None:
    instruction = instructed(trading, "debtor", 1_140)
    taken(trading, movement(1_140, bank="TERSE", reference=instruction["reference"]), kind="camt.054")
    ended(trading, instruction, "settled")

    assert taken(trading, movement(1_140, bank="TERSE"))["known"] == 1


# What the bank takes back

REVERSAL = {"reversal": "<RvslInd>true</RvslInd>", "direction": "DBIT"}


@pytest.mark.parametrize(("messages", "order"), [(1, 1), (1, -1), (2, -1)])
@pytest.mark.parametrize("by", ["bank", "reference", "end_to_end"])
def test_money_whose_reversal_is_known_is_not_issued(by: str, messages: int, order: int, trading: Trading) -> None:
    instruction, before = instructed(trading, "debtor", 1_200), cash_of(trading, "debtor")
    names = {"bank": f"REV-{by}-{messages}{order}", "reference": instruction["reference"]}
    names["end_to_end"] = instruction["end_to_end_id"]
    credit = movement(1_200, **names)
    both = [credit, movement(1_200, **REVERSAL, **{by: names[by]})][::order]

    views = [taken(trading, *both)] if messages == 1 else [taken(trading, each) for each in both]

    assert sum(view["review"] for view in views) == 2
    told = [entry for view in views for entry in entries(trading, statement_id=view["id"])]
    (back,), (paid,) = ([its for its in told if its["direction"] == way] for way in ("debit", "credit"))
    assert (paid["state"], paid["reason"], paid["found"]) == ("review", "reversed", back["id"])
    assert (state(trading, instruction), cash_of(trading, "debtor")) == ("open", before)


def test_reversal_of_another_amount_for_the_same_instruction_holds_nothing_up(trading: Trading) -> None:
    instruction = instructed(trading, "debtor", 1_210)
    taken(trading, movement(1_209, reference=instruction["reference"], **REVERSAL))

    taken(trading, movement(1_210, reference=instruction["reference"]))

    assert ended(trading, instruction, "settled")["received"] == eur(1_210)


def test_person_may_assign_what_was_taken_back_as_when_the_payer_paid_again(trading: Trading) -> None:
    instruction = instructed(trading, "debtor", 1_220)
    credit = movement(1_220, bank="AGAIN", reference=instruction["reference"])
    view = taken(trading, credit, movement(1_220, bank="AGAIN", **REVERSAL))
    (paid,) = [its for its in entries(trading, statement_id=view["id"]) if its["direction"] == "credit"]
    body = {"instruction_id": instruction["id"], "reason": "They paid again."}

    assert trading.operator.post(f"/v1/bank-entries/{paid['id']}/assignment", body).status_code == 200

    assert ended(trading, instruction, "settled")["received"] == eur(1_220)


# What was announced otherwise


def test_booked_amount_counts_whatever_was_announced(trading: Trading) -> None:
    instruction = instructed(trading, "debtor", 1_400)
    announced = {"bank": "ANNOUNCED", "status": "PDNG", "reference": instruction["reference"]}
    taken(trading, movement(1_410, **announced), kind="camt.054")

    view = taken(trading, movement(1_400, bank="ANNOUNCED", reference=instruction["reference"]), movement(55))
    late = taken(trading, movement(1_410, **announced), kind="camt.054")

    assert (view["matched"], view["review"], late["known"]) == (1, 1, 1)
    assert ended(trading, instruction, "settled")["received"] == eur(1_400)
    (entry,) = entries(trading, reference="ANNOUNCED")
    assert entry["amount"] == eur(1_400)


@pytest.mark.parametrize("units", [1_500, 1_510])
def test_what_is_booked_after_its_announcement_was_dismissed_waits(units: int, trading: Trading) -> None:
    instruction, name = instructed(trading, "debtor", 1_500), f"DROPPED-{units}"
    view = taken(trading, movement(units, bank=name, status="PDNG", reference=instruction["reference"]))
    (entry,) = entries(trading, statement_id=view["id"])
    trading.operator.post(f"/v1/bank-entries/{entry['id']}/dismissal", {"reason": "It never came."})

    booked = taken(trading, movement(1_500, bank=name, reference=instruction["reference"]))

    (entry,) = entries(trading, reference=name)
    assert (booked["review"], entry["state"], entry["reason"]) == (1, "review", "dismissed-before")
    assert (entry["amount"], state(trading, instruction)) == (eur(1_500), "open")
