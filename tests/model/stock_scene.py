"""Who there is at the beginning of a run with goods: owners, warehouses, witnesses and buyers, and the terms on which
lenders take goods."""

from __future__ import annotations

from eth_account import Account
from support.network import RunningNetwork, lei

from chain_node.client import FacilityTerms, MarginTerms, Milestone, Role, Step, Tranche
from chain_node.config import CONFIG_ROOT, load_network
from model import rules
from model.calendar360 import DAY
from model.history import moments, new_books
from model.replay import replay
from model.run import MOST, Run

HOUR = 3_600
# Two of the names have a parent: a warehouse that belongs to an owner's group, and a buyer that does.
ROLES = {
    "supplier0": Role.SUPPLIER,
    "supplier1": Role.SUPPLIER,
    "supplier2": Role.SUPPLIER,
    "buyer0": Role.DEBTOR,
    "buyer1": Role.DEBTOR,
    "buyer2": Role.DEBTOR,
    "lender0": Role.LENDER,
    "lender1": Role.LENDER,
    "warehouse0": Role.WAREHOUSE,
    "warehouse1": Role.WAREHOUSE,
    "carrier": Role.CARRIER,
    "inspector": Role.INSPECTOR,
    "customs": Role.CUSTOMS,
    "sensor": Role.SENSOR,
}
PARENTS = {"warehouse1": "supplier2", "buyer2": "supplier0"}
# Supplier, pool, rate (0: no ladder), and what margin goes by; the last two lines cannot lend on goods.
LINES = (
    ("supplier0", "EUR", 7_000, MarginTerms(8_000, 10_000, 10_500, 6_000, 1_000, 60, DAY, 2 * DAY)),
    ("supplier1", "EUR", 5_999, MarginTerms(6_500, 8_000, 9_999, 3_333, 2_500, 20, 6 * HOUR, DAY)),
    ("supplier1", "USD", 6_500, MarginTerms(7_000, 12_000, 10_000, 5_000, 777, 90, 12 * HOUR, 30 * HOUR)),
    ("supplier0", "EUR", 8_000, MarginTerms(7_500, 10_000, 10_000, 5_000, 1_000, 60, DAY, DAY)),
    ("supplier2", "EUR", 0, MarginTerms(7_500, 10_000, 10_000, 5_000, 1_000, 60, DAY, DAY)),
    ("supplier2", "EUR", 6_000, MarginTerms(7_000, 9_000, 10_100, 4_000, 500, 45, DAY // 2, DAY)),
)


def begin(network: RunningNetwork, seed: int) -> Run:
    """A run in which nothing has been stored yet."""
    run = Run(network, seed)
    _admit(run)
    run.books = new_books(network)
    replay(run.books, moments(network, run.chain.block_number()))
    run.books.now = run.head
    _groups(run)
    _issue_cash(run)
    _fund(run)
    _open_lines(run)
    _engage(run)
    return run


def _admit(run: Run) -> None:
    codes = {name: lei(f"GOODS{run.seed % 10**6}X{index:02d}Z") for index, name in enumerate(ROLES)}
    until, registry = run.head + 5 * 365 * DAY, run.chain.registry
    for name, role in ROLES.items():
        account = run.parties[name] = Account.from_key(run.random.randbytes(32))
        parent = codes.get(PARENTS.get(name, ""), "")
        run.must("registrar", registry.register_organisation(codes[name], parent, "DE", int(role), until))
        run.must("registrar", registry.admit_account(codes[name], account.address))


def _groups(run: Run) -> None:
    for account in run.parties.values():
        member = run.chain.registry.membership_of(account.address)
        run.books.groups[member.organisation] = member.group


def _issue_cash(run: Run) -> None:
    for currency in run.books.currencies:
        cash = run.chain.cash(currency)
        for name, account in run.parties.items():
            if name.startswith(("supplier", "buyer", "lender")):
                run.must("cash-issuer", cash.issue(account.address, 10**10, run.random.randbytes(32)))
                for payee in (run.chain.desk, run.chain.inventory_collateral):
                    run.must(account, cash.approve(payee.address, MOST))


def _fund(run: Run) -> None:
    for pool in run.books.currencies:
        cash = run.chain.cash(pool)
        for name, assets, tranche in (("lender0", 8_000_000, 1), ("lender1", 9_000_000, 0)):
            account, vault = run.parties[name], run.chain.vault(pool, Tranche(tranche))
            run.must(account, cash.approve(vault.address, MOST))
            run.must(account, vault.deposit(assets, account.address))


def _open_lines(run: Run) -> None:
    chain, stock, pick = run.chain, run.chain.inventory_collateral, run.random
    for number, (supplier, pool, rate, terms) in enumerate(LINES, 1):
        line = FacilityTerms(
            supplier=run.parties[supplier].address,
            pool=chain.pool(pool).address,
            limit=pick.choice((2_000_000, 9_000_000)),
            discount_rate_bps=pick.choice((300, 900, 1_777)),
            fee_bps=pick.choice((0, 50, 133)),
            expires_at=run.head + pick.choice((120, 400)) * DAY,
            day_count=rules.DAY_COUNTS[number % 3],
            late_fee_bps=pick.choice((0, 400)),
            reserve_bps=pick.choice((0, 25)),
            grace_days=pick.choice((0, 3)),
        )
        run.must("credit-officer", chain.desk.open_facility(line))
        run.must("credit-officer", stock.set_margin_terms(number, terms))
        if rate:
            steps = [Step(int(Milestone.STORED), rate, False)]
            run.must("credit-officer", chain.desk.set_ladder(number, stock.address, steps))


def _engage(run: Run) -> None:
    """Each owner lets warehouses announce in its name, and the lender move and sell what it will give it."""
    organisations, lots = run.books.organisations, run.chain.lots
    for name in ("supplier0", "supplier1", "supplier2"):
        account = run.parties[name]
        for warehouse in ("warehouse0", "warehouse1"):
            run.must(account, lots.engage_operator(organisations[run.parties[warehouse].address], True))
        run.must(account, lots.set_approval_for_all(run.chain.inventory_collateral.address, True))
        run.must(account, lots.set_power_of_sale(run.chain.inventory_collateral.address, True))


FEEDS = {name: its.policy_id(name) for name, its in load_network(CONFIG_ROOT / "local").config.feeds.items()}
