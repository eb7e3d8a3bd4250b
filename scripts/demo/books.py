"""The books at the end of the trade: every balance, Σ in = Σ out, and the lenders' income against the formula."""

from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from math import ceil
from typing import Any

from rich.console import Console
from rich.table import Table

from chain_node.client import Chain
from scripts.demo.money import Currency, minor_of
from scripts.demo.story import Story

SECONDS_A_YEAR_ACT360 = 360 * 86_400
BPS = 10_000


@dataclass(frozen=True)
class Books:
    """All in minor units of the trade's currency. `balances` name every holder of cash, people and contracts. Deposit
    and worth are both lenders'; worth is what they were paid and what their shares stand for. `in_pool` is what the
    pool still has for lenders, by its own books."""

    currency: str
    issued: int
    withdrawn: int
    balances: dict[str, int]
    deposit: int
    lender_worth: int
    junior_deposit: int
    junior_worth: int
    paid_to_lenders: int
    in_pool: int
    late_fees_received: int
    interest_received: int
    interest_by_formula: int
    fees_received: int
    fees_by_formula: int
    reserve_received: int
    reserve_by_formula: int
    reserve_held: int
    principal_out: int

    def as_dict(self) -> dict[str, Any]:
        senior = self.senior_income
        return {
            **self.__dict__,
            "lender_income": self.income,
            "left_by_rounding": self.left_by_rounding,
            "senior_income": senior,
            "junior_income": self.junior_income,
        }

    @property
    def income(self) -> int:
        return self.lender_worth - self.deposit

    @property
    def came_in(self) -> int:
        """For lenders: what they put in and what their money has earned."""
        return self.deposit + self.interest_received + self.late_fees_received

    @property
    def left_by_rounding(self) -> int:
        """What the pool has for lenders beyond the worth of their shares: the part of the vaults' virtual shares, and
        what each worth was rounded down by. It stays with whoever remains."""
        return self.in_pool - (self.lender_worth - self.paid_to_lenders)

    @property
    def junior_income(self) -> int:
        return self.junior_worth - self.junior_deposit

    @property
    def senior_income(self) -> int:
        return self.income - self.junior_income


def interest_by_formula(draws: list[tuple[int, datetime]], rate_bps: int, until: datetime) -> int:
    """Simple interest, actual/360, on each draw from its block to the repayment's, rounded up once, in minor units.

    Written from the contract's terms and with fractions, so that it shares nothing with the code that it checks.
    """
    exact = sum(
        (Fraction(amount * rate_bps * int((until - at).total_seconds()), BPS * SECONDS_A_YEAR_ACT360))
        for amount, at in draws
    )
    return ceil(exact)


def cash_flows(chain: Chain, code: str) -> tuple[int, int]:
    """Minor units issued and withdrawn since the first block, from the cash token's own events."""
    issued = withdrawn = 0
    for log in chain.logs(chain.addresses.first_block, chain.block_number()):
        event = chain.decode(log)
        if event is None or event.contract != f"CashToken:{code}":
            continue
        issued += event.arguments["amount"] if event.name == "CashIssued" else 0
        withdrawn += event.arguments["amount"] if event.name == "CashWithdrawn" else 0
    return issued, withdrawn


def close_books(story: Story) -> Books:
    chain, code = story.network.chain, story.currency.code
    cash = chain.cash(code)
    holders = {party.name: story.accounts[name] for name, party in story.trade.parties.items()}
    holders |= {name: chain.addresses.address(name) for name in chain.addresses.names() if _may_hold(name, code)}
    financing = story.financing()
    draws = [(minor_of(draw["amount"]), _moment(draw["at"])) for draw in financing["draws"]]
    repaid = financing["repayments"]
    senior, junior = _position(story, "lender"), _position(story, "junior")
    issued, withdrawn = cash_flows(chain, code)
    lending = story.trade.lending
    return Books(
        currency=code,
        issued=issued,
        withdrawn=withdrawn,
        balances={name: cash.balance_of(address) for name, address in holders.items()},
        deposit=story.currency.minor(lending.deposit) + story.currency.minor(lending.junior_deposit),
        lender_worth=senior.worth + junior.worth,
        junior_deposit=story.currency.minor(lending.junior_deposit),
        junior_worth=junior.worth,
        paid_to_lenders=senior.paid + junior.paid,
        in_pool=_in_pool(story),
        late_fees_received=sum(minor_of(payment["late_fees"]) for payment in repaid),
        interest_received=sum(minor_of(payment["interest"]) for payment in repaid),
        interest_by_formula=interest_by_formula(draws, lending.discount_rate_bps, _moment(repaid[-1]["at"])),
        fees_received=sum(minor_of(payment["fees"]) for payment in repaid),
        fees_by_formula=sum(ceil(Fraction(amount * lending.fee_bps, BPS)) for amount, _ in draws),
        reserve_received=sum(minor_of(payment["reserve"]) for payment in repaid),
        reserve_by_formula=sum(_reserve_on(amount, lending.fee_bps, lending.reserve_bps) for amount, _ in draws),
        reserve_held=chain.reserve(code).held(),
        principal_out=chain.pool(code).books().principal_out,
    )


def check_books(story: Story, books: Books) -> None:
    record = story.checks.record
    held = sum(books.balances.values())
    supply = story.network.chain.cash(books.currency).total_supply()
    record("every_cent_is_on_some_account", held == supply, f"{held} held, {supply} in circulation")
    in_, out = books.issued, books.withdrawn + held
    record("sum_in_equals_sum_out", in_ == out, f"{in_} in, {out} out")
    record("interest_agrees_with_the_formula", books.interest_received == books.interest_by_formula)
    record("fees_agree_with_the_formula", books.fees_received == books.fees_by_formula)
    kept = books.reserve_received == books.reserve_by_formula == books.reserve_held
    record("reserve_agrees_with_the_formula", kept, f"{books.reserve_held} held")
    out, in_ = books.paid_to_lenders + books.in_pool, books.came_in
    record("paid_to_lenders_and_left_in_pool_is_what_came_in", out == in_, f"{out} out, {in_} in")
    # A vault's virtual shares and its rounding keep less than one minor unit each, a redemption at most one more.
    record("lenders_have_all_but_the_rounding", 0 <= books.left_by_rounding <= 5, f"{books.left_by_rounding}")
    if not story.network.in_real_time:  # the interest of some seconds is a cent or two: too little to share out
        record("junior_earns_more_on_its_money_than_senior", _return(books, "junior") > _return(books, "senior"))
    record("loan_is_repaid_in_full", books.principal_out == 0 and story.financing()["state"] == "repaid")


def print_books(console: Console, currency: Currency, books: Books) -> None:
    table = Table(title="The books", title_justify="left", show_edge=False)
    table.add_column("account")
    table.add_column(f"balance {currency.code}", justify="right")
    for name, balance in books.balances.items():
        if balance:
            table.add_row(name, currency.show(balance))
    table.add_section()
    table.add_row("Σ held", currency.show(sum(books.balances.values())))
    table.add_row("Σ issued − Σ withdrawn", currency.show(books.issued - books.withdrawn))
    console.print(table)
    shares = f"senior {currency.show(books.senior_income)}, junior {currency.show(books.junior_income)}"
    formula = currency.show(books.interest_by_formula)
    console.print(f"Lenders' income {currency.show(books.income)} ({shares}); by the formula (actual/360): {formula}.")
    paid, in_pool = currency.show(books.paid_to_lenders), currency.show(books.in_pool)
    console.print(f"Lenders were paid {paid}, and the pool has {in_pool} for them: together all that came in.")
    if books.left_by_rounding:
        left = currency.show(books.left_by_rounding)
        console.print(f"Of that, {left} is no share's: prices round down, and it stays there for those who remain.")
    reserve = currency.show(books.reserve_held)
    console.print(f"Operator's fees {currency.show(books.fees_received)}; the first-loss reserve holds {reserve}.")


@dataclass(frozen=True)
class _Position:
    """What a lender's shares stand for and what was promised for others; and what it was paid."""

    held: int
    paid: int

    @property
    def worth(self) -> int:
        return self.held + self.paid


def _position(story: Story, lender: str) -> _Position:
    (its,) = story.desks[lender].get(f"/v1/pools/{story.currency.code}/positions")["items"]
    return _Position(minor_of(its["value"]) + minor_of(its["claimable"]), minor_of(its["withdrawn"]))


def _in_pool(story: Story) -> int:
    """What belongs to shares, what was set aside for claims and what still streams in."""
    pool = story.operator.get(f"/v1/pools/{story.currency.code}")
    return minor_of(pool["gross"]) + minor_of(pool["set_aside"]) + minor_of(pool["streaming"])


def _reserve_on(amount: int, fee_bps: int, reserve_bps: int) -> int:
    """Fee and reserve together are rounded up, and so is the fee; the reserve has the rest."""
    return ceil(Fraction(amount * (fee_bps + reserve_bps), BPS)) - ceil(Fraction(amount * fee_bps, BPS))


def _return(books: Books, tranche: str) -> Fraction:
    senior_deposit = books.deposit - books.junior_deposit
    if tranche == "junior":
        return Fraction(books.junior_income, books.junior_deposit)
    return Fraction(books.senior_income, senior_deposit)


def _may_hold(name: str, code: str) -> bool:
    """Contracts hold cash of their own currency, or of any where they serve all."""
    return name.endswith(f":{code}") or ":" not in name


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
