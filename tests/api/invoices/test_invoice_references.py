"""References as callers write them."""

import pytest

from api.errors import Malformed
from api.network_key import parse_references as parse


def test_reference_is_a_kind_and_a_value_which_may_hold_colons() -> None:
    assert parse(["container: ZZXU2605127 ", "sscc:urn:epc:id:sscc:1"]) == [
        ("container", "ZZXU2605127"),
        ("sscc", "urn:epc:id:sscc:1"),
    ]


@pytest.mark.parametrize("text", ["", "container", "container:", "container:  "])
def test_text_of_another_form_is_refused(text: str) -> None:
    with pytest.raises(Malformed, match="kind:value"):
        parse([text])


def test_more_references_than_the_chain_should_take_are_refused() -> None:
    with pytest.raises(Malformed, match="At most 32"):
        parse([f"sscc:{i}" for i in range(33)])
