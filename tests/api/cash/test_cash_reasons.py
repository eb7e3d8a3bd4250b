"""Which event of a transaction a transfer belongs to."""

from api.cash.reasons import AFTER, BEFORE, EITHER, REASONS, Noted, Transfer, reason_of

DESK, POOL, SUPPLIER, LENDER = "0xDe", "0xB0", "0x5A", "0x1E"


def reason(kind: str, log_index: int, amount: int, payer: str | None = None, payee: str | None = None) -> Noted:
    return Noted(log_index, kind, payer, payee, amount, "financing", str(log_index))


def test_every_kind_says_on_which_side_of_its_transfer_it_stands() -> None:
    kinds = [each.kind for _, _, reasons in REASONS for each in reasons]

    assert {*kinds} == BEFORE | AFTER | EITHER
    assert not BEFORE & AFTER | BEFORE & EITHER | AFTER & EITHER


def test_every_kind_names_a_side() -> None:
    assert [each.kind for _, _, reasons in REASONS for each in reasons if not (each.payer or each.payee)] == []


def test_transfer_without_an_event_near_it_has_no_reason() -> None:
    assert reason_of(Transfer(3, SUPPLIER, LENDER, 50), []) is None


def test_event_of_other_sides_or_another_amount_is_none_of_it() -> None:
    transfer = Transfer(3, SUPPLIER, POOL, 50)

    assert reason_of(transfer, [reason("repayment", 2, 50, payer=LENDER)]) is None
    assert reason_of(transfer, [reason("repayment", 2, 51, payer=SUPPLIER)]) is None


def test_event_on_the_wrong_side_of_the_log_is_none_of_it() -> None:
    assert reason_of(Transfer(3, SUPPLIER, POOL, 50), [reason("repayment", 4, 50, payer=SUPPLIER)]) is None
    assert reason_of(Transfer(3, POOL, SUPPLIER, 50), [reason("disbursement", 2, 50, payee=SUPPLIER)]) is None


def test_of_two_equal_draws_each_has_its_own() -> None:
    drawn = [reason("disbursement", 2, 50, payee=SUPPLIER), reason("disbursement", 5, 50, payee=SUPPLIER)]

    first, second = (reason_of(Transfer(place, POOL, SUPPLIER, 50), drawn) for place in (1, 4))

    assert (first, second) == (drawn[0], drawn[1])


def test_parts_of_a_syndicates_draw_belong_to_it() -> None:
    drawn = reason("disbursement", 4, 100, payee=SUPPLIER)

    assert [reason_of(Transfer(place, POOL, SUPPLIER, amount), [drawn]) for place, amount in ((1, 60), (3, 40))] == [
        drawn,
        drawn,
    ]


def test_rest_of_proceeds_is_no_draw_although_one_follows() -> None:
    rest = reason("collateral_proceeds", 3, 70, payer=DESK)
    drawn = reason("disbursement", 5, 100, payee=SUPPLIER)

    assert reason_of(Transfer(2, DESK, SUPPLIER, 70), [rest, drawn]) is rest
    assert reason_of(Transfer(4, POOL, SUPPLIER, 100), [rest, drawn]) is drawn


def test_premium_is_found_before_and_after_its_transfer() -> None:
    premium = reason("premium", 3, 9, payee=DESK)

    assert [reason_of(Transfer(place, SUPPLIER, DESK, 9), [premium]) for place in (2, 4)] == [premium, premium]
