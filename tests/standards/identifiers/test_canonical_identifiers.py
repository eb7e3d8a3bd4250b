import pytest
from hypothesis import given
from hypothesis import strategies as st

from standards.identifiers import canonical, check_digit, class_link


@pytest.mark.parametrize(
    ("written", "link"),
    [
        ("urn:epc:id:sgtin:4012345.011111.98%22", "01/04012345111118/21/98%22"),
        ("urn:epc:id:sgtin:0614141.812345.6789%2F%26%25%22!%3F()", "01/80614141123458/21/6789%2F%26%25%22%21%3F%28%29"),
        ("urn:epc:id:sscc:4012345.3111111111", "00/340123451111111111"),
        ("urn:epc:id:sgln:4012345.00005.0", "414/4012345000054"),
        ("urn:epc:id:sgln:4012345.00005.122", "414/4012345000054/254/122"),
        ("urn:epc:id:pgln:999999999999.", "417/9999999999994"),
        ("urn:epc:id:gdti:987659999999..9", "253/98765999999929"),
        ("urn:epc:id:sgcn:4012345.00005.17", "255/401234500005417"),
        ("urn:epc:id:upui:1234567.098765.51q)x", "01/01234567987651/235/51q%29x"),
        ("urn:epc:class:lgtin:4012345.012345.Lot987", "01/04012345123456/10/Lot987"),
        ("urn:epc:idpat:sgtin:4012345.066666.*", "01/04012345666663"),
        ("urn:epc:idpat:grai:4012345.00022.*", "8003/04012345000221"),
    ],
)
def test_epc_urn_becomes_canonical_link(written: str, link: str) -> None:
    assert canonical(written) == f"https://id.gs1.org/{link}"


@pytest.mark.parametrize(
    ("written", "link"),
    [
        ("https://example.com/some/path/gtin/9780345418913/21/765tz?abc=211121", "01/09780345418913/21/765tz"),
        ("http://example.com/01/04012345999990/22/2A/10/LOT/21/XYZ", "01/04012345999990/21/XYZ"),
        ("https://id.gs1.org/01/04012345999990/22/2A", "01/04012345999990"),
        ("https://id.gs1.de/01/04012345999990/10/LOT", "01/04012345999990/10/LOT"),
        ("https://id.gs1.org/00/040123451111111110", "00/040123451111111110"),
        ("https://x.example/8004/4000001111", "8004/4000001111"),
    ],
)
def test_link_of_any_resolver_becomes_canonical(written: str, link: str) -> None:
    assert canonical(written) == f"https://id.gs1.org/{link}"


@pytest.mark.parametrize(
    "identifier",
    [
        "http://transaction.acme.com/po/12345678",
        "https://example.com/01/123",
        "https://example.com/8004/asset-1",
        "https://id.gs1.org/01/04012345999990/99/x",
        "https://id.gs1.org/01/04012345999990/21/x#part",
        "urn:epc:id:sgtin:4012345.0111111.9876",
        "urn:epc:id:bic:APZU4812090",
        "urn:epcglobal:cbv:bt:4012345000009:ASN1099",
        "geo:47.506694,11.104301",
        "plain text",
        "https://example.com/" + "01/" * 200_000,
    ],
)
def test_what_is_no_gs1_key_stays_as_it_is(identifier: str) -> None:
    assert canonical(identifier) == identifier


@given(
    prefix=st.integers(6, 12),
    digits=st.text("0123456789", min_size=13, max_size=13),
    serial=st.text("ABCabc019-_.", min_size=1, max_size=20),
)
def test_urn_and_link_of_one_item_have_one_form_whatever_the_prefix_length(
    prefix: int, digits: str, serial: str
) -> None:
    urn = f"urn:epc:id:sgtin:{digits[1 : prefix + 1]}.{digits[0]}{digits[prefix + 1 :]}.{serial}"
    link = f"https://any.example/path/01/{digits}{check_digit(digits)}/21/{serial}?linkType=all"

    assert canonical(urn) == canonical(link) == canonical(canonical(urn))


@pytest.mark.parametrize(
    ("thing", "pattern"),
    [
        ("urn:epc:id:sgtin:4012345.066666.77", "urn:epc:idpat:sgtin:4012345.066666.*"),
        ("urn:epc:class:lgtin:4012345.066666.L7", "urn:epc:idpat:sgtin:4012345.066666.*"),
        ("urn:epc:id:upui:1234567.098765.51q)x", "urn:epc:idpat:upui:1234567.098765.*"),
        ("urn:epc:id:itip:4012345.012345.01.02.987", "urn:epc:idpat:itip:4012345.012345.01.02.*"),
        ("urn:epc:id:grai:4012345.00022.333", "urn:epc:idpat:grai:4012345.00022.*"),
        ("urn:epc:id:gdti:4012345.00005.7", "urn:epc:idpat:gdti:4012345.00005.*"),
        ("urn:epc:id:sgcn:4012345.00005.17", "urn:epc:idpat:sgcn:4012345.00005.*"),
        ("urn:epc:id:cpi:0614141.5PQ7%2FZ43.12345", "urn:epc:idpat:cpi:0614141.5PQ7%2FZ43.*"),
    ],
)
def test_class_of_a_thing_is_what_its_pattern_becomes(thing: str, pattern: str) -> None:
    assert class_link(canonical(thing)) == canonical(pattern)


@pytest.mark.parametrize(
    "identifier",
    ["urn:epc:id:sscc:4012345.3111111111", "urn:epc:idpat:sgtin:4012345.066666.*", "https://acme.example/1", ""],
)
def test_what_is_no_single_thing_has_no_class(identifier: str) -> None:
    assert class_link(canonical(identifier)) is None
