"""One participant, however its paper spells it."""

import pytest

from api.participants.naming import all_names, normalised
from api.participants.schemas import IdentifierView
from standards.invoices import Party

LEI = "999900ACMESUPPLIES58"


@pytest.mark.parametrize(
    ("scheme", "value", "stored"),
    [
        ("vat", "DE 999 999 903", ("VAT", "DE999999903")),
        ("VAT", "el-012345678", ("VAT", "GR012345678")),
        (" 0088 ", "4012345-000016", ("0088", "4012345000016")),
        ("0199", LEI.lower(), ("0199", "999900ACMESUPPLIES58")),
        ("0007", "ＳＥ　５５６", ("0007", "SE556")),
    ],
)
def test_identifier_has_one_spelling(scheme: str, value: str, stored: tuple[str, str]) -> None:
    assert normalised(scheme, value) == stored


def test_lei_is_always_among_the_names_and_nothing_twice() -> None:
    given = [
        IdentifierView(scheme="VAT", value="DE999999903"),
        IdentifierView(scheme="vat", value="de 999999903"),
        IdentifierView(scheme="0199", value=LEI),
        IdentifierView(scheme="0088", value=" - "),
    ]

    assert all_names(LEI, given) == [("0199", LEI), ("VAT", "DE999999903")]


def test_names_are_spelled_as_the_papers_are_read() -> None:
    paper = Party(name="Acme", vat="DE999999903", endpoint=LEI, endpoint_scheme="0199")
    stored = all_names(LEI, [IdentifierView(scheme="VAT", value=" de999999903 ")])

    assert set(paper.identifiers) <= set(stored)
