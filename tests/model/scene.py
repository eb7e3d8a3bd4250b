"""Who there is at the beginning of a run, what they have and on which terms they may borrow."""

from __future__ import annotations

from eth_account import Account
from support.network import RunningNetwork, lei

from chain_node.client import Dimension, FacilityTerms, Milestone, Role, Step, Tranche
from chain_node.client.contract import Contract
from model import rules
from model.calendar360 import DAY
from model.history import moments, new_books
from model.replay import replay
from model.run import MOST, POOLS, Run
from model.syndication import SECOND, SYNDICATE, with_syndicate

_LADDERS = (
    [Step(Milestone.ACCEPTED, 8_000, False)],
    [Step(Milestone.ACCEPTED, 5_000, False), Step(Milestone.RECEIVED, 9_000, True)],
    [
        Step(Milestone.ACCEPTED, 3_000, False),
        Step(Milestone.DEPARTED, 6_000, False),
        Step(Milestone.RECEIVED, 9_000, True),
    ],
    [Step(Milestone.DEPARTED, 6_000, False), Step(Milestone.RECEIVED, 8_500, True)],
)


_SOURCES = (
    "LendingPool:EUR",
    "LendingPool:EUR",
    SYNDICATE,
    SYNDICATE,
    f"LendingPool:{SECOND}",
    "LendingPool:EUR",
    SYNDICATE,
    "LendingPool:USD",
    SYNDICATE,
)


def begin(network: RunningNetwork, seed: int) -> Run:
    """A run that has its parties, their money and their lines, and nothing else yet."""
    run = Run(with_syndicate(network), seed)
    _admit(run)
    _catch_up(run)
    for currency in run.books.currencies:
        _issue_cash(run, currency)
    for pool in POOLS:
        _fund(run, pool)
    _open_lines(run)
    return run


def _admit(run: Run) -> None:
    roles = {**dict.fromkeys(("supplier0", "supplier1", "supplier2"), Role.SUPPLIER)}
    roles |= dict.fromkeys(("debtor0", "debtor1", "debtor2"), Role.DEBTOR)
    roles |= dict.fromkeys(("lender0", "lender1", "lender2"), Role.LENDER)
    roles |= {"carrier": Role.CARRIER, "warehouse": Role.WAREHOUSE, "inspector": Role.INSPECTOR}
    for index, (name, role) in enumerate(roles.items()):
        account = Account.from_key(run.random.randbytes(32))
        run.parties[name] = account
        code = lei(f"MODEL{run.seed % 10**6}X{index:02d}Z")
        until, registry = run.head + 5 * 365 * DAY, run.chain.registry
        run.must("registrar", registry.register_organisation(code, "", "DE", int(role), until))
        run.must("registrar", registry.admit_account(code, account.address))


def _catch_up(run: Run) -> None:
    """The deployment's own events, and what the set-up has done before the model was there."""
    run.books = new_books(run.network)
    replay(run.books, moments(run.network, run.chain.block_number()))
    run.books.now = run.head


def _issue_cash(run: Run, currency: str) -> None:
    """Everybody has cash, and lets those contracts take it that it will pay."""
    chain, cash = run.chain, run.chain.cash(currency)
    paid_by: dict[str, tuple[Contract, ...]] = {
        "supplier": (chain.desk, chain.reserve(currency)),
        "debtor": (chain.receivables, chain.orders),
        "lender": (chain.receivables, chain.orders, chain.desk),
    }
    for name, account in run.parties.items():
        if name[:-1] in paid_by:
            run.must("cash-issuer", cash.issue(account.address, 10**10, run.random.randbytes(32)))
            for payee in paid_by[name[:-1]]:
                run.must(account, cash.approve(payee.address, MOST))


def _fund(run: Run, pool: str) -> None:
    """Lenders buy shares of both tranches, and sponsor the reserve."""
    chain, cash = run.chain, run.chain.cash(run.books.terms[pool].currency)
    for name, assets, tranche in (("lender0", 3_000_000, 1), ("lender1", 5_000_000, 0), ("lender2", 1_000_000, 1)):
        account = run.parties[name]
        for payee in (chain.reserve(pool), *(chain.vault(pool, each) for each in Tranche)):
            run.must(account, cash.approve(payee.address, MOST))
        run.must(account, chain.vault(pool, Tranche(tranche)).deposit(assets, account.address))
    run.must(run.parties["lender2"], chain.reserve(pool).deposit(40_000))
    run.must(run.parties["lender0"], chain.reserve(pool).deposit(12_345))


def _open_lines(run: Run) -> None:
    chain, pick = run.chain, run.random
    for index, source in enumerate(_SOURCES):
        supplier = run.parties[f"supplier{index % 3}"]
        terms = FacilityTerms(
            supplier=supplier.address,
            pool=chain.addresses.address(source),
            limit=pick.choice((900_000, 4_000_000, 9_000_000)),
            discount_rate_bps=pick.choice((300, 900, 1_777)),
            fee_bps=pick.choice((0, 50, 133)),
            expires_at=run.head + pick.choice((90, 400, 400)) * DAY,
            day_count=rules.DAY_COUNTS[index % 3],
            late_fee_bps=pick.choice((0, 400, 1_200)),
            reserve_bps=pick.choice((0, 25, 100)),
            committed_fee_bps=pick.choice((0, 0, 75)),
            grace_days=pick.choice((0, 3, 10)),
            recourse=index % 2 == 0,
            revolving=index % 4 != 3,
        )
        run.must("credit-officer", chain.desk.open_facility(terms))
        for collateral in (chain.receivable_collateral, chain.order_collateral):
            steps = pick.choice(_LADDERS)
            run.must("credit-officer", chain.desk.set_ladder(index + 1, collateral.address, steps))
    for account in run.parties.values():
        if account.address in {line.terms.supplier for line in run.books.facilities.values()}:
            run.must(account, chain.receivables.set_approval_for_all(chain.receivable_collateral.address, True))
    for pool, dimension, cap in (("EUR", Dimension.DEBTOR, 4_000_000), (SECOND, Dimension.SELLER_GROUP, 700_000)):
        run.must("credit-officer", chain.concentration.set_default_cap(chain.pool(pool).address, dimension, cap))
