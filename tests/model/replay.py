"""All books of a network replayed from its events: what each event must have said is worked out first, and compared."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from chain_node.client import (
    Dimension,
    Event,
    FacilityTerms,
    FactStatus,
    FinancingState,
    Milestone,
    ReceivableState,
    Step,
    Tranche,
)
from model.calendar360 import BPS, end_of
from model.financings import PARTS, Facility, Financing, bps_down
from model.invoices import NOBODY, OWED, Invoice
from model.ledger import Ledger
from model.pools import FirstLoss, Pool, PoolTerms

UNCAPPED = 2**56 - 1
MOST_DELIVERIES = 8


@dataclass(frozen=True)
class Moment:
    """An event and the time of its block."""

    event: Event
    timestamp: int


class Disagreement(AssertionError):
    """The chain said one thing and the model another."""


@dataclass
class Fact:
    status: FactStatus = FactStatus.NONE
    quantity: int = 0


@dataclass
class Books:
    """The model. `addresses` are the deployed names by address; `pools` what each was made with."""

    addresses: Mapping[str, str]
    terms: Mapping[str, PoolTerms]
    last_tier: int
    now: int = 0
    compared: int = 0
    invoices: dict[int, Invoice] = field(default_factory=dict)
    facilities: dict[int, Facility] = field(default_factory=dict)
    financings: dict[int, Financing] = field(default_factory=dict)
    ledgers: dict[str, Ledger] = field(default_factory=dict)
    pools: dict[str, Pool] = field(default_factory=dict)
    reserves: dict[str, FirstLoss] = field(default_factory=dict)
    organisations: dict[str, int] = field(default_factory=dict)
    groups: dict[int, int] = field(default_factory=dict)
    custodians: dict[str, int] = field(default_factory=dict)
    facts: defaultdict[tuple[bytes, int, int], Fact] = field(default_factory=lambda: defaultdict(Fact))
    subjects: dict[bytes, int] = field(default_factory=dict)
    keys: dict[int, dict[str, Any]] = field(default_factory=dict)
    caps: dict[tuple[str, Dimension, int], int] = field(default_factory=dict)
    schedule: list[tuple[int, int]] = field(default_factory=list)
    grace_days: int = 0
    stopped: set[tuple[str, int]] = field(default_factory=set)
    epochs: defaultdict[str, list[tuple[int, int, int]]] = field(default_factory=lambda: defaultdict(list))
    arriving: list[dict[str, int]] = field(default_factory=list)
    before_loss: int = 0
    forwarded: defaultdict[int, int] = field(default_factory=lambda: defaultdict(int))

    def __post_init__(self) -> None:
        for currency, terms in self.terms.items():
            ledger = self.ledgers[currency] = Ledger(currency)
            earned = self._earner(currency)
            created = terms.created_at
            self.pools[currency] = Pool(terms, ledger, earned, senior_at=created, closed_at=created)
            self.reserves[currency] = FirstLoss()

    def _earner(self, currency: str) -> Callable[[int], Fraction]:
        return lambda now: sum(
            (its.interest_at(now) for its in self.financings.values() if self.currency_of(its.facility) == currency),
            Fraction(0),
        )

    # Reading

    def replay(self, moments: Iterable[Moment]) -> None:
        """In their order, transaction by transaction."""
        transaction = b""
        for moment in moments:
            if moment.event.transaction_hash != transaction:
                self.finish_transaction()
            transaction = moment.event.transaction_hash
            self.now = moment.timestamp
            self.apply(moment.event)
        self.finish_transaction()

    def apply(self, event: Event) -> None:
        contract, _, currency = event.contract.partition(":")
        handler = getattr(self, f"_{contract}_{event.name}", None)
        if handler is not None:
            handler(event.arguments, currency) if currency else handler(event.arguments)

    def finish_transaction(self) -> None:
        """Both sides of every ledger are equal, and what contracts hold is what they say they hold it for."""
        for currency, ledger in self.ledgers.items():
            ledger.check()
            for name, kinds in _HOLDERS.items():
                holder = self.address(name.format(currency))
                held, said = ledger.of("token", holder), sum(ledger.total(kind) for kind in kinds)
                self.same(f"{currency}: what {name} holds and what it holds it for", held, said)
        assert not self.arriving
        for number, rest in self.forwarded.items():
            assert rest == 0, f"financing {number}: {rest} forwarded and not applied"
        self.forwarded.clear()

    def same(self, what: str, chain: Any, model: Any) -> None:
        self.compared += 1
        if chain != model:
            raise Disagreement(f"{what}: chain {chain}, model {model}")

    def address(self, name: str) -> str:
        return next(address for address, its in self.addresses.items() if its == name)

    def currency_of(self, facility: Facility) -> str:
        return self.addresses[facility.terms.pool].partition(":")[2]

    def pool_of(self, facility: Facility) -> Pool:
        return self.pools[self.currency_of(facility)]

    # Participants and cash

    def _ParticipantRegistry_AccountAdmitted(self, its: Any) -> None:  # noqa: N802
        self.organisations[its["account"]] = its["organisation"]

    def _CashToken_Transfer(self, its: Any, currency: str) -> None:  # noqa: N802
        giver = ("bank",) if its["from"] == NOBODY else ("token", its["from"])
        taker = ("bank",) if its["to"] == NOBODY else ("token", its["to"])
        self.ledgers[currency].post(taker, giver, its["value"])

    # Facts

    def _MilestoneOracle_SubjectOpened(self, its: Any) -> None:  # noqa: N802
        self.subjects[its["subject"]] = its["beneficiary"]

    def _MilestoneOracle_FactFinal(self, its: Any) -> None:  # noqa: N802
        self._fact(its).status, self._fact(its).quantity = FactStatus.FINAL, its["quantity"]

    def _MilestoneOracle_FactMeasured(self, its: Any) -> None:  # noqa: N802
        self._fact(its).quantity = its["quantity"]

    def _MilestoneOracle_FactInDispute(self, its: Any) -> None:  # noqa: N802
        self._fact(its).status = FactStatus.DISPUTED

    def _fact(self, its: Any) -> Fact:
        return self.facts[its["subject"], its["milestone"], its["sequence"]]

    # Invoices

    def _ReceivableToken_CirculationRulesSet(self, its: Any) -> None:  # noqa: N802
        self.grace_days, self.last_tier = its["rules"]["graceDays"], its["rules"]["mostTier"]

    def _ReceivableToken_CustodianListed(self, its: Any) -> None:  # noqa: N802
        self.custodians[its["custodian"]] = its["index"]

    def _ReceivableToken_FunctionStopped(self, its: Any) -> None:  # noqa: N802
        self.stopped.add(("ReceivableToken", int(its["what"])))

    def _ReceivableToken_FunctionResumed(self, its: Any) -> None:  # noqa: N802
        self.stopped.discard(("ReceivableToken", int(its["what"])))

    def _ReceivableToken_ReceivableRegistered(self, its: Any) -> None:  # noqa: N802
        assert its["id"] not in self.invoices
        self.invoices[its["id"]] = Invoice(
            id=its["id"],
            supplier=its["supplier"],
            debtor=its["debtor"],
            currency=its["currency"],
            face=its["faceValue"],
            quantity=its["quantity"],
            due_day=its["dueDate"],
        )

    def _ReceivableToken_ReceivableAccepted(self, its: Any) -> None:  # noqa: N802
        invoice = self.invoices[its["id"]]
        self.same("accepted from", ReceivableState.REGISTERED, invoice.state)
        invoice.state, invoice.waived = ReceivableState.ACCEPTED, its["setOffWaived"]

    def _ReceivableToken_TransferSingle(self, its: Any) -> None:  # noqa: N802
        invoice, giver, taker, units = self.invoices[its["id"]], its["from"], its["to"], its["value"]
        if giver == NOBODY:
            invoice.units[taker], invoice.entitled[taker], invoice.tier[taker] = units, Fraction(units), 1
        elif taker == NOBODY:
            invoice.burn(giver, units)
        else:
            custody = giver in self.custodians or taker in self.custodians
            hop = not custody and self.organisations[giver] != self.organisations[taker]
            invoice.move(giver, taker, units, hop, custody, 0 if taker in self.custodians else self.last_tier)
        if taker in self.custodians:
            invoice.custodian = self.custodians[taker]
        if giver in self.custodians and invoice.units[giver] == 0:
            invoice.custodian = 0

    def _ReceivableToken_ReceivablePaid(self, its: Any) -> None:  # noqa: N802
        invoice = self.invoices[its["id"]]
        assert invoice.state in OWED
        invoice.pay(its["amount"])
        self.same("outstanding", its["outstanding"], invoice.outstanding)
        self.ledgers[invoice.currency].post(("escrow",), ("owed to holders",), its["amount"])
        if invoice.outstanding == 0:
            invoice.state = ReceivableState.SETTLED

    def _ReceivableToken_ReceivableSettled(self, its: Any) -> None:  # noqa: N802
        self.same("settled", self.invoices[its["id"]].state, ReceivableState.SETTLED)

    def _ReceivableToken_ReceivableDiluted(self, its: Any) -> None:  # noqa: N802
        invoice = self.invoices[its["id"]]
        assert invoice.state in OWED
        invoice.face -= its["amount"]
        self.same("face value after dilution", its["faceValue"], invoice.face)
        if invoice.outstanding == 0:
            invoice.state = ReceivableState.SETTLED

    def _ReceivableToken_DisputeRecorded(self, its: Any) -> None:  # noqa: N802
        invoice, disputed = self.invoices[its["id"]], its["disputed"]
        invoice.disputed = disputed
        if disputed and invoice.state == ReceivableState.ACCEPTED:
            invoice.state = ReceivableState.DISPUTED
        elif not disputed and invoice.state == ReceivableState.DISPUTED:
            over = self.now >= end_of(invoice.due_day + self.grace_days)
            invoice.state = ReceivableState.DEFAULTED if over else ReceivableState.ACCEPTED
        self.same("state after a dispute", its["state"], invoice.state)

    def _ReceivableToken_ReceivableDefaulted(self, its: Any) -> None:  # noqa: N802
        invoice = self.invoices[its["id"]]
        assert invoice.state in OWED
        assert self.now >= end_of(invoice.due_day + self.grace_days)
        self.same("outstanding at default", its["outstanding"], invoice.outstanding)
        invoice.state = ReceivableState.DEFAULTED

    def _ReceivableToken_CancellationConsented(self, its: Any) -> None:  # noqa: N802
        self.invoices[its["id"]].consented = its["given"]

    def _ReceivableToken_ReceivableCancelled(self, its: Any) -> None:  # noqa: N802
        self.invoices[its["id"]].state = ReceivableState.CANCELLED

    def _ReceivableToken_ProceedsSetAside(self, its: Any) -> None:  # noqa: N802
        self.invoices[its["id"]].set_aside(its["holder"], its["amount"])

    def _ReceivableToken_ProceedsClaimed(self, its: Any) -> None:  # noqa: N802
        invoice = self.invoices[its["id"]]
        invoice.claim(its["holder"], its["amount"])
        self.ledgers[invoice.currency].post(("owed to holders",), ("escrow",), its["amount"])

    # Facilities

    def _FinancingDesk_FacilityOpened(self, its: Any) -> None:  # noqa: N802
        terms = FacilityTerms.read(its["terms"])
        number = its["facility"]
        self.facilities[number] = Facility(number, terms, terms.limit, terms.expires_at, counted_at=self.now)

    def _FinancingDesk_FacilityLimitSet(self, its: Any) -> None:  # noqa: N802
        facility = self.facilities[its["facility"]]
        self.same("previous limit", its["previous"], facility.limit)
        facility.count_commitment(self.now)
        facility.limit = its["limit"]

    def _FinancingDesk_FacilityExpirySet(self, its: Any) -> None:  # noqa: N802
        facility = self.facilities[its["facility"]]
        facility.count_commitment(self.now)
        facility.expires_at = its["expiresAt"]

    def _FinancingDesk_CommitmentFeeCharged(self, its: Any) -> None:  # noqa: N802
        financing = self.financings[its["financing"]]
        self.same("committed fee charged", its["amount"], self._settle_commitment(its["facility"]))
        financing.fees += its["amount"]

    def _FinancingDesk_CommitmentFeePaid(self, its: Any) -> None:  # noqa: N802
        amount = self._settle_commitment(its["facility"])
        self.same("committed fee paid", its["amount"], amount)
        self.arriving.append({**dict.fromkeys(PARTS, 0), "fees": amount})

    def _settle_commitment(self, number: int) -> int:
        facility = self.facilities[number]
        facility.count_commitment(self.now)
        due, facility.committed = math.ceil(facility.committed), Fraction(0)
        return due

    def _ReceivableCollateral_LadderSet(self, its: Any) -> None:  # noqa: N802
        self.facilities[its["facility"]].ladder = [Step(*step.values()) for step in its["steps"]]

    def _FinancingDesk_Stopped(self, its: Any) -> None:  # noqa: N802
        self.stopped.add(("FinancingDesk", int(its["what"])))

    def _FinancingDesk_Resumed(self, its: Any) -> None:  # noqa: N802
        self.stopped.discard(("FinancingDesk", int(its["what"])))

    # Financings

    def _FinancingDesk_FinancingOpened(self, its: Any) -> None:  # noqa: N802
        facility, number = self.facilities[its["facility"]], its["financing"]
        financing = Financing(number, facility, its["collateral"], its["itemId"], its["subject"], list(facility.ladder))
        self.financings[number] = financing

    def _FinancingDesk_MaturitySet(self, its: Any) -> None:  # noqa: N802
        financing = self.financings[its["financing"]]
        self.same("previous maturity", its["previousDay"], financing.maturity)
        financing.accrue(self.now)
        if not financing.late_due:
            financing.late = Fraction(0)
        financing.maturity = its["maturityDay"]

    def _FinancingDesk_Drawn(self, its: Any) -> None:  # noqa: N802
        financing, amount = self.financings[its["financing"]], its["amount"]
        facility = financing.facility
        self.same("base of the draw", its["base"], self.base(financing))
        self.same("amount of the draw", amount, self.available(financing, commitment=False))
        fee, reserve = facility.charges(amount)
        self.same("charges of the draw", (its["fee"], its["reserve"]), (fee, reserve))
        financing.draw(amount, fee, reserve, self.now)
        self.same("principal after the draw", its["principal"], financing.principal)
        facility.count_commitment(self.now)
        facility.drawn += amount
        assert financing.owed().total + financing.ahead <= its["base"], "more is owed than the base bears"
        assert facility.drawn <= facility.limit
        self.ledgers[self.currency_of(facility)].post(("loan", str(financing.number)), ("in transit",), amount)

    def _FinancingDesk_Repaid(self, its: Any) -> None:  # noqa: N802
        financing, told = self.financings[its["financing"]], its["parts"]
        amount = sum(told.values())
        financing.accrue(self.now)
        owed, parts = financing.owed().total, financing.split(amount)
        self.same("waterfall", told, parts)
        self.same("still owed", its["stillOwed"], owed - amount + parts["residual"])
        by_collateral = its["payer"] == financing.collateral
        if by_collateral:
            self.forwarded[0] -= amount - parts["residual"]
        elif its["payer"] != self.address("Servicing"):
            financing.ahead += amount - parts["residual"]
        facility = financing.facility
        if facility.terms.revolving and parts["principal"] + parts["recovered"]:
            facility.count_commitment(self.now)
            facility.drawn -= parts["principal"] + parts["recovered"]
        financing.pay(parts)
        if facility.recourse_to == financing.number and financing.state == FinancingState.REPAID:
            facility.recourse_to = 0
        if amount > parts["residual"]:
            self.arriving.append(parts)
            ledger = self.ledgers[self.currency_of(facility)]
            ledger.post(("in transit",), ("loan", str(financing.number)), parts["principal"])

    def _FinancingDesk_ImpairmentSet(self, its: Any) -> None:  # noqa: N802
        self.financings[its["financing"]].impairment = its["impairment"]

    def _FinancingDesk_WrittenOff(self, its: Any) -> None:  # noqa: N802
        financing, amount = self.financings[its["financing"]], its["amount"]
        financing.accrue(self.now)
        self.before_loss = self.pool_of(financing.facility).gross(self.now)
        given_up = financing.interest * amount / financing.principal
        # The chain gives up a whole number of its smallest fractions.
        told = Fraction(its["settledNumerator"], BPS * 26_280 * 86_400)
        assert 0 <= given_up - told < Fraction(1, BPS * 26_280 * 86_400), "interest given up with a loss"
        financing.interest -= told
        # What the pool gives up stays owed, in whole minor units; what the grace may have spared until now is forgiven.
        if told:
            kept = financing.late if financing.late_due else Fraction(0)
            financing.late, financing.late_due = kept + math.ceil(told), True
        financing.principal -= amount
        financing.written_off += amount
        self.same("principal after a loss", its["principal"], financing.principal)
        ledger = self.ledgers[self.currency_of(financing.facility)]
        ledger.post(("losses",), ("loan", str(financing.number)), amount)

    def _FinancingDesk_FinancingDefaulted(self, its: Any) -> None:  # noqa: N802
        financing = self.financings[its["financing"]]
        self.same("owed at default", its["owed"], financing.owed_at(self.now).total)
        financing.state = FinancingState.DEFAULTED
        # The first step's share is expected to be lost; its own event follows where that is more than before.
        financing.impairment = max(financing.impairment, financing.principal * self.schedule[0][1] // BPS)

    def _FinancingDesk_RecourseOpened(self, its: Any) -> None:  # noqa: N802
        self.facilities[its["facility"]].recourse_to = its["financing"]

    def _FinancingDesk_RecourseClosed(self, its: Any) -> None:  # noqa: N802
        facility, financing = self.facilities[its["facility"]], self.financings[its["financing"]]
        if facility.recourse_to == financing.number:
            covered = financing.owed_at(self.now).total <= self.value(financing)
            self.same("let go of", (financing.state, covered), (FinancingState.OPEN, True))
            facility.recourse_to = 0
        self.same("recourse closed", facility.recourse_to, 0)

    def _FinancingDesk_FinancingClosed(self, its: Any) -> None:  # noqa: N802
        financing = self.financings[its["financing"]]
        self.same("owed at release", 0, financing.owed_at(self.now).total)
        financing.state = FinancingState.RELEASED

    def _FinancingDesk_Refinanced(self, its: Any) -> None:  # noqa: N802
        financing, to = self.financings[its["financing"]], self.facilities[its["to"]]
        financing.facility, financing.state, financing.late_due = to, FinancingState.OPEN, False
        amount = its["amount"]
        self.same("charges of a refinancing", (its["fee"], its["reserve"]), to.charges(amount))
        to.count_commitment(self.now)
        to.drawn += amount
        financing.draw(amount, its["fee"], its["reserve"], self.now)
        self.ledgers[self.currency_of(to)].post(("loan", str(financing.number)), ("in transit",), amount)

    def _FinancingDesk_PayoutParked(self, its: Any) -> None:  # noqa: N802
        currency = self.addresses[its["cash"]].partition(":")[2]
        self.ledgers[currency].post(("parked", its["payee"]), ("owed to payees",), its["amount"])

    def _FinancingDesk_ParkedClaimed(self, its: Any) -> None:  # noqa: N802
        currency = self.addresses[its["cash"]].partition(":")[2]
        self.ledgers[currency].post(("owed to payees",), ("parked", its["payee"]), its["amount"])

    # Collateral

    def _ReceivableCollateral_CollateralTaken(self, its: Any) -> None:  # noqa: N802
        financing = self.financings[its["financing"]]
        siblings = [one for one in self.pledges(financing.item) if one is not financing]
        financing.units, financing.shared = its["units"], bool(siblings)
        if len(siblings) == 1:
            siblings[0].shared = True

    def pledges(self, item: int) -> list[Financing]:
        return [one for one in self.financings.values() if one.item == item and one.state != FinancingState.RELEASED]

    def _ReceivableCollateral_ProceedsAllotted(self, its: Any) -> None:  # noqa: N802
        financing = self.financings[its["financing"]]
        financing.units = its["units"]
        financing.cash += its["cash"]
        currency = self.currency_of(financing.facility)
        self.ledgers[currency].post(("custody", str(financing.number)), ("owed on pledges",), its["cash"])

    def _ReceivableCollateral_ProceedsForwarded(self, its: Any) -> None:  # noqa: N802
        financing, amount = self.financings[its["financing"]], its["toPool"] + its["toSupplier"]
        self.same("what was forwarded", amount, financing.cash)
        self.forwarded[0] += its["toPool"]
        self._release_cash(financing, amount)

    def _ReceivableCollateral_CollateralReleased(self, its: Any) -> None:  # noqa: N802
        financing = self.financings[its["financing"]]
        self.same("units released", its["units"], financing.units)
        self.same("cash released", its["cash"], financing.cash)
        financing.units = 0
        self._release_cash(financing, its["cash"])

    def _release_cash(self, financing: Financing, amount: int) -> None:
        financing.cash -= amount
        currency = self.currency_of(financing.facility)
        self.ledgers[currency].post(("owed on pledges",), ("custody", str(financing.number)), amount)

    # Concentration and servicing

    def _Concentration_FinancingAssigned(self, its: Any) -> None:  # noqa: N802
        self.keys[its["financing"]] = {**its["keys"], "source": its["source"]}

    def _Concentration_DefaultCapSet(self, its: Any) -> None:  # noqa: N802
        self.caps[its["source"], its["dimension"], 0] = its["cap"]

    def _Concentration_CapSet(self, its: Any) -> None:  # noqa: N802
        self.caps[its["source"], its["dimension"], its["key"]] = its["cap"]

    def _Servicing_ScheduleSet(self, its: Any) -> None:  # noqa: N802
        self.schedule = [(step["daysOverdue"], step["writtenOffBps"]) for step in its["steps"]]

    # Pools

    def _LendingPool_Disbursed(self, its: Any, currency: str) -> None:  # noqa: N802
        self.pools[currency].lend(its["amount"], self.now)

    def _LendingPool_Collected(self, its: Any, currency: str) -> None:  # noqa: N802
        pool, ledger, parts = self.pools[currency], self.ledgers[currency], self.arriving.pop(0)
        interest, principal = pool.senior_part(parts, self.now)
        expected = {name: parts[name] for name in ("lateFees", "fees", "recovered", "reserve")}
        expected |= {"seniorInterest": interest, "seniorPrincipal": principal}
        expected["junior"] = parts["interest"] + parts["principal"] - interest - principal
        self.same("what was collected", its, expected)
        pool.senior_paid += interest
        ledger.post(("in transit",), ("earned", "interest"), parts["interest"])
        ledger.post(("in transit",), ("earned", "late fees"), parts["lateFees"])
        ledger.post(("in transit",), ("owed to operator",), parts["fees"])
        ledger.post(("in transit",), ("owed to reserve",), parts["reserve"])
        ledger.post(("in transit",), ("recovered",), parts["recovered"])
        back = pool.share_recovery(parts["recovered"])[1] if parts["recovered"] else 0
        pool.stream(parts["lateFees"] + parts["recovered"] - back, self.now)
        ledger.post(("pool", "cash"), ("in transit",), parts["interest"] + parts["principal"])
        ledger.post(("pool", "fees"), ("in transit",), parts["fees"])
        ledger.post(("pool", "reserve"), ("in transit",), parts["reserve"] + back)

    def _LendingPool_RecoveryShared(self, its: Any, currency: str) -> None:  # noqa: N802
        pool, recovered = self.pools[currency], self.arriving[0]["recovered"]
        lenders = min(recovered, pool.lost)
        reserve = min(recovered - lenders, pool.covered)
        expected = {"lenders": lenders, "reserve": reserve, "income": recovered - lenders - reserve}
        self.same("how a recovery was shared", its, expected)

    def _LendingPool_ImpairmentChanged(self, its: Any, currency: str) -> None:  # noqa: N802
        ours = (one for one in self.financings.values() if self.currency_of(one.facility) == currency)
        self.pools[currency].impairment = its["impairment"]
        self.same("impairment of all financings", its["impairment"], sum(one.impairment for one in ours))

    def _FirstLossReserve_SponsorsRestored(self, its: Any, currency: str) -> None:  # noqa: N802
        self.same("what sponsors still lack", its["left"], self.reserves[currency].lost)

    def _FirstLossReserve_LossCovered(self, its: Any, currency: str) -> None:  # noqa: N802
        self.same("what the reserve covered", its["amount"], self.reserves[currency].cover(its["loss"]))
        self.ledgers[currency].post(("reserve cover",), ("reserve held",), its["amount"])

    def _LendingPool_LossTaken(self, its: Any, currency: str) -> None:  # noqa: N802
        pool, ledger = self.pools[currency], self.ledgers[currency]
        loss = self.before_loss - pool.gross(self.now)
        from_reserve = ledger.of("reserve cover")
        kept = min(loss, ledger.of("pool", "reserve"))
        covered = kept + from_reserve
        left = self.before_loss - loss + covered
        senior = max(0, min(self.before_loss, pool.claim(self.now)) - left)
        expected = {"loss": loss, "covered": covered, "junior": loss - covered - senior, "senior": senior}
        self.same("how a loss was borne", its, expected)
        ledger.post(("pool", "cash"), ("pool", "reserve"), kept)
        ledger.post(("pool", "cash"), ("reserve cover",), from_reserve)
        pool.lost, pool.covered = pool.lost + loss - covered, pool.covered + covered

    def _LendingPool_EpochClosed(self, its: Any, currency: str) -> None:  # noqa: N802
        paid = self.pools[currency].close(self.now)
        for tranche, name in ((Tranche.SENIOR, "senior"), (Tranche.JUNIOR, "junior")):
            self.same(f"{name} epoch", self.epochs.pop(f"{tranche}{currency}", []), paid[tranche])
            self.same(f"{name} claims", its[name], sum(assets for _, _, assets in paid[tranche]))

    def _LendingPool_LossStruck(self, its: Any, currency: str) -> None:  # noqa: N802
        self.pools[currency].lost -= its["amount"]

    def _LendingPool_FeesTaken(self, its: Any, currency: str) -> None:  # noqa: N802
        self.ledgers[currency].post(("owed to operator",), ("pool", "fees"), its["amount"])

    def _LendingPool_ReserveSent(self, its: Any, currency: str) -> None:  # noqa: N802
        self.same("sent to the reserve", its["amount"], self.ledgers[currency].of("pool", "reserve"))
        self.ledgers[currency].post(("in transit",), ("pool", "reserve"), its["amount"])

    def _LendingPool_Stopped(self, its: Any, currency: str) -> None:  # noqa: N802
        self.pools[currency].stopped.add(int(its["what"]))

    def _LendingPool_Resumed(self, its: Any, currency: str) -> None:  # noqa: N802
        self.pools[currency].stopped.discard(int(its["what"]))

    def _FirstLossReserve_ReserveFunded(self, its: Any, currency: str) -> None:  # noqa: N802
        ledger, reserve = self.ledgers[currency], self.reserves[currency]
        if its["from"] == self.address(f"LendingPool:{currency}"):
            reserve.top_up(its["amount"])
            ledger.post(("reserve held",), ("in transit",), its["amount"])
        else:
            reserve.sponsor(its["from"], its["amount"])
            ledger.post(("reserve held",), ("owed to sponsors",), its["amount"])

    # Shares

    def _shares(self, its: Any, tranche: Tranche, currency: str) -> None:
        shares = self.pools[currency].shares[tranche]
        for account, sign in ((its["from"], -1), (its["to"], 1)):
            if account != NOBODY:
                shares.balances[account] += sign * its["value"]

    def _deposit(self, its: Any, tranche: Tranche, currency: str) -> None:
        bought = self.pools[currency].deposit(tranche, its["assets"], self.now)
        self.same("shares bought", its["shares"], bought)

    def _request(self, its: Any, tranche: Tranche, currency: str) -> None:
        shares = self.pools[currency].shares[tranche]
        self.same("epoch of a request", its["requestId"], shares.current.number)
        shares.current.requested += its["shares"]
        shares.asked[its["controller"]][shares.current.number] += its["shares"]

    def _claimed(self, its: Any, tranche: Tranche, currency: str) -> None:
        shares = self.pools[currency].shares[tranche]
        shares.claimed[its["owner"]] += its["assets"]
        shares.claimed_shares[its["owner"]] += its["shares"]
        self.ledgers[currency].post(("paid out", tranche.name), ("pool", "set aside"), its["assets"])

    def _SeniorTranche_Transfer(self, its: Any, currency: str) -> None:  # noqa: N802
        self._shares(its, Tranche.SENIOR, currency)

    def _JuniorTranche_Transfer(self, its: Any, currency: str) -> None:  # noqa: N802
        self._shares(its, Tranche.JUNIOR, currency)

    def _SeniorTranche_Deposit(self, its: Any, currency: str) -> None:  # noqa: N802
        self._deposit(its, Tranche.SENIOR, currency)

    def _JuniorTranche_Deposit(self, its: Any, currency: str) -> None:  # noqa: N802
        self._deposit(its, Tranche.JUNIOR, currency)

    def _SeniorTranche_RedeemRequest(self, its: Any, currency: str) -> None:  # noqa: N802
        self._request(its, Tranche.SENIOR, currency)

    def _JuniorTranche_RedeemRequest(self, its: Any, currency: str) -> None:  # noqa: N802
        self._request(its, Tranche.JUNIOR, currency)

    def _SeniorTranche_Withdraw(self, its: Any, currency: str) -> None:  # noqa: N802
        self._claimed(its, Tranche.SENIOR, currency)

    def _JuniorTranche_Withdraw(self, its: Any, currency: str) -> None:  # noqa: N802
        self._claimed(its, Tranche.JUNIOR, currency)

    def _SeniorTranche_EpochPaid(self, its: Any, currency: str) -> None:  # noqa: N802
        self.epochs[f"{Tranche.SENIOR}{currency}"].append((its["epoch"], its["shares"], its["assets"]))

    def _JuniorTranche_EpochPaid(self, its: Any, currency: str) -> None:  # noqa: N802
        self.epochs[f"{Tranche.JUNIOR}{currency}"].append((its["epoch"], its["shares"], its["assets"]))

    # What may be drawn

    def base(self, financing: Financing) -> int:
        """What may be lent against the pledge now: the furthest step reached of its share that nobody objects to."""
        invoice = self.invoices[financing.item]
        alive = invoice.state in (ReceivableState.ACCEPTED, ReceivableState.DISPUTED)
        value = self.value(financing)
        if not alive or self.now >= end_of(invoice.due_day):
            return 0
        for step in reversed(financing.ladder):
            status, quantity = self._standing(financing.subject, step)
            if status == FactStatus.DISPUTED:
                return 0
            if status != FactStatus.FINAL:
                continue
            if step.measured and step.milestone != Milestone.ACCEPTED:
                part = Fraction(min(quantity, invoice.quantity), invoice.quantity) if invoice.quantity else Fraction(0)
                value = math.floor(value * part)
            return bps_down(value, step.advance_rate_bps)
        return 0

    def value(self, financing: Financing) -> int:
        """The pledge's share of what is outstanding, less its share of what is in dispute, rounded down; one that has
        shared its item counts for a unit less."""
        invoice = self.invoices[financing.item]
        value = financing.units - (1 if financing.shared and financing.units else 0)
        if value and invoice.outstanding:
            value -= math.ceil(Fraction(value * invoice.objected, invoice.outstanding))
        return value

    def _standing(self, subject: bytes, step: Step) -> tuple[FactStatus, int]:
        if step.milestone == Milestone.ACCEPTED:
            return FactStatus.FINAL, 0
        if subject == bytes(32):
            return FactStatus.NONE, 0
        reached, quantity = FactStatus.NONE, 0
        for sequence in range(1, (MOST_DELIVERIES if step.measured else 1) + 1):
            fact = self.facts[subject, step.milestone, sequence]
            if fact.status == FactStatus.DISPUTED:
                return FactStatus.DISPUTED, 0
            if fact.status != FactStatus.FINAL:
                break
            reached, quantity = FactStatus.FINAL, quantity + fact.quantity
        return reached, quantity

    def may_draw(self, financing: Financing) -> bool:
        facility = financing.facility
        sound = financing.state == FinancingState.OPEN and not financing.impairment and not financing.written_off
        in_time = self.now < facility.expires_at and self.now < end_of(financing.maturity)
        return sound and in_time and not facility.recourse_to

    def available(self, financing: Financing, commitment: bool = True) -> int:
        """What a poke would draw now: what the base leaves, so that with its own charges all that is owed stays within
        it; then limit, cash and caps. `commitment`: whether the committed fee due is still to be charged."""
        if not self.may_draw(financing):
            return 0
        facility = financing.facility
        taken = financing.owed_at(self.now).total + financing.ahead
        taken += math.ceil(facility.commitment(self.now)) if commitment and facility.terms.committed_fee_bps else 0
        room = max(0, self.base(financing) - taken)
        charges = facility.terms.fee_bps + facility.terms.reserve_bps
        wanted = math.floor(room / (1 + Fraction(charges, BPS)))
        limits = (max(0, facility.limit - facility.drawn), self.pool_of(facility).lendable(self.now))
        return min(wanted, *limits, self.room(financing))

    def exposure(self, source: str, dimension: Dimension, key: int) -> int:
        """Principal out of all the source's financings that have the key."""
        name = {Dimension.DEBTOR: "debtor", Dimension.SELLER_GROUP: "sellerGroup"}[dimension]
        ours = [number for number, keys in self.keys.items() if keys["source"] == source and keys[name] == key]
        return sum(self.financings[number].principal for number in ours)

    def room(self, financing: Financing) -> int:
        keys = self.keys[financing.number]
        left = UNCAPPED
        for dimension, name in ((Dimension.DEBTOR, "debtor"), (Dimension.SELLER_GROUP, "sellerGroup")):
            source, key = keys["source"], keys[name]
            cap = self.caps.get((source, dimension, key), self.caps.get((source, dimension, 0), UNCAPPED))
            if cap != UNCAPPED:
                left = min(left, max(0, cap - self.exposure(source, dimension, key)))
        return left

    def write_off_due(self, financing: Financing) -> int:
        """Principal that counts as lost by the schedule by now, in all."""
        over = self.now - end_of(financing.maturity)
        if over < 0:
            return 0
        reached = [bps for days, bps in self.schedule if over // 86_400 >= days]
        return bps_down(financing.principal + financing.written_off, reached[-1]) if reached else 0


_HOLDERS = {
    "LendingPool:{}": ("pool",),
    "FirstLossReserve:{}": ("reserve held",),
    "ReceivableToken": ("escrow",),
    "ReceivableCollateral": ("custody",),
    "FinancingDesk": ("parked",),
}
