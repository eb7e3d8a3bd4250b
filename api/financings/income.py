"""The interest that a pool has earned and not yet received."""

from sqlmodel import Session

from api.financings.accrual import interest_down
from api.financings.models import PoolIncome


def accrued(session: Session, pool: str, now: int) -> int:
    """Minor units, rounded down, of the pool (by address) at `now` (Unix seconds)."""
    income = session.get(PoolIncome, pool)
    return interest_down(income.weight * now - income.settled) if income else 0
