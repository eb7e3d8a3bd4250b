"""What the wider runs add to the ordinary ones: insurers and dealers in currencies, and what is done with both."""

from __future__ import annotations

from eth_account import Account
from support.network import RunningNetwork, lei

from chain_node.client import Role
from model import plan, scene
from model.calendar360 import DAY
from model.operations import fx, insurance, pools, workouts
from model.run import MOST, Run

MORE: dict[plan.Operation, int] = {
    insurance.offer: 20,
    insurance.agree: 5,
    insurance.pay_premium: 6,
    insurance.lose: 9,
    insurance.claim: 4,
    insurance.recover: 4,
    insurance.close: 4,
    insurance.move_money: 3,
    fx.report: 3,
    fx.offer: 12,
    fx.end: 3,
    fx.take: 8,
    fx.take_best: 5,
    fx.move_money: 3,
    fx.accept_currency: 3,
    fx.finance: 14,
    fx.reserve: 7,
    fx.pay_foreign: 6,
    fx.sell_waiting: 4,
}
LATE: tuple[plan.Operation, ...] = (
    insurance.claim,
    insurance.claim,
    insurance.lose,
    insurance.recover,
    insurance.recover,
    insurance.close,
    insurance.pay_premium,
    workouts.default,
    workouts.default,
    fx.pay_foreign,
    fx.pay_foreign,
    fx.sell_waiting,
    fx.take,
    pools.deposit,
)


def begin(network: RunningNetwork, seed: int) -> Run:
    run = scene.begin(network, seed)
    _admit_insurers(run)
    _admit_dealers(run)
    for account in run.parties.values():
        organisation = run.books.organisations[account.address]
        run.books.groups[organisation] = int(run.chain.registry.membership_of(account.address).group)
    return run


def go(run: Run, operations: int) -> None:
    plan.go(run, operations, MORE, LATE)


def _admit_insurers(run: Run) -> None:
    """Two that stand alone, and one of a supplier's own group; all have cash, and a supplier pays out of its own."""
    chain = run.chain
    for index, parent in enumerate(("", "", lei(f"MODEL{run.seed % 10**6}X00Z"))):
        account = run.parties[f"insurer{index}"] = Account.from_key(run.random.randbytes(32))
        code = lei(f"MODEL{run.seed % 10**6}Y{index:02d}Z")
        until = run.head + 5 * 365 * DAY
        run.must("registrar", chain.registry.register_organisation(code, parent, "DE", int(Role.INSURER), until))
        run.must("registrar", chain.registry.admit_account(code, account.address))
        for currency in run.books.currencies:
            cash = chain.cash(currency)
            run.must("cash-issuer", cash.issue(account.address, 10**9, run.random.randbytes(32)))
            run.must(account, cash.approve(chain.insurance.address, MOST))
            run.must(account, chain.insurance.deposit(cash.address, 2_500_000))
    for name in ("lender0", "lender1", "lender2"):
        for currency in run.books.currencies:
            run.must(run.parties[name], chain.cash(currency).approve(chain.insurance.address, MOST))


def _admit_dealers(run: Run) -> None:
    """Two that stand alone, and one of a supplier's own group; all may pay them. Some lines take both currencies."""
    chain = run.chain
    for index, parent in enumerate(("", "", lei(f"MODEL{run.seed % 10**6}X01Z"))):
        account = run.parties[f"dealer{index}"] = Account.from_key(run.random.randbytes(32))
        code = lei(f"MODEL{run.seed % 10**6}W{index:02d}Z")
        until = run.head + 5 * 365 * DAY
        run.must("registrar", chain.registry.register_organisation(code, parent, "DE", int(Role.FX_DEALER), until))
        run.must("registrar", chain.registry.admit_account(code, account.address))
        for currency in run.books.currencies:
            cash = chain.cash(currency)
            run.must("cash-issuer", cash.issue(account.address, 10**9, run.random.randbytes(32)))
            run.must(account, cash.approve(chain.exchange.address, MOST))
            run.must(account, chain.exchange.fund(cash.address, 3_000_000))
    for account in run.parties.values():
        for currency in run.books.currencies:
            run.must(account, chain.cash(currency).approve(chain.exchange.address, MOST))
    for line in [*run.books.facilities.values()]:
        other = "USD" if run.books.currency_of(line) == "EUR" else "EUR"
        if line.number % 2:
            call = chain.conversions.accept_currency(line.number, chain.cash(other).address, True)
            run.must("credit-officer", call)
