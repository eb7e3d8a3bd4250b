"""The books at the end of a trade with goods, from the contracts' own events and balances."""

from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from typing import Any

from rich.console import Console
from rich.table import Table

from chain_node.client import Event, Tranche
from scripts.demo.books import BPS, SECONDS_A_YEAR_ACT360, cash_flows
from scripts.demo.chain_story import ChainStory


@dataclass(frozen=True)
class ChainBooks:
    """Minor units. `interest_exact` rounded up; each payment may have rounded up once more."""

    currency: str
    issued: int
    withdrawn: int
    balances: dict[str, int]
    payments: int
    drawn: int
    principal_repaid: int
    interest_received: int
    interest_by_formula: int
    fees_received: int
    fees_by_formula: int
    principal_out: int
    deposit: int
    lender_worth: int

    def as_dict(self) -> dict[str, Any]:
        return dict(self.__dict__)

    @property
    def held(self) -> int:
        return sum(self.balances.values())


def close_books(story: ChainStory) -> ChainBooks:
    chain, code = story.chain, story.trade.currency
    cash, pool = chain.cash(code), chain.pool(code)
    holders = {party.name: story.hands.address(name) for name, party in story.trade.parties.items()}
    names = [name for name in chain.addresses.names() if name.endswith(f":{code}") or ":" not in name]
    holders |= {name: str(chain.addresses.address(name)) for name in names}
    events = _events_of(story)
    repaid = [event.arguments["parts"] for event in events if event.name == "Repaid"]
    drawn = [event.arguments for event in events if event.name == "Drawn"]
    issued, withdrawn = cash_flows(chain, code)
    lending = story.trade.lending
    return ChainBooks(
        currency=code,
        issued=issued,
        withdrawn=withdrawn,
        balances={name: cash.balance_of(address) for name, address in holders.items()},
        payments=len(repaid),
        drawn=sum(int(draw["amount"]) for draw in drawn),
        principal_repaid=sum(int(parts["principal"]) for parts in repaid),
        interest_received=sum(int(parts["interest"]) for parts in repaid),
        interest_by_formula=ceil(_interest(story, events)),
        fees_received=sum(int(parts["fees"]) for parts in repaid),
        fees_by_formula=sum(ceil(Fraction(int(draw["amount"]) * lending.fee_bps, BPS)) for draw in drawn),
        principal_out=pool.books().principal_out,
        deposit=story.currency.minor(lending.deposit) + story.currency.minor(lending.junior_deposit),
        lender_worth=sum(_worth(story, name, tranche) for name, tranche in _LENDERS),
    )


_LENDERS = (("lender", Tranche.SENIOR), ("junior", Tranche.JUNIOR))


def check_books(story: ChainStory, books: ChainBooks) -> None:
    record, supply = story.checks.record, story.chain.cash(books.currency).total_supply()
    record("every_cent_is_on_some_account", books.held == supply, f"{books.held} held, {supply} in circulation")
    out = books.withdrawn + books.held
    record("sum_in_equals_sum_out", books.issued == out, f"{books.issued} in, {out} out")
    over = books.interest_received - books.interest_by_formula
    record("interest_agrees_with_the_formula", 0 <= over < max(books.payments, 1), f"{over} over")
    record("fees_agree_with_the_formula", books.fees_received == books.fees_by_formula)
    record("what_was_drawn_was_repaid", books.drawn == books.principal_repaid and books.principal_out == 0)
    income = books.lender_worth - books.deposit
    record("lenders_have_their_money_and_the_interest", 0 <= books.interest_received - income <= 5, f"{income}")
    record("network_is_healthy", bool(story.chain.health.read("check")[0]))


def print_books(console: Console, story: ChainStory, books: ChainBooks) -> None:
    table = Table(title="The books", title_justify="left", show_edge=False)
    table.add_column("account")
    table.add_column(f"balance {books.currency}", justify="right")
    for name, balance in books.balances.items():
        if balance:
            table.add_row(name, story.currency.show(balance))
    table.add_section()
    table.add_row("Σ held", story.currency.show(books.held))
    table.add_row("Σ issued − Σ withdrawn", story.currency.show(books.issued - books.withdrawn))
    console.print(table)
    show = story.currency.show
    console.print(f"Drawn {show(books.drawn)}, repaid {show(books.principal_repaid)} in {books.payments} payments.")
    formula = show(books.interest_by_formula)
    console.print(f"Interest {show(books.interest_received)}; by the formula (actual/360): {formula}.")
    console.print(f"Lenders put in {show(books.deposit)}; their shares are worth {show(books.lender_worth)}.")


def _events_of(story: ChainStory) -> list[Event]:
    chain, desk = story.chain, str(story.chain.desk.address)
    logs = [log for log in chain.logs(chain.addresses.first_block, chain.block_number()) if log.address == desk]
    return [event for event in map(chain.decode, logs) if event is not None]


def _interest(story: ChainStory, events: list[Event]) -> Fraction:
    """Simple interest, actual/360, on the principal out from event to event. With fractions, from the terms alone."""
    principal, since, exact = 0, 0, Fraction(0)
    rate = story.trade.lending.discount_rate_bps
    for event in events:
        if event.name not in ("Drawn", "Repaid"):
            continue
        at = story.chain.block(event.block_number).timestamp
        exact += Fraction(principal * rate * (at - since), BPS * SECONDS_A_YEAR_ACT360)
        since = at
        change = event.arguments["amount"] if event.name == "Drawn" else -event.arguments["parts"]["principal"]
        principal += int(change)
    return exact


def _worth(story: ChainStory, name: str, tranche: Tranche) -> int:
    vault = story.chain.vault(story.trade.currency, tranche)
    return vault.convert_to_assets(vault.balance_of(story.hands.address(name)))
