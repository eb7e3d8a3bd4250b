"""Who lends together; what follows is theirs in those shares, and no event of its own."""

from __future__ import annotations

from typing import Any

from model.books import Books
from model.reading import reads
from model.syndicates import Member, Syndicate


@reads("Syndicate", "MemberJoined")
def member_joined(books: Books, its: Any, currency: str) -> None:
    syndicate = books.syndicates.setdefault(f"Syndicate:{currency}", Syndicate(counted_at=books.now))
    pool = books.addresses[its["pool"]].removeprefix("LendingPool:")
    syndicate.join(Member(pool, its["fundingBps"], its["lossBps"], its["feeBps"]))
