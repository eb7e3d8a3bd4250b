"""Codes with a check digit, and the few without one: each function returns the code's one written form."""

from __future__ import annotations

import re
from typing import Final

from stdnum import imo as stdnum_imo
from stdnum import iso6346 as stdnum_iso6346
from stdnum import lei as stdnum_lei
from stdnum.exceptions import ValidationError

from standards.errors import StandardsError

DIGITS: Final = re.compile(r"[0-9]+", re.ASCII)
UNLOCODE: Final = re.compile(r"[A-Z]{2}[A-Z2-9]{3}", re.ASCII)
GTIN_LENGTHS: Final = (8, 12, 13, 14)
GLN_DIGITS: Final = 13
GTIN_DIGITS: Final = 14
SSCC_DIGITS: Final = 18


class IdentifierInvalid(StandardsError):
    """`value` is no `kind`; `why` says what is wrong with it."""

    def __init__(self, kind: str, value: str, why: str) -> None:
        super().__init__(f"{value!r} is not a valid {kind}: {why}")
        self.kind = kind
        self.value = value
        self.why = why


def check_digit(digits: str) -> str:
    """The GS1 check digit of `digits`: weights 3 and 1 from the right, to the next ten."""
    total = sum(int(digit) * (1 if place % 2 else 3) for place, digit in enumerate(reversed(digits)))
    return str(-total % 10)


def lei(value: str) -> str:
    """Legal entity identifier (ISO 17442): 18 characters and two check digits, mod 97-10."""
    code = _compact(value)
    if not re.fullmatch(r"[A-Z0-9]{18}[0-9]{2}", code):
        raise IdentifierInvalid("LEI", value, "it must have 18 letters or digits and two check digits")
    _let_stdnum_check("LEI", value, code, stdnum_lei.validate)
    return code


def gln(value: str) -> str:
    """Global location number: 13 digits, the last one a check digit."""
    return _gs1_number("GLN", value, (GLN_DIGITS,))


def gtin(value: str) -> str:
    """Global trade item number of 8, 12, 13 or 14 digits, returned with 14."""
    return _gs1_number("GTIN", value, GTIN_LENGTHS).zfill(GTIN_DIGITS)


def sscc(value: str) -> str:
    """Serial shipping container code: 18 digits, the last one a check digit."""
    return _gs1_number("SSCC", value, (SSCC_DIGITS,))


def container(value: str) -> str:
    """Freight container number (ISO 6346): owner, category, serial and a check digit, as in APZU4812090."""
    code = _compact(value)
    if not re.fullmatch(r"[A-Z]{3}[UJZ][0-9]{7}", code):
        raise IdentifierInvalid("container number", value, "it must have three letters, U, J or Z, and seven digits")
    _let_stdnum_check("container number", value, code, stdnum_iso6346.validate)
    return code


def is_container(value: str) -> bool:
    """Whether `value` is a container number with the right check digit."""
    try:
        container(value)
    except IdentifierInvalid:
        return False
    return True


def vessel(value: str) -> str:
    """IMO ship number: seven digits, the last one a check digit; a leading 'IMO' is dropped."""
    code = _compact(value).removeprefix("IMO")
    if not re.fullmatch(r"[0-9]{7}", code):
        raise IdentifierInvalid("IMO number", value, "it must have seven digits")
    _let_stdnum_check("IMO number", value, code, stdnum_imo.validate)
    return code


def unlocode(value: str) -> str:
    """UN/LOCODE by its shape only (country and three letters or digits 2 to 9): no list of places is consulted."""
    code = _compact(value)
    if not UNLOCODE.fullmatch(code):
        raise IdentifierInvalid("UN/LOCODE", value, "it must have two letters and three letters or digits from 2 to 9")
    return code


def _compact(value: str) -> str:
    return re.sub(r"[\s-]", "", value).upper()


def _gs1_number(kind: str, value: str, lengths: tuple[int, ...]) -> str:
    code = _compact(value)
    if not DIGITS.fullmatch(code) or len(code) not in lengths:
        allowed = " or ".join(str(length) for length in lengths)
        raise IdentifierInvalid(kind, value, f"it must have {allowed} digits")
    if check_digit(code[:-1]) != code[-1]:
        raise IdentifierInvalid(kind, value, f"its check digit must be {check_digit(code[:-1])}, not {code[-1]}")
    return code


def _let_stdnum_check(kind: str, value: str, code: str, validate: object) -> None:
    assert callable(validate)
    try:
        validate(code)
    except ValidationError as error:
        raise IdentifierInvalid(kind, value, str(error).rstrip(".").lower()) from error
