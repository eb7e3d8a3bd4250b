from collections.abc import Callable

import pytest

from standards.identifiers import IdentifierInvalid, container, gln, gtin, is_container, lei, sscc, unlocode, vessel


@pytest.mark.parametrize(
    ("read", "written", "canonical"),
    [
        (lei, "5493 001KJTIIGC8Y1R12", "5493001KJTIIGC8Y1R12"),
        (gln, "4012345000030", "4012345000030"),
        (gtin, "4012345101010", "04012345101010"),
        (gtin, "96385074", "00000096385074"),
        (sscc, "0401 2345 0000 0033 38", "040123450000003338"),
        (container, "apzu 481209-0", "APZU4812090"),
        (vessel, "IMO 9321483", "9321483"),
        (unlocode, "deham", "DEHAM"),
    ],
)
def test_code_is_brought_to_its_one_form(read: Callable[[str], str], written: str, canonical: str) -> None:
    assert read(written) == canonical


@pytest.mark.parametrize(
    ("read", "written", "kind"),
    [
        (lei, "5493001KJTIIGC8Y1R13", "LEI"),
        (lei, "5493001KJTIIGC8Y1", "LEI"),
        (gln, "4012345000031", "GLN"),
        (gtin, "401234510101", "GTIN"),
        (sscc, "040123450000003339", "SSCC"),
        (container, "APZU4812091", "container number"),
        (container, "APZX4812090", "container number"),
        (vessel, "9321484", "IMO number"),
        (unlocode, "DE1AM", "UN/LOCODE"),
    ],
)
def test_wrong_check_digit_or_shape_is_refused(read: Callable[[str], str], written: str, kind: str) -> None:
    with pytest.raises(IdentifierInvalid, match=kind) as refused:
        read(written)

    assert (refused.value.kind, refused.value.value) == (kind, written)


def test_refusal_names_the_digit_that_would_be_right() -> None:
    with pytest.raises(IdentifierInvalid, match="must be 0, not 1"):
        gln("4012345000031")


def test_document_number_is_no_container() -> None:
    assert is_container("APZU4812090")
    assert not is_container("HAM26051234")
