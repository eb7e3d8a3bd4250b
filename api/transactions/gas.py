"""How much gas a transaction is offered.

A block takes a transaction only where all that it offers still fits, whatever it will use: of a block of 30 million gas
the last tenth stays empty where each offers three million. What a call needs can grow between its trial and its block,
by what others do, so that an estimate would now and then be too little. But some functions have neither a loop nor a
call of somebody else's code: the dearest way through them is known, and they are offered twice that. See decision 0045.
"""

from collections.abc import Mapping
from typing import Final

from chain_node.client import Call

STEADY: Final[Mapping[str, int]] = {
    # The first cash ever, to an account without: 110 thousand. Three slots are made, the registry is asked once and
    # the access manager once.
    "CashToken.issue": 250_000,
    # A slot is made, and nobody is asked: 47 thousand.
    "CashToken.approve": 100_000,
}


def offered(call: Call, most: int) -> int:
    """Gas for a call; `most` where what it needs depends on what there is by then."""
    return min(STEADY.get(call.function, most), most)
