"""Structured creditor references, ISO 11649: `RF`, two check digits, up to 21 letters and digits.

The payer's bank carries them through unchanged, and a mistyped one has wrong check digits: so money finds its purpose.
"""

from __future__ import annotations

import re
from typing import Final

from stdnum import iso11649
from stdnum.exceptions import ValidationError
from stdnum.iso7064 import mod_97_10

from standards.iso20022.errors import Iso20022Invalid

_BODY: Final = re.compile(r"[0-9A-Z]{1,21}", re.ASCII)
_IN_TEXT: Final = re.compile(r"RF\d{2}(?: ?[0-9A-Z]){1,21}", re.ASCII)


def creditor_reference(body: str) -> str:
    """The reference around up to 21 capital letters and digits. Raises Iso20022Invalid for anything else."""
    if not _BODY.fullmatch(body):
        raise Iso20022Invalid(f"{body[:40]!r} is no body of a creditor reference: 1 to 21 capital letters and digits")
    return f"RF{mod_97_10.calc_check_digits(f'{body}RF')}{body}"


def found_references(text: str) -> list[str]:
    """Every valid reference in a text that people may have typed, in groups of four, say; without its spaces."""
    found = list[str]()
    for match in _IN_TEXT.finditer(text.upper()):
        # What follows a reference may look like more of it: the longest part with the right check digits counts.
        candidate = match.group().replace(" ", "")
        while len(candidate) >= 5:
            try:
                found.append(iso11649.validate(candidate))
                break
            except ValidationError:
                candidate = candidate[:-1]
    return list(dict.fromkeys(found))
