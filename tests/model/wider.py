"""What the wider runs add to the ordinary ones: insurers and dealers in currencies, and what is done with both."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from eth_account import Account
from support.network import RunningNetwork, lei

from chain_node.client import Call, Role
from model import plan, scene
from model.calendar360 import DAY
from model.operations import fx, insurance, pools, workouts
from model.run import MOST, Run

# Of whose groups the third insurer and the third dealer are: the first supplier, and the second.
GROUPS = ("insurer", "dealer")
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


def _admit(run: Run, role: Role, party: str, mark: str, place: str, fund: Callable[[str], Call]) -> None:
    """Two that stand alone, and one of a supplier's own group, each with cash of which a part is put in.

    `mark` is the letter of their LEIs, `place` where the cash goes, `fund` what puts in that of a token's address."""
    chain, network = run.chain, run.seed % 10**6
    group = lei(f"MODEL{network}X{GROUPS.index(party):02d}Z")
    for index, parent in enumerate(("", "", group)):
        account = run.parties[f"{party}{index}"] = Account.from_key(run.random.randbytes(32))
        code = lei(f"MODEL{network}{mark}{index:02d}Z")
        until = run.head + 5 * 365 * DAY
        run.must("registrar", chain.registry.register_organisation(code, parent, "DE", int(role), until))
        run.must("registrar", chain.registry.admit_account(code, account.address))
        for currency in run.books.currencies:
            cash = chain.cash(currency)
            run.must("cash-issuer", cash.issue(account.address, 10**9, run.random.randbytes(32)))
            run.must(account, cash.approve(place, MOST))
            run.must(account, fund(cash.address))


def _admit_insurers(run: Run) -> None:
    """A supplier and lenders may pay them out of their own."""
    chain = run.chain
    fund = partial(chain.insurance.deposit, amount=2_500_000)
    _admit(run, Role.INSURER, "insurer", "Y", chain.insurance.address, fund)
    for name in ("lender0", "lender1", "lender2"):
        for currency in run.books.currencies:
            run.must(run.parties[name], chain.cash(currency).approve(chain.insurance.address, MOST))


def _admit_dealers(run: Run) -> None:
    """All may pay them. Some lines take both currencies."""
    chain = run.chain
    fund = partial(chain.exchange.fund, amount=3_000_000)
    _admit(run, Role.FX_DEALER, "dealer", "W", chain.exchange.address, fund)
    for account in run.parties.values():
        for currency in run.books.currencies:
            run.must(account, chain.cash(currency).approve(chain.exchange.address, MOST))
    for line in [*run.books.facilities.values()]:
        other = "USD" if run.books.currency_of(line) == "EUR" else "EUR"
        if line.number % 2:
            call = chain.conversions.accept_currency(line.number, chain.cash(other).address, True)
            run.must("credit-officer", call)
