"""What accounts had in a pool at the end of a block, and what came of it over a stretch of blocks: shares held, shares
handed in and not yet redeemed, and money that waits to be claimed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlmodel import Session

from api.errors import GatewayError
from api.figures import STATE_GONE, Figures, ask
from api.pools import repository, service
from api.pools.models import LenderEntry, Redemption
from api.pools.prices import Price
from api.pools.reports.statement import then
from chain_node.client import Chain


@dataclass(frozen=True)
class Stake:
    """Shares in base units; the value of all of them at the exit price, rounded down, and what can be claimed in minor
    units: null where the node does not know the block any more."""

    shares: int
    waiting_shares: int | None
    value: int | None
    claimable: int | None

    @property
    def worth(self) -> int | None:
        return None if self.value is None or self.claimable is None else self.value + self.claimable


@dataclass(frozen=True)
class StakePeriod:
    """One account's part of one tranche. `transferred` is what shares from other accounts were worth when they came,
    less those that went. `income` is what makes `after` of `before`, with all that was paid in and out: interest, late
    fees and recoveries, less losses."""

    account: str
    tranche: str
    before: Stake
    deposited: int
    claimed: int
    transferred: int | None
    after: Stake

    @property
    def income(self) -> int | None:
        before, after = self.before.worth, self.after.worth
        if before is None or after is None or self.transferred is None:
            return None
        return after - before - self.deposited + self.claimed - self.transferred


def over(
    session: Session, chain: Chain, accounts: Sequence[str], currency: str, after: int, until: int
) -> list[StakePeriod]:
    """Of accounts with shares, or movements of shares, in the blocks above `after` and up to `until`."""
    if not accounts or f"LendingPool:{currency}" not in chain.addresses.names():
        return []
    entries = repository.lender_entries_by_block(session, currency, accounts, until=until)
    whose = sorted({(each.account, each.tranche) for each in entries})
    asked = repository.redemptions(session, currency, accounts)
    found = [_over(chain, currency, its, entries, asked, after, until) for its in whose]
    return [each for each in found if each is not None]


def _over(
    chain: Chain,
    currency: str,
    whose: tuple[str, str],
    entries: Iterable[LenderEntry],
    asked: Iterable[Redemption],
    after: int,
    until: int,
) -> StakePeriod | None:
    its = [each for each in entries if (each.account, each.tranche) == whose]
    requests = [each for each in asked if (each.account, each.tranche) == whose]
    during = [each for each in its if each.block_number > after]
    held = sum(each.shares for each in its if each.block_number <= after)
    before = _stake(chain, currency, whose, held, requests, after)
    if not during and not held and not (before.waiting_shares or before.claimable):
        return None
    return StakePeriod(
        account=whose[0],
        tranche=whose[1],
        before=before,
        deposited=sum(each.assets for each in during if each.kind == "deposit"),
        claimed=-sum(each.assets for each in during if each.kind == "claim"),
        transferred=_transferred(chain, currency, [each for each in during if each.kind == "transfer"]),
        after=_stake(chain, currency, whose, held + sum(each.shares for each in during), requests, until),
    )


def _stake(
    chain: Chain, currency: str, whose: tuple[str, str], shares: int, requests: list[Redemption], block: int
) -> Stake:
    account, tranche = whose
    if block < chain.addresses.first_block:
        return Stake(shares, 0, 0, 0)
    at = _price(chain, currency, tranche, block)
    vault = chain.vault(currency, service.TRANCHES[tranche])
    epochs = [each.epoch for each in requests]
    questions = [ask(vault, "maxWithdraw", account)]
    questions += [ask(vault, "pendingRedeemRequest", epoch, account) for epoch in epochs]
    try:
        claimable, *waiting = Figures(chain, block).answers(questions)
    except GatewayError as error:
        if error.error == STATE_GONE:
            return Stake(shares, None, None, None)
        raise
    value = None if at is None else at.value_down(shares + sum(waiting))
    return Stake(shares, sum(waiting), value, claimable)


def _price(chain: Chain, currency: str, tranche: str, block: int) -> Price | None:
    its = then(chain, currency, block)
    return None if its is None else its.prices[tranche]


def _transferred(chain: Chain, currency: str, entries: list[LenderEntry]) -> int | None:
    """By the exit price at the end of the block of each."""
    sum_ = 0
    for each in entries:
        at = _price(chain, currency, each.tranche, each.block_number)
        if at is None:
            return None
        value = at.value_down(abs(each.shares))
        sum_ += value if each.shares > 0 else -value
    return sum_
