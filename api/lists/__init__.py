"""Lists that can be filtered, sorted and paged: one table of columns a list says all of it.

    FACILITIES = Listing(
        column("currency", CURRENCY, Facility.currency),
        column("expires_at", MOMENT, Facility.expires_at),
        matched("supplier_lei", LEI, participants.is_account_of(Facility.supplier), "whose line it is"),
        key=column("id", NUMBER, Facility.number),
    )

    @router.lists("", Page[FacilityView], FACILITIES, "List one's facilities")
    def facilities(principal: Reader, session: SessionDep, asked: Annotated[Asked, Depends(FACILITIES.asked)]) -> ...:
        found = asked.page(session, select(Facility).where(...))     # rows, and the cursor of what follows
        return Page(items=[...], next=found.next)

Then `?currency=EUR&expires_at[gte]=2026-09-01T00:00:00Z&sort=-expires_at&limit=20` works and is described. Where the
rows are views that no query can choose among (asked from the chain), `seen(...)` declares their fields and
`asked.among(views)` does the same in memory.
"""

from api.lists.kinds import (
    COUNT,
    CURRENCY,
    DAY,
    DAY_TEXT,
    FLAG,
    HEX32,
    LEI,
    MOMENT,
    NUMBER,
    SIGNED_UNITS,
    TEXT,
    TIMESTAMP,
    UNITS,
    Kind,
    text_of,
    units,
    words,
)
from api.lists.listing import Asked, Column, Listing, Slice, bound, column, matched, seen

__all__ = [
    "COUNT",
    "CURRENCY",
    "DAY",
    "DAY_TEXT",
    "FLAG",
    "HEX32",
    "LEI",
    "MOMENT",
    "NUMBER",
    "SIGNED_UNITS",
    "TEXT",
    "TIMESTAMP",
    "UNITS",
    "Asked",
    "Column",
    "Kind",
    "Listing",
    "Slice",
    "bound",
    "column",
    "matched",
    "seen",
    "text_of",
    "units",
    "words",
]
