"""When a pool's money comes back, and whose risk it is."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from sqlmodel import Session

from api.auth.principal import Principal
from api.clock import indexed_block, indexed_now
from api.errors import Forbidden
from api.figures import Figures, ask
from api.financings import service as financings
from api.financings.service import Outstanding
from api.interest import BPS, DAY
from api.participants import service as participants
from api.pools import repository, service
from api.pools.models import Risk
from api.pools.reports.schemas import BucketView, ConcentrationView, ExposureView, MaturitiesView
from api.receivables import service as receivables
from api.values import Amount, day, moment
from chain_node.client import Chain, Dimension

BUCKETS: Final = ((0, 7), (8, 30), (31, 60), (61, 90), (91, 180))
"""Days from today, both included; before them lies what is overdue, after them the rest."""
_UNCAPPED: Final = 2**56 - 1


@dataclass(frozen=True)
class _Portfolio:
    """A pool's own financings with principal out, each with whose risk it is."""

    items: list[tuple[Outstanding, Risk]]
    principal_out: int

    @property
    def principal(self) -> int:
        return sum(each.principal for each, _ in self.items)


def _portfolio(session: Session, chain: Chain, currency: str) -> _Portfolio:
    service.require_pool(chain, currency)
    pool = chain.pool(currency)
    (books,) = Figures.at(session, chain).answers([ask(pool, "books")])
    risks = {risk.financing: risk for risk in repository.risks(session, pool.address)}
    out = financings.outstanding(session, list(risks))
    return _Portfolio([(each, risks[each.financing.number]) for each in out], books["principalOut"])


# Maturities


def maturities(session: Session, chain: Chain, currency: str) -> MaturitiesView:
    """Principal by the day of maturity, from today on the chain's clock."""
    its, now = _portfolio(session, chain, currency), indexed_now(session)
    return MaturitiesView(
        currency=currency,
        as_of=moment(now),
        block_number=indexed_block(session),
        principal_out=Amount.of(its.principal_out, currency),
        through_syndicates=Amount.of(its.principal_out - its.principal, currency),
        buckets=_buckets([each for each, _ in its.items], now // DAY, currency),
    )


def _buckets(items: list[Outstanding], today: int, currency: str) -> list[BucketView]:
    last = BUCKETS[-1][1]
    spans: list[tuple[str, int | None, int | None]] = [("overdue", None, today - 1)]
    spans += [(f"{first} to {end} days", today + first, today + end) for first, end in BUCKETS]
    spans += [(f"more than {last} days", today + last + 1, None)]
    return [_bucket(name, first, end, items, currency) for name, first, end in spans]


def _bucket(name: str, first: int | None, end: int | None, items: list[Outstanding], currency: str) -> BucketView:
    due = [
        each.principal
        for each in items
        if (first is None or each.financing.maturity_day >= first)
        and (end is None or each.financing.maturity_day <= end)
    ]
    return BucketView(
        name=name,
        first_day=None if first is None else day(first),
        last_day=None if end is None else day(end),
        financings=len(due),
        principal=Amount.of(sum(due), currency),
    )


# Concentration


def concentration(session: Session, principal: Principal, chain: Chain, currency: str) -> ConcentrationView:
    """Whose risk the pool's money is, by name: Forbidden for who has never had a share of it."""
    service.require_pool(chain, currency)
    _require_lender(session, principal, currency)
    its = _portfolio(session, chain, currency)
    report = _Report(session, chain, currency, its)
    return ConcentrationView(
        currency=currency,
        as_of=moment(indexed_now(session)),
        block_number=indexed_block(session),
        principal_out=Amount.of(its.principal_out, currency),
        debtors=report.debtors(),
        supplier_groups=report.supplier_groups(),
        countries=report.countries(),
        suppliers=report.suppliers(),
        currencies=report.currencies(),
    )


def _require_lender(session: Session, principal: Principal, currency: str) -> None:
    if principal.sees_all:
        return
    accounts = participants.accounts_of(session, principal.organisation())
    if not repository.positions(session, currency, accounts):
        detail = f"Whose risk the {currency} pool is, is told to its lenders; {principal.lei} has no share of it."
        raise Forbidden("not-a-lender-of", detail, currency=currency)


@dataclass(frozen=True)
class _Report:
    session: Session
    chain: Chain
    currency: str
    its: _Portfolio

    def debtors(self) -> list[ExposureView]:
        names = participants.parties_by_number(self.session, {risk.debtor for _, risk in self.its.items})
        return self._counted(Dimension.DEBTOR, {number: (p.lei, p.name) for number, p in names.items()})

    def supplier_groups(self) -> list[ExposureView]:
        """By the group's LEI: its number on chain is told by any supplier that belongs to it."""
        suppliers = self._suppliers()
        groups = participants.group_leis(self.session, (lei for lei, _ in suppliers.values()))
        names = participants.parties_by_lei(self.session, groups.values())
        named: dict[int, tuple[str, str]] = {}
        for each, risk in self.its.items:
            group = groups.get(suppliers[each.financing.supplier][0], "")
            named[risk.seller_group] = (group, names[group].name if group else "")
        return self._counted(Dimension.SELLER_GROUP, named)

    def countries(self) -> list[ExposureView]:
        pool = self.chain.pool(self.currency).address
        (counted,) = Figures.at(self.session, self.chain).answers([ask(self.chain.concentration, "countsPlaces", pool)])
        if not counted:
            return []
        codes = {risk.country for _, risk in self.its.items}
        return self._counted(
            Dimension.COUNTRY, {int.from_bytes(code.encode(), "big"): (code, code) for code in codes if code}
        )

    def suppliers(self) -> list[ExposureView]:
        names = self._suppliers()
        return self._summed(lambda each: names[each.financing.supplier])

    def currencies(self) -> list[ExposureView]:
        """Those that the debtors owe; of other collateral the pool's."""
        owed = receivables.currencies(self.session, {each.financing.item_id for each, _ in self.its.items})
        return self._summed(lambda each: (owed.get(each.financing.item_id, self.currency),) * 2)

    def _suppliers(self) -> dict[str, tuple[str, str]]:
        accounts = {each.financing.supplier for each, _ in self.its.items}
        known = participants.parties_by_account(self.session, accounts)
        return {a: (known[a].lei, known[a].name) if a in known else (a, a) for a in accounts}

    def _counted(self, dimension: Dimension, names: dict[int, tuple[str, str]]) -> list[ExposureView]:
        """What the contracts count and hold draws to."""
        pool, keys = self.chain.pool(self.currency).address, [key for key in sorted(names) if key]
        views = ("exposureOf", "capOf")
        questions = [ask(self.chain.concentration, v, pool, int(dimension), key) for key in keys for v in views]
        answers = iter(Figures.at(self.session, self.chain).answers(questions) if questions else [])
        return _greatest_first(
            self._exposure(names[key], exposure, None if cap >= _UNCAPPED else cap)
            for key, exposure, cap in zip(keys, answers, answers, strict=True)
        )

    def _summed(self, name_of: Callable[[Outstanding], tuple[str, str]]) -> list[ExposureView]:
        sums: dict[tuple[str, str], int] = defaultdict(int)
        for each, _ in self.its.items:
            sums[name_of(each)] += each.principal
        return _greatest_first(self._exposure(name, units, None) for name, units in sums.items())

    def _exposure(self, name: tuple[str, str], units: int, cap: int | None) -> ExposureView:
        whole = self.its.principal_out
        return ExposureView(
            key=name[0],
            name=name[1],
            principal=Amount.of(units, self.currency),
            share_bps=units * BPS // whole if whole else 0,
            cap=None if cap is None else Amount.of(cap, self.currency),
            room=None if cap is None else Amount.of(max(0, cap - units), self.currency),
        )


def _greatest_first(exposures: Iterable[ExposureView]) -> list[ExposureView]:
    return sorted(exposures, key=lambda each: (-each.principal.units, each.key))
