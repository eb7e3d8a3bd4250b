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

    view = taken(trading, movement(units, bank=name, reference=second["reference"]))
    again = taken(trading, movement(units, bank=name, reference=second["reference"]))

    (entry,) = entries(trading, statement_id=view["id"])
    assert (entry["state"], entry["reason"]) == ("review", "reference-differs")
    assert (entry["expected"], entry["found"]) == (first["reference"], second["reference"])
    assert (again["known"], state(trading, second)) == (1, "open")


def test_message_that_says_less_of_a_movement_names_the_same(trading: Trading) -> None:
    instruction = instructed(trading, "debtor", 1_140)
    taken(trading, movement(1_140, bank="TERSE", reference=instruction["reference"]), kind="camt.054")

    assert taken(trading, movement(1_140, bank="TERSE"))["known"] == 1
