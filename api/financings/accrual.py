"""Simple interest, actual/360, kept as an exact numerator: how often it is booked never matters. The same arithmetic as
contracts/libraries/Accrual.sol."""

SECONDS_PER_YEAR = 360 * 24 * 60 * 60
BPS = 10_000
INTEREST_DENOMINATOR = BPS * SECONDS_PER_YEAR


def accrue(numerator: int, principal: int, discount_rate_bps: int, seconds: int) -> int:
    """The numerator after `seconds` more on this principal (minor units)."""
    return numerator + principal * discount_rate_bps * seconds


def interest_up(numerator: int) -> int:
    """Minor units, rounded up: what a debt comes to."""
    return -(-numerator // INTEREST_DENOMINATOR)


def interest_down(numerator: int) -> int:
    """Minor units, rounded down: what an asset is worth."""
    return numerator // INTEREST_DENOMINATOR


def settled_by(paid: int, numerator: int) -> int:
    """The part of the numerator that a payment of `paid` minor units of interest settles."""
    return min(paid * INTEREST_DENOMINATOR, numerator)
