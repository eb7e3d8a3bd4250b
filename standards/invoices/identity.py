"""What makes two papers the same invoice: seller, number, year and kind, whatever the spelling.

The seller is named by its first identifier in this order: VAT number, legal registration with its scheme, other
registered identifiers (GLN, LEI), electronic address, tax number; zero padding does not count. Two versions of one
invoice therefore agree when they share the first identifier that either of them carries; one with a VAT number and
one without do not agree, and nothing in the papers could tell that they are the same.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

CREDIT: Final = "CREDIT"
CORRECTION: Final = "CORRECTION"
PREPAYMENT: Final = "PREPAYMENT"
INVOICE: Final = "INVOICE"

# UNTDID 1001. Whatever is not listed asks for payment once, so switching among such codes must not change the
# identity: 380, 389 (self-billed), 393 (factored), 780 (freight) and their like are one class.
TYPE_CLASSES: Final = {
    **dict.fromkeys(("81", "83", "261", "262", "296", "308", "381", "396", "420", "458", "532"), CREDIT),
    "384": CORRECTION,
    "386": PREPAYMENT,
}

# A sign of mathematics by Unicode, a hyphen to those who type it
MINUS: Final = "\u2212"

_PADDING = re.compile(r"(?<!\d)0+(?=\d)")
_PUNCTUATION = re.compile(r"[^0-9A-Z]")


def type_class(type_code: str, is_credit_note: bool = False) -> str:
    """Return the class of an invoice type code; a UBL CreditNote is a credit whatever its code."""
    return CREDIT if is_credit_note else TYPE_CLASSES.get(type_code.strip().lstrip("0"), INVOICE)


def normalised_number(number: str) -> str:
    """Return the number with NFKC, capitals, one kind of hyphen, no blanks and no leading zeros in runs of digits."""
    return unpadded(_folded(number))


def unpadded(text: str) -> str:
    """Return the text without leading zeros in runs of digits; a run of zeros keeps one."""
    return _PADDING.sub("", text)


def normalised_identifier(value: str) -> str:
    """Return a registered identifier as its capitals and digits only.

    An identifier in another script keeps its letters, since nothing would be left of it otherwise.
    """
    folded = _folded(value)
    return _PUNCTUATION.sub("", folded) or folded


def normalised_vat(value: str) -> str:
    """Return a VAT number as letters and digits; Greece's two prefixes become one."""
    folded = normalised_identifier(value)
    return f"GR{folded[2:]}" if folded.startswith("EL") else folded


def _folded(text: str) -> str:
    # Each step can leave signs that another step changes, so they go round until nothing moves.
    before, after = None, text
    while before != after:
        before, after = after, "".join(map(_plain, unicodedata.normalize("NFKC", after).casefold().upper()))
    return after


def _plain(sign: str) -> str:
    category = unicodedata.category(sign)
    if category[0] in "ZC":
        return ""
    if category == "Pd" or sign == MINUS:
        return "-"
    return str(unicodedata.decimal(sign)) if category == "Nd" else sign
