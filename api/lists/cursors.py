"""Cursors: the place of the last row that a client was given, in the order that it asked for.

They are opaque to clients and not signed: one says no more than "go on behind these values", in a list that holds
nothing but what the caller may see. So it is enough that each value is of the kind that it is compared with.
"""

import base64
import binascii
import json
from collections.abc import Sequence
from typing import Any, Final

from api.errors import Malformed
from api.lists.kinds import Kind

_LONGEST: Final = 4_000


def cursor_of(sort: str, values: Sequence[Any]) -> str:
    """The cursor that goes on behind a row with these values."""
    said = json.dumps([sort, *values], separators=(",", ":"), ensure_ascii=False)
    return base64.urlsafe_b64encode(said.encode()).rstrip(b"=").decode()


def position_of(cursor: str, sort: str, kinds: Sequence[Kind]) -> tuple[Any, ...]:
    """Where to go on; Malformed where the cursor is none, or of another order."""
    said = _said(cursor)
    if not isinstance(said, list) or len(said) < 2 or not isinstance(said[0], str):
        raise page_unknown()
    if said[0] != sort:
        detail = "`cursor` goes on in another order than `sort` asks for; begin anew, or ask in that order."
        raise Malformed("page-unknown", detail, sort=sort, cursor_sort=said[0][:60])
    try:
        return tuple(kind.thawed(value) for kind, value in zip(kinds, said[1:], strict=True))
    except ValueError as error:
        raise page_unknown() from error


def _said(cursor: str) -> Any:
    if len(cursor) > _LONGEST or not cursor.isascii():
        raise page_unknown()
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        return json.loads(text)
    except (binascii.Error, ValueError, RecursionError) as error:
        raise page_unknown() from error


def page_unknown() -> Malformed:
    return Malformed("page-unknown", "`cursor` is not a `next` that an earlier answer of this list gave.")
